"""Purging events that are past their retention, with everything that is known of who came."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper

from entityhandler.models import Event
from ticketmgr.errors import DomainError
from ticketmgr.transactions import write_use_case

# A step takes about a tenth of a second. Deleting millions of scans at once would be a transaction
# of minutes: nothing waits for its locks, but until it ends PostgreSQL tidies up no updated row,
# and whoever revokes a scanner or closes doors waits for it (`ticketmgr.transactions.settled`).
SCANS_PER_STEP = 2_000
# What hangs on an event, in the order in which foreign keys let go. Users stay: they are not the
# event's.
TABLES = [
    "otphandler_scan",
    "otphandler_guessbudget",
    "otphandler_ticket",
    "otphandler_scanner",
    "otphandler_gate",
    "otphandler_otppolicy",
    "entityhandler_registration",
    "entityhandler_registrationimport",
    "entityhandler_tickettype",
    "entityhandler_question",
    "entityhandler_eventmanager",
]


class StillRetained(DomainError):
    """The event has not ended, or not long enough ago."""

    code = "still_retained"
    title = "The event is not past its retention."


def purgeable(*, now: datetime) -> Iterator[Event]:
    """Return the events that ended RETENTION_DAYS ago or earlier, the oldest first."""
    return (
        Event.objects.filter(ends_at__lte=now - _retention()).order_by("ends_at", "id").iterator()
    )


def purge_event(*, event_id: UUID, now: datetime) -> dict[str, int]:
    """Delete an event with its registrations, tickets and scans; return the rows per table.

    The scans go first, in steps that each commit; a run that was cut off is continued by the next.
    Then all the rest goes at once. Raises StillRetained.
    """
    # A scan that was taken back cannot go before the one that took it back.
    scans = _purge_scans_of(event_id, now, "undoes_id IS NOT NULL")
    scans += _purge_scans_of(event_id, now, "true")
    deleted = _purge_rest(event_id=event_id, now=now)
    return {**deleted, "otphandler_scan": scans + deleted["otphandler_scan"]}


def _purge_scans_of(event_id: UUID, now: datetime, which: str) -> int:
    total = 0
    while step := _purge_step(event_id=event_id, now=now, which=which):
        total += step
    return total


@write_use_case
def _purge_step(*, event_id: UUID, now: datetime, which: str) -> int:
    """Delete the next scans of an event, the oldest first; return how many. Locks the event row."""
    _lock_purgeable(event_id, now)
    with _purging(event_id) as cursor:
        cursor.execute(
            f"DELETE FROM otphandler_scan WHERE id IN (SELECT id FROM otphandler_scan"  # noqa: S608
            f" WHERE event_id = %s AND {which} ORDER BY scanned_at, id LIMIT %s)",
            [event_id, SCANS_PER_STEP],
        )
        return int(cursor.rowcount)


@write_use_case
def _purge_rest(*, event_id: UUID, now: datetime) -> dict[str, int]:
    """Delete all that is left of an event. Locks the event row."""
    event = _lock_purgeable(event_id, now)
    deleted = {}
    with _purging(event_id) as cursor:
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table} WHERE event_id = %s", [event_id])  # noqa: S608
            deleted[table] = cursor.rowcount
    event.delete()
    return deleted


def _lock_purgeable(event_id: UUID, now: datetime) -> Event:
    event = Event.objects.select_for_update().get(pk=event_id)
    if event.ends_at > now - _retention():
        raise StillRetained(f"{event} is kept until {event.ends_at + _retention():%Y-%m-%d}.")
    return event


@contextmanager
def _purging(event_id: UUID) -> Iterator[CursorWrapper]:
    """Name the event to the audit's trigger, until the end of this transaction.

    The trigger lets go of an event that is named and that ended 30 days ago, whatever
    RETENTION_DAYS says.
    """
    with connection.cursor() as cursor:
        # Tens of thousands of registrations take longer than a request may.
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SELECT set_config('ticketmgr.purged_event', %s, true)", [str(event_id)])
        yield cursor


def _retention() -> timedelta:
    return timedelta(days=settings.RETENTION_DAYS)
