"""The seats of one event, held under the lock on its row: who gets one, who waits, who moves up.

Counters of the event and of its ticket types are read after that lock and written before it is
given back, so they are true for whoever holds it. Check constraints refuse a row that would be
oversold, whatever forgets to ask here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import F, Max, Q, Value
from django.db.models.functions import Greatest

from entityhandler.models import Event, Registration, TicketType
from entityhandler.models.registrations import TICK, RegistrationQuerySet
from entityhandler.models.seated import Seated
from ticketmgr.errors import DomainError

Status = Registration.Status


class EventNotFound(DomainError):
    """No event has this id."""

    code = "event_not_found"
    status = 404
    title = "There is no such event."


class EventFull(DomainError):
    """Every seat is taken and the event has no waitlist."""

    code = "event_full"
    title = "Every seat is taken."


class TicketTypeFull(DomainError):
    """Every seat of the ticket type is taken, though not of the event, and nobody may wait."""

    code = "ticket_type_full"
    title = "Every seat of this ticket type is taken."


@dataclass(slots=True)
class Seats:
    """An event, locked, with its ticket types by id."""

    event: Event
    types: dict[UUID, TicketType]
    _changed: set[UUID] = field(default_factory=set)
    # The time of whoever came to the queue last, once it was looked up.
    _last_in_queue: datetime | None = None

    @classmethod
    def lock(cls, event_id: UUID) -> "Seats":
        """Return the seats of an event, its row locked (FOR NO KEY UPDATE); raises EventNotFound.

        Scans pass, other changes of seats wait.
        """
        event = Event.objects.select_for_update(no_key=True).filter(pk=event_id).first()
        if event is None:
            raise EventNotFound
        return cls(event, {kind.pk: kind for kind in event.ticket_types.all()})

    @classmethod
    def lock_of(cls, registration_id: UUID) -> "tuple[Seats, Registration]":
        """Return the seats of a registration's event, and the registration, locked after it.

        The event of a registration never changes, so finding it before the lock is safe.
        """
        event_id = Registration.objects.values_list("event_id", flat=True).get(pk=registration_id)
        seats = cls.lock(event_id)
        registration = Registration.objects.select_for_update(no_key=True).get(pk=registration_id)
        registration.event = seats.event
        return seats, registration

    def type_of(self, registration: Registration) -> TicketType | None:
        """Return the ticket type of a registration of this event."""
        kind = registration.ticket_type_id
        return None if kind is None else self.types[kind]

    @property
    def status_of_a_seat(self) -> Registration.Status:
        """What a registration becomes that gets a seat."""
        return Status.PENDING if self.event.requires_approval else Status.CONFIRMED

    def check_free(self, kind: TicketType | None) -> None:
        """Raise EventFull or TicketTypeFull where no seat is left."""
        if self.event.is_full:
            raise EventFull
        if kind is not None and kind.is_full:
            raise TicketTypeFull(f"Every seat of {kind} is taken.", ticket_type=kind.pk)

    def first_status(self, kind: TicketType | None) -> Registration.Status:
        """Return what a new registration becomes; raises EventFull and TicketTypeFull."""
        try:
            self.check_free(kind)
        except (EventFull, TicketTypeFull):
            if not self.event.waitlist_enabled:
                raise
            return Status.WAITLISTED
        return self.status_of_a_seat

    def enter(self, registration: Registration, now: datetime) -> None:
        """Count a new registration in; one that waits goes to the end of its queue. In memory."""
        assert registration.status in Registration.TRANSITIONS[None]
        kind = self.type_of(registration)
        self._count(registration.status, kind, +1)
        if registration.status == Status.WAITLISTED:
            registration.waitlisted_at = self._end_of_queue(now)
            registration.position = self._queue_length(kind)

    def move(self, registration: Registration, status: Registration.Status, now: datetime) -> None:
        """Take a registration to another status: counters in memory, the row written."""
        self.turn(registration, status, now)
        registration.save(update_fields=["status", "updated_at", "cancelled_at"])

    def turn(self, registration: Registration, status: Registration.Status, now: datetime) -> None:
        """Take a registration to another status, all in memory."""
        assert status in Registration.TRANSITIONS[registration.status]
        kind = self.type_of(registration)
        self._count(registration.status, kind, -1)
        self._count(status, kind, +1)
        registration.status = status
        registration.position = None
        registration.touch(now)
        if status == Status.CANCELLED:
            registration.cancelled_at = now

    def save(self) -> None:
        """Write the counters that changed."""
        counters = ["seats_taken", "waitlist_length", "updated_at"]
        self.event.save(update_fields=counters)
        for pk in sorted(self._changed):
            self.types[pk].save(update_fields=counters)
        self._changed.clear()

    def _count(self, status: str, kind: TicketType | None, change: int) -> None:
        """Count a registration in or out of the totals of the event and of its type, in memory."""
        counted: list[Seated] = [self.event]
        if kind is not None:
            counted.append(kind)
            self._changed.add(kind.pk)
        for totals in counted:
            if status in Registration.SEAT_HOLDING:
                totals.seats_taken += change
            elif status == Status.WAITLISTED:
                totals.waitlist_length += change

    # --- The waitlist -------------------------------------------------------------------------

    def promote(self, now: datetime) -> None:
        """Give every free seat to whoever has waited longest for one of its kind.

        In the transaction that freed the seat and under its lock, so that no seat is given twice
        and none is forgotten. Writes the registrations; the caller saves the counters.
        """
        while heads := list(self._heads()):
            Registration.objects.filter(pk__in=heads).update(
                status=self.status_of_a_seat,
                updated_at=Greatest(Value(now), F("updated_at") + Value(TICK)),
            )

    def _heads(self) -> Iterator[UUID]:
        """Count in whoever moves up now; one that finds its type filled waits for another round."""
        if self.event.status != Event.Status.PUBLISHED or not self.event.waitlist_length:
            return
        # Read before the loop, which changes how many seats are left.
        for pk, kind_id in self._next_in_queue():
            kind = None if kind_id is None else self.types[kind_id]
            if kind is None or not kind.is_full:
                self._count(Status.WAITLISTED, kind, -1)
                self._count(self.status_of_a_seat, kind, +1)
                yield pk

    def _next_in_queue(self) -> list[tuple[UUID, UUID | None]]:
        """Return as many as there are seats of those whose type has one: ids, with the type's."""
        waiting = self._waiting()
        if self.types:
            free = [pk for pk, kind in self.types.items() if not kind.is_full]
            waiting = waiting.filter(Q(ticket_type__isnull=True) | Q(ticket_type__in=free))
        return list(waiting.values_list("pk", "ticket_type_id")[: self.event.seats_left])

    def _waiting(self) -> RegistrationQuerySet:
        return self.event.registrations.waiting()

    def _end_of_queue(self, now: datetime) -> datetime:
        """Return a time after everybody who waits: whoever came under the lock later is later.

        `now` was read before the lock was waited for, so it may be older than the last one's.
        """
        if self._last_in_queue is None:
            last = self.event.registrations.waiting().aggregate(Max("waitlisted_at"))
            self._last_in_queue = last["waitlisted_at__max"] or now - TICK
        self._last_in_queue = max(now, self._last_in_queue + TICK)
        return self._last_in_queue

    def _queue_length(self, kind: TicketType | None) -> int:
        if kind is not None:
            return kind.waitlist_length
        return self.event.waitlist_length - sum(
            kind.waitlist_length for kind in self.types.values()
        )
