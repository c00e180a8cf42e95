"""Ticket types: kinds of places at one event, each with seats and a sales window of its own."""

import uuid

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q

from entityhandler.models.events import Event, managed_by
from entityhandler.models.seated import Seated
from entityhandler.models.users import User

# What fits on a phone held at arm's length, beside a name.
ATTENTION_NOTE_LENGTH = 200


class TicketTypeQuerySet(models.QuerySet["TicketType"]):
    """Named subsets of ticket types."""

    def visible_to(self, user: "User | AnonymousUser") -> "TicketTypeQuerySet":
        """Return the public types of visible events, and all of the events this user manages."""
        public = Q(
            visibility=TicketType.Visibility.PUBLIC, event__in=Event.objects.visible_to(user)
        )
        return self.filter(public | Q(event__in=Event.objects.managed_by(user)))

    def for_reader(self, user: "User | AnonymousUser") -> "TicketTypeQuerySet":
        """Add `is_managed`: whether this reader manages the event and sees the note to the gate."""
        return self.annotate(is_managed=managed_by(user))  # type: ignore[no-redef]


class TicketType(Seated):
    """One kind of place at one event.

    Its counters are the event's own, for this type alone, and change under the same lock: that on
    the event row.
    """

    class Visibility(models.TextChoices):
        """Hidden types are given out by managers alone."""

        PUBLIC = "public"
        HIDDEN = "hidden"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="ticket_types")
    name = models.CharField(max_length=100)
    visibility = models.CharField(
        max_length=6,
        choices=Visibility.choices,
        default=Visibility.PUBLIC,
        help_text="Hidden: only managers give it out.",
    )
    sales_opens_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: when the event's registration opens."
    )
    sales_closes_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: when the event's registration closes."
    )
    attention_note = models.CharField(
        max_length=ATTENTION_NOTE_LENGTH,
        blank=True,
        help_text="Shown at the gate with every ticket of this type, never to attendees.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    # Whether the reader manages the event; set by `for_reader`, and False where nobody set it.
    is_managed: bool = False

    objects = TicketTypeQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "name"],
                name="ticket_type_name_once_per_event",
                violation_error_code="ticket_type_name_taken",
                violation_error_message="The event has a ticket type of this name already.",
            ),
            models.CheckConstraint(
                condition=Q(sales_closes_at__gt=F("sales_opens_at")),
                name="ticket_type_sales_close_after_they_open",
                violation_error_message="Sales must close after they open.",
            ),
            models.CheckConstraint(
                condition=Q(capacity__isnull=True) | Q(seats_taken__lte=F("capacity")),
                name="ticket_type_is_never_oversold",
                violation_error_message="More seats are taken than the ticket type has.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
