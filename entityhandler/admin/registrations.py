"""Registrations in the admin: made, confirmed and cancelled as a manager of the event would."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from entityhandler.admin.filters import EventFilter
from entityhandler.admin.service_admin import Form, ServiceAdmin
from entityhandler.models import Registration
from entityhandler.services import registrations


@admin.register(Registration)
class RegistrationAdmin(ServiceAdmin[Registration]):
    """One person's place at one event; its status moves by actions alone."""

    services = frozenset({"add"})
    list_display = ("user", "event", "status", "created_at", "waitlisted_at")
    list_select_related = ("user", "event")
    list_filter = ("status", EventFilter, "created_at")
    search_fields = ("user__email", "user__full_name", "id__exact")
    autocomplete_fields = ("event", "user", "transferred_from")
    ordering = ("-created_at", "-id")
    readonly_fields = ("id", "status", "created_at", "updated_at", "waitlisted_at", "cancelled_at")
    fields = ("event", "user", "transferred_from", *readonly_fields)
    actions = ("confirm", "cancel")

    def name_of(self, obj: Registration) -> str:
        """Return who goes where."""
        return f"{obj.user} at {obj.event}"

    def get_fields(self, request: HttpRequest, obj: Registration | None = None) -> tuple[str, ...]:
        """Return event and person for a new one; the rest is the service's to say."""
        return self.fields if obj else ("event", "user")

    def write(
        self,
        request: HttpRequest,
        obj: Registration,
        form: Form,
        *,
        change: bool,
    ) -> Registration:
        """Register the person, in or out of the registration window."""
        return registrations.register(
            event_id=obj.event_id, user=obj.user, now=timezone.now(), by_manager=True
        )

    @admin.action(description="Confirm", permissions=["act"])
    def confirm(
        self, request: HttpRequest, queryset: QuerySet[Registration]
    ) -> HttpResponse | None:
        """Approve pending ones, or take waitlisted ones ahead of the queue."""
        return self.act(
            request,
            queryset,
            lambda row: registrations.confirm_registration(
                registration_id=row.pk, now=timezone.now()
            ),
            done="confirmed.",
        )

    @admin.action(description="Cancel for good", permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Registration]) -> HttpResponse | None:
        """Give the seats back; the waitlist moves up."""
        return self.act(
            request,
            queryset,
            lambda row: registrations.cancel_registration(
                registration_id=row.pk, now=timezone.now()
            ),
            done="cancelled.",
            question="Cancel these registrations for good? Their tickets will open nothing more.",
        )
