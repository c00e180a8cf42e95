"""Random histories of one ticket, against a model of twenty lines that knows no database.

Scans in both directions with codes of several steps, wrong codes, retries, admission by hand, undo,
reissue, cancelling and registering again, changes of policy, and a clock that only moves forward.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from entityhandler.models import Event, User
from entityhandler.services import events, registrations
from otphandler.models import Scan, Ticket
from otphandler.outcomes import Direction
from otphandler.services import gates, manual, throttle, tickets
from otphandler.services.admission import Attempt, submit_scan
from otphandler.totp import code_at, step_at, unix_seconds

START = datetime(2026, 11, 22, 22, 59, 15, tzinfo=UTC)
PERIOD_S = 30


class Model:
    """What the ticket's owner would expect, written from the rules alone."""

    def __init__(self) -> None:
        self.policy = "once"
        self.entries = self.inside = self.failures = 0
        self.last_entry: datetime | None = None
        self.last_step: int | None = None
        self.blocked_until = START
        # Before each standing movement: entries, inside, last entry; and its direction.
        self.past: list[tuple[int, int, datetime | None, Direction]] = []

    def may_pass(self, direction: Direction, now: datetime) -> str | None:
        if direction == Direction.EXIT:
            return None if self.inside else "not_inside"
        closed = {
            "once": self.entries > 0,
            "daily": self.last_entry is not None and self.last_entry.date() >= now.date(),
            "reentry": self.inside > 0,
            "unlimited": False,
        }
        return "already_admitted" if closed[self.policy] else None

    def scan(self, step: int | None, direction: Direction, now: datetime) -> str:
        """Return the outcome of a scan whose code is of that step; None is a wrong one."""
        if now < self.blocked_until:
            return "throttled"
        present = step_at(unix_seconds(now), PERIOD_S)
        if step is None or abs(step - present) > 1:
            self.failures += 1
            if self.failures >= 5:
                delay_s = min(2 ** (self.failures - 5), 30)
                self.blocked_until = now + timedelta(seconds=delay_s)
            return "wrong_code"
        refusal = self.may_pass(direction, now)
        if refusal is None and self.last_step is not None and step <= self.last_step:
            return "code_reused"
        if refusal is None:
            self.last_step, self.failures, self.blocked_until = step, 0, START
            self.move(direction, now)
        return refusal or ("admitted" if direction == Direction.ENTRY else "exited")

    def move(self, direction: Direction, now: datetime) -> None:
        self.past.append((self.entries, self.inside, self.last_entry, direction))
        if direction == Direction.ENTRY:
            self.entries, self.inside, self.last_entry = self.entries + 1, self.inside + 1, now
        else:
            self.inside -= 1


