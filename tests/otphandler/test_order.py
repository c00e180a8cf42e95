"""A scan and what ends the right to pass come in one of two orders, never in between.

Each test holds one side in the middle of its transaction, by a lock that it needs next, and sees
the other side wait: no luck of timing is involved.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction
from django.utils import timezone

from entityhandler.models import Event, Registration, User
from entityhandler.services import events, registrations
from otphandler.models import Gate, Scan, Scanner, Ticket
from otphandler.outcomes import Direction, Outcome
from otphandler.services import gates, manual, policies, tickets
from otphandler.services.admission import Attempt, Verdict, submit_scan
from tests.conftest import client_with, code

pytestmark = pytest.mark.django_db(transaction=True)

R = TypeVar("R")
NOW = timezone.now()
# Something that should wait for a lock and has not begun to after this long never will.
PATIENCE_S = 5
WAITING = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def start(pool: ThreadPoolExecutor, work: Callable[[], R]) -> "Future[R]":
    """Run something in a thread with a connection of its own."""

    def run() -> R:
        try:
            return work()
        finally:
            connection.close()

    return pool.submit(run)


def wait_until_blocked(count: int) -> None:
    """Return as soon as so many connections wait for a lock; fail if they never do."""
    deadline = time.monotonic() + PATIENCE_S
    with connection.cursor() as cursor:
        while True:
            # Within a transaction PostgreSQL would repeat its first answer.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(WAITING)
            if cursor.fetchone()[0] >= count:
                return
            assert time.monotonic() < deadline, "nothing waits for the lock"


@contextmanager
def holding(model: type[Any], pk: Any) -> Iterator[None]:
    """Hold a row FOR UPDATE, so that whatever needs it next stops there."""
    with transaction.atomic():
        model.objects.select_for_update().get(pk=pk)
        yield


@pytest.fixture
def scan(gate: Scanner, attempt: Callable[..., Attempt]) -> Callable[[], Verdict]:
    right = attempt(NOW)
    return lambda: submit_scan(scanner=gate, attempt=right, now=NOW)


@pytest.fixture
def by_hand(registration: Registration, grace: User) -> Callable[[], Scan]:
    return lambda: manual.admit_by_hand(
        registration_id=registration.pk,
        by=grace,
        reason="Dead phone",
        direction=Direction.ENTRY,
        gate=None,
        now=NOW,
    )


ENDINGS: dict[str, Callable[[Scanner], Any]] = {
    "the event is cancelled": lambda gate: events.cancel_event(event_id=gate.event_id),
    "the doors are closed": lambda gate: events.update_event(
        event_id=gate.event_id,
        changes={"admission_opens_at": NOW + timedelta(hours=1)},
        now=NOW,
    ),
    "the scanner is revoked": lambda gate: gates.revoke_scanner(scanner_id=gate.pk, now=NOW),
    "the token is rotated": lambda gate: gates.rotate_scanner(scanner_id=gate.pk),
    "the policy is changed": lambda gate: policies.set_policy(
        event_id=gate.event_id, changes={"past_tolerance_s": 0}
    ),
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_is_answered_only_after_the_scan_under_way(
    pool: ThreadPoolExecutor,
    scan: Callable[[], Verdict],
    gate: Scanner,
    ending: Callable[[Scanner], Any],
) -> None:
    with holding(Ticket, Ticket.objects.get().pk):
        scanned = start(pool, scan)
        wait_until_blocked(1)
        ended = start(pool, lambda: ending(gate))
        wait_until_blocked(2)
    assert scanned.result().scan.outcome == Outcome.ADMITTED
    ended.result()


TICKET_ENDINGS: dict[str, Callable[[Registration], Any]] = {
    "the registration is cancelled": lambda registration: registrations.cancel_registration(
        registration_id=registration.pk, now=NOW
    ),
    "the registration is transferred": lambda registration: registrations.transfer_registration(
        registration_id=registration.pk,
        to=User.objects.create(email="heir@example.org", full_name="Heir"),
        now=NOW,
    ),
    "the ticket is reissued": lambda registration: tickets.reissue_ticket(
        registration_id=registration.pk, now=NOW
    ),
}


@pytest.mark.parametrize("ending", TICKET_ENDINGS.values(), ids=TICKET_ENDINGS)
def test_is_answered_only_after_the_scan_that_holds_the_ticket(
    pool: ThreadPoolExecutor,
    scan: Callable[[], Verdict],
    north: Gate,
    registration: Registration,
    ending: Callable[[Registration], Any],
) -> None:
    # The audit row's foreign key to the gate stops the scan after its decision.
    with holding(Gate, north.pk):
        scanned = start(pool, scan)
        wait_until_blocked(1)
        ended = start(pool, lambda: ending(registration))
        wait_until_blocked(2)
    assert scanned.result().scan.outcome == Outcome.ADMITTED
    ended.result()


def test_an_admission_by_hand_waits_for_the_scan_that_holds_the_ticket_and_sees_it(
    pool: ThreadPoolExecutor, scan: Callable[[], Verdict], north: Gate, by_hand: Callable[[], Scan]
) -> None:
    with holding(Gate, north.pk):
        scanned = start(pool, scan)
        wait_until_blocked(1)
        admitted = start(pool, by_hand)
        wait_until_blocked(2)
    assert scanned.result().scan.outcome == Outcome.ADMITTED
    assert admitted.result().outcome == Outcome.ALREADY_ADMITTED


def test_a_cancellation_of_the_event_waits_for_the_admission_by_hand(
    pool: ThreadPoolExecutor, ticket: tickets.TicketSecret, by_hand: Callable[[], Scan]
) -> None:
    with holding(Ticket, ticket.ticket.pk):
        admitted = start(pool, by_hand)
        wait_until_blocked(1)
        cancelled = start(pool, lambda: events.cancel_event(event_id=ticket.registration.event_id))
        wait_until_blocked(2)
    assert admitted.result().outcome == Outcome.ADMITTED
    cancelled.result()


def test_a_scan_that_waited_for_a_cancellation_sees_it(
    pool: ThreadPoolExecutor, scan: Callable[[], Verdict], registration: Registration
) -> None:
    with transaction.atomic():
        cancelled = {"status": "cancelled", "cancelled_at": NOW}
        Registration.objects.filter(pk=registration.pk).update(**cancelled)
        scanned = start(pool, scan)
        wait_until_blocked(1)
    assert scanned.result().scan.outcome == Outcome.CANCELLED


def test_a_scan_that_waited_for_the_events_cancellation_sees_it(
    pool: ThreadPoolExecutor, scan: Callable[[], Verdict], event: Event
) -> None:
    with holding(Event, event.pk):
        scanned = start(pool, scan)
        wait_until_blocked(1)
        Event.objects.filter(pk=event.pk).update(status=Event.Status.CANCELLED)
    assert scanned.result().scan.outcome == Outcome.EVENT_CANCELLED


def test_a_scan_that_waited_for_a_reissue_finds_its_code_dead(
    pool: ThreadPoolExecutor, scan: Callable[[], Verdict], registration: Registration
) -> None:
    with holding(Ticket, Ticket.objects.get().pk):
        reissued = start(
            pool, lambda: tickets.reissue_ticket(registration_id=registration.pk, now=NOW)
        )
        wait_until_blocked(1)
        scanned = start(pool, scan)
        wait_until_blocked(2)
    assert reissued.result().version == 2
    assert scanned.result().scan.outcome == Outcome.WRONG_CODE


def test_a_scan_that_waits_too_long_is_answered_as_undecided_and_counts_nothing(
    pool: ThreadPoolExecutor,
    ticket: tickets.TicketSecret,
    scanner_and_token: tuple[Scanner, str],
) -> None:
    registration = ticket.registration
    triple = {"user": str(registration.user_id), "event": str(registration.event_id)}
    client = client_with(scanner_and_token[1])

    def impatient() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 1")
        return client.post("/api/v1/scans/", {**triple, "otp": code(ticket, NOW)})

    with holding(Ticket, ticket.ticket.pk):
        answer = start(pool, impatient).result()
    assert (answer.status_code, answer.json()["code"]) == (503, "try_again")
    assert answer["Retry-After"] == "1"
    assert not Scan.objects.exists()


def test_a_scan_does_not_wait_for_a_registration_that_takes_a_seat(
    pool: ThreadPoolExecutor, scan: Callable[[], Verdict], event: Event
) -> None:
    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        Event.objects.filter(pk=event.pk).update(seats_taken=7)
        assert start(pool, scan).result(PATIENCE_S).scan.outcome == Outcome.ADMITTED


def test_a_secret_is_not_handed_out_while_its_registration_is_being_cancelled(
    pool: ThreadPoolExecutor, registration: Registration
) -> None:
    with transaction.atomic():
        cancelled = {"status": "cancelled", "cancelled_at": NOW}
        Registration.objects.filter(pk=registration.pk).update(**cancelled)
        fetched = start(
            pool, lambda: tickets.hand_out_secret(registration_id=registration.pk, now=NOW)
        )
        wait_until_blocked(1)
    with pytest.raises(tickets.NotConfirmed):
        fetched.result()
