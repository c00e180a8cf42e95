"""Scans: the audit. Rows are added and never changed; PostgreSQL itself refuses anything else."""

import uuid

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from entityhandler.models import Event, Registration, User
from otphandler.models.gates import Gate, Scanner
from otphandler.outcomes import PASSED, Direction, Outcome


class ScanQuerySet(models.QuerySet["Scan"]):
    """Named subsets of scans."""

    def visible_to(self, user: "User | AnonymousUser") -> "ScanQuerySet":
        """Return the scans of the events this user manages."""
        return self.filter(event__in=Event.objects.managed_by(user))

    def final(self) -> "ScanQuerySet":
        """Return the scans whose answer a retry repeats; a throttled one is judged anew."""
        return self.exclude(outcome=Outcome.THROTTLED)


class Scan(models.Model):
    """One attempt, admitted or refused, with all that its answer said, so that a retry gets it.

    `scanned_at` is the server's clock, `claimed_at` the device's.
    """

    class Method(models.TextChoices):
        """How the attempt was made."""

        TOTP = "totp", "code"
        MANUAL = "manual", "by hand"
        UNDO = "undo", "undo"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Each scan pays for every index: what another index begins with has none of its own, and what
    # scans of a code leave empty is indexed where it is not.
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="scans", db_index=False)
    registration = models.ForeignKey(
        Registration, null=True, on_delete=models.PROTECT, related_name="scans"
    )
    scanner = models.ForeignKey(Scanner, null=True, on_delete=models.PROTECT, related_name="scans")
    gate = models.ForeignKey(Gate, null=True, on_delete=models.PROTECT, related_name="scans")
    # The manager who admitted by hand or took an admission back.
    actor = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    method = models.CharField(max_length=6, choices=Method.choices, default=Method.TOTP)
    direction = models.CharField(max_length=5, choices=Direction.choices)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    # A late scan that was refused for what happened meanwhile; the device may have let them in.
    conflict = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True)
    scanned_at = models.DateTimeField()

    # What the device sent; ids that may name nothing.
    claimed_user = models.UUIDField(null=True)
    claimed_event = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    scan_id = models.UUIDField(null=True)
    # SHA-256 of what was sent, to tell a retry from another scan under the same `scan_id`.
    request_digest = models.BinaryField(max_length=32, null=True, editable=False)

    # The step that matched, and its distance from the server's own in seconds; late is negative.
    matched_step = models.BigIntegerField(null=True)
    skew_s = models.IntegerField("clock skew (seconds)", null=True)
    ticket_version = models.PositiveIntegerField(null=True)

    # What the ticket said after this scan, as the answer told it.
    movement = models.PositiveIntegerField(null=True)
    entries = models.PositiveIntegerField(null=True)
    first_admitted_at = models.DateTimeField(null=True)
    first_gate = models.ForeignKey(Gate, null=True, on_delete=models.PROTECT, related_name="+")
    # The attendance that an undo of this movement restores; on an undo, the movement taken back.
    attendance_before = models.JSONField(null=True, editable=False)
    undoes = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="undone_by", db_index=False
    )

    objects = ScanQuerySet.as_manager()

    class Meta:
        ordering = ["-scanned_at", "-id"]
        indexes = [
            # GET /scans/?event=…, newest first.
            models.Index(fields=["event", "-scanned_at", "-id"], name="scan_by_event_and_time"),
            models.Index(fields=["actor"], condition=Q(actor__isnull=False), name="scan_by_actor"),
            models.Index(
                fields=["undoes"], condition=Q(undoes__isnull=False), name="scan_by_undone"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "scan_id"],
                condition=Q(scan_id__isnull=False) & ~Q(outcome="throttled"),
                name="scan_id_once_per_event",
            ),
            # Behind the ticket's row lock stands the database itself: two decisions made on the
            # same state of a ticket carry the same number, and only one of them is written.
            models.UniqueConstraint(
                fields=["event", "registration", "movement"],
                condition=Q(movement__isnull=False),
                name="scan_movement_once",
            ),
            # RFC 6238 §5.2: a code passes once, whatever forgot to look at `last_step`.
            models.UniqueConstraint(
                fields=["event", "registration", "ticket_version", "matched_step"],
                condition=Q(outcome__in=sorted(PASSED), matched_step__isnull=False),
                name="scan_step_passes_once",
            ),
            models.UniqueConstraint(
                fields=["event", "undoes"],
                condition=Q(undoes__isnull=False),
                name="scan_undone_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} at {self.scanned_at:%Y-%m-%d %H:%M:%S}Z"

    @property
    def passed(self) -> bool:
        """Whether the person was let through."""
        return self.outcome in PASSED