class Admission(RuleBasedStateMachine):
    """The real services beside the model, step by step."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.model, self.attempts = START, Model(), 0
        self.manager = User.objects.create(email=f"{uuid4()}@example.org", full_name="Grace")
        self.user = User.objects.create(email=f"{uuid4()}@example.org", full_name="Ada")
        times = {"starts_at": START - timedelta(days=1), "ends_at": START + timedelta(days=30)}
        draft = events.create_event(by=self.manager, fields={"name": "Machine", **times})
        self.event = events.publish_event(event_id=draft.pk)
        gate = gates.create_gate(event=self.event, name="North")
        self.scanner, _ = gates.create_scanner(gate=gate, name="Phone", now=START)
        self.seen: list[tuple[Attempt, UUID, str]] = []
        self.last_steps: list[int] = []
        self.register()

    def register(self) -> None:
        self.registration = registrations.register(
            event_id=self.event.pk, user=self.user, now=self.now
        )
        self.fetch()

    def fetch(self) -> None:
        self.secret = tickets.hand_out_secret(registration_id=self.registration.pk, now=self.now)
        self.last_steps = []

    @property
    def ticket(self) -> Ticket:
        return Ticket.objects.get(registration=self.registration)

    def submit(self, code: str, direction: Direction) -> Scan:
        attempt = Attempt(self.user.pk, self.event.pk, code, direction, scan_id=uuid4())
        scan = submit_scan(scanner=self.scanner, attempt=attempt, now=self.now).scan
        self.attempts += 1
        if scan.outcome != "throttled":
            self.seen.append((attempt, scan.pk, scan.outcome))
        return scan

    @rule(seconds=st.integers(1, 100))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def a_night_passes(self) -> None:
        self.now += timedelta(hours=11)

    @rule(steps=st.integers(-2, 2), direction=st.sampled_from(Direction))
    def a_code_is_scanned(self, steps: int, direction: Direction) -> None:
        step = step_at(unix_seconds(self.now), PERIOD_S) + steps
        scan = self.submit(code_at(self.secret.secret, step, self.ticket.parameters), direction)
        assert scan.outcome == self.model.scan(step, direction, self.now)

    @rule(direction=st.sampled_from(Direction))
    def a_wrong_code_is_scanned(self, direction: Direction) -> None:
        present = step_at(unix_seconds(self.now), PERIOD_S)
        near = {
            code_at(self.secret.secret, present + steps, self.ticket.parameters)
            for steps in (-1, 0, 1)
        }
        wrong = next(code for code in ("000000", "1" * 6, "2" * 6, "3" * 6) if code not in near)
        assert self.submit(wrong, direction).outcome == self.model.scan(None, direction, self.now)

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def a_scan_is_sent_again(self, data: Any) -> None:
        attempt, pk, outcome = data.draw(st.sampled_from(self.seen))
        verdict = submit_scan(scanner=self.scanner, attempt=attempt, now=self.now)
        assert (verdict.replayed, verdict.scan.pk, verdict.scan.outcome) == (True, pk, outcome)

    @rule(direction=st.sampled_from(Direction))
    def a_manager_lets_them_pass(self, direction: Direction) -> None:
        scan = manual.admit_by_hand(
            registration_id=self.registration.pk,
            by=self.manager,
            reason="by hand",
            direction=direction,
            gate=None,
            now=self.now,
        )
        self.attempts += 1
        refusal = self.model.may_pass(direction, self.now)
        if refusal is None:
            self.model.move(direction, self.now)
        assert scan.outcome == (
            refusal or ("admitted" if direction == Direction.ENTRY else "exited")
        )

    @rule()
    def a_manager_takes_it_back(self) -> None:
        past = self.model.past
        if not past or past[-1][3] != Direction.ENTRY:
            with pytest.raises(manual.NothingToUndo):
                self.undo()
            return
        self.undo()
        self.attempts += 1
        self.model.entries, self.model.inside, self.model.last_entry, _ = past.pop()

    def undo(self) -> None:
        manual.undo_admission(
            registration_id=self.registration.pk, by=self.manager, reason="oops", now=self.now
        )

    @rule()
    def the_ticket_is_reissued(self) -> None:
        tickets.reissue_ticket(registration_id=self.registration.pk, now=self.now)
        self.fetch()
        self.model.last_step, self.model.failures = None, 0
        self.model.blocked_until = START

    @rule()
    def the_person_cancels_and_registers_again(self) -> None:
        registrations.cancel_registration(registration_id=self.registration.pk, now=self.now)
        self.register()
        # What they went through comes along; it can no longer be taken back piece by piece.
        self.model.past = []
        self.model.last_step, self.model.failures = None, 0
        self.model.blocked_until = START

    @rule(policy=st.sampled_from(Event.EntryPolicy))
    def the_policy_changes(self, policy: str) -> None:
        events.update_event(event_id=self.event.pk, changes={"entry_policy": policy}, now=self.now)
        self.model.policy = str(policy)

    @invariant()
    def the_ticket_is_as_the_model_says(self) -> None:
        ticket = self.ticket
        assert (ticket.entries, ticket.inside) == (self.model.entries, self.model.inside)
        assert (ticket.last_entry_at, ticket.last_step) == (
            self.model.last_entry,
            self.model.last_step,
        )
        assert ticket.failures == self.model.failures

    @invariant()
    def every_attempt_is_one_row(self) -> None:
        assert Scan.objects.filter(event=self.event).count() == self.attempts

    @invariant()
    def steps_only_grow(self) -> None:
        if (step := self.ticket.last_step) is not None:
            self.last_steps.append(step)
        assert self.last_steps == sorted(self.last_steps)

    @invariant()
    def the_audit_adds_up(self) -> None:
        standing = Scan.objects.filter(event=self.event, undone_by=None)
        entered = standing.filter(outcome="admitted").count()
        left = standing.filter(outcome="exited").count()
        inside = sum(Ticket.objects.filter(event=self.event).values_list("inside", flat=True))
        assert entered - left == inside


@pytest.mark.django_db
def test_every_history_goes_as_the_model_says() -> None:
    assert throttle.SCANNER_BUCKET.size >= 30, "a history must not fill the scanner's bucket"
    run_state_machine_as_test(
        Admission,
        settings=settings(
            max_examples=40,
            stateful_step_count=29,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
