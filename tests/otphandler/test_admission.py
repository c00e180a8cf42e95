"""One scan: its outcome, what it records, what it changes, and what it leaves alone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from entityhandler.models import Event, Registration, User
from entityhandler.services import events, registrations
from otphandler.models import Gate, Scan, Scanner, Ticket
from otphandler.outcomes import Direction, Outcome
from otphandler.services import gates, policies, throttle, tickets
from otphandler.services.admission import (
    Attempt,
    ScanIdConflict,
    ScannerRevoked,
    Verdict,
    submit_scan,
)
from tests.conftest import code
from ticketmgr.errors import InvalidField

MakeAttempt = Callable[..., Attempt]
NOW = timezone.now()
STEP = timedelta(seconds=30)


def scan(gate: Scanner, attempt: Attempt, now: Any = NOW) -> Scan:
    return submit_scan(scanner=gate, attempt=attempt, now=now).scan


def wrong(attempt: Attempt) -> str:
    """Return a code that differs from the attempt's in each digit."""
    return "".join(str((int(digit) + 5) % 10) for digit in attempt.code)


def test_the_right_code_is_admitted(gate: Scanner, attempt: MakeAttempt) -> None:
    assert scan(gate, attempt(NOW)).outcome == Outcome.ADMITTED


def test_an_admission_is_counted_on_the_ticket(gate: Scanner, attempt: MakeAttempt) -> None:
    scan(gate, attempt(NOW))
    ticket = Ticket.objects.get()
    assert (ticket.entries, ticket.inside, ticket.first_admitted_at) == (1, 1, NOW)
    assert ticket.first_gate == gate.gate


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_the_codes_within_the_tolerance_are_admitted(
    gate: Scanner, attempt: MakeAttempt, steps: int
) -> None:
    admitted = scan(gate, attempt(NOW, steps=steps))
    assert admitted.outcome == Outcome.ADMITTED
    assert admitted.skew_s == steps * 30


@pytest.mark.parametrize("steps", [-2, 2])
def test_the_codes_beside_the_tolerance_are_wrong(
    gate: Scanner, attempt: MakeAttempt, steps: int
) -> None:
    assert scan(gate, attempt(NOW, steps=steps)).outcome == Outcome.WRONG_CODE


@pytest.mark.parametrize(
    ("second", "outcome"),
    [
        # The step begins at 0 s and ends at 30 s; its code is accepted 30 s early and 30 s late.
        (-31, Outcome.WRONG_CODE),
        (-30, Outcome.ADMITTED),
        (0, Outcome.ADMITTED),
        (59, Outcome.ADMITTED),
        (60, Outcome.WRONG_CODE),
    ],
)
def test_a_code_is_accepted_to_the_second(
    gate: Scanner, attempt: MakeAttempt, second: int, outcome: Outcome
) -> None:
    begins = NOW.replace(microsecond=0) - timedelta(seconds=NOW.second % 30)
    at = begins + timedelta(seconds=second)
    assert scan(gate, attempt(begins), at).outcome == outcome


def test_the_same_code_twice_is_already_admitted_with_time_and_gate(
    gate: Scanner, attempt: MakeAttempt
) -> None:
    scan(gate, attempt(NOW))
    second = scan(gate, attempt(NOW), NOW + timedelta(seconds=1))
    assert second.outcome == Outcome.ALREADY_ADMITTED
    assert (second.first_admitted_at, second.first_gate) == (NOW, gate.gate)


def test_a_wrong_code_after_an_admission_tells_nothing_of_it(
    gate: Scanner, attempt: MakeAttempt
) -> None:
    scan(gate, attempt(NOW))
    assert scan(gate, attempt(NOW, code=wrong(attempt(NOW)))).outcome == Outcome.WRONG_CODE


def test_a_wrong_code_burns_no_right_one(gate: Scanner, attempt: MakeAttempt) -> None:
    scan(gate, attempt(NOW, code=wrong(attempt(NOW))))
    assert scan(gate, attempt(NOW)).outcome == Outcome.ADMITTED


def test_a_person_without_registration_is_not_registered(
    gate: Scanner, attempt: MakeAttempt, mallory: User
) -> None:
    assert scan(gate, attempt(NOW, user_id=mallory.pk)).outcome == Outcome.NOT_REGISTERED


