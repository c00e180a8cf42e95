"""Registrations: one person's place, or place in the queue, at one event."""

import uuid
from typing import ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Case, Count, OuterRef, Q, Subquery, When

from entityhandler.models.events import Event, EventManager
from entityhandler.models.users import User


class RegistrationQuerySet(models.QuerySet["Registration"]):
    """Named subsets of registrations."""

    def live(self) -> "RegistrationQuerySet":
        """Return the registrations that were not cancelled."""
        return self.exclude(status=Registration.Status.CANCELLED)

    def waiting(self) -> "RegistrationQuerySet":
        """Return the waitlist, the head first; served by `registration_waitlist`."""
        return self.filter(status=Registration.Status.WAITLISTED).order_by("waitlisted_at", "id")

    def with_position(self) -> "RegistrationQuerySet":
        """Add `position`: the place on the waitlist, 1 at its head, None for the others."""
        ahead = (
            Registration.objects.filter(
                Q(waitlisted_at__lt=OuterRef("waitlisted_at"))
                | Q(waitlisted_at=OuterRef("waitlisted_at"), id__lte=OuterRef("id")),
                event=OuterRef("event"),
                status=Registration.Status.WAITLISTED,
            )
            .order_by()
            .values("event")
            .annotate(count=Count("*"))
            .values("count")
        )
        waiting = When(status=Registration.Status.WAITLISTED, then=Subquery(ahead))
        return self.annotate(position=Case(waiting, output_field=models.IntegerField()))

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

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="registrations")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="registrations")
    status = models.CharField(max_length=10, choices=Status.choices)
    # Whose seat this was before it was transferred.
    transferred_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="transferred_to"
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    waitlisted_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [
            # GET /registrations/?event=…&status=…
            models.Index(
                fields=["event", "status", "created_at", "id"], name="registration_by_event"
            ),
            # The head of the waitlist, and a position on it.
            models.Index(
                fields=["event", "waitlisted_at", "id"],
                condition=Q(status="waitlisted"),
                name="registration_waitlist",
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

    @property
    def holds_a_seat(self) -> bool:
        """Whether the event counts this registration in `seats_taken`."""
        return self.status in self.SEAT_HOLDING
