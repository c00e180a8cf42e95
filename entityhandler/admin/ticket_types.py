"""Ticket types in the admin."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from entityhandler.admin.filters import EventFilter
from entityhandler.admin.service_admin import Form, ServiceAdmin
from entityhandler.admin.wall_time import InEventsZone
from entityhandler.models import TicketType
from entityhandler.services import ticket_types


@admin.register(TicketType)
class TicketTypeAdmin(InEventsZone, ServiceAdmin[TicketType]):
    """Kinds of places; the counters change by registrations alone."""

    services = frozenset({"add", "change", "delete"})
    list_display = ("name", "event", "visibility", "capacity", "seats_taken", "waitlist_length")
    list_select_related = ("event",)
    list_filter = ("visibility", EventFilter)
    search_fields = ("name", "event__name", "id__exact")
    autocomplete_fields = ("event",)
    ordering = ("-created_at", "-id")
    readonly_fields = ("id", "seats_taken", "waitlist_length", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("event", "name", "visibility", "attention_note")}),
        ("Seats", {"fields": ("capacity", "seats_taken", "waitlist_length")}),
        (
            "Sale",
            {
                "description": "In the event's own time zone.",
                "fields": (("sales_opens_at", "sales_closes_at"),),
            },
        ),
        ("Record", {"fields": ("id", "created_at", "updated_at")}),
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: TicketType | None = None
    ) -> tuple[str, ...]:
        """Keep the event of a type that is there."""
        return (*self.readonly_fields, "event") if obj else self.readonly_fields

    def write(
        self, request: HttpRequest, obj: TicketType, form: Form, *, change: bool
    ) -> TicketType:
        """Make a ticket type, or change what was changed on the form."""
        if not change:
            return ticket_types.create_ticket_type(event_id=obj.event_id, fields=form.cleaned_data)
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        return ticket_types.update_ticket_type(ticket_type=obj, changes=changes, now=timezone.now())

    def remove(self, obj: TicketType) -> None:
        """Delete a ticket type that nobody has."""
        ticket_types.delete_ticket_type(ticket_type=obj)
