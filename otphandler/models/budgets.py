"""How many wrong codes a scanner, or a whole event, has seen of late."""

import uuid

from django.db import models

from entityhandler.models import Event


class GuessBudget(models.Model):
    """A leaky bucket of wrong codes; `owner` is the scanner's id, or the event's own.

    Rows of their own: counted on the scanner or the event, every wrong code would wait for whoever
    changes those, and registrations for wrong codes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    owner = models.UUIDField()
    # All that were counted since the last clearing, and how many of them have not leaked yet.
    failures = models.PositiveBigIntegerField(default=0)
    level = models.FloatField(default=0)
    updated_at = models.DateTimeField()
    blocked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "owner"], name="guess_budget_once_per_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.failures} wrong codes"
