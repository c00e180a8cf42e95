"""Events: making, changing, publishing, cancelling them, and who manages them.

Every change locks the event row, and is answered only once the scans that may have read the event
before it have ended (`@settled`): nobody is admitted once the answer to a cancellation is out.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import ProtectedError, RestrictedError

from entityhandler.models import Event, EventManager, User
from entityhandler.services.seats import Seats
from entityhandler.services.ticket_types import check_capacity, check_within
from ticketmgr.errors import DomainError
from ticketmgr.transactions import settled, violated_constraint, write_use_case

EDITABLE_FIELDS = frozenset(
    {
        "name",
        "description",
        "venue",
        "time_zone",
        "starts_at",
        "ends_at",
        "capacity",
        "requires_approval",
        "waitlist_enabled",
        "registration_opens_at",
        "registration_closes_at",
        "admission_opens_at",
        "admission_closes_at",
        "entry_policy",
    }
)


class EventCancelled(DomainError):
    """A cancelled event stays cancelled and takes no more changes of state."""

    code = "event_cancelled"
    title = "The event was cancelled."


class AlreadyPublished(DomainError):
    """The event is published already."""

    code = "already_published"
    title = "The event is published already."


class EventInUse(DomainError):
    """Only a draft that nobody ever registered for can be deleted."""

    code = "event_in_use"
    title = "The event is not a draft without registrations; cancel it instead."


class AlreadyManager(DomainError):
    """This person manages the event already."""

    code = "already_manager"
    title = "This person manages the event already."


class NotAManager(DomainError):
    """This person does not manage the event."""

    code = "not_a_manager"
    status = 404
    title = "This person does not manage the event."


@write_use_case
def create_event(*, by: User, fields: Mapping[str, Any]) -> Event:
    """Make a draft; whoever makes it manages it. Raises ValidationError."""
    event = Event(**{name: fields[name] for name in EDITABLE_FIELDS & fields.keys()})
    event.full_clean()
    event.save(force_insert=True)
    EventManager.objects.create(event=event, user=by)
    return event


@settled
@write_use_case
def update_event(*, event_id: UUID, changes: Mapping[str, Any], now: datetime) -> Event:
    """Change an event; more capacity promotes the head of the waitlist in the same transaction.

    Locks the event row. Raises EventCancelled, CapacityBelowSeatsTaken, CapacityBelowTicketType and
    ValidationError.
    """
    seats = Seats.lock(event_id)
    event = seats.event
    if event.status == Event.Status.CANCELLED:
        raise EventCancelled
    for field in EDITABLE_FIELDS & changes.keys():
        setattr(event, field, changes[field])
    check_capacity(event)
    for kind in seats.types.values():
        check_within(event, kind)
    event.full_clean()
    event.save()
    seats.promote(now)
    seats.save()
    return event


@settled
@write_use_case
def publish_event(*, event_id: UUID) -> Event:
    """Open a draft to the public. Locks the event row; raises EventCancelled, AlreadyPublished."""
    event = _lock(event_id)
    if event.status == Event.Status.CANCELLED:
        raise EventCancelled
    if event.status == Event.Status.PUBLISHED:
        raise AlreadyPublished
    return _set_status(event, Event.Status.PUBLISHED)


@settled
@write_use_case
def cancel_event(*, event_id: UUID) -> Event:
    """Call an event off for good: nobody registers or is admitted from now on.

    Locks the event row. Raises EventCancelled, and NotSettled.
    """
    event = _lock(event_id)
    if event.status == Event.Status.CANCELLED:
        raise EventCancelled
    return _set_status(event, Event.Status.CANCELLED)


@write_use_case
def delete_event(*, event_id: UUID) -> None:
    """Delete a draft that nobody registered for. Locks the event row; raises EventInUse."""
    event = _lock(event_id)
    if event.status != Event.Status.DRAFT:
        raise EventInUse
    try:
        event.delete()
    except (ProtectedError, RestrictedError) as error:
        raise EventInUse from error


@write_use_case
def add_manager(*, event: Event, user: User) -> EventManager:
    """Let a person run an event; raises AlreadyManager."""
    try:
        return EventManager.objects.create(event=event, user=user)
    except IntegrityError as error:
        if violated_constraint(error) != "event_manager_once":
            raise
        raise AlreadyManager from error


@write_use_case
def remove_manager(*, event: Event, user_id: UUID) -> None:
    """Take an event out of a person's hands; raises NotAManager."""
    removed, _ = event.managers.filter(user=user_id).delete()
    if not removed:
        raise NotAManager


def _lock(event_id: UUID) -> Event:
    """Return the event, locked; raises Event.DoesNotExist."""
    return Event.objects.select_for_update(no_key=True).get(pk=event_id)


def _set_status(event: Event, status: Event.Status) -> Event:
    event.status = status
    event.save(update_fields=["status", "updated_at"])
    return event
