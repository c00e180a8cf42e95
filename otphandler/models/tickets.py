"""Tickets: what a confirmed registration carries to the gate."""

import uuid

from django.db import models
from django.db.models import F, Q

from entityhandler.models import Event, Registration
from otphandler.entry import Attendance
from otphandler.keyring import Binding
from otphandler.models.gates import Gate
from otphandler.models.policies import OtpPolicy
from otphandler.totp import Algorithm, Parameters

# What `Ticket.attendance` is made of, for `save(update_fields=…)`.
ATTENDANCE_FIELDS = ["entries", "inside", "first_admitted_at", "first_gate", "last_entry_at"]


class Ticket(models.Model):
    """The secret, the parameters it was issued with, and how often it was used.

    This is the one row that the gate locks: what is decided about a registration is decided while
    holding it. A trigger revokes it in the transaction that takes the registration out of
    `confirmed`, whoever does that, so the gate need not lock the registration as well.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Found by the index of `ticket_once_per_registration`, which begins with the event.
    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, related_name="tickets", db_index=False
    )
    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="tickets")
    version = models.PositiveIntegerField(default=1)
    sealed_secret = models.BinaryField(editable=False)
    algorithm = models.CharField(max_length=6, choices=OtpPolicy.AlgorithmChoice.choices)
    digits = models.PositiveSmallIntegerField()
    period_s = models.PositiveSmallIntegerField("period (seconds)")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    # The newest time step that let somebody pass, of this version; older ones never count again.
    last_step = models.BigIntegerField(null=True, blank=True)
    # Wrong codes since the last right one, and until when the next attempt is not even looked at.
    failures = models.PositiveIntegerField(default=0)
    blocked_until = models.DateTimeField(null=True, blank=True)

    # How many entries and exits were recorded in all; numbers them in the audit.
    movements = models.PositiveIntegerField(default=0)
    entries = models.PositiveIntegerField(default=0)
    # Entries minus exits: how many people stand inside on this ticket.
    inside = models.PositiveIntegerField(default=0)
    first_admitted_at = models.DateTimeField(null=True, blank=True)
    # Without an index: the first admission sets it, and a row whose indexed columns all stay as
    # they are is updated in its own page, without touching an index (HOT). Only the deletion of a
    # gate looks for it.
    first_gate = models.ForeignKey(
        Gate, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    last_entry_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "registration"], name="ticket_once_per_registration"
            ),
            models.CheckConstraint(
                condition=Q(inside__lte=F("entries")), name="ticket_inside_at_most_entries"
            ),
            models.CheckConstraint(
                condition=Q(entries=0, first_admitted_at__isnull=True, last_entry_at__isnull=True)
                | Q(entries__gt=0, first_admitted_at__isnull=False, last_entry_at__isnull=False),
                name="ticket_times_match_entries",
            ),
        ]

    def __str__(self) -> str:
        return f"ticket of {self.registration_id}, version {self.version}"

    @property
    def parameters(self) -> Parameters:
        """What its codes are made with, frozen when it was issued."""
        return Parameters(Algorithm(self.algorithm), self.digits, self.period_s)

    @property
    def binding(self) -> Binding:
        """What its sealed secret is bound to."""
        return Binding(
            registration=self.registration_id,
            event=self.event_id,
            version=self.version,
            parameters=self.parameters,
        )

    @property
    def attendance(self) -> Attendance:
        """The coming and going so far."""
        return Attendance(
            self.entries,
            self.inside,
            self.first_admitted_at,
            self.first_gate_id,
            self.last_entry_at,
        )

    @attendance.setter
    def attendance(self, state: Attendance) -> None:
        self.entries = state.entries
        self.inside = state.inside
        self.first_admitted_at = state.first_admitted_at
        self.first_gate_id = state.first_gate_id
        self.last_entry_at = state.last_entry_at
