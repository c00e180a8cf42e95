"""Gates of an event, and the devices that scan at them."""

import uuid
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from entityhandler.models import Event, User


class GateQuerySet(models.QuerySet["Gate"]):
    """Named subsets of gates."""

    def visible_to(self, user: "User | AnonymousUser") -> "GateQuerySet":
        """Return the gates of the events this user manages."""
        return self.filter(event__in=Event.objects.managed_by(user))


class Gate(models.Model):
    """A place where people are let in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="gates")
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = GateQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "name"],
                name="gate_name_once_per_event",
                violation_error_code="gate_name_taken",
                violation_error_message="The event has a gate of this name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ScannerQuerySet(models.QuerySet["Scanner"]):
    """Named subsets of scanners."""

    def visible_to(self, user: "User | AnonymousUser") -> "ScannerQuerySet":
        """Return the scanners of the events this user manages."""
        return self.filter(event__in=Event.objects.managed_by(user))

    def active(self) -> "ScannerQuerySet":
        """Return the scanners that were not revoked."""
        return self.filter(revoked_at__isnull=True)

    def pairing_with(self, digest: bytes, now: datetime) -> "ScannerQuerySet":
        """Return the scanner whose pairing link has this token, while the link is good."""
        return self.active().filter(pairing_digest=digest, pairing_expires_at__gt=now)


class Scanner(models.Model):
    """A device at a gate; its 256-bit random token is kept as a SHA-256 digest.

    A device that was paired carries its token in a cookie. The one-time token of a pairing link is
    kept as a digest as well, until it is used or over.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="scanners")
    gate = models.ForeignKey(Gate, on_delete=models.RESTRICT, related_name="scanners")
    name = models.CharField(max_length=100)
    digest = models.BinaryField(max_length=32, editable=False)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Whether people at this device may let somebody pass without a code, with a reason.
    may_override = models.BooleanField("may admit by hand", default=False)
    # How many scans wait in the device for a network, as it said when it was last heard of.
    queue_length = models.PositiveIntegerField(null=True, blank=True, editable=False)
    paired_at = models.DateTimeField(null=True, blank=True, editable=False)
    pairing_digest = models.BinaryField(max_length=32, null=True, editable=False)
    pairing_expires_at = models.DateTimeField(null=True, editable=False)

    objects = ScannerQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            # Every unique constraint of an event's rows contains the event; 256 random bits make
            # the digest unique by itself, and the index below finds it.
            models.UniqueConstraint(fields=["event", "digest"], name="scanner_digest_once"),
            models.UniqueConstraint(
                fields=["event", "pairing_digest"], name="scanner_pairing_digest_once"
            ),
            models.CheckConstraint(
                condition=Q(pairing_digest__isnull=True, pairing_expires_at__isnull=True)
                | Q(pairing_digest__isnull=False, pairing_expires_at__isnull=False),
                name="scanner_pairing_has_an_end",
            ),
        ]
        indexes = [
            # Each scan finds its scanner by the digest of its token.
            models.Index(
                fields=["digest"],
                condition=Q(revoked_at__isnull=True),
                name="scanner_active_by_digest",
            ),
            # A device that opens a pairing link finds its scanner by the token of the link.
            models.Index(
                fields=["pairing_digest"],
                condition=Q(pairing_digest__isnull=False),
                name="scanner_by_pairing_digest",
            ),
        ]

    def __str__(self) -> str:
        return self.name
