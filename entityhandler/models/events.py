"""Events and who manages them."""

import uuid
import zoneinfo
from functools import cache
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.expressions import Combinable

from entityhandler.models.seated import Seated
from entityhandler.models.users import User

if TYPE_CHECKING:
    from datetime import datetime


@cache
def time_zone_names() -> frozenset[str]:
    """Return the IANA names this system knows; cached, for finding them reads a folder tree."""
    return frozenset(zoneinfo.available_timezones())


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless the name is in the IANA time zone database."""
    if name not in time_zone_names():
        raise ValidationError(
            f"{name!r} is no IANA time zone; write Europe/Berlin, for example.",
            code="unknown_time_zone",
        )


def managed_by(user: "User | AnonymousUser", event: str = "event") -> Combinable:
    """Return an expression: whether this user may run the event of a row, named by that column."""
    if not isinstance(user, User) or user.is_staff:
        return Value(isinstance(user, User))
    return Exists(EventManager.objects.filter(user=user, event=OuterRef(event)))


class EventQuerySet(models.QuerySet["Event"]):
    """Named subsets of events."""

    def managed_by(self, user: "User | AnonymousUser") -> "EventQuerySet":
        """Return the events that this user may run: their own, or all for staff."""
        if not isinstance(user, User):
            return self.none()
        if user.is_staff:
            return self
        return self.filter(pk__in=EventManager.objects.filter(user=user).values("event"))

    def visible_to(self, user: "User | AnonymousUser") -> "EventQuerySet":
        """Return published events, and those the user manages or is registered for."""
        published = Q(status=Event.Status.PUBLISHED)
        if not isinstance(user, User):
            return self.filter(published)
        if user.is_staff:
            return self
        managed = EventManager.objects.filter(user=user).values("event")
        registered = user.registrations.values("event")
        return self.filter(published | Q(pk__in=managed) | Q(pk__in=registered))


class Event(Seated):
    """Something people register for and are admitted to.

    The row carries the counters of its registrations, so one lock on it serialises every change of
    seats: `seats_taken` counts pending and confirmed registrations, `waitlist_length` the waiting.
    """

    class Status(models.TextChoices):
        """The life of an event; cancelled is final."""

        DRAFT = "draft"
        PUBLISHED = "published"
        CANCELLED = "cancelled"

    class EntryPolicy(models.TextChoices):
        """How often one registration may enter."""

        ONCE = "once", "once"
        DAILY = "daily", "once per calendar day of the event"
        REENTRY = "reentry", "again after an exit"
        UNLIMITED = "unlimited", "any number of times"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(max_length=20_000, blank=True)
    venue = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(
        max_length=9, choices=Status.choices, default=Status.DRAFT, editable=False
    )
    requires_approval = models.BooleanField(
        default=False, help_text="Registrations stay pending until a manager confirms them."
    )
    waitlist_enabled = models.BooleanField(
        default=False, help_text="When every seat is taken, people may queue for the next one."
    )
    registration_opens_at = models.DateTimeField(null=True, blank=True)
    registration_closes_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: registration is open until the event ends."
    )
    admission_opens_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: the doors are open from publication."
    )
    admission_closes_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: the doors close when the event ends."
    )
    entry_policy = models.CharField(
        max_length=9, choices=EntryPolicy.choices, default=EntryPolicy.ONCE
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [
            # GET /events/?status=published&ordering=starts_at
            models.Index(fields=["status", "starts_at", "id"], name="event_by_status_and_start"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="event_ends_after_it_starts",
                violation_error_message="The event must end after it starts.",
            ),
            models.CheckConstraint(
                condition=Q(registration_closes_at__gt=F("registration_opens_at")),
                name="event_registration_closes_after_it_opens",
                violation_error_message="Registration must close after it opens.",
            ),
            models.CheckConstraint(
                condition=Q(admission_closes_at__gt=F("admission_opens_at")),
                name="event_admission_closes_after_it_opens",
                violation_error_message="Admission must close after it opens.",
            ),
            models.CheckConstraint(
                condition=Q(capacity__isnull=True) | Q(seats_taken__lte=F("capacity")),
                name="event_is_never_oversold",
                violation_error_message="More seats are taken than the event has.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def registration_ends_at(self) -> "datetime":
        """The moment from which nobody registers any more."""
        return self.registration_closes_at or self.ends_at

    @property
    def doors_close_at(self) -> "datetime":
        """The moment from which nobody is admitted any more."""
        return self.admission_closes_at or self.ends_at

    def is_managed_by(self, user: "User | AnonymousUser") -> bool:
        """Whether this user may run the event; one query, none for staff."""
        if not isinstance(user, User):
            return False
        return user.is_staff or self.managers.filter(user=user).exists()


class EventManager(models.Model):
    """One person who may run one event."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="managers")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="managed_events")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "user"],
                name="event_manager_once",
                violation_error_code="already_manager",
                violation_error_message="This person manages the event already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} manages {self.event}"
