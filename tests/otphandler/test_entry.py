"""Entry policies, by day and by direction; pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entityhandler.models import Event
from otphandler.entry import Attendance, after_passing, refused_by_policy
from otphandler.outcomes import Direction, Outcome

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GATE = uuid4()
ENTERED = after_passing(Attendance(), Direction.ENTRY, GATE, NOON)


def event(policy: str, time_zone: str = "UTC") -> Event:
    return Event(entry_policy=policy, time_zone=time_zone)


@pytest.mark.parametrize("policy", ["once", "daily", "reentry", "unlimited"])
def test_the_first_entry_is_open_under_every_policy(policy: str) -> None:
    assert refused_by_policy(event(policy), Attendance(), Direction.ENTRY, NOON) is None


@pytest.mark.parametrize(
    ("policy", "refusal"),
    [
        ("once", Outcome.ALREADY_ADMITTED),
        ("daily", Outcome.ALREADY_ADMITTED),
        ("reentry", Outcome.ALREADY_ADMITTED),
        ("unlimited", None),
    ],
)
def test_the_second_entry_without_an_exit(policy: str, refusal: Outcome | None) -> None:
    assert refused_by_policy(event(policy), ENTERED, Direction.ENTRY, NOON) == refusal


def test_reentry_opens_after_an_exit() -> None:
    left = after_passing(ENTERED, Direction.EXIT, GATE, NOON)
    assert refused_by_policy(event("reentry"), left, Direction.ENTRY, NOON) is None


def test_once_stays_closed_after_an_exit() -> None:
    left = after_passing(ENTERED, Direction.EXIT, GATE, NOON)
    refusal = refused_by_policy(event("once"), left, Direction.ENTRY, NOON)
    assert refusal == Outcome.ALREADY_ADMITTED


@pytest.mark.parametrize(
    ("first", "second", "opens"),
    [
        # Auckland is 13 hours ahead: its day changes at 11:00 UTC.
        ("2026-11-22T10:59:59+00:00", "2026-11-22T11:00:00+00:00", True),
        ("2026-11-22T11:00:00+00:00", "2026-11-23T10:59:59+00:00", False),
    ],
)
def test_a_day_is_the_events_own(first: str, second: str, opens: bool) -> None:
    entered = replace(ENTERED, last_entry_at=datetime.fromisoformat(first))
    refusal = refused_by_policy(
        event("daily", "Pacific/Auckland"),
        entered,
        Direction.ENTRY,
        datetime.fromisoformat(second),
    )
    assert (refusal is None) == opens


@pytest.mark.parametrize(
    ("first", "second", "opens"),
    [
        # The day the clocks of Berlin go back has 25 hours, from 22:00 to 23:00 UTC.
        ("2026-10-24T22:00:00+00:00", "2026-10-25T22:59:59+00:00", False),
        ("2026-10-24T22:00:00+00:00", "2026-10-25T23:00:00+00:00", True),
        # The day they go forward has 23, from 23:00 to 22:00 UTC.
        ("2026-03-28T23:00:00+00:00", "2026-03-29T21:59:59+00:00", False),
        ("2026-03-28T23:00:00+00:00", "2026-03-29T22:00:00+00:00", True),
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(first: str, second: str, opens: bool) -> None:
    entered = replace(ENTERED, last_entry_at=datetime.fromisoformat(first))
    refusal = refused_by_policy(
        event("daily", "Europe/Berlin"),
        entered,
        Direction.ENTRY,
        datetime.fromisoformat(second),
    )
    assert (refusal is None) == opens


def test_a_clock_that_went_back_opens_nothing() -> None:
    yesterday = NOON - timedelta(days=1)
    refusal = refused_by_policy(event("daily"), ENTERED, Direction.ENTRY, yesterday)
    assert refusal == Outcome.ALREADY_ADMITTED


def test_the_first_time_and_gate_stay() -> None:
    again = after_passing(ENTERED, Direction.ENTRY, uuid4(), NOON + timedelta(hours=1))
    assert (again.first_admitted_at, again.first_gate_id) == (NOON, GATE)


@given(st.lists(st.sampled_from(Direction)), st.sampled_from(Event.EntryPolicy))
def test_inside_is_entries_minus_exits_and_never_negative(
    directions: list[Direction], policy: str
) -> None:
    state, exits = Attendance(), 0
    for direction in directions:
        if refused_by_policy(event(policy), state, direction, NOON) is None:
            state = after_passing(state, direction, GATE, NOON)
            exits += direction == Direction.EXIT
    assert state.inside == state.entries - exits >= 0


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_a_state_survives_json_exactly(
    moment: datetime, entries: int, inside: int, at_a_gate: bool
) -> None:
    state = Attendance(entries, inside, moment, GATE if at_a_gate else None, moment)
    assert Attendance.from_json(state.to_json()) == state
    assert Attendance.from_json(Attendance().to_json()) == Attendance()


def test_an_entry_that_is_told_late_becomes_the_first_and_not_the_last() -> None:
    other, earlier = uuid4(), NOON - timedelta(hours=1)
    state = after_passing(ENTERED, Direction.ENTRY, other, earlier)
    assert (state.first_admitted_at, state.first_gate_id) == (earlier, other)
    assert (state.entries, state.last_entry_at) == (2, NOON)
