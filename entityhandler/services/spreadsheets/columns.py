"""The columns of a file of registrations, and what their cells say."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from entityhandler.models import Question
from ticketmgr.errors import DomainError

# What an import reads, beside an `answer:` column for each question.
READ = ("email", "full_name", "status", "ticket_type", "attention_note")
# What an export writes beside that; an import passes over it.
RECORD = ("id", "created_at", "updated_at", "cancelled_at")
EXPORTED = ("id", *READ, *RECORD[1:])
ANSWER = "answer:"
# Far more than an event asks questions.
MOST_COLUMNS = 1_000

Kind = Question.Kind
CONSENTS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
# More digits than any number that is accepted has; Python refuses to read thousands of them.
NUMBER_LENGTH = 50


class ColumnsNotUnderstood(DomainError):
    """A column is missing, unknown or there twice; `columns` names those."""

    code = "columns_not_understood"
    status = 400
    title = "The first row does not name the columns as expected."


@dataclass(frozen=True, slots=True)
class Columns:
    """Where which cell of a row is."""

    places: Mapping[str, int]
    answers: Mapping[int, Question]
    named: frozenset[int]

    @classmethod
    def of(cls, header: Sequence[str], questions: Iterable[Question]) -> "Columns":
        """Find the columns of a header; raises ColumnsNotUnderstood."""
        if len(header) > MOST_COLUMNS:
            raise ColumnsNotUnderstood(f"There are more than {MOST_COLUMNS} columns.")
        meant = {place: _meant(name, questions) for place, name in enumerate(header)}
        _refuse_unknown(header, meant)
        places = {name: place for place, name in meant.items() if isinstance(name, str)}
        if "email" not in places:
            raise ColumnsNotUnderstood("There is no column `email`.", columns=["email"])
        return cls(
            places=places,
            answers={place: what for place, what in meant.items() if isinstance(what, Question)},
            named=frozenset(place for place, what in meant.items() if what != ""),
        )


def _meant(name: str, questions: Iterable[Question]) -> str | Question | None:
    """Return the column or question that a header cell names, "" for a blank one, None if none."""
    plain = name.strip().lower().replace(" ", "_")
    if plain == "" or plain in EXPORTED:
        return plain
    if not plain.startswith(ANSWER):
        return None
    prompt = name.lstrip()[len(ANSWER) :]
    same = [question for question in questions if question.prompt == prompt]
    alike = [question for question in questions if _folded(question.prompt) == _folded(prompt)]
    return next(iter(same or (alike if len(alike) == 1 else [])), None)


def _folded(prompt: str) -> str:
    return " ".join(prompt.split()).casefold()


def _refuse_unknown(header: Sequence[str], meant: Mapping[int, str | Question | None]) -> None:
    _refuse("Nothing is known of", [header[place] for place, what in meant.items() if what is None])
    times = Counter(what for what in meant.values() if what != "")
    _refuse(
        "More than one is called",
        [header[place] for place, what in meant.items() if times[what] > 1],
    )


def _refuse(complaint: str, columns: list[str]) -> None:
    if columns:
        raise ColumnsNotUnderstood(f"{complaint}: {', '.join(columns)}.", columns=columns)


# --- Answers ----------------------------------------------------------------------------------


def answer_to_cell(answer: Any) -> str:
    """Return an answer as a cell that `answer_from_cell` reads back exactly."""
    match answer:
        case None:
            return ""
        case bool():
            return "yes" if answer else "no"
        case list():
            return "; ".join(_escaped(choice) for choice in answer)
        case _:
            return str(answer)


def answer_from_cell(question: Question, cell: str) -> Any:
    """Return what a cell answers; what it cannot mean stays text, for the check to refuse."""
    match question.kind:
        case Kind.CONSENT:
            return CONSENTS.get(cell.strip().lower(), cell)
        case Kind.NUMBER:
            return _number(cell.strip())
        case Kind.CHOICE:
            return _choice(question, cell)
        case Kind.MULTIPLE_CHOICE:
            return [_choice(question, _unescaped(part)) for part in _parts(cell)]
        case _:
            return cell


def _number(text: str) -> Any:
    if len(text) > NUMBER_LENGTH or not NUMBER.fullmatch(text):
        return text
    return int(text) if re.fullmatch(r"[+-]?\d+", text, re.ASCII) else float(text)


def _choice(question: Question, text: str) -> str:
    """Return the choice that is written so, blanks around it apart."""
    if text in question.choices:
        return text
    return next((choice for choice in question.choices if choice.strip() == text.strip()), text)


def _escaped(choice: str) -> str:
    return choice.replace("\\", "\\\\").replace(";", "\\;")


def _unescaped(part: str) -> str:
    return re.sub(r"\\([\\;])", r"\1", part)


def _parts(cell: str) -> list[str]:
    """Return the choices of a cell, each as it is escaped; one blank behind `;` parts as well."""
    parts = re.findall(r"((?:\\.|[^;\\]|\\\Z)*)(?:; ?|\Z)", cell, re.DOTALL)
    return [part for part in parts if part.strip()]
