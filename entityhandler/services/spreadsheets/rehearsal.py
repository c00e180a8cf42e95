"""Seats that are decided about as always, and that nothing is written of."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from entityhandler.models import Event, Registration
from entityhandler.models.registrations import RegistrationQuerySet
from entityhandler.services.seats import EventNotFound, Seats


@dataclass
class Rehearsal(Seats):
    """The seats of an event, not locked; what is decided is kept in memory, from batch to batch."""

    _promoted: set[UUID] = field(default_factory=set)
    # Who is on the waitlist of the table alone.
    _gone: set[UUID] = field(default_factory=set)

    @classmethod
    def of(cls, event_id: UUID) -> "Rehearsal":
        """Return the seats as they are; raises EventNotFound."""
        event = Event.objects.filter(pk=event_id).first()
        if event is None:
            raise EventNotFound
        return cls(event, {kind.pk: kind for kind in event.ticket_types.all()})

    def see(self, registration: Registration) -> None:
        """Let a registration be what the rehearsal has made of it."""
        if registration.pk in self._promoted:
            registration.status = self.status_of_a_seat

    def turn(self, registration: Registration, status: Registration.Status, now: datetime) -> None:
        """Take a registration to another status."""
        self._gone.add(registration.pk)
        super().turn(registration, status, now)

    def promote(self, now: datetime) -> None:
        """Give every free seat to whoever waits, in memory."""
        while heads := set(self._heads()):
            self._promoted |= heads
            self._gone |= heads

    def _waiting(self) -> RegistrationQuerySet:
        """Return who waits.

        Not those who come to wait by the file: it names them last, and asks for no seat after them.
        """
        return super()._waiting().exclude(pk__in=self._gone)
