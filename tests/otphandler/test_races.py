"""Many scanners at once: admitted once, exactly once, whatever arrives together.

Each race is run ROUNDS times, for a race that is lost one time in ten must not pass.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from uuid import uuid4

import pytest
from django.utils import timezone

from entityhandler.models import Event, Registration, User
from entityhandler.services import events
from otphandler.models import Gate, Scan, Scanner, Ticket
from otphandler.outcomes import Direction, Outcome
from otphandler.services import gates, manual, policies, throttle, tickets
from otphandler.services.admission import Attempt, Verdict, submit_scan
from tests.conftest import code
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 20
NOW = timezone.now()


MakeTicket = Callable[[], tickets.TicketSecret]


def outcomes(results: list[Verdict | Exception]) -> Counter[str]:
    """Count outcomes; an exception counts under the name of its class."""
    return Counter(
        result.scan.outcome if isinstance(result, Verdict) else type(result).__name__
        for result in results
    )


def scans(gate: Scanner, attempts: list[Attempt]) -> list[Callable[[], Verdict]]:
    """Return one scan per attempt, ready to run."""
    return [
        lambda attempt=attempt: submit_scan(scanner=gate, attempt=attempt, now=NOW)  # type: ignore[misc]
        for attempt in attempts
    ]


def attempt_of(ticket: tickets.TicketSecret, *, steps: int = 0) -> Attempt:
    registration = ticket.registration
    right = code(ticket, NOW, steps=steps)
    return Attempt(registration.user_id, registration.event_id, right)


def test_fifty_scans_of_one_code_admit_once(gate: Scanner, make_ticket: MakeTicket) -> None:
    for _ in range(ROUNDS):
        attempt = attempt_of(make_ticket())
        results = run_in_threads(scans(gate, [attempt] * 50))
        assert outcomes(results) == {Outcome.ADMITTED: 1, Outcome.ALREADY_ADMITTED: 49}


def test_the_codes_before_now_and_after_admit_once_between_them(
    gate: Scanner, make_ticket: MakeTicket
) -> None:
    for _ in range(ROUNDS):
        ticket = make_ticket()
        attempts = [attempt_of(ticket, steps=steps) for steps in (-1, 0, 1)] * 20
        results = run_in_threads(scans(gate, attempts))
        assert outcomes(results) == {Outcome.ADMITTED: 1, Outcome.ALREADY_ADMITTED: 59}


def test_two_gates_admit_once_between_them(
    gate: Scanner, event: Event, make_ticket: MakeTicket
) -> None:
    south: Gate = gates.create_gate(event=event, name="South")
    other, _ = gates.create_scanner(gate=south, name="Phone 2", now=NOW)
    for _ in range(ROUNDS):
        attempt = attempt_of(make_ticket())
        results = run_in_threads(scans(gate, [attempt] * 5) + scans(other, [attempt] * 5))
        assert outcomes(results)[Outcome.ADMITTED] == 1


def test_unlimited_entry_takes_one_code_once(
    gate: Scanner, event: Event, make_ticket: MakeTicket
) -> None:
    events.update_event(event_id=event.pk, changes={"entry_policy": "unlimited"}, now=NOW)
    for _ in range(ROUNDS):
        attempt = attempt_of(make_ticket())
        results = run_in_threads(scans(gate, [attempt] * 20))
        assert outcomes(results) == {Outcome.ADMITTED: 1, Outcome.CODE_REUSED: 19}


def test_entries_and_exits_at_once_are_neither_lost_nor_doubled(
    gate: Scanner, event: Event, grace: User, make_ticket: MakeTicket
) -> None:
    # Eight codes are good at once; by hand, people come and go beside them.
    changes = {"period_s": 15, "past_tolerance_s": 60, "future_tolerance_s": 45}
    policies.set_policy(event_id=event.pk, changes=changes)
    events.update_event(event_id=event.pk, changes={"entry_policy": "unlimited"}, now=NOW)
    for _ in range(ROUNDS):
        ticket = make_ticket()
        codes = [attempt_of(ticket, steps=steps) for steps in range(-3, 3)]
        exits = [replace(attempt, direction=Direction.EXIT) for attempt in codes[::2]]
        by_hand = [
            partial(
                manual.admit_by_hand,
                registration_id=ticket.registration.pk,
                by=grace,
                reason="Dead phone",
                direction=direction,
                gate=None,
                now=NOW,
            )
            for direction in [Direction.ENTRY, Direction.EXIT] * 5
        ]
        results = run_in_threads([*scans(gate, codes + exits), *by_hand])
        assert not [result for result in results if isinstance(result, Exception)]
        recorded = Scan.objects.filter(registration=ticket.registration)
        entered = recorded.filter(outcome=Outcome.ADMITTED).count()
        left = recorded.filter(outcome=Outcome.EXITED).count()
        after = Ticket.objects.get(registration=ticket.registration)
        assert (after.entries, after.inside) == (entered, entered - left)
        assert after.movements == entered + left


def test_every_guess_that_is_looked_at_is_counted(
    gate: Scanner, ticket: tickets.TicketSecret
) -> None:
    right = attempt_of(ticket)
    bad = Attempt(right.user_id, right.event_id, f"{(int(right.code) + 500_000) % 10**6:06}")
    results = outcomes(run_in_threads(scans(gate, [bad] * 50)))
    assert results[Outcome.WRONG_CODE] == Ticket.objects.get().failures == throttle.FREE_FAILURES
    assert results[Outcome.THROTTLED] == 50 - throttle.FREE_FAILURES


def test_twenty_retries_at_once_are_one_scan(gate: Scanner, make_ticket: MakeTicket) -> None:
    for _ in range(ROUNDS):
        right = attempt_of(make_ticket())
        attempt = Attempt(right.user_id, right.event_id, right.code, scan_id=uuid4())
        results = run_in_threads(scans(gate, [attempt] * 20))
        assert outcomes(results) == {Outcome.ADMITTED: 20}
        assert Scan.objects.filter(scan_id=attempt.scan_id).count() == 1


def test_twenty_retries_at_once_of_a_stranger_are_one_scan(
    gate: Scanner, event: Event, mallory: User
) -> None:
    # There is no ticket row to wait at: the unique index is what makes them one.
    for _ in range(ROUNDS):
        attempt = Attempt(mallory.pk, event.pk, "123456", scan_id=uuid4())
        results = run_in_threads(scans(gate, [attempt] * 20))
        assert outcomes(results) == {Outcome.NOT_REGISTERED: 20}
        assert Scan.objects.filter(scan_id=attempt.scan_id).count() == 1


def test_one_registration_gets_one_secret_however_often_it_is_asked_for_at_once(
    registration: Registration,
) -> None:
    def fetch() -> bytes:
        return tickets.hand_out_secret(registration_id=registration.pk, now=NOW).secret

    assert len({str(secret) for secret in run_in_threads([fetch] * 20)}) == 1
