"""Ticket types: making, changing and deleting them; their seats are the event's, under its lock."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import ProtectedError

from entityhandler.models import Event, TicketType
from entityhandler.models.seated import Seated
from entityhandler.services.seats import Seats
from ticketmgr.errors import DomainError
from ticketmgr.transactions import violated_constraint, write_use_case

EDITABLE_FIELDS = frozenset(
    {
        "name",
        "capacity",
        "visibility",
        "sales_opens_at",
        "sales_closes_at",
        "attention_note",
    }
)


class TicketTypeNameTaken(DomainError):
    """The event has a ticket type of this name."""

    code = "ticket_type_name_taken"
    title = "The event has a ticket type of this name already."


class TicketTypeInUse(DomainError):
    """Somebody registered with this ticket type."""

    code = "ticket_type_in_use"
    title = "People registered with this ticket type; hide it instead."


class CapacityBelowSeatsTaken(DomainError):
    """The capacity would fall below the seats that people hold."""

    code = "capacity_below_seats_taken"
    title = "More seats are taken than the new capacity has."


class CapacityBelowTicketType(DomainError):
    """A ticket type would have more seats than its event."""

    code = "capacity_below_ticket_type"
    title = "A ticket type has more seats than its event."


@write_use_case
def create_ticket_type(*, event_id: UUID, fields: Mapping[str, Any]) -> TicketType:
    """Make a kind of place at an event.

    Locks the event row. Raises TicketTypeNameTaken, CapacityBelowTicketType and ValidationError.
    """
    seats = Seats.lock(event_id)
    kind = TicketType(event=seats.event)
    _change(seats.event, kind, fields)
    _save(kind, force_insert=True)
    return kind


@write_use_case
def update_ticket_type(
    *, ticket_type: TicketType, changes: Mapping[str, Any], now: datetime
) -> TicketType:
    """Change a ticket type; more seats promote whoever waits for them in the same transaction.

    Locks the event row. Raises CapacityBelowSeatsTaken, CapacityBelowTicketType,
    TicketTypeNameTaken and ValidationError.
    """
    seats = Seats.lock(ticket_type.event_id)
    kind = seats.types.get(ticket_type.pk)
    if kind is None:
        raise TicketType.DoesNotExist
    _change(seats.event, kind, changes)
    _save(kind)
    seats.promote(now)
    seats.save()
    return kind


@write_use_case
def delete_ticket_type(*, ticket_type: TicketType) -> None:
    """Delete a ticket type that nobody has. Locks the event row; raises TicketTypeInUse."""
    Seats.lock(ticket_type.event_id)
    try:
        ticket_type.delete()
    except ProtectedError as error:
        raise TicketTypeInUse from error


def check_capacity(of: Seated) -> None:
    """Raise CapacityBelowSeatsTaken where more seats are taken than there would be."""
    if of.capacity is not None and of.seats_taken > of.capacity:
        raise CapacityBelowSeatsTaken(
            f"{of.seats_taken} seats are taken; the capacity cannot be {of.capacity}.",
            seats_taken=of.seats_taken,
        )


def check_within(event: Event, kind: TicketType) -> None:
    """Raise CapacityBelowTicketType where a ticket type would have more seats than its event.

    Together they may have more: the event's own limit holds for all of them.
    """
    if event.capacity is not None and kind.capacity is not None and kind.capacity > event.capacity:
        raise CapacityBelowTicketType(
            f"{kind} would have {kind.capacity} seats and its event {event.capacity}.",
            ticket_type=kind.pk,
        )


def _change(event: Event, kind: TicketType, fields: Mapping[str, Any]) -> None:
    for field in EDITABLE_FIELDS & fields.keys():
        setattr(kind, field, fields[field])
    check_capacity(kind)
    check_within(event, kind)


def _save(kind: TicketType, **how: Any) -> None:
    kind.full_clean(validate_unique=False, validate_constraints=False)
    # The name is the database's to compare: the loser of a race is told the same.
    kind.validate_constraints(exclude={"name"})
    try:
        kind.save(**how)
    except IntegrityError as error:
        if violated_constraint(error) != "ticket_type_name_once_per_event":
            raise
        raise TicketTypeNameTaken from error
