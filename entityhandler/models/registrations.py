"""Registrations: one person's place, or place in the queue, at one event."""

import re
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower

from entityhandler.models.events import Event, EventManager, managed_by
from entityhandler.models.people_search import prefix_query
from entityhandler.models.ticket_types import ATTENTION_NOTE_LENGTH, TicketType
from entityhandler.models.users import User

# `Registration.reference`, with or without its hyphen.
REFERENCE = re.compile(r"[0-9a-f]{4}-?[0-9a-f]{4}", re.ASCII | re.IGNORECASE)
# The least by which a time moves that must move: what PostgreSQL tells apart.
TICK = timedelta(microseconds=1)


def ids_with_reference(text: str) -> tuple[uuid.UUID, uuid.UUID] | None:
    """Return the first and the last id that a reference stands for, None for another text."""
    if not REFERENCE.fullmatch(text.strip()):
        return None
    digits = text.strip().replace("-", "")
    first, last = (uuid.UUID(digits + rest * (32 - len(digits))) for rest in "0f")
    return first, last


class RegistrationQuerySet(models.QuerySet["Registration"]):
    """Named subsets of registrations."""

    def live(self) -> "RegistrationQuerySet":
        """Return the registrations that were not cancelled."""
        return self.exclude(status=Registration.Status.CANCELLED)

    def waiting(self) -> "RegistrationQuerySet":
        """Return the waitlist, the head first; served by `registration_waitlist`."""
        return self.filter(status=Registration.Status.WAITLISTED).order_by("waitlisted_at", "id")

    def beside_accounts(self) -> "RegistrationQuerySet":
        """Return what guests hold where an account of the same e-mail is registered as well."""
        accounts = Registration.objects.live().filter(
            event=OuterRef("event"),
            user__is_guest=False,
            user__email__lower=Lower(OuterRef("user__email")),
        )
        return self.live().filter(Exists(accounts), user__is_guest=True)

    def matching(self, text: str, *, domains: bool = True) -> "RegistrationQuerySet":
        """Return those of people of whom each word of the text begins a word of name or e-mail.

        Or the one whose reference the text is. Without `domains`, what an e-mail has behind its @
        is no word. Served by `user_search` and the primary key.
        """
        people = Q(user__search_words__matches=prefix_query(text, domains=domains))
        ids = ids_with_reference(text)
        if ids is None:
            return self.filter(people)
        # A condition on two tables, joined by OR, would be served by no index.
        found = Registration.objects.filter(people).values("pk")
        return self.filter(
            pk__in=found.union(Registration.objects.filter(pk__range=ids).values("pk"))
        )

    def for_reader(self, user: "User | AnonymousUser") -> "RegistrationQuerySet":
        """Add `is_managed`: whether this reader manages the event and sees the note to the gate."""
        return self.annotate(is_managed=managed_by(user))  # type: ignore[no-redef]

    def visible_to(self, user: "User | AnonymousUser") -> "RegistrationQuerySet":
        """Return one's own registrations and those of the events one manages."""
        if not isinstance(user, User):
            return self.none()
        if user.is_staff:
            return self
        managed = EventManager.objects.filter(user=user).values("event")
        return self.filter(Q(user=user) | Q(event__in=managed))


