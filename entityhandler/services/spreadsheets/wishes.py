"""What a file wishes: for each person one registration, in a certain state."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from entityhandler.models import Question, Registration, RowStatus, User
from entityhandler.services.spreadsheets.columns import Columns
from entityhandler.services.spreadsheets.reading import Table
from entityhandler.services.spreadsheets.results import RowError, RowRefused, RowResult
from ticketmgr.errors import DomainError

Status = Registration.Status
STATUSES: Mapping[str, Registration.Status] = {status.value: status for status in Status}
CHECKED_BY = {
    "email": User._meta.get_field("email"),
    "full_name": User._meta.get_field("full_name"),
    "attention_note": Registration._meta.get_field("attention_note"),
}


class TooManyRows(DomainError):
    """The file has more rows than one request imports; the command line takes any number."""

    code = "too_many_rows"
    status = 413
    title = "The file has too many rows for one request."


@dataclass(frozen=True, slots=True)
class Wish:
    """One row: who is to be registered, and how. Blank cells wish for nothing in particular."""

    row: int
    email: str
    id: str = ""
    full_name: str = ""
    status: Registration.Status | None = None
    ticket_type: str = ""
    attention_note: str = ""
    # The cells by question id; they are read when the questions of that moment are known.
    answers: Mapping[str, str] = field(default_factory=dict)
    # Whether the guest is meant where guest and account of one e-mail are both registered.
    as_guest: bool = False
    # The e-mail as the database compares it.
    person: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A file, understood: what is to be carried out, in order, and the rows decided already."""

    wishes: list[Wish]
    decided: list[RowResult]

    @property
    def rows_total(self) -> int:
        """How many rows the file has, its header and blank ones apart."""
        return len(self.wishes) + len(self.decided)


def plan_of(
    table: Table, questions: Sequence[Question], guests: Collection[UUID], *, at_most: int | None
) -> Plan:
    """Understand every row of a file; raises ColumnsNotUnderstood, FileNotCsv and TooManyRows.

    Seats that the file gives back come first, then those that it gives by name, then whoever takes
    what is left, then the waitlist; each in the order of the file. `guests` are the registrations
    of guests beside those of accounts with the same e-mails: a row that has such an id means it.
    """
    columns = Columns.of(table.header, questions)
    wishes: list[Wish] = []
    refused: list[RowResult] = []
    ids = {str(pk) for pk in guests}
    for number, cells in table.rows:
        if len(wishes) + len(refused) == at_most:
            raise TooManyRows(f"One request imports {at_most} rows at most.")
        try:
            wish = _wish(number, cells, columns, decimal_comma=table.delimiter != ",")
        except RowRefused as refusal:
            refused.append(RowResult(number, RowStatus.ERROR, refusal.errors))
        else:
            wishes.append(replace(wish, as_guest=wish.id in ids))
    chosen, decided = _one_per_person(wishes)
    return Plan(sorted(chosen, key=_turn), [*refused, *decided])


def _turn(wish: Wish) -> int:
    match wish.status:
        case Status.CANCELLED:
            return 0
        case Status.CONFIRMED | Status.PENDING:
            return 1
        case None:
            return 2
        case _:
            return 3


def _wish(number: int, cells: list[str], columns: Columns, *, decimal_comma: bool) -> Wish:
    """Return what a row wishes; raises RowRefused with all that is wrong with it by itself."""
    said = {
        name: cells[place] if place < len(cells) else "" for name, place in columns.places.items()
    }
    errors = [*_beyond_the_columns(cells, columns), *_wrong(said)]
    if errors:
        raise RowRefused(errors)
    return Wish(
        row=number,
        email=said["email"].strip(),
        id=said.get("id", "").strip().lower(),
        full_name=said.get("full_name", "").strip(),
        status=STATUSES.get(_word(said)),
        ticket_type=said.get("ticket_type", "").strip(),
        attention_note=said.get("attention_note", "").strip(),
        answers={
            str(question.pk): _number_written(cells[place], question, decimal_comma=decimal_comma)
            for place, question in columns.answers.items()
            if place < len(cells) and cells[place].strip()
        },
    )


def _word(said: Mapping[str, str]) -> str:
    return said.get("status", "").strip().lower()


def _beyond_the_columns(cells: list[str], columns: Columns) -> Iterator[RowError]:
    """Find what stands where the header names nothing: such a row has slipped."""
    for place, cell in enumerate(cells):
        if place not in columns.named and cell.strip():
            yield RowError(None, "extra_cell", f"Cell {place + 1} belongs to no column.")


def _wrong(said: Mapping[str, str]) -> Iterator[RowError]:
    for column, model_field in CHECKED_BY.items():
        text = said.get(column, "").strip()
        if text or column == "email":
            yield from _field_errors(column, model_field, text)
    word = _word(said)
    if word and word not in STATUSES:
        yield RowError("status", "invalid", f"One of: {', '.join(STATUSES)}; or nothing.")


def _field_errors(column: str, model_field: Any, text: str) -> Iterator[RowError]:
    try:
        model_field.clean(text, None)
    except ValidationError as error:
        for item in error.error_list:
            code = "required" if item.code == "blank" else str(item.code or "invalid")
            yield RowError(column, code, " ".join(item.messages))


def _number_written(cell: str, question: Question, *, decimal_comma: bool) -> str:
    """Return the cell, a decimal comma as a point: programs that part cells by `;` write it."""
    is_number = question.kind == Question.Kind.NUMBER
    return cell.replace(",", ".") if is_number and decimal_comma else cell


def _one_per_person(wishes: list[Wish]) -> tuple[list[Wish], list[RowResult]]:
    """Choose what counts of several rows with one e-mail.

    The one that is not cancelled does; cancelled ones beside it are history. A second one that is
    not cancelled contradicts the first.
    """
    people = User.objects.lowered([wish.email for wish in wishes])
    rows: dict[tuple[str, bool], list[Wish]] = defaultdict(list)
    for wish, person in zip(wishes, people, strict=True):
        rows[person, wish.as_guest].append(replace(wish, person=person))
    chosen, decided = [], []
    for of_one in rows.values():
        live = [wish for wish in of_one if wish.status != Status.CANCELLED]
        first = (live or of_one)[0]
        chosen.append(first)
        decided += [_beside(first, wish) for wish in of_one if wish is not first]
    return chosen, decided


def _beside(first: Wish, wish: Wish) -> RowResult:
    if wish.status == Status.CANCELLED:
        return RowResult(wish.row, RowStatus.UNCHANGED)
    detail = f"Row {first.row} has this e-mail already."
    return RowResult(wish.row, RowStatus.ERROR, [RowError("email", "duplicate", detail)])
