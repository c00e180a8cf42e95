"""Guessing: bounded per ticket, per scanner and per event, shared by all, exact in its counts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from entityhandler.models import User
from otphandler.models import Gate, GuessBudget, Scan, Scanner, Ticket
from otphandler.outcomes import Outcome
from otphandler.services import gates, throttle, tickets
from otphandler.services.admission import Attempt, Verdict, submit_scan
from tests.conftest import client_of, client_with, code
from tests.threads import run_behind, run_in_threads

NOW = timezone.now()


def other(right: str) -> str:
    """Return a code that differs in each digit."""
    return "".join(str((int(digit) + 5) % 10) for digit in right)


@pytest.fixture
def guests(make_ticket: Callable[[], tickets.TicketSecret]) -> list[tickets.TicketSecret]:
    """Return the tickets of 40 guests."""
    return [make_ticket() for _ in range(40)]


def guess(ticket: tickets.TicketSecret) -> Attempt:
    registration = ticket.registration
    return Attempt(registration.user_id, registration.event_id, other(code(ticket, NOW)))


def scan(scanner: Scanner, attempt: Attempt, now: Any = NOW) -> Verdict:
    return submit_scan(scanner=scanner, attempt=attempt, now=now)


def right(ticket: tickets.TicketSecret) -> Attempt:
    registration = ticket.registration
    return Attempt(registration.user_id, registration.event_id, code(ticket, NOW))


def budget(**changes: Any) -> GuessBudget:
    return GuessBudget(**{"updated_at": NOW, **changes})


def test_one_guess_at_each_of_many_tickets_closes_the_scanner(
    gate: Scanner, guests: list[tickets.TicketSecret]
) -> None:
    outcomes = [scan(gate, guess(ticket)).scan.outcome for ticket in guests]
    size = throttle.SCANNER_BUCKET.size
    assert outcomes == [Outcome.WRONG_CODE] * size + [Outcome.THROTTLED] * (len(guests) - size)


def test_a_closed_scanner_leaves_the_other_scanners_open(
    gate: Scanner, north: Gate, guests: list[tickets.TicketSecret]
) -> None:
    for ticket in guests:
        scan(gate, guess(ticket))
    second, _ = gates.create_scanner(gate=north, name="Phone 2", now=NOW)
    assert scan(gate, right(guests[-1])).scan.outcome == Outcome.THROTTLED
    assert scan(second, right(guests[-1])).scan.outcome == Outcome.ADMITTED


def test_a_closed_scanner_opens_again_at_the_second_it_named(
    gate: Scanner, guests: list[tickets.TicketSecret]
) -> None:
    for ticket in guests[:-1]:
        scan(gate, guess(ticket))
    refused = scan(gate, right(guests[-1]))
    assert refused.retry_after_s == 1
    later = NOW + timedelta(seconds=refused.retry_after_s)
    assert scan(gate, right(guests[-1]), later).scan.outcome == Outcome.ADMITTED


def test_the_event_closes_when_all_its_scanners_together_guess_too_much(
    gate: Scanner,
    guests: list[tickets.TicketSecret],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = throttle.Bucket(size=10, per_minute=1, max_delay=timedelta(seconds=5))
    monkeypatch.setattr(throttle, "EVENT_BUCKET", small)
    outcomes = [scan(gate, guess(ticket)).scan.outcome for ticket in guests[:12]]
    assert outcomes == [Outcome.WRONG_CODE] * 10 + [Outcome.THROTTLED] * 2


def test_a_bucket_leaks_with_time() -> None:
    found = budget(level=10.0, updated_at=NOW - timedelta(minutes=3))
    throttle.pour(found, throttle.Bucket(30, 2, timedelta(seconds=30)), NOW)
    assert (found.level, found.failures, found.updated_at) == (5.0, 1, NOW)


def test_a_bucket_never_leaks_below_empty() -> None:
    found = budget(level=1.0, updated_at=NOW - timedelta(days=1))
    throttle.pour(found, throttle.SCANNER_BUCKET, NOW)
    assert found.level == 1.0


def test_a_clock_that_went_back_leaks_nothing() -> None:
    found = budget(level=5.0, updated_at=NOW + timedelta(minutes=5))
    throttle.pour(found, throttle.SCANNER_BUCKET, NOW)
    assert (found.level, found.updated_at) == (6.0, NOW + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("level", "delay_s"), [(28, None), (29, 1), (30, 2), (31, 4), (33, 16), (34, 30), (10**6, 30)]
)
def test_the_delay_of_a_full_bucket_doubles_up_to_its_cap(level: int, delay_s: int | None) -> None:
    found = budget(level=float(level))
    throttle.pour(found, throttle.SCANNER_BUCKET, NOW)
    expected = NOW + timedelta(seconds=delay_s) if delay_s else None
    assert found.blocked_until == expected


def test_a_right_code_costs_no_budget(gate: Scanner, ticket: tickets.TicketSecret) -> None:
    scan(gate, right(ticket))
    assert not GuessBudget.objects.exists()


def test_an_attacked_guest_waits_for_the_capped_delay_at_most(
    gate: Scanner, ticket: tickets.TicketSecret
) -> None:
    Ticket.objects.update(failures=10**6)
    scan(gate, guess(ticket))
    closed = Ticket.objects.get().blocked_until
    assert closed == NOW + throttle.MAX_DELAY
    opened = NOW + throttle.MAX_DELAY
    assert scan(gate, right(ticket), opened).scan.outcome == Outcome.ADMITTED


@pytest.mark.parametrize("address", ["registrations/{0}/ticket", "scanners/{1}", "events/{2}"])
def test_a_manager_opens_what_guessing_closed(
    gate: Scanner, ticket: tickets.TicketSecret, grace: User, address: str
) -> None:
    event_id, later = gate.event_id, NOW + timedelta(minutes=1)
    for owner in (gate.pk, event_id):
        GuessBudget.objects.create(
            event_id=event_id, owner=owner, updated_at=NOW, blocked_until=later
        )
    Ticket.objects.update(failures=9, blocked_until=later)
    named = address.format(ticket.registration.pk, gate.pk, event_id)
    answer = client_of(grace).post(f"/api/v1/{named}/unblock/")
    closed = GuessBudget.objects.count() + Ticket.objects.filter(blocked_until=later).count()
    assert (answer.status_code, closed) == (204, 2)


def test_who_does_not_manage_the_event_opens_nothing(
    gate: Scanner, ticket: tickets.TicketSecret
) -> None:
    address = f"/api/v1/registrations/{ticket.registration.pk}/ticket/unblock/"
    assert client_of(ticket.registration.user).post(address).status_code == 403


def test_a_forged_forwarding_header_is_no_other_scanner(
    scanner_and_token: tuple[Scanner, str], guests: list[tickets.TicketSecret]
) -> None:
    client = client_with(scanner_and_token[1])
    statuses = []
    for number, ticket in enumerate(guests):
        attempt = guess(ticket)
        body = {"user": str(attempt.user_id), "event": str(attempt.event_id), "otp": attempt.code}
        forged = {"X-Forwarded-For": f"203.0.113.{number}"}
        statuses.append(client.post("/api/v1/scans/", body, headers=forged).status_code)
    assert 429 in statuses


@pytest.mark.django_db(transaction=True)
def test_of_guesses_at_once_every_one_that_is_looked_at_is_counted(
    gate: Scanner, guests: list[tickets.TicketSecret]
) -> None:
    # Seen a moment ago: nothing but the budgets' own lock makes these scans wait for each other.
    Scanner.objects.update(last_seen_at=NOW)
    gate.refresh_from_db()
    work = [lambda ticket=ticket: scan(gate, guess(ticket)) for ticket in guests]
    verdicts = run_in_threads(work)
    assert all(isinstance(verdict, Verdict) for verdict in verdicts)
    evaluated = Scan.objects.filter(outcome=Outcome.WRONG_CODE).count()
    counted = set(GuessBudget.objects.values_list("failures", flat=True))
    assert counted == {evaluated}


@pytest.mark.django_db(transaction=True)
def test_a_guess_that_meets_a_manager_who_clears_its_budget_is_counted_all_the_same(
    gate: Scanner, ticket: tickets.TicketSecret
) -> None:
    GuessBudget.objects.create(event_id=gate.event_id, owner=gate.pk, failures=7, updated_at=NOW)
    (verdict,) = run_behind(
        lambda: GuessBudget.objects.filter(owner=gate.pk).delete(),
        [lambda: scan(gate, guess(ticket))],
    )
    assert verdict.scan.outcome == Outcome.WRONG_CODE
    assert GuessBudget.objects.get(owner=gate.pk).failures == 1


@pytest.mark.django_db(transaction=True)
def test_a_thousand_guesses_at_one_ticket_count_as_many_as_were_looked_at(
    gate: Scanner, ticket: tickets.TicketSecret
) -> None:
    attempt = guess(ticket)
    for _ in range(20):
        run_in_threads([lambda: scan(gate, attempt)] * 50)
    assert Scan.objects.count() == 1000
    evaluated = Scan.objects.filter(outcome=Outcome.WRONG_CODE).count()
    assert Ticket.objects.get().failures == evaluated == throttle.FREE_FAILURES
