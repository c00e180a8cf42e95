"""Events and their managers in the admin."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from entityhandler.admin.filters import EventFilter
from entityhandler.admin.service_admin import Form, ServiceAdmin, who
from entityhandler.admin.spreadsheets import WithFiles
from entityhandler.admin.wall_time import InEventsZone
from entityhandler.models import Event, EventManager
from entityhandler.services import events


@admin.register(Event)
class EventAdmin(InEventsZone, WithFiles, ServiceAdmin[Event]):
    """Events; status and counters change by actions and registrations alone."""

    services = frozenset({"add", "change", "delete"})
    list_display = ("name", "venue", "starts_at", "status", "seats", "waitlist_length", "people")
    list_filter = ("status", "requires_approval", "waitlist_enabled", "entry_policy")
    search_fields = ("name", "venue", "id__exact")
    # Events are few beside what belongs to them.
    date_hierarchy = "starts_at"
    ordering = ("-starts_at", "-id")
    readonly_fields = ("id", "status", "seats", "waitlist_length", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("name", "description", "venue", "time_zone", "status")}),
        (
            "Times",
            {
                "description": "In the event's own time zone, which is above.",
                "fields": (
                    ("starts_at", "ends_at"),
                    ("registration_opens_at", "registration_closes_at"),
                    ("admission_opens_at", "admission_closes_at"),
                ),
            },
        ),
        ("Seats", {"fields": ("capacity", "seats", "waitlist_enabled", "waitlist_length")}),
        ("Rules", {"fields": ("requires_approval", "entry_policy")}),
        ("Record", {"fields": ("id", "created_at", "updated_at")}),
    )
    actions = ("publish", "cancel")

    @admin.display(description="seats taken", ordering="seats_taken")
    def seats(self, event: Event) -> str:
        """Return the seats taken, and of how many where there is a limit."""
        limit = "" if event.capacity is None else f" of {event.capacity}"
        return f"{event.seats_taken}{limit}"

    @admin.display(description="registrations")
    def people(self, event: Event) -> str:
        """Return the link to the event's registrations."""
        url = reverse("admin:entityhandler_registration_changelist", query={"event": event.pk})
        return format_html('<a href="{}">show</a>', url)

    def write(self, request: HttpRequest, obj: Event, form: Form, *, change: bool) -> Event:
        """Make a draft, or change what was changed on the form and nothing else."""
        if not change:
            return events.create_event(by=who(request), fields=form.cleaned_data)
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        return events.update_event(event_id=obj.pk, changes=changes, now=timezone.now())

    def remove(self, obj: Event) -> None:
        """Delete a draft."""
        events.delete_event(event_id=obj.pk)

    @admin.action(description="Publish", permissions=["act"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Event]) -> HttpResponse | None:
        """Open drafts to the public."""
        return self.act(
            request,
            queryset,
            lambda event: events.publish_event(event_id=event.pk),
            done="published.",
        )

    @admin.action(description="Cancel for good", permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Event]) -> HttpResponse | None:
        """Call events off."""
        return self.act(
            request,
            queryset,
            lambda event: events.cancel_event(event_id=event.pk),
            done="cancelled.",
            question="Cancel these events for good? Nobody will register or be admitted any more.",
        )


@admin.register(EventManager)
class EventManagerAdmin(ServiceAdmin[EventManager]):
    """Who runs which event: made and removed, there is nothing to change."""

    services = frozenset({"add", "delete"})
    list_display = ("user", "event", "created_at")
    list_select_related = ("user", "event")
    list_filter = (EventFilter,)
    search_fields = ("user__email", "user__full_name", "event__name")
    autocomplete_fields = ("event", "user")
    ordering = ("-created_at", "-id")
    fields = ("event", "user", "created_at")
    readonly_fields = ("created_at",)

    def write(
        self,
        request: HttpRequest,
        obj: EventManager,
        form: Form,
        *,
        change: bool,
    ) -> EventManager:
        """Let the person run the event."""
        return events.add_manager(event=obj.event, user=obj.user)

    def remove(self, obj: EventManager) -> None:
        """Take the event out of the person's hands."""
        events.remove_manager(event=obj.event, user_id=obj.user_id)
