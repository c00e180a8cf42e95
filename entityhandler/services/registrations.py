"""Registrations: taking a seat, waiting for one, giving it back, handing it on.

Whatever changes a registration's status locks its event row, see `entityhandler.services.seats`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError

from entityhandler.models import Event, Registration, TicketType, User
from entityhandler.services import claims
from entityhandler.services.questions import check_answers, questions_of
from entityhandler.services.seats import EventFull, EventNotFound, Seats, TicketTypeFull
from entityhandler.services.users import Guest, resolve
from ticketmgr.errors import DomainError, InvalidField
from ticketmgr.transactions import violated_constraint, write_use_case

__all__ = ["EventFull", "EventNotFound", "TicketTypeFull"]

Status = Registration.Status


class EventNotPublished(DomainError):
    """Nobody registers for a draft or a cancelled event."""

    code = "event_not_published"
    title = "The event does not take registrations."


class RegistrationClosed(DomainError):
    """The registration window is not open; the detail says when it was or will be."""

    code = "registration_closed"
    title = "Registration is not open."


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
    *,
    event_id: UUID,
    user: User | Guest,
    now: datetime,
    by_manager: bool = False,
    ticket_type_id: UUID | None = None,
    answers: Mapping[str, Any] | None = None,
    attention_note: str = "",
) -> Registration:
    """Give a person a seat, or a place on the waitlist where the seats are gone.

    Comes out confirmed, pending where the event wants approval, or waitlisted. A manager is not
    bound by windows, hidden ticket types or required answers, and may name a guest, who gets a
    link. Locks the event row. Raises EventNotFound, EventNotPublished, RegistrationClosed,
    AlreadyRegistered, EventFull, TicketTypeFull and InvalidFields.
    """
    seats = Seats.lock(event_id)
    event = seats.event
    if event.status != Event.Status.PUBLISHED:
        raise EventNotPublished
    kind = _chosen_type(seats, ticket_type_id, by_manager=by_manager)
    if not by_manager:
        _check_windows(event, kind, now)
    person = resolve(user)
    if event.registrations.live().filter(user=person).exists():
        raise AlreadyRegistered
    checked = check_answers(questions_of(event_id), answers or {}, required=not by_manager)
    registration = Registration(
        event=event,
        user=person,
        ticket_type=kind,
        status=seats.first_status(kind),
        answers=checked,
        attention_note=attention_note,
        created_at=now,
        updated_at=now,
    )
    _enter(seats, registration, now)
    return registration


@write_use_case
def cancel_registration(*, registration_id: UUID, now: datetime) -> Registration:
    """Give the seat back; the head of the waitlist gets it in the same transaction.

    Locks the event row. Raises AlreadyCancelled.
    """
    seats, registration = Seats.lock_of(registration_id)
    if registration.status == Status.CANCELLED:
        raise AlreadyCancelled
    seats.move(registration, Status.CANCELLED, now)
    seats.promote(now)
    seats.save()
    return registration


@write_use_case
def confirm_registration(*, registration_id: UUID, now: datetime) -> Registration:
    """Approve a pending registration, or take a waitlisted one ahead of the queue.

    Locks the event row. Raises AlreadyCancelled, AlreadyConfirmed, EventNotPublished and, for a
    waitlisted one without a free seat, EventFull or TicketTypeFull.
    """
    seats, registration = Seats.lock_of(registration_id)
    if registration.status == Status.CANCELLED:
        raise AlreadyCancelled
    if registration.status == Status.CONFIRMED:
        raise AlreadyConfirmed
    if seats.event.status != Event.Status.PUBLISHED:
        raise EventNotPublished
    if registration.status == Status.WAITLISTED:
        seats.check_free(seats.type_of(registration))
    seats.move(registration, Status.CONFIRMED, now)
    seats.save()
    return registration


@write_use_case
def transfer_registration(
    *, registration_id: UUID, to: User | Guest, now: datetime
) -> Registration:
    """Hand a seat to somebody else; it is never free in between, and the old ticket is dead.

    The new registration has the status and ticket type of the old one, which is cancelled and named
    as its origin; answers and the note to the gate were the old holder's and stay with them. Locks
    the event row. Raises AlreadyCancelled, NoSeatToTransfer, AlreadyRegistered, and
    EventNotPublished for an event that was called off.
    """
    seats, registration = Seats.lock_of(registration_id)
    event = seats.event
    if event.status != Event.Status.PUBLISHED:
        raise EventNotPublished
    if registration.status == Status.CANCELLED:
        raise AlreadyCancelled
    if not registration.holds_a_seat:
        raise NoSeatToTransfer
    heir_status, person = registration.status, resolve(to)
    if event.registrations.live().filter(user=person).exists():
        raise AlreadyRegistered
    seats.move(registration, Status.CANCELLED, now)
    heir = Registration(
        event=event,
        user=person,
        ticket_type=seats.type_of(registration),
        status=heir_status,
        transferred_from=registration,
        created_at=now,
        updated_at=now,
    )
    _enter(seats, heir, now)
    return heir


@write_use_case
def change_registration(
    *, registration_id: UUID, changes: Mapping[str, Any], now: datetime, by_manager: bool
) -> Registration:
    """Change the answers, which are checked as when registering, or the note to the gate.

    Answers that are left out stay as they are; null takes one back. Locks the registration row,
    for no seat changes. Raises AlreadyCancelled and InvalidFields.
    """
    registration = Registration.objects.select_for_update(no_key=True).get(pk=registration_id)
    if registration.status == Status.CANCELLED:
        raise AlreadyCancelled
    if "answers" in changes:
        registration.answers = check_answers(
            questions_of(registration.event_id),
            changes["answers"],
            kept=registration.answers,
            required=not by_manager,
        )
    if "attention_note" in changes:
        registration.attention_note = changes["attention_note"]
    registration.touch(now)
    registration.save(update_fields=["answers", "attention_note", "updated_at"])
    return registration


def _chosen_type(
    seats: Seats, ticket_type_id: UUID | None, *, by_manager: bool
) -> TicketType | None:
    """Return the ticket type that was named; an event that has some wants one named."""
    if ticket_type_id is None:
        if not seats.types:
            return None
        raise InvalidField(
            pointer="ticket_type", code="required", detail="The event has ticket types: name one."
        )
    kind = seats.types.get(ticket_type_id)
    hidden = kind is not None and kind.visibility == TicketType.Visibility.HIDDEN
    if kind is None or (hidden and not by_manager):
        raise InvalidField(
            pointer="ticket_type",
            code="does_not_exist",
            detail="The event has no such ticket type.",
        )
    return kind


def _check_windows(event: Event, kind: TicketType | None, now: datetime) -> None:
    """Raise RegistrationClosed unless the event's window is open, and the type's within it."""
    _check_window(
        event, "Registration", event.registration_opens_at, event.registration_ends_at, now
    )
    if kind is not None:
        _check_window(event, f"The sale of {kind}", kind.sales_opens_at, kind.sales_closes_at, now)


def _check_window(
    event: Event, what: str, opens_at: datetime | None, closes_at: datetime | None, now: datetime
) -> None:
    if opens_at is not None and now < opens_at:
        raise RegistrationClosed(f"{what} opens on {_local(event, opens_at)}.", opens_at=opens_at)
    if closes_at is not None and now >= closes_at:
        raise RegistrationClosed(
            f"{what} closed on {_local(event, closes_at)}.", closed_at=closes_at
        )


def _local(event: Event, moment: datetime) -> str:
    """Return a moment as people at the event read it, zone included."""
    try:
        return f"{moment.astimezone(ZoneInfo(event.time_zone)):%Y-%m-%d %H:%M} ({event.time_zone})"
    except OverflowError:
        # The last hours of the year 9999 are beyond it east of Greenwich.
        return f"{moment:%Y-%m-%d %H:%M} (UTC)"


def _enter(seats: Seats, registration: Registration, now: datetime) -> None:
    """Count the row in and insert it; the partial unique index is the last word on who came first.

    A guest is told by a link how to make it theirs.
    """
    seats.enter(registration, now)
    try:
        registration.save(force_insert=True)
    except IntegrityError as error:
        if violated_constraint(error) != "registration_one_live_per_user_and_event":
            raise
        raise AlreadyRegistered from error
    seats.save()
    if registration.user.is_guest:
        claims.send_link_on_commit(registration.user, registration.event)
