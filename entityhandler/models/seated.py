"""What has seats: an event, and each of its ticket types."""

from django.core.validators import MinValueValidator
from django.db import models


class Seated(models.Model):
    """Counters that change under the lock of the event row alone, see `services/seats.py`.

    `seats_taken` counts pending and confirmed registrations, `waitlist_length` the waiting.
    """

    capacity = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Seats; empty for no limit.",
    )
    seats_taken = models.PositiveIntegerField(default=0, editable=False)
    waitlist_length = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    @property
    def seats_left(self) -> int | None:
        """Seats nobody holds; None where there is no limit."""
        return None if self.capacity is None else self.capacity - self.seats_taken

    @property
    def is_full(self) -> bool:
        """Whether the next registration finds no seat here."""
        return self.seats_left is not None and self.seats_left <= 0
