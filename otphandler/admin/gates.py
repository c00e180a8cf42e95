"""Gates and the devices at them in the admin."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from entityhandler.admin.filters import EventFilter
from entityhandler.admin.service_admin import Form, ServiceAdmin
from otphandler.models import Gate, Scanner
from otphandler.services import gates


@admin.register(Gate)
class GateAdmin(ServiceAdmin[Gate]):
    """Where people are let in; a gate changes its name and never its event."""

    services = frozenset({"add", "change", "delete"})
    list_display = ("name", "event", "created_at")
    list_select_related = ("event",)
    list_filter = (EventFilter,)
    search_fields = ("name", "event__name")
    autocomplete_fields = ("event",)
    fields = ("event", "name", "created_at")
    readonly_fields = ("created_at",)

    def get_readonly_fields(self, request: HttpRequest, obj: Gate | None = None) -> tuple[str, ...]:
        """Return what cannot be set: the event of a gate that exists, for one."""
        return (*self.readonly_fields, "event") if obj else self.readonly_fields

    def write(self, request: HttpRequest, obj: Gate, form: Form, *, change: bool) -> Gate:
        """Make or rename the gate."""
        if change:
            return gates.rename_gate(gate=obj, name=obj.name)
        return gates.create_gate(event=obj.event, name=obj.name)

    def remove(self, obj: Gate) -> None:
        """Delete a gate that nothing refers to."""
        gates.delete_gate(gate=obj)


@admin.register(Scanner)
class ScannerAdmin(ServiceAdmin[Scanner]):
    """Devices; a token is told once, to whoever made it, and kept as a digest."""

    services = frozenset({"add"})
    list_display = ("name", "gate", "event", "created_at", "last_seen_at", "revoked_at")
    list_select_related = ("gate", "event")
    list_filter = (EventFilter, ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "gate__name", "event__name")
    # Not by autocompletion: every event has its “North”, and only the list of gates tells which.
    raw_id_fields = ("gate",)
    autocomplete_fields = ("event",)
    ordering = ("-created_at", "-id")
    readonly_fields = ("event", "created_at", "last_seen_at", "revoked_at")
    fields = ("gate", "name", *readonly_fields)
    actions = ("revoke", "rotate")

    def get_fields(self, request: HttpRequest, obj: Scanner | None = None) -> tuple[str, ...]:
        """Return gate and name for a new one; the event is the gate's."""
        return self.fields if obj else ("gate", "name")

    def write(self, request: HttpRequest, obj: Scanner, form: Form, *, change: bool) -> Scanner:
        """Make the device and tell its token."""
        scanner, token = gates.create_scanner(gate=obj.gate, name=obj.name, now=timezone.now())
        self._tell(request, scanner, token)
        return scanner

    @admin.action(description="Revoke for good", permissions=["act"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Scanner]) -> HttpResponse | None:
        """Take devices out of service."""
        return self.act(
            request,
            queryset,
            lambda scanner: gates.revoke_scanner(scanner_id=scanner.pk, now=timezone.now()),
            done="revoked.",
            question="Revoke these scanners for good?",
        )

    @admin.action(description="Give a new token", permissions=["act"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[Scanner]) -> HttpResponse | None:
        """Replace the token of one device."""
        return self.act(
            request,
            queryset,
            lambda scanner: self._tell(request, *gates.rotate_scanner(scanner_id=scanner.pk)),
            done="has a new token.",
            question="Give this scanner a new token? Its present one will open nothing more.",
            # Django keeps long messages in the session, and so would keep tokens in the database.
            at_most=1,
        )

    def _tell(self, request: HttpRequest, scanner: Scanner, token: str) -> None:
        text = f"The token of {scanner.name}, which is shown this once: {token}"
        self.message_user(request, text, messages.WARNING)
