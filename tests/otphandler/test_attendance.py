"""GET /events/{id}/attendance/: people, never scans; right while they stream in."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event as Flag
from typing import Any

import pytest
from django.utils import timezone

from entityhandler.models import Event, User
from entityhandler.services import events
from otphandler.models import Gate, Scanner
from otphandler.outcomes import Direction
from otphandler.services import gates, manual, tickets
from otphandler.services.admission import Attempt, submit_scan
from otphandler.services.attendance import attendance
from tests.conftest import client_of, code
from tests.threads import run_in_threads

NOW = timezone.now().replace(second=20, microsecond=0)


@pytest.fixture
def guests(make_ticket: Callable[[], tickets.TicketSecret]) -> list[tickets.TicketSecret]:
    """Return the tickets of eight guests."""
    return [make_ticket() for _ in range(8)]


Guests = list[tickets.TicketSecret]


def scan(
    scanner: Scanner,
    guest: tickets.TicketSecret,
    *,
    steps: int = 0,
    direction: Direction = Direction.ENTRY,
    otp: str = "",
) -> None:
    at = NOW + timedelta(seconds=30 * steps)
    registration = guest.registration
    right = otp or code(guest, at)
    attempt = Attempt(registration.user_id, registration.event_id, right, direction)
    submit_scan(scanner=scanner, attempt=attempt, now=at)


def test_an_event_that_nobody_came_to_has_zeros(event: Event, guests: Guests) -> None:
    assert attendance(event_id=event.pk, now=NOW) == {
        "expected": 8,
        "admitted": 0,
        "inside": 0,
        "entries": 0,
        "exits": 0,
        "refused": {},
        "gates": [],
        "per_minute": [],
        "as_of": NOW,
    }


def test_one_person_who_enters_twice_is_one(gate: Scanner, event: Event, guests: Guests) -> None:
    events.update_event(event_id=event.pk, changes={"entry_policy": "reentry"}, now=NOW)
    scan(gate, guests[0])
    scan(gate, guests[0], steps=1, direction=Direction.EXIT)
    scan(gate, guests[0], steps=2)
    found = attendance(event_id=event.pk, now=NOW)
    assert (found["admitted"], found["entries"], found["exits"], found["inside"]) == (1, 2, 1, 1)
    assert (found["gates"][0]["admitted"], found["gates"][0]["inside_delta"]) == (1, 1)


def test_each_gate_counts_its_own(gate: Scanner, event: Event, guests: Guests) -> None:
    south: Gate = gates.create_gate(event=event, name="South")
    other, _ = gates.create_scanner(gate=south, name="Phone 2", now=NOW)
    for guest in guests[:3]:
        scan(gate, guest)
    scan(other, guests[0], steps=1, direction=Direction.EXIT)
    found = attendance(event_id=event.pk, now=NOW)["gates"]
    assert [(row["gate"]["name"], row["admitted"], row["inside_delta"]) for row in found] == [
        ("North", 3, 3),
        ("South", 0, -1),
    ]


def test_refusals_are_counted_by_outcome(gate: Scanner, event: Event, guests: Guests) -> None:
    scan(gate, guests[0])
    scan(gate, guests[0])
    scan(gate, guests[1], otp="000000")
    scan(gate, guests[1], otp="000000")
    found = attendance(event_id=event.pk, now=NOW)
    assert found["refused"] == {"already_admitted": 1, "wrong_code": 2}


def test_minutes_follow_each_other(gate: Scanner, event: Event, guests: Guests) -> None:
    scan(gate, guests[0])
    scan(gate, guests[1])
    scan(gate, guests[0], steps=2, direction=Direction.EXIT)
    scan(gate, guests[2], steps=2, otp="000000")
    first, second = attendance(event_id=event.pk, now=NOW)["per_minute"]
    minute = NOW.replace(second=0)
    assert first == {"minute": minute, "entries": 2, "exits": 0, "refused": 0}
    assert second == {
        "minute": minute + timedelta(minutes=1),
        "entries": 0,
        "exits": 1,
        "refused": 1,
    }


def test_what_was_taken_back_counts_nowhere(
    gate: Scanner, event: Event, guests: Guests, grace: User
) -> None:
    scan(gate, guests[0])
    manual.undo_admission(
        registration_id=guests[0].registration.pk, by=grace, reason="Wrong person", now=NOW
    )
    found = attendance(event_id=event.pk, now=NOW)
    assert (found["admitted"], found["inside"], found["gates"]) == (0, 0, [])


def test_an_admission_by_hand_without_a_gate_has_none(
    event: Event, guests: Guests, grace: User
) -> None:
    manual.admit_by_hand(
        registration_id=guests[0].registration.pk,
        by=grace,
        reason="Dead phone",
        direction=Direction.ENTRY,
        gate=None,
        now=NOW,
    )
    row = attendance(event_id=event.pk, now=NOW)["gates"][0]
    assert (row["gate"], row["admitted"]) == (None, 1)


def test_managers_read_it_over_http(
    gate: Scanner, event: Event, guests: Guests, grace: User
) -> None:
    scan(gate, guests[0])
    answer: Any = client_of(grace).get(f"/api/v1/events/{event.pk}/attendance/").json()
    assert answer["gates"][0]["gate"] == {"id": str(gate.gate_id), "name": "North"}
    assert answer["gates"][0]["last_scan_at"] == NOW.isoformat().replace("+00:00", "Z")


def test_attendees_do_not(event: Event, ada: User) -> None:
    assert client_of(ada).get(f"/api/v1/events/{event.pk}/attendance/").status_code == 403


def test_it_is_one_query(event: Event, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        attendance(event_id=event.pk, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_the_figures_agree_with_each_other_while_people_stream_in(
    gate: Scanner, event: Event, guests: Guests
) -> None:
    done = Flag()

    def enter_all() -> list[dict[str, Any]]:
        for guest in guests:
            scan(gate, guest)
        done.set()
        return []

    def watch() -> list[dict[str, Any]]:
        seen = [attendance(event_id=event.pk, now=NOW)]
        while not done.is_set():
            seen.append(attendance(event_id=event.pk, now=NOW))
        return [*seen, attendance(event_id=event.pk, now=NOW)]

    _, seen = run_in_threads([enter_all, watch])
    assert not isinstance(seen, Exception)
    for found in seen:
        by_gate = sum(row["admitted"] for row in found["gates"])
        by_minute = sum(row["entries"] for row in found["per_minute"])
        assert found["admitted"] == found["entries"] == by_gate == by_minute
    assert seen[-1]["admitted"] == len(guests)
