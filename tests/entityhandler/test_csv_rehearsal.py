"""A dry run reports what the import then does, whatever the file and the event."""

from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

import pytest
from django.db.models import Model
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from entityhandler.models import Event, Registration, TicketType, User
from entityhandler.services import questions, ticket_types
from entityhandler.services.spreadsheets import imports
from entityhandler.services.spreadsheets.results import RowResult
from tests.entityhandler.test_registration_services import counted, true_count
from tests.spreadsheets import csv_file, run

MakeEvent = Callable[..., Event]
HEADER = ("email", "full_name", "status", "ticket_type", "attention_note", "answer:Age")
# E-mails of their own for each example: guests outlive it.
numbers = count()


Rows = list[tuple[str, ...]]


class Scene(NamedTuple):
    """An event and two files for it; the first one makes the state that the second one meets."""

    event: dict[str, Any]
    types: list[int | None]
    before: Rows
    after: Rows
    batch_rows: int


def rows(letters: str, statuses: list[str], kinds: list[str]) -> st.SearchStrategy[Rows]:
    """Return rows for some of the people, in any order; now and then one of them twice."""
    row = st.tuples(
        st.sampled_from(letters),
        st.sampled_from(["N"] * 8 + ["M", ""]),
        st.sampled_from(statuses),
        st.sampled_from(kinds),
        st.sampled_from(["", "lift"]),
        st.sampled_from(["", "", "", "7", "8", "old"]),
    )
    each_once = st.lists(row, min_size=5, max_size=9, unique_by=lambda row: row[0])
    return each_once | each_once | st.lists(row, max_size=9)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    capacity = draw(st.sampled_from([1, 2, 2, 3, 4, None]))
    limits = st.none() | st.integers(1, capacity or 3)
    types = draw(st.just([]) | st.lists(limits, min_size=2, max_size=2))
    kinds = ["T0", "T1"] if types else [""]
    return Scene(
        event={
            "capacity": capacity,
            "waitlist_enabled": draw(st.sampled_from([True, True, True, False])),
            "requires_approval": draw(st.booleans()),
        },
        types=types,
        # First some who take the seats, then others beside them.
        before=draw(rows("abcdef", ["", "", "confirmed"], kinds)),
        after=draw(rows("abcdefghi", [*Registration.Status, "cancelled", "", "lost"], kinds)),
        batch_rows=draw(st.sampled_from([1, 2, 500])),
    )


def build(make_event: MakeEvent, scene: Scene) -> Event:
    event = make_event(**scene.event)
    for number, capacity in enumerate(scene.types):
        fields = {"name": f"T{number}", "capacity": capacity}
        ticket_types.create_ticket_type(event_id=event.pk, fields=fields)
    questions.create_question(event_id=event.pk, fields={"kind": "number", "prompt": "Age"})
    return event


def table(model: type[Model], **of: Any) -> list[dict[str, Any]]:
    return list(model._default_manager.filter(**of).order_by("pk").values())


def everything(event: Event) -> list[list[dict[str, Any]]]:
    return [
        table(Event, pk=event.pk),
        table(TicketType, event=event),
        table(Registration, event=event),
        table(User),
    ]


def row(letter: str, status: str = "", kind: str = "") -> tuple[str, ...]:
    return (letter, "N", status, kind, "", "")


ONE_SEAT = {"capacity": 1, "waitlist_enabled": True}
TWO_TYPES = {"waitlist_enabled": True}


@given(scenes())
# The first batch promotes b, whom the second one asks for.
@example(
    Scene(ONE_SEAT, [], [row("a"), row("b")], [row("a", "cancelled"), row("b", "confirmed")], 1)
)
# b leaves the queue before a seat of its type is free, and c waits for another one.
@example(
    Scene(
        TWO_TYPES,
        [1, 1],
        [row("a", kind="T0"), row("b", kind="T0"), row("e", kind="T1"), row("c", kind="T1")],
        [row("b", "cancelled"), row("a", "cancelled"), row("d", "confirmed", "T0")],
        1,
    )
)
# Two seats are free, and b alone waits for one of them.
@example(
    Scene(
        TWO_TYPES,
        [2, 1],
        [row(letter, kind="T0") for letter in "agb"] + [row(letter, kind="T1") for letter in "ec"],
        [row("a", "cancelled"), row("g", "cancelled"), row("d", "confirmed", "T0")],
        2,
    )
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_dry_run_writes_nothing_and_reports_what_the_import_then_does(
    make_event: MakeEvent, monkeypatch: pytest.MonkeyPatch, scene: Scene
) -> None:
    # Batches as small as a row, so that a few rows are many of them.
    monkeypatch.setattr(imports, "BATCH_ROWS", scene.batch_rows)
    event, number = build(make_event, scene), next(numbers)

    def file(of: Rows) -> bytes:
        return csv_file(HEADER, *((f"{row[0]}@{number}.org", *row[1:]) for row in of))

    run(event, file(scene.before))
    before = everything(event)
    rehearsed = run(event, file(scene.after), dry_run=True)[1]
    assert everything(event) == before
    done = run(event, file(scene.after))[1]
    assert done == rehearsed
    assert counted(event) == true_count(event)
    _check_queue(event)
    _check_again(run(event, file(scene.after))[1], done)


def _check_queue(event: Event) -> None:
    """Nobody waits for a seat that is free."""
    free = {kind.pk for kind in event.ticket_types.all() if not kind.is_full} | {None}
    waiting = {row.ticket_type_id for row in event.registrations.waiting()}
    assert event.is_full or not waiting & free


def _check_again(again: list[RowResult], done: list[RowResult]) -> None:
    """What was done is found done; what was refused may be refused for another reason now."""
    kept = [row.status for row, first in zip(again, done, strict=True) if not first.errors]
    assert set(kept) <= {"unchanged"}
