"""Purging events that are past their retention, with everything that is known of who came."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection

from entityhandler.models import Event
from ticketmgr.errors import DomainError
from ticketmgr.transactions import write_use_case

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


@write_use_case
def purge_event(*, event_id: UUID, now: datetime) -> dict[str, int]:
    """Delete an event with its registrations, tickets and scans; return the rows per table.

    The audit's trigger lets go of an event that this transaction names and that ended 30 days ago,
    whatever RETENTION_DAYS says. Locks the event row. Raises StillRetained.
    """
    event = Event.objects.select_for_update().get(pk=event_id)
    if event.ends_at > now - _retention():
        raise StillRetained(f"{event} is kept until {event.ends_at + _retention():%Y-%m-%d}.")
    deleted = {}
    with connection.cursor() as cursor:
        # Both until the end of this transaction; millions of scans take longer than a request may.
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SELECT set_config('ticketmgr.purged_event', %s, true)", [str(event_id)])
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table} WHERE event_id = %s", [event_id])  # noqa: S608
            deleted[table] = cursor.rowcount
    event.delete()
    return deleted


def _retention() -> timedelta:
    return timedelta(days=settings.RETENTION_DAYS)
