"""Exporting registrations as CSV: a stream that stays as small as one piece of it."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from entityhandler.models import Event, Question, Registration
from entityhandler.services.questions import questions_of
from entityhandler.services.spreadsheets.columns import ANSWER, EXPORTED, answer_to_cell
from entityhandler.services.spreadsheets.formulas import guard

# Excel takes a file without it for one in the encoding of the country it runs in.
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
# Rows that are fetched, written and sent at once: few round trips, and some hundred kilobytes.
PIECE_ROWS = 1_000
FETCHED = (
    "id",
    "user__email",
    "user__full_name",
    "status",
    "ticket_type__name",
    "attention_note",
    "created_at",
    "updated_at",
    "cancelled_at",
    "answers",
)


def export_registrations(*, event: Event, registrations: QuerySet[Registration]) -> Iterator[str]:
    """Yield the CSV of some of an event's registrations, the oldest first, piece by piece.

    UTF-8, commas, CRLF, every cell quoted (RFC 4180 §2), none of them a formula. One query, whose
    cursor the server keeps: the rows are those of one moment, however slowly they are read.
    """
    questions = questions_of(event.pk)
    header = [*EXPORTED, *(f"{ANSWER}{question.prompt}" for question in questions)]
    yield BYTE_ORDER_MARK + _lines([header])
    rows = registrations.order_by("created_at", "id").values_list(*FETCHED)
    piece: list[Sequence[str]] = []
    for row in rows.iterator(chunk_size=PIECE_ROWS):
        piece.append(_cells(row, questions))
        if len(piece) == PIECE_ROWS:
            yield _lines(piece)
            piece = []
    if piece:
        yield _lines(piece)


def _cells(row: Sequence[Any], questions: Sequence[Question]) -> list[str]:
    *record, answers = row
    cells = [_cell(value) for value in record]
    return cells + [answer_to_cell(answers.get(str(question.pk))) for question in questions]


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return "" if value is None else str(value)


def _lines(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([guard(cell) for cell in row] for row in rows)
    return text.getvalue()
