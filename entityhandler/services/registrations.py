"""Registrations: taking a seat, waiting for one, giving it back.

Whatever changes a registration locks its event row (FOR NO KEY UPDATE: scans pass, other changes
wait). The event's counters change in the same transaction, and a check constraint refuses a row
that would be oversold.
"""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError

from entityhandler.models import Event, Registration, User
from ticketmgr.errors import DomainError
from ticketmgr.transactions import violated_constraint, write_use_case

Status = Registration.Status


class EventNotFound(DomainError):
    """No event has this id."""

    code = "event_not_found"
    status = 404
    title = "There is no such event."


class EventNotPublished(DomainError):
    """Nobody registers for a draft or a cancelled event."""

    code = "event_not_published"
    title = "The event does not take registrations."


class RegistrationClosed(DomainError):
    """The registration window is not open; the detail says when it was or will be."""

    code = "registration_closed"
    title = "Registration is not open."


class EventFull(DomainError):
    """Every seat is taken and the event has no waitlist."""

    code = "event_full"
    title = "Every seat is taken."


class AlreadyRegistered(DomainError):
    """One person has one live registration per event."""

    code = "already_registered"
    title = "This person is registered for the event already."


class AlreadyCancelled(DomainError):
    """A cancelled registration stays cancelled; registering again makes a new one."""

    code = "already_cancelled"
    title = "The registration was cancelled already."


class NoSeatToTransfer(DomainError):
    """A place on the waitlist belongs to the person who waits."""

    code = "no_seat_to_transfer"
    title = "The registration holds no seat that could be transferred."


class AlreadyConfirmed(DomainError):
    """The registration is confirmed already."""

    code = "already_confirmed"
    title = "The registration is confirmed already."


@write_use_case
def register(
    *, event_id: UUID, user: User, now: datetime, by_manager: bool = False
) -> Registration:
    """Give a person a seat, or a place on the waitlist where the seats are gone.

    Comes out confirmed, pending where the event wants approval, or waitlisted. A manager is not
    bound by the registration window. Locks the event row. Raises EventNotFound,
    EventNotPublished, RegistrationClosed, AlreadyRegistered and EventFull.
    """
    event = _lock_event(event_id)
    if event.status != Event.Status.PUBLISHED:
        raise EventNotPublished
    if not by_manager:
        _check_window(event, now)
    if event.registrations.live().filter(user=user).exists():
        raise AlreadyRegistered
    registration = Registration(
        event=event, user=user, status=_first_status(event), created_at=now, updated_at=now
    )
    if registration.status == Status.WAITLISTED:
        registration.waitlisted_at = now
    _insert(registration)
    _count(event, registration.status, +1)
    _save_counters(event)
    return registration


@write_use_case
def cancel_registration(*, registration_id: UUID, now: datetime) -> Registration:
    """Give the seat back; the head of the waitlist gets it in the same transaction.

    Locks the event row. Raises AlreadyCancelled.
    """
    event, registration = _lock_event_of(registration_id)
    if registration.status == Status.CANCELLED:
        raise AlreadyCancelled
    _count(event, registration.status, -1)
    registration.cancelled_at = now
    _move(registration, Status.CANCELLED, now)
    _save_counters(event)
    promote_waitlist(event, now=now)
    return registration


@write_use_case
def confirm_registration(*, registration_id: UUID, now: datetime) -> Registration:
    """Approve a pending registration, or take a waitlisted one ahead of the queue.

    Locks the event row. Raises AlreadyCancelled, AlreadyConfirmed,
    EventNotPublished and, for a waitlisted one without a free seat, EventFull.
    """
    event, registration = _lock_event_of(registration_id)
    if registration.status == Status.CANCELLED:
        raise AlreadyCancelled
    if registration.status == Status.CONFIRMED:
        raise AlreadyConfirmed
    if event.status != Event.Status.PUBLISHED:
        raise EventNotPublished
    if registration.status == Status.WAITLISTED and event.is_full:
        raise EventFull
    _count(event, registration.status, -1)
    _count(event, Status.CONFIRMED, +1)
    _move(registration, Status.CONFIRMED, now)
    _save_counters(event)
    return registration