class Registration(models.Model):
    """One person's place at one event; cancelled is final, coming back makes a new row."""

    class Status(models.TextChoices):
        """Pending and confirmed hold a seat; waitlisted and cancelled hold none."""

        PENDING = "pending"
        CONFIRMED = "confirmed"
        WAITLISTED = "waitlisted"
        CANCELLED = "cancelled"

    SEAT_HOLDING: ClassVar[frozenset[str]] = frozenset({Status.PENDING, Status.CONFIRMED})
    # What may follow what; None is a registration that is being made. The diagram in
    # docs/registrations.md shows the same, and a test compares the two.
    TRANSITIONS: ClassVar[Mapping[str | None, frozenset[str]]] = {
        None: frozenset({Status.PENDING, Status.CONFIRMED, Status.WAITLISTED}),
        Status.PENDING: frozenset({Status.CONFIRMED, Status.CANCELLED}),
        Status.WAITLISTED: frozenset({Status.PENDING, Status.CONFIRMED, Status.CANCELLED}),
        Status.CONFIRMED: frozenset({Status.CANCELLED}),
        Status.CANCELLED: frozenset(),
    }
    # The place on the waitlist, 1 at its head; set by `show_positions` and by the services.
    position: int | None = None
    # Whether the reader manages the event; set by `for_reader`, and False where nobody set it.
    is_managed: bool = False

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Its index, and those of two more, are among the ones below.
    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, related_name="registrations", db_index=False
    )
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="registrations")
    ticket_type = models.ForeignKey(
        TicketType,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="registrations",
        db_index=False,
    )
    status = models.CharField(max_length=10, choices=Status.choices)
    # What was answered to the event's questions, by their id.
    answers = models.JSONField(default=dict, blank=True)
    attention_note = models.CharField(
        max_length=ATTENTION_NOTE_LENGTH,
        blank=True,
        help_text="Shown at the gate, never to the attendee.",
    )
    # Whose seat this was before it was transferred.
    transferred_from = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="transferred_to",
        db_index=False,
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    waitlisted_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        # Named for what they serve; docs/lists.md has the measurements. Each ends in `id`, as every
        # order does. `include` lets a filter look at a row that a deep page skips without reading
        # the row itself.
        indexes = [
            # GET /registrations/?event=…
            models.Index(
                fields=["event", "created_at", "id"],
                include=["status"],
                name="registration_event_by_creation",
            ),
            # GET /registrations/?event=…&status=… and ?event=…&ordering=status
            models.Index(
                fields=["event", "status", "created_at", "id"], name="registration_event_by_status"
            ),
            # GET /registrations/?event=…&updated_since=…&ordering=updated_at
            models.Index(
                fields=["event", "updated_at", "id"],
                include=["status"],
                name="registration_event_by_change",
            ),
            # GET /registrations/?event=…&ticket_type=… (a type belongs to one event; it comes first
            # for the foreign key, which asks for the type alone)
            models.Index(
                fields=["ticket_type", "event", "created_at", "id"],
                include=["status"],
                condition=Q(ticket_type__isnull=False),
                name="registration_type_by_creation",
            ),
            # GET /registrations/ of staff, and of whoever manages many events
            models.Index(
                fields=["created_at", "id"],
                include=["event", "status"],
                name="registration_all_by_creation",
            ),
            # The same with ?status=… or ?ordering=status
            models.Index(
                fields=["status", "created_at", "id"],
                include=["event"],
                name="registration_all_by_status",
            ),
            # The same with ?updated_since=…&ordering=updated_at
            models.Index(
                fields=["updated_at", "id"],
                include=["event", "status"],
                name="registration_all_by_change",
            ),
            # The head of the waitlist of an event, whatever the ticket type, and its end.
            models.Index(
                fields=["event", "waitlisted_at", "id"],
                condition=Q(status="waitlisted"),
                name="registration_waitlist",
            ),
            # Positions in the queue of a ticket type, or of those without one.
            models.Index(
                fields=["event", "ticket_type", "waitlisted_at", "id"],
                condition=Q(status="waitlisted"),
                name="registration_queue_of_type",
            ),
            # The foreign key; few seats were transferred.
            models.Index(
                fields=["transferred_from"],
                condition=Q(transferred_from__isnull=False),
                name="registration_transferred_from",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "user"],
                condition=~Q(status="cancelled"),
                name="registration_one_live_per_user_and_event",
                violation_error_code="already_registered",
                violation_error_message="This person is registered for the event already.",
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | (~Q(status="cancelled") & Q(cancelled_at__isnull=True)),
                name="registration_cancelled_at_matches_status",
            ),
            models.CheckConstraint(
                condition=~Q(status="waitlisted") | Q(waitlisted_at__isnull=False),
                name="registration_waitlisted_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.event_id} ({self.status})"

    def touch(self, now: datetime) -> None:
        """Move `updated_at` on, in memory, also where `now` was read before a lock was waited for.

        Whoever asks for what was `updated_since` must not miss a change.
        """
        self.updated_at = max(now, self.updated_at + TICK)

    @property
    def reference(self) -> str:
        """What people say at the desk instead of the id: its first eight hexadecimal digits."""
        digits = self.pk.hex[:8].upper()
        return f"{digits[:4]}-{digits[4:]}"

    @property
    def holds_a_seat(self) -> bool:
        """Whether the event counts this registration in `seats_taken`."""
        return self.status in self.SEAT_HOLDING