def test_an_unknown_person_is_not_registered(gate: Scanner, attempt: MakeAttempt) -> None:
    assert scan(gate, attempt(NOW, user_id=uuid4())).outcome == Outcome.NOT_REGISTERED


def test_an_unknown_event_is_not_registered(gate: Scanner, attempt: MakeAttempt) -> None:
    assert scan(gate, attempt(NOW, event_id=uuid4())).outcome == Outcome.NOT_REGISTERED


def test_a_ticket_of_another_event_is_wrong_event_and_consumes_nothing(
    make_event: Callable[..., Event], attempt: MakeAttempt
) -> None:
    elsewhere = gates.create_gate(event=make_event(name="Elsewhere"), name="South")
    scanner, _ = gates.create_scanner(gate=elsewhere, name="Phone 2", now=NOW)
    assert scan(scanner, attempt(NOW)).outcome == Outcome.WRONG_EVENT
    assert Ticket.objects.get().last_step is None


def test_a_pending_registration_is_not_confirmed(
    make_event: Callable[..., Event], ada: User
) -> None:
    event = make_event(requires_approval=True)
    registrations.register(event_id=event.pk, user=ada, now=NOW)
    scanner, _ = gates.create_scanner(
        gate=gates.create_gate(event=event, name="North"), name="Phone", now=NOW
    )
    assert scan(scanner, Attempt(ada.pk, event.pk, "123456")).outcome == Outcome.NOT_CONFIRMED


