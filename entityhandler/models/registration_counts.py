"""How many registrations of each status an event has, so that a list need not count its rows."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models

from entityhandler.models.events import Event
from entityhandler.models.registrations import Registration


class RegistrationCount(models.Model):
    """How many registrations of one status an event has.

    A trigger of PostgreSQL keeps it, in the transaction and statement that changes registrations,
    whoever does: nothing else writes here. Every service that changes a status holds the lock on
    the event, so nobody waits for these rows who did not wait for that one.
    """

    id = models.UUIDField(
        primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False
    )
    # Without an index of its own: the constraint below begins with it.
    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="registration_counts", db_index=False
    )
    status = models.CharField(max_length=10, choices=Registration.Status.choices)
    count = models.IntegerField()

    class Meta:
        ordering = ["event", "status"]
        constraints = [
            # What the trigger adds to; and GET /registrations/?event=…&status=…
            models.UniqueConstraint(
                fields=["event", "status"], name="registration_count_once_per_status"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.status} at {self.event_id}"
