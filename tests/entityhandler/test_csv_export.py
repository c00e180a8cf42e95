"""The export: safe to open, exact to import, and as small in memory as it is long."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entityhandler.models import Event, Question, Registration, User
from entityhandler.services import questions, registrations, ticket_types, users
from entityhandler.services.spreadsheets.export import export_registrations
from entityhandler.services.users import Guest
from tests.spreadsheets import cells, exported, outcomes, run

MakeEvent = Callable[..., Event]
# What the API lets in: any characters that PostgreSQL holds, no blanks around them.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
dangerous = st.text("'=+-@;\t\r\n\"\\, a", max_size=12)
words = (texts | dangerous).map(str.strip)


def register(event: Event, email: str, name: str = "N", **fields: Any) -> Registration:
    return registrations.register(
        event_id=event.pk,
        user=Guest(email, name),
        now=timezone.now(),
        by_manager=True,
        **fields,
    )


def test_a_row_tells_everything_of_a_registration(event: Event) -> None:
    kind = ticket_types.create_ticket_type(event_id=event.pk, fields={"name": "VIP"})
    fields = {"kind": "consent", "prompt": "Photos, too?"}
    asked = questions.create_question(event_id=event.pk, fields=fields)
    registration = register(
        event,
        "a@x.org",
        "Ada",
        ticket_type_id=kind.pk,
        answers={str(asked.pk): True},
        attention_note="lift",
    )
    Registration.objects.update(created_at=datetime(2026, 11, 22, 18, 2, 11, tzinfo=UTC))
    (row,) = cells(exported(event))
    assert row == {
        "id": str(registration.pk),
        "email": "a@x.org",
        "full_name": "Ada",
        "status": "confirmed",
        "ticket_type": "VIP",
        "attention_note": "lift",
        "created_at": "2026-11-22T18:02:11Z",
        "updated_at": registration.updated_at.isoformat().replace("+00:00", "Z"),
        "cancelled_at": "",
        "answer:Photos, too?": "yes",
    }


def test_every_cell_is_quoted_and_every_line_ends_in_crlf(event: Event) -> None:
    register(event, "a@x.org", "Ada")
    mark, *lines, last = exported(event).decode().removeprefix("\ufeff").split("\r\n")
    for line in [mark, *lines]:
        assert line.startswith('"') and line.endswith('"') and line.count('"') == 18
    assert (exported(event)[:3], last) == (b"\xef\xbb\xbf", "")


def test_no_cell_of_anybodys_text_is_a_formula(event: Event) -> None:
    prompt = "x;=1"
    fields = {"kind": "text", "prompt": prompt}
    asked = questions.create_question(event_id=event.pk, fields=fields)
    answers = {str(asked.pk): "@SUM(A1)"}
    register(event, "+a@x.org", '=cmd|"/c calc"!A1', answers=answers, attention_note="-1")
    (row,) = cells(exported(event))
    assert list(row.values())[1:3] == ["'+a@x.org", '\'=cmd|"/c calc"!A1']
    assert (row["attention_note"], row["answer:x;'=1"]) == ("'-1", "'@SUM(A1)")


def test_rows_come_in_the_order_of_registration(event: Event) -> None:
    emails = [f"{n}@x.org" for n in (3, 1, 2)]
    for email in emails:
        register(event, email)
    assert [row["email"] for row in cells(exported(event))] == emails


# --- There and back ---------------------------------------------------------------------------


def test_an_export_imports_back_and_changes_nothing(make_event: MakeEvent, ada: User) -> None:
    event = make_event(capacity=2, waitlist_enabled=True)
    cancelled = register(event, "a@x.org")
    registrations.cancel_registration(registration_id=cancelled.pk, now=timezone.now())
    for email in ("a@x.org", "ADA@example.org", "c@x.org", "d@x.org"):
        register(event, email)
    before = exported(event)
    assert outcomes(event, before) == ["unchanged"] * 5
    assert exported(event) == before


def test_a_guest_and_an_account_with_one_email_are_two_rows_that_import_back(event: Event) -> None:
    register(event, "a@x.org", "Guest")
    account = users.sign_up(email="A@x.org", full_name="Account", password="analytical engine")
    now = timezone.now()
    registrations.register(event_id=event.pk, user=account, now=now)
    content = exported(event)
    assert outcomes(event, content) == ["unchanged", "unchanged"]
    other = content.replace(b'"Guest","confirmed"', b'"Visitor","cancelled"')
    assert outcomes(event, other) == ["updated", "unchanged"]
    assert event.registrations.live().get().user == account


ANSWERS = {
    "text": words,
    "choice": st.sampled_from(["=1", "a; b", "c\\"]),
    "multiple_choice": st.lists(st.sampled_from(["=1", "a; b", "c\\"]), unique=True),
    "number": st.integers(-(10**14), 10**14) | st.floats(-1e14, 1e14),
    "consent": st.booleans(),
}


@given(
    st.lists(
        st.tuples(words.filter(bool), words, st.fixed_dictionaries({}, optional=ANSWERS)),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_text_and_answer_survives_the_way_to_another_event(
    make_event: MakeEvent, guests: list[tuple[str, str, dict[str, Any]]]
) -> None:
    first, second = make_event(), make_event()
    asked = {kind: _ask(first, kind) for kind in ANSWERS}
    for kind in ANSWERS:
        _ask(second, kind)
    for number, (name, note, answers) in enumerate(guests):
        given = {str(asked[kind].pk): answer for kind, answer in answers.items()}
        register(first, f"{first.pk}.{number}@x.org", name, answers=given, attention_note=note)
    content, before = exported(first), _texts(first)
    # As on another server, where nobody knows these guests.
    User.objects.filter(is_guest=True).update(email=Concat(Cast("pk", TextField()), Value("@gone")))
    assert {result.status for result in run(second, content)[1]} == {"created"}
    assert _texts(second) == before


def _ask(event: Event, kind: str) -> Question:
    fields: dict[str, Any] = {"kind": kind, "prompt": f"=about {kind}; -and more"}
    if "choice" in kind:
        fields["choices"] = ["=1", "a; b", "c\\"]
    return questions.create_question(event_id=event.pk, fields=fields)


def _texts(event: Event) -> list[dict[str, str]]:
    own = ("id", "created_at", "updated_at")
    return [
        {name: cell for name, cell in row.items() if name not in own}
        for row in cells(exported(event))
    ]


# --- Many rows --------------------------------------------------------------------------------

FILL = """
    INSERT INTO entityhandler_registration (
        id, event_id, user_id, status, answers, attention_note, created_at, updated_at, cancelled_at
    )
    SELECT gen_random_uuid(), %s, %s, 'cancelled', '{}', repeat('x', 150), now(), now(), now()
      FROM generate_series(1, %s)
"""
STATM = Path("/proc/self/statm")
# Growth that is none: the interpreter's own, and what a piece of 1,000 rows needs for a moment.
SLACK_BYTES = 8_000_000


def _most_memory(event: Event) -> tuple[int, int]:
    """Export an event; return the rows and the largest resident memory between two pieces."""
    rows = most = 0
    for piece in export_registrations(event=event, registrations=event.registrations.all()):
        rows += piece.count("\r\n")
        most = max(most, int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGESIZE"))
    return rows - 1, most


@pytest.mark.skipif(not STATM.exists(), reason="resident memory is read from Linux's /proc")
def test_200_000_rows_need_the_memory_of_2_000(make_event: MakeEvent, ada: User) -> None:
    few, many = make_event(), make_event()
    with connection.cursor() as cursor:
        cursor.execute(FILL, [few.pk, ada.pk, 2_000])
        cursor.execute(FILL, [many.pk, ada.pk, 200_000])
    rows, memory = _most_memory(few)
    many_rows, more_memory = _most_memory(many)
    assert (rows, many_rows) == (2_000, 200_000)
    assert more_memory - memory < SLACK_BYTES
