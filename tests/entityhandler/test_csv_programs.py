"""Files as spreadsheet programs write them: the same people come out of each.

LibreOffice 7.4 wrote its own; those of the other programs are made after what they write.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from entityhandler.models import Event
from entityhandler.services import questions, ticket_types
from entityhandler.services.spreadsheets.reading import FileNotCsv, FileNotUtf8
from tests.spreadsheets import cells, exported, outcomes, run

FILES = Path(__file__).parent / "csv"
READ = sorted(
    path.name
    for path in FILES.iterdir()
    if not path.name.startswith("refused_") and "our_export" not in path.name
)
PEOPLE = {
    "zoe": ("Zoë Müller", "confirmed", "VIP", "no nuts; no soy", "1.75", "Fri; Sat", "yes"),
    "ada": ('Lovelace, "Ada"', "confirmed", "Hall", "two\nlines", "2", "Fri", "no"),
    "ines": ("Inês d’Ávila — 日本 🎟", "cancelled", "VIP", "", "", "", ""),
}
ASKED = ("Diet, allergies, other?", "Height (m)", "Days", "Photos")
COLUMNS = ("full_name", "status", "ticket_type", *(f"answer:{prompt}" for prompt in ASKED))


@pytest.fixture
def asking(event: Event) -> Event:
    """Return an event with the ticket types and questions of the files."""
    for name in ("VIP", "Hall"):
        ticket_types.create_ticket_type(event_id=event.pk, fields={"name": name})
    kinds = ("text", "number", "multiple_choice", "consent")
    for prompt, kind in zip(ASKED, kinds, strict=True):
        more = {"choices": ["Fri", "Sat"]} if kind == "multiple_choice" else {}
        fields = {"kind": kind, "prompt": prompt, **more}
        questions.create_question(event_id=event.pk, fields=fields)
    return event


def test_there_are_files_of_each_program() -> None:
    programs = {name.split("_")[0].removesuffix(".csv") for name in READ}
    assert programs == {"excel", "google", "libreoffice", "numbers", "tabs"}


@pytest.mark.parametrize("name", READ)
def test_the_same_people_come_out_of_the_file_of_each_program(asking: Event, name: str) -> None:
    _, results = run(asking, (FILES / name).read_bytes())
    assert [(result.row, result.status) for result in results] == [
        (2, "created"),
        (3, "created"),
        (5, "created"),
    ]
    rows = {row["email"].partition("@")[0]: row for row in cells(exported(asking))}
    assert {who: tuple(row[column] for column in COLUMNS) for who, row in rows.items()} == PEOPLE
    assert rows["zoe"]["attention_note"] == "needs the lift"


@pytest.mark.parametrize("name", READ)
def test_the_file_of_each_program_changes_nothing_the_second_time(asking: Event, name: str) -> None:
    content = (FILES / name).read_bytes()
    run(asking, content)
    assert outcomes(asking, content) == ["unchanged"] * 3


@pytest.mark.parametrize(
    "name",
    [
        "refused_excel_csv_ansi.csv",
        "refused_excel_csv_macintosh.csv",
        "refused_excel_unicode_text.csv",
    ],
)
def test_a_file_in_another_encoding_is_refused_with_what_to_do(event: Event, name: str) -> None:
    with pytest.raises(FileNotUtf8, match="Save it as “CSV UTF-8”"):
        run(event, (FILES / name).read_bytes())


def test_a_workbook_is_refused_with_what_to_do(event: Event) -> None:
    with pytest.raises(FileNotCsv, match="Save it as “CSV UTF-8”"):
        run(event, (FILES / "refused_excel_workbook.xlsx").read_bytes())


SAVED = [
    "=1+1",
    "+49 30 1234",
    "-5",
    "@SUM(A1:A2)",
    "＝1+1",
    "'=1+1",
    '=HYPERLINK("http://evil.example","x")',
    "Zoë Müller",
    "O'Brien",
    "a;=1+1;b",
    "line\nbreak",
    "tabinside",  # LibreOffice drops the tab that it was given.
    'say "hi"',
    "日本 🎟",
    "'quoted'",
]


def test_our_export_comes_back_exactly_after_libreoffice_opened_and_saved_it(
    make_event: Callable[..., Event],
) -> None:
    event = make_event()
    for kind, prompt in (("text", "Anything else?"), ("number", "Age")):
        questions.create_question(event_id=event.pk, fields={"kind": kind, "prompt": prompt})
    choices = {"choices": ["Fri", "Sat; Sun", "-18"]}
    fields = {"kind": "multiple_choice", "prompt": "Days", **choices}
    days = questions.create_question(event_id=event.pk, fields=fields)
    run(event, (FILES / "libreoffice_saved_our_export.csv").read_bytes())
    rows = list(event.registrations.select_related("user"))
    assert [row.user.full_name for row in rows] == SAVED
    assert [row.attention_note for row in rows] == SAVED
    assert {tuple(row.answers[str(days.pk)]) for row in rows} == {("Sat; Sun", "-18")}
