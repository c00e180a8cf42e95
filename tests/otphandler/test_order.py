"""A scan and what ends the right to pass come in one of two orders, never in between.

Each test holds one side in the middle of its transaction, by a lock that it needs next, and sees
the other side wait: no luck of timing is involved.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event as Flag
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction
from django.utils import timezone

from entityhandler.models import Event, Registration, User
from entityhandler.services import events, registrations
from otphandler.models import Gate, Scan, Scanner, Ticket
from otphandler.outcomes import Direction, Outcome
from otphandler.services import gates, manual, policies, tickets
from otphandler.services.admission import Attempt, ScannerRevoked, Verdict, submit_scan
from tests.conftest import client_with, code
from ticketmgr import transactions

pytestmark = pytest.mark.django_db(transaction=True)

R = TypeVar("R")
NOW = timezone.now()
# Something that should wait for a lock and has not begun to after this long never will.
PATIENCE_S = 15
# Conditions on the other connections to this database: how many wait for a lock, and whether one
# has made its change and waits for the transactions that began before it.
WATCH = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
BLOCKED = WATCH + "wait_event_type = 'Lock'"
SETTLING = WATCH + "query LIKE '%%pg_xact_status%%' AND pid <> pg_backend_pid()"


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


def wait_until(condition: str, count: int = 1) -> None:
    """Return as soon as the condition holds for so many connections; fail if it never does."""
    deadline = time.monotonic() + PATIENCE_S
    with connection.cursor() as cursor:
        while True:
            # Within a transaction PostgreSQL would repeat its first answer.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(condition, [])
            if cursor.fetchone()[0] >= count:
                return
            assert time.monotonic() < deadline, f"not seen: {condition}"


@contextmanager
def holding(model: type[Any], pk: Any) -> Iterator[None]:
    """Hold a row FOR UPDATE, so that whatever needs it next stops there."""
    with transaction.atomic():
        model.objects.select_for_update().get(pk=pk)
        yield


@pytest.fixture
def scan(gate: Scanner, attempt: Callable[..., Attempt]) -> Callable[[], Verdict]:
    # Seen a moment ago: the scan does not write to the scanner's row, and holds it for nobody.
    Scanner.objects.update(last_seen_at=NOW)
    gate.refresh_from_db()
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
    north: Gate,
    ending: Callable[[Scanner], Any],
) -> None:
    # The audit row's foreign key to the gate stops the scan after its decision.
    with holding(Gate, north.pk):
        scanned = start(pool, scan)
        wait_until(BLOCKED)
        ended = start(pool, lambda: ending(gate))
        wait_until(SETTLING)
        assert not ended.done()
    assert scanned.result().scan.outcome == Outcome.ADMITTED
    ended.result()


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_is_seen_by_the_scan_that_begins_before_it_is_answered(
    pool: ThreadPoolExecutor,
    scan: Callable[[], Verdict],
    gate: Scanner,
    attempt: Callable[..., Attempt],
    ending: Callable[[Scanner], Any],
) -> None:
    late = attempt(NOW, steps=-1)
    with holding(Ticket, Ticket.objects.get().pk):
        ended = start(pool, lambda: ending(gate))
        wait_until(SETTLING)
        scanned = start(pool, lambda: submit_scan(scanner=gate, attempt=late, now=NOW))
        wait_until(BLOCKED)
    ended.result()
    try:
        assert not scanned.result().scan.passed
    except ScannerRevoked:
        assert Scanner.objects.get().digest != gate.digest or Scanner.objects.get().revoked_at


def test_a_change_that_cannot_be_promised_in_time_says_so(
    pool: ThreadPoolExecutor, event: Event, north: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "SETTLE_TIMEOUT_S", 0)
    with holding(Gate, north.pk):
        ended = start(pool, lambda: events.cancel_event(event_id=event.pk))
        with pytest.raises(transactions.NotSettled):
            ended.result()
    event.refresh_from_db()
    assert event.status == Event.Status.CANCELLED


def test_a_busy_gate_does_not_starve_whoever_changes_the_event(
    pool: ThreadPoolExecutor, gate: Scanner, event: Event, attempt: Callable[..., Attempt]
) -> None:
    # Scans overlap without a pause until the change is answered; a shared lock would never be free.
    done, wrong = Flag(), attempt(NOW, user_id=event.pk)

    def scan_on() -> int:
        count = 0
        while not done.is_set():
            submit_scan(scanner=gate, attempt=wrong, now=NOW)
            count += 1
        return count

    busy = [start(pool, scan_on) for _ in range(3)]
    try:
        for venue in ("North", "South", "West"):
            changed = start(
                pool,
                lambda venue=venue: events.update_event(  # type: ignore[misc]
                    event_id=event.pk, changes={"venue": venue}, now=NOW
                ),
            )
            changed.result(PATIENCE_S)
    finally:
        done.set()
    assert all(scans.result() for scans in busy)


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
        wait_until(BLOCKED)
        ended = start(pool, lambda: ending(registration))
        wait_until(BLOCKED, 2)
    assert scanned.result().scan.outcome == Outcome.ADMITTED
    ended.result()


def test_an_admission_by_hand_waits_for_the_scan_that_holds_the_ticket_and_sees_it(
    pool: ThreadPoolExecutor, scan: Callable[[], Verdict], north: Gate, by_hand: Callable[[], Scan]
) -> None:
    with holding(Gate, north.pk):
        scanned = start(pool, scan)
        wait_until(BLOCKED)
        admitted = start(pool, by_hand)
        wait_until(BLOCKED, 2)
    assert scanned.result().scan.outcome == Outcome.ADMITTED
    assert admitted.result().outcome == Outcome.ALREADY_ADMITTED


def test_a_cancellation_of_the_event_is_answered_after_the_admission_by_hand(
    pool: ThreadPoolExecutor, registration: Registration, grace: User, by_hand: Callable[[], Scan]
) -> None:
    # The audit row's foreign key to its actor stops the admission after its decision.
    with holding(User, grace.pk):
        admitted = start(pool, by_hand)
        wait_until(BLOCKED)
        cancelled = start(pool, lambda: events.cancel_event(event_id=registration.event_id))
        wait_until(SETTLING)
        assert not cancelled.done()
    assert admitted.result().outcome == Outcome.ADMITTED
    cancelled.result()


def test_a_scan_that_waited_for_a_cancellation_sees_it(
    pool: ThreadPoolExecutor, scan: Callable[[], Verdict], registration: Registration
) -> None:
    with transaction.atomic():
        cancelled = {"status": "cancelled", "cancelled_at": NOW}
        Registration.objects.filter(pk=registration.pk).update(**cancelled)
        scanned = start(pool, scan)
        wait_until(BLOCKED)
    assert scanned.result().scan.outcome == Outcome.CANCELLED


def test_a_scan_that_waited_for_a_reissue_finds_its_code_dead(
    pool: ThreadPoolExecutor, scan: Callable[[], Verdict], registration: Registration
) -> None:
    with holding(Ticket, Ticket.objects.get().pk):
        reissued = start(
            pool, lambda: tickets.reissue_ticket(registration_id=registration.pk, now=NOW)
        )
        wait_until(BLOCKED)
        scanned = start(pool, scan)
        wait_until(BLOCKED, 2)
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
        wait_until(BLOCKED)
    with pytest.raises(tickets.NotConfirmed):
        fetched.result()
