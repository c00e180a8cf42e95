"""Slows down guessing: wrong codes are counted on the ticket row, under the lock of the check.

After FREE_FAILURES wrong codes in a row, each further one closes the ticket for a delay that
doubles up to MAX_DELAY. The cap is what keeps an attacker from locking a guest out for the
evening. Nothing is counted while the ticket is closed: such attempts are not even looked at.
"""

import math
from datetime import datetime, timedelta

from otphandler.models import Ticket

# RFC 4226 §7.3 asks for a throttling parameter; OWASP ASVS 5.0 V6.3.1 wants guessing bounded.
FREE_FAILURES = 5
FIRST_DELAY = timedelta(seconds=1)
# At one guess per 30 s and three accepted codes of 10⁶, a day of guessing hits with 0.9 %.
MAX_DELAY = timedelta(seconds=30)

FIELDS = ["failures", "blocked_until"]


def delay_after(failures: int) -> timedelta:
    """Return how long a ticket stays closed after so many wrong codes in a row."""
    if failures < FREE_FAILURES:
        return timedelta(0)
    doublings = failures - FREE_FAILURES
    return MAX_DELAY if doublings >= 5 else FIRST_DELAY * (1 << doublings)


def wait_s(ticket: Ticket, now: datetime) -> int:
    """Return for how many whole seconds, rounded up, the ticket is still closed."""
    if ticket.blocked_until is None or ticket.blocked_until <= now:
        return 0
    return math.ceil((ticket.blocked_until - now).total_seconds())


def count_failure(ticket: Ticket, now: datetime) -> None:
    """Count a wrong code, in memory; the caller holds the ticket's lock and saves FIELDS."""
    ticket.failures += 1
    delay = delay_after(ticket.failures)
    ticket.blocked_until = now + delay if delay else None


def clear(ticket: Ticket) -> None:
    """Forget the wrong codes, in memory; the caller holds the ticket's lock and saves FIELDS."""
    ticket.failures = 0
    ticket.blocked_until = None
