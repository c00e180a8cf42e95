"""FOR KEY SHARE, which Django's ORM cannot say.

It is the lock that the foreign keys of an audit row take on the event and the scanner anyway, so
taking it first costs a scan nothing. It lets registrations count seats (FOR NO KEY UPDATE), and it
makes whoever changes the event or revokes the scanner (FOR UPDATE) wait for the scans under way.
"""

from uuid import UUID

from django.db import connection

from entityhandler.models import Event
from otphandler.models import Scanner

HOLD_EVENT = "SELECT 1 FROM entityhandler_event WHERE id = %s FOR KEY SHARE"
HOLD_SCANNER = """
    SELECT scanner.revoked_at IS NULL AND scanner.digest = %s
      FROM otphandler_scanner AS scanner
      JOIN entityhandler_event AS event ON event.id = scanner.event_id
     WHERE scanner.id = %s
       FOR KEY SHARE
"""


def hold_event(event_id: UUID) -> Event:
    """Return the event; nobody changes its state before this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD_EVENT, [event_id])
    return Event.objects.get(pk=event_id)


def hold_scanner(scanner: Scanner) -> bool:
    """Hold the scanner and its event; return whether the token it came with is still good."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD_SCANNER, [bytes(scanner.digest), scanner.pk])
        row = cursor.fetchone()
    return row is not None and bool(row[0])
