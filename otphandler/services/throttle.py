"""Slows down guessing, at three levels that all live in PostgreSQL and so hold for every worker.

- Ticket: wrong codes in a row, counted on the ticket row under the lock of the check itself. After
  its free failures each further one closes the ticket for a delay that doubles up to a cap, which
  is what keeps an attacker from locking a guest out for the evening. Success forgets them.
- Scanner and event: wrong codes of all tickets, each level a bucket that leaks (ITU-T I.371): a
  stolen scanner, or many, must not try a few codes at every ticket. Success forgets nothing.

What is closed is not looked at, so nothing is counted while it is. The budgets of scanner and event
are read without a lock: scans under way at the same moment may exceed them by their own number, and
every one that was evaluated is counted.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from otphandler.models import GuessBudget, Ticket
from ticketmgr.transactions import write_use_case

# RFC 4226 §7.3 asks for a throttling parameter; five is what people need to notice their mistake.
FREE_FAILURES = 5
FIRST_DELAY = timedelta(seconds=1)
# At one guess per 30 s and three accepted codes of 10⁶, a day of guessing hits with 0.9 %.
MAX_DELAY = timedelta(seconds=30)

FIELDS = ["failures", "blocked_until"]


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many wrong codes a level takes at once, and how many more per minute; then its cap."""

    size: int
    per_minute: int
    max_delay: timedelta


# A gate of 30 scans a minute with one in three wrong stays open; guesses stay below 600 an hour.
SCANNER_BUCKET = Bucket(size=30, per_minute=10, max_delay=MAX_DELAY)
# Ten such gates. At 3,600 guesses an hour and three codes of 10⁶, an evening of 5 hours hits with
# 5 %, of 10⁸ with 0.05 %: an event that expects attackers takes the profile `gate`. The delay is
# short, because it stops every queue of the event.
EVENT_BUCKET = Bucket(size=300, per_minute=60, max_delay=timedelta(seconds=5))


def delay_after(failures: int) -> timedelta:
    """Return how long a ticket stays closed after so many wrong codes in a row."""
    return _doubled(failures - FREE_FAILURES, MAX_DELAY)


def wait_s(blocked_until: datetime | None, now: datetime) -> int:
    """Return for how many whole seconds, rounded up, something is still closed."""
    if blocked_until is None or blocked_until <= now:
        return 0
    return math.ceil((blocked_until - now).total_seconds())


def count_failure(ticket: Ticket, now: datetime) -> None:
    """Count a wrong code, in memory; the caller holds the ticket's lock and saves FIELDS."""
    ticket.failures += 1
    delay = delay_after(ticket.failures)
    ticket.blocked_until = now + delay if delay else None


def clear(ticket: Ticket) -> None:
    """Forget the wrong codes, in memory; the caller holds the ticket's lock and saves FIELDS."""
    ticket.failures = 0
    ticket.blocked_until = None


def count_guess(event_id: UUID, scanner_id: UUID, now: datetime) -> None:
    """Count a wrong code against the scanner, then against the event, in this transaction.

    Locks both rows in that order, last of all that a scan locks: failures of one level wait for
    each other here, a scan that succeeds waits for none of them.
    """
    _count(event_id, scanner_id, SCANNER_BUCKET, now)
    _count(event_id, event_id, EVENT_BUCKET, now)


def _count(event_id: UUID, owner: UUID, bucket: Bucket, now: datetime) -> None:
    # Found under its lock, or made: one that a manager clears meanwhile is made anew.
    budget, _ = GuessBudget.objects.select_for_update(no_key=True).get_or_create(
        event_id=event_id, owner=owner, defaults={"updated_at": now}
    )
    pour(budget, bucket, now)
    budget.save(update_fields=["failures", "level", "updated_at", "blocked_until"])


def pour(budget: GuessBudget, bucket: Bucket, now: datetime) -> None:
    """Let the level leak up to now, add one wrong code, and close what overflows; in memory."""
    elapsed = max(now - budget.updated_at, timedelta(0))
    leaked = elapsed / timedelta(minutes=1) * bucket.per_minute
    budget.level = max(0.0, budget.level - leaked) + 1
    budget.failures += 1
    budget.updated_at += elapsed
    delay = _doubled(math.floor(budget.level) - bucket.size, bucket.max_delay)
    budget.blocked_until = now + delay if delay else None


@write_use_case
def unblock_ticket(*, registration_id: UUID) -> None:
    """Forget the wrong codes of a ticket, at a manager's word. Locks the ticket row."""
    ticket = (
        Ticket.objects.select_for_update(no_key=True).filter(registration=registration_id).first()
    )
    if ticket is not None:
        clear(ticket)
        ticket.save(update_fields=FIELDS)


@write_use_case
def unblock(*, event_id: UUID, owner: UUID) -> None:
    """Forget the wrong codes of a scanner, or of the whole event, at a manager's word."""
    GuessBudget.objects.filter(event=event_id, owner=owner).delete()


def _doubled(excess: int, cap: timedelta) -> timedelta:
    """Return the delay that has doubled `excess` times, none below zero."""
    if excess < 0:
        return timedelta(0)
    # Ten doublings of a second are over a quarter of an hour, beyond every cap.
    return min(FIRST_DELAY * (1 << min(excess, 10)), cap)