def test_a_waitlisted_registration_is_not_confirmed(
    make_event: Callable[..., Event], ada: User, mallory: User
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    registrations.register(event_id=event.pk, user=mallory, now=NOW)
    registrations.register(event_id=event.pk, user=ada, now=NOW)
    north = gates.create_gate(event=event, name="North")
    scanner, _ = gates.create_scanner(gate=north, name="Phone", now=NOW)
    assert scan(scanner, Attempt(ada.pk, event.pk, "123456")).outcome == Outcome.NOT_CONFIRMED


def test_a_cancelled_registration_is_cancelled(
    gate: Scanner, attempt: MakeAttempt, registration: Registration
) -> None:
    right = attempt(NOW)
    registrations.cancel_registration(registration_id=registration.pk, now=NOW)
    assert scan(gate, right).outcome == Outcome.CANCELLED


def test_a_person_who_came_back_after_cancelling_is_judged_by_the_new_registration(
    gate: Scanner, registration: Registration
) -> None:
    registrations.cancel_registration(registration_id=registration.pk, now=NOW)
    again = registrations.register(event_id=registration.event_id, user=registration.user, now=NOW)
    secret = tickets.hand_out_secret(registration_id=again.pk, now=NOW)
    right = Attempt(registration.user_id, registration.event_id, code(secret, NOW))
    assert scan(gate, right).outcome == Outcome.ADMITTED


def right_again(registration: Registration) -> Attempt:
    """Return an attempt with the right code of whatever ticket the registration has now."""
    secret = tickets.hand_out_secret(registration_id=registration.pk, now=NOW)
    return Attempt(registration.user_id, registration.event_id, code(secret, NOW))


def test_who_entered_and_registered_again_does_not_let_a_second_person_in(
    gate: Scanner, attempt: MakeAttempt, registration: Registration
) -> None:
    scan(gate, attempt(NOW))
    registrations.cancel_registration(registration_id=registration.pk, now=NOW)
    again = registrations.register(event_id=registration.event_id, user=registration.user, now=NOW)
    assert scan(gate, right_again(again)).outcome == Outcome.ALREADY_ADMITTED


def test_a_seat_that_was_used_and_handed_on_lets_nobody_else_in(
    gate: Scanner, attempt: MakeAttempt, registration: Registration, mallory: User
) -> None:
    scan(gate, attempt(NOW))
    heir = registrations.transfer_registration(registration_id=registration.pk, to=mallory, now=NOW)
    refused = scan(gate, right_again(heir))
    assert (refused.outcome, refused.first_admitted_at) == (Outcome.ALREADY_ADMITTED, NOW)
    assert Ticket.objects.filter(entries__gt=0).count() == 1


def test_the_heir_of_an_unused_seat_is_admitted_and_the_old_code_is_dead(
    gate: Scanner, attempt: MakeAttempt, registration: Registration, mallory: User
) -> None:
    old = attempt(NOW)
    heir = registrations.transfer_registration(registration_id=registration.pk, to=mallory, now=NOW)
    assert scan(gate, old).outcome == Outcome.CANCELLED
    assert scan(gate, right_again(heir)).outcome == Outcome.ADMITTED


def test_a_cancelled_event_admits_nobody(gate: Scanner, attempt: MakeAttempt, event: Event) -> None:
    right = attempt(NOW)
    events.cancel_event(event_id=event.pk)
    assert scan(gate, right).outcome == Outcome.EVENT_CANCELLED


@pytest.mark.parametrize(
    "doors",
    [
        {"admission_opens_at": NOW + timedelta(seconds=1)},
        {"admission_closes_at": NOW},
        {"starts_at": NOW - timedelta(hours=2), "ends_at": NOW},
    ],
)
def test_closed_doors_admit_nobody(
    gate: Scanner, attempt: MakeAttempt, event: Event, doors: dict[str, Any]
) -> None:
    events.update_event(event_id=event.pk, changes=doors, now=NOW)
    assert scan(gate, attempt(NOW)).outcome == Outcome.ADMISSION_CLOSED


def test_a_draft_has_no_doors_yet(gate: Scanner, attempt: MakeAttempt, event: Event) -> None:
    Event.objects.update(status=Event.Status.DRAFT)
    assert scan(gate, attempt(NOW)).outcome == Outcome.ADMISSION_CLOSED


def test_doors_open_at_their_very_second(gate: Scanner, attempt: MakeAttempt, event: Event) -> None:
    events.update_event(event_id=event.pk, changes={"admission_opens_at": NOW}, now=NOW)
    assert scan(gate, attempt(NOW)).outcome == Outcome.ADMITTED


def test_a_registration_whose_secret_nobody_fetched_has_no_right_code(
    gate: Scanner, registration: Registration
) -> None:
    guess = Attempt(registration.user_id, registration.event_id, "123456")
    assert scan(gate, guess).outcome == Outcome.WRONG_CODE


def test_a_code_of_another_length_than_the_ticket_has_is_bad_input(
    gate: Scanner, attempt: MakeAttempt
) -> None:
    with pytest.raises(InvalidField):
        scan(gate, attempt(NOW, code="12345678"))


def test_a_revoked_scanner_is_nobody(gate: Scanner, attempt: MakeAttempt) -> None:
    right = attempt(NOW)
    gates.revoke_scanner(scanner_id=gate.pk, now=NOW)
    with pytest.raises(ScannerRevoked):
        scan(gate, right)


def test_a_scanner_whose_token_was_rotated_meanwhile_is_nobody(
    gate: Scanner, attempt: MakeAttempt
) -> None:
    right = attempt(NOW)
    gates.rotate_scanner(scanner_id=gate.pk)
    with pytest.raises(ScannerRevoked):
        scan(gate, right)


def test_a_reissue_kills_the_old_code_at_once(
    gate: Scanner, attempt: MakeAttempt, registration: Registration
) -> None:
    old = attempt(NOW)
    tickets.reissue_ticket(registration_id=registration.pk, now=NOW)
    assert scan(gate, old).outcome == Outcome.WRONG_CODE


def test_a_reissue_is_no_second_admission(
    gate: Scanner, attempt: MakeAttempt, registration: Registration
) -> None:
    scan(gate, attempt(NOW))
    tickets.reissue_ticket(registration_id=registration.pk, now=NOW)
    secret = tickets.hand_out_secret(registration_id=registration.pk, now=NOW)
    assert scan(gate, attempt(NOW, code=code(secret, NOW))).outcome == Outcome.ALREADY_ADMITTED


def test_tolerances_apply_at_once_and_parameters_stay_frozen(
    gate: Scanner, attempt: MakeAttempt, event: Event
) -> None:
    late = attempt(NOW, steps=-1)
    changes = {"profile": "strict", "past_tolerance_s": 0}
    policies.set_policy(event_id=event.pk, changes=changes)
    assert scan(gate, late).outcome == Outcome.WRONG_CODE
    assert scan(gate, attempt(NOW)).outcome == Outcome.ADMITTED


# --- Entry policies -------------------------------------------------------------------------------


@pytest.fixture
def unlimited(event: Event) -> Event:
    return events.update_event(event_id=event.pk, changes={"entry_policy": "unlimited"}, now=NOW)


def test_unlimited_admits_again_with_the_next_code(
    gate: Scanner, attempt: MakeAttempt, unlimited: Event
) -> None:
    scan(gate, attempt(NOW))
    second = scan(gate, attempt(NOW + STEP), NOW + STEP)
    assert (second.outcome, second.entries) == (Outcome.ADMITTED, 2)


def test_unlimited_does_not_take_one_code_twice(
    gate: Scanner, attempt: MakeAttempt, unlimited: Event
) -> None:
    scan(gate, attempt(NOW))
    assert scan(gate, attempt(NOW)).outcome == Outcome.CODE_REUSED


def test_an_older_code_after_a_newer_one_is_reused(
    gate: Scanner, attempt: MakeAttempt, unlimited: Event
) -> None:
    scan(gate, attempt(NOW, steps=1))
    assert scan(gate, attempt(NOW)).outcome == Outcome.CODE_REUSED


def test_an_exit_needs_an_entry(gate: Scanner, attempt: MakeAttempt) -> None:
    assert scan(gate, attempt(NOW, direction=Direction.EXIT)).outcome == Outcome.NOT_INSIDE


def test_an_exit_is_recorded_and_does_not_open_the_door_again(
    gate: Scanner, attempt: MakeAttempt
) -> None:
    scan(gate, attempt(NOW))
    left = scan(gate, attempt(NOW, steps=1, direction=Direction.EXIT))
    assert left.outcome == Outcome.EXITED
    assert scan(gate, attempt(NOW + STEP, steps=1), NOW + STEP).outcome == (
        Outcome.ALREADY_ADMITTED
    )


# --- Throttle -------------------------------------------------------------------------------------


def guess(gate: Scanner, attempt: MakeAttempt, times: int) -> list[str]:
    bad = attempt(NOW, code=wrong(attempt(NOW)))
    return [scan(gate, bad).outcome for _ in range(times)]


def test_after_five_wrong_codes_the_ticket_closes_for_a_while(
    gate: Scanner, attempt: MakeAttempt
) -> None:
    outcomes = guess(gate, attempt, throttle.FREE_FAILURES + 1)
    assert outcomes == [Outcome.WRONG_CODE] * throttle.FREE_FAILURES + [Outcome.THROTTLED]


def test_a_throttled_attempt_is_not_counted(gate: Scanner, attempt: MakeAttempt) -> None:
    guess(gate, attempt, 20)
    assert Ticket.objects.get().failures == throttle.FREE_FAILURES


def test_a_throttled_guest_learns_how_long_to_wait(gate: Scanner, attempt: MakeAttempt) -> None:
    guess(gate, attempt, throttle.FREE_FAILURES)
    verdict = submit_scan(scanner=gate, attempt=attempt(NOW), now=NOW)
    assert (verdict.scan.outcome, verdict.retry_after_s) == (Outcome.THROTTLED, 1)


def test_the_right_code_passes_once_the_delay_is_over(gate: Scanner, attempt: MakeAttempt) -> None:
    guess(gate, attempt, throttle.FREE_FAILURES)
    later = NOW + throttle.FIRST_DELAY
    assert scan(gate, attempt(later), later).outcome == Outcome.ADMITTED
    assert Ticket.objects.get().failures == 0


def test_the_delay_grows_and_is_capped() -> None:
    delays = [throttle.delay_after(failures).seconds for failures in (4, 5, 6, 7, 8, 9, 10, 10**9)]
    assert delays == [0, 1, 2, 4, 8, 16, 30, 30]


# --- The audit ------------------------------------------------------------------------------------


def test_every_attempt_is_one_row(gate: Scanner, attempt: MakeAttempt, mallory: User) -> None:
    scan(gate, attempt(NOW))
    scan(gate, attempt(NOW))
    scan(gate, attempt(NOW, user_id=mallory.pk))
    guess(gate, attempt, 7)
    assert Scan.objects.count() == 10


def test_the_audit_names_what_was_claimed(
    gate: Scanner, attempt: MakeAttempt, mallory: User
) -> None:
    recorded = scan(gate, attempt(NOW, user_id=mallory.pk, claimed_at=NOW - timedelta(seconds=9)))
    assert (recorded.claimed_user, recorded.claimed_at) == (
        mallory.pk,
        NOW - timedelta(seconds=9),
    )


@pytest.mark.parametrize(
    "change", [lambda rows: rows.update(outcome="admitted"), lambda rows: rows.delete()]
)
def test_postgresql_refuses_to_change_the_audit(
    gate: Scanner, attempt: MakeAttempt, change: Callable[[Any], Any]
) -> None:
    recorded = scan(gate, attempt(NOW))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(Scan.objects.filter(pk=recorded.pk))


def test_the_database_refuses_a_second_movement_on_the_same_state(
    gate: Scanner, attempt: MakeAttempt
) -> None:
    first = scan(gate, attempt(NOW))
    first.pk, first.matched_step = uuid4(), None
    with pytest.raises(DatabaseError, match="scan_movement_once"), transaction.atomic():
        first.save(force_insert=True)


def test_the_database_refuses_a_second_passage_with_one_step(
    gate: Scanner, attempt: MakeAttempt
) -> None:
    first = scan(gate, attempt(NOW))
    first.pk, first.movement = uuid4(), 2
    with pytest.raises(DatabaseError, match="scan_step_passes_once"), transaction.atomic():
        first.save(force_insert=True)


def test_the_scanner_is_seen(gate: Scanner, attempt: MakeAttempt) -> None:
    scan(gate, attempt(NOW))
    assert Scanner.objects.get().last_seen_at == NOW


# --- Retries --------------------------------------------------------------------------------------


def retried(gate: Scanner, attempt: Attempt) -> tuple[Verdict, Verdict]:
    first = submit_scan(scanner=gate, attempt=attempt, now=NOW)
    return first, submit_scan(scanner=gate, attempt=attempt, now=NOW + timedelta(minutes=5))


def test_a_retry_is_the_same_scan(gate: Scanner, attempt: MakeAttempt) -> None:
    first, second = retried(gate, attempt(NOW, scan_id=uuid4()))
    assert (second.scan.pk, second.scan.outcome) == (first.scan.pk, Outcome.ADMITTED)
    assert (first.replayed, second.replayed, Scan.objects.count()) == (False, True, 1)


def test_a_retry_of_a_refusal_is_the_same_refusal(
    gate: Scanner, attempt: MakeAttempt, mallory: User
) -> None:
    first, second = retried(gate, attempt(NOW, scan_id=uuid4(), user_id=mallory.pk))
    assert (second.scan.pk, second.scan.outcome) == (first.scan.pk, Outcome.NOT_REGISTERED)


@pytest.mark.parametrize(
    "other", [{"code": "000000"}, {"direction": Direction.EXIT}, {"claimed_at": NOW}]
)
def test_another_scan_under_the_same_id_is_a_conflict(
    gate: Scanner, attempt: MakeAttempt, other: dict[str, Any]
) -> None:
    scan_id = uuid4()
    scan(gate, attempt(NOW, scan_id=scan_id))
    with pytest.raises(ScanIdConflict):
        scan(gate, attempt(NOW, scan_id=scan_id, **other))


def test_a_throttled_scan_is_judged_anew_under_its_id(gate: Scanner, attempt: MakeAttempt) -> None:
    guess(gate, attempt, throttle.FREE_FAILURES)
    again = attempt(NOW, scan_id=uuid4())
    assert scan(gate, again).outcome == Outcome.THROTTLED
    assert scan(gate, again, NOW + throttle.FIRST_DELAY).outcome == Outcome.ADMITTED


def test_scan_ids_of_two_events_do_not_meet(
    gate: Scanner, attempt: MakeAttempt, make_event: Callable[..., Event]
) -> None:
    scan_id = uuid4()
    south: Gate = gates.create_gate(event=make_event(name="Elsewhere"), name="South")
    other, _ = gates.create_scanner(gate=south, name="Phone 2", now=NOW)
    scan(gate, attempt(NOW, scan_id=scan_id))
    assert scan(other, attempt(NOW, scan_id=scan_id, code="1" * 6)).outcome == Outcome.WRONG_EVENT