@write_use_case
def transfer_registration(*, registration_id: UUID, to: User, now: datetime) -> Registration:
    """Hand a seat to somebody else; it is never free in between, and the old ticket is dead.

    The new registration has the status of the old one, which is cancelled and named as its origin.
    Locks the event row. Raises AlreadyCancelled, NoSeatToTransfer,
    AlreadyRegistered, and EventNotPublished for an event that was called off.
    """
    event, registration = _lock_event_of(registration_id)
    if event.status != Event.Status.PUBLISHED:
        raise EventNotPublished
    if registration.status == Status.CANCELLED:
        raise AlreadyCancelled
    if not registration.holds_a_seat:
        raise NoSeatToTransfer
    if event.registrations.live().filter(user=to).exists():
        raise AlreadyRegistered
    heir = Registration(
        event=event,
        user=to,
        status=registration.status,
        transferred_from=registration,
        created_at=now,
        updated_at=now,
    )
    registration.cancelled_at = now
    _move(registration, Status.CANCELLED, now)
    _insert(heir)
    return heir


def promote_waitlist(event: Event, *, now: datetime) -> None:
    """Give every free seat to the head of the waitlist, inside the caller's transaction.

    The caller holds the lock on the event row; without it two of them would promote the same head.
    """
    promoted = False
    while event.status == Event.Status.PUBLISHED and event.waitlist_length and not event.is_full:
        head = event.registrations.waiting().first()
        if head is None:
            break
        _count(event, Status.WAITLISTED, -1)
        _move(head, _seat_status(event), now)
        _count(event, head.status, +1)
        promoted = True
    if promoted:
        _save_counters(event)


def _lock_event(event_id: UUID) -> Event:
    event = Event.objects.select_for_update(no_key=True).filter(pk=event_id).first()
    if event is None:
        raise EventNotFound
    return event


def _lock_event_of(registration_id: UUID) -> tuple[Event, Registration]:
    """Return the event, locked, and the registration, read under that lock.

    The event of a registration never changes, so finding it before the lock is safe.
    """
    event_id = Registration.objects.values_list("event_id", flat=True).get(pk=registration_id)
    event = _lock_event(event_id)
    registration = Registration.objects.get(pk=registration_id)
    registration.event = event
    return event, registration


def _check_window(event: Event, now: datetime) -> None:
    opens_at, closes_at = event.registration_opens_at, event.registration_ends_at
    if opens_at is not None and now < opens_at:
        raise RegistrationClosed(
            f"Registration opens on {_local(event, opens_at)}.", opens_at=opens_at
        )
    if now >= closes_at:
        raise RegistrationClosed(
            f"Registration closed on {_local(event, closes_at)}.", closed_at=closes_at
        )


def _local(event: Event, moment: datetime) -> str:
    """Return a moment as people at the event read it, zone included."""
    try:
        return f"{moment.astimezone(ZoneInfo(event.time_zone)):%Y-%m-%d %H:%M} ({event.time_zone})"
    except OverflowError:
        # The last hours of the year 9999 are beyond it east of Greenwich.
        return f"{moment:%Y-%m-%d %H:%M} (UTC)"


def _seat_status(event: Event) -> Status:
    return Status.PENDING if event.requires_approval else Status.CONFIRMED


def _first_status(event: Event) -> Status:
    if not event.is_full:
        return _seat_status(event)
    if not event.waitlist_enabled:
        raise EventFull
    return Status.WAITLISTED


def _insert(registration: Registration) -> None:
    """Insert the row; the partial unique index is the last word on who came first."""
    try:
        registration.save(force_insert=True)
    except IntegrityError as error:
        if violated_constraint(error) != "registration_one_live_per_user_and_event":
            raise
        raise AlreadyRegistered from error


def _move(registration: Registration, status: Status, now: datetime) -> None:
    registration.status = status
    registration.updated_at = now
    registration.save(update_fields=["status", "updated_at", "cancelled_at"])


def _count(event: Event, status: str, change: int) -> None:
    """Count a registration in or out of the event's totals, in memory, under the event lock."""
    if status in Registration.SEAT_HOLDING:
        event.seats_taken += change
    elif status == Status.WAITLISTED:
        event.waitlist_length += change


def _save_counters(event: Event) -> None:
    event.save(update_fields=["seats_taken", "waitlist_length", "updated_at"])
