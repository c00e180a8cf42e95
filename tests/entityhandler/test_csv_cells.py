"""What stands in one cell: nothing that a spreadsheet calculates, and every answer exactly."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entityhandler.models import Question
from entityhandler.services.spreadsheets.columns import answer_from_cell, answer_to_cell
from entityhandler.services.spreadsheets.formulas import guard, unguard

Kind = Question.Kind
# Mostly what the guard is about, in any order.
texts = st.text() | st.text("'=+-@＝;\t\r\n ab")


@given(texts)
def test_every_text_comes_back_exactly(text: str) -> None:
    assert unguard(guard(text)) == text


@given(texts)
def test_no_guarded_text_begins_like_a_formula(text: str) -> None:
    for part in guard(text).split(";"):
        assert not part.lstrip().startswith(tuple("=+-@＝＋－＠"))
        assert not part.startswith(("\t", "\r", "\n"))


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1+1", "'＝1+1"),
        ("\t=1", "'\t=1"),
        (" =1", "' =1"),
        ("'=1", "''=1"),
        ("x;=1", "x;'=1"),
        ("'quoted'", "'quoted'"),
        ("a-b", "a-b"),
        ("", ""),
    ],
)
def test_a_cell_gets_an_apostrophe_where_it_would_be_calculated(text: str, cell: str) -> None:
    assert guard(text) == cell


def test_a_formula_of_another_program_is_read_as_it_is() -> None:
    assert unguard("=1+1") == "=1+1"


# --- Answers ----------------------------------------------------------------------------------

choices = st.lists(
    st.text("ab;\\ ", min_size=1).filter(str.strip), min_size=1, max_size=5, unique=True
)


@given(
    choices.flatmap(
        lambda all_: st.tuples(
            st.just(all_), st.lists(st.sampled_from(all_), unique=True, min_size=1)
        )
    )
)
def test_chosen_answers_come_back_exactly(drawn: tuple[list[str], list[str]]) -> None:
    offered, chosen = drawn
    question = Question(kind=Kind.MULTIPLE_CHOICE, choices=offered)
    cell = unguard(guard(answer_to_cell(chosen)))
    assert answer_from_cell(question, cell) == chosen


@given(st.integers(-(10**15), 10**15) | st.floats(-1e15, 1e15))
def test_numbers_come_back_exactly(number: float) -> None:
    read = answer_from_cell(Question(kind=Kind.NUMBER), answer_to_cell(number))
    assert (type(read), read) == (type(number), number)


@pytest.mark.parametrize("answer", [True, False])
def test_consents_come_back(answer: bool) -> None:
    assert answer_from_cell(Question(kind=Kind.CONSENT), answer_to_cell(answer)) is answer


@pytest.mark.parametrize(
    ("kind", "cell", "answer"),
    [
        (Kind.CONSENT, " TRUE ", True),
        (Kind.CONSENT, "0", False),
        (Kind.CONSENT, "maybe", "maybe"),
        (Kind.NUMBER, "1e3", 1000.0),
        (Kind.NUMBER, "+7", 7),
        (Kind.NUMBER, "nan", "nan"),
        (Kind.NUMBER, "٣", "٣"),
        (Kind.NUMBER, "1" * 5000, "1" * 5000),
        (Kind.CHOICE, " red ", "red"),
        (Kind.CHOICE, "green", "green"),
        (Kind.MULTIPLE_CHOICE, "red;blue ;", ["red", "blue"]),
        (Kind.TEXT, "a; b", "a; b"),
    ],
)
def test_what_people_write_is_understood(kind: Question.Kind, cell: str, answer: Any) -> None:
    assert answer_from_cell(Question(kind=kind, choices=["red", "blue"]), cell) == answer
