"""What an event asks whoever registers: the questions, and checking answers against them."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from entityhandler.models import Event, Question
from ticketmgr.errors import DomainError, FieldError, InvalidFields
from ticketmgr.transactions import violated_constraint, write_use_case

EDITABLE_FIELDS = frozenset({"prompt", "required", "choices", "place"})
TEXT_LENGTH = 2_000
# Below 2⁵³: what every JSON reader and spreadsheet reads back as it was written.
LARGEST_NUMBER = 10**15

Kind = Question.Kind


class QuestionAskedAlready(DomainError):
    """The event has a question of these words."""

    code = "question_asked_already"
    title = "The event asks this already."


class QuestionInUse(DomainError):
    """Somebody answered the question, and their answer would be lost."""

    code = "question_in_use"
    title = "The question was answered; make it optional instead."


@write_use_case
def create_question(*, event_id: UUID, fields: Mapping[str, Any]) -> Question:
    """Ask something of everybody who registers from now on.

    Locks the event row, as registering does. Raises QuestionAskedAlready and ValidationError.
    """
    _lock_event(event_id)
    question = Question(event_id=event_id, kind=fields["kind"])
    return _save(question, fields, force_insert=True)


@write_use_case
def update_question(*, question: Question, changes: Mapping[str, Any]) -> Question:
    """Change the words, choices or place of a question; its kind and given answers stay.

    Locks the event row. Raises QuestionAskedAlready and ValidationError.
    """
    _lock_event(question.event_id)
    question.refresh_from_db()
    return _save(question, changes)


@write_use_case
def delete_question(*, question: Question) -> None:
    """Ask no more. Locks the event row; raises QuestionInUse where somebody answered."""
    event = _lock_event(question.event_id)
    if event.registrations.filter(answers__has_key=str(question.pk)).exists():
        raise QuestionInUse
    question.delete()


def questions_of(event_id: UUID) -> list[Question]:
    """Return what the event asks, in its order."""
    return list(Question.objects.filter(event=event_id))


def check_answers(
    questions: Sequence[Question],
    given: Mapping[str, Any],
    *,
    kept: Mapping[str, Any] | None = None,
    required: bool = True,
) -> dict[str, Any]:
    """Return the answers as they are stored, by question id.

    `given` answers are checked and replace those `kept`; null takes one back. Raises InvalidFields
    with a pointer to each answer that is wrong, missing or to no question of the event.
    """
    known = {str(question.pk): question for question in questions}
    errors = [
        _error(key, "does_not_exist", "The event asks no such question.")
        for key in given.keys() - known.keys()
    ]
    answers = dict(kept or {})
    for key, question in known.items():
        if key in given:
            try:
                answers[key] = _checked(question, given[key])
            except ValueError as error:
                errors.append(_error(key, "invalid", str(error)))
                continue
        if required and question.required and _is_missing(answers.get(key)):
            errors.append(_error(key, "required", "This question must be answered."))
    if errors:
        raise InvalidFields(sorted(errors, key=lambda error: error.pointer))
    return {key: answer for key, answer in answers.items() if answer is not None}


def _is_no_answer(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _is_missing(answer: object) -> bool:
    """Whether a required answer is not there; a consent that is refused is none."""
    return answer is None or answer is False


def _checked(question: Question, value: Any) -> Any:
    """Return one answer as it is stored, None for none; raises ValueError with a sentence."""
    return None if _is_no_answer(value) else CHECKS[Kind(question.kind)](question, value)


def _text(question: Question, value: Any) -> str:
    if not isinstance(value, str) or len(value) > TEXT_LENGTH or "\0" in value:
        raise ValueError(f"A text of {TEXT_LENGTH} characters at most, without NUL.")
    return value.strip()


def _choice(question: Question, value: Any) -> str:
    if not isinstance(value, str) or value not in question.choices:
        raise ValueError(f"One of: {', '.join(question.choices)}.")
    return value


def _multiple_choice(question: Question, value: Any) -> list[str]:
    wrong = ValueError(f"A list of any of: {', '.join(question.choices)}.")
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise wrong
    if len({*value}) < len(value) or not {*value} <= {*question.choices}:
        raise wrong
    return [choice for choice in question.choices if choice in value]


def _number(question: Question, value: Any) -> int | float:
    number: int | float = value if isinstance(value, int | float) else math.nan
    # NaN compares with nothing, so it is refused as well.
    if isinstance(value, bool) or not -LARGEST_NUMBER < number < LARGEST_NUMBER:
        raise ValueError("A number below 10¹⁵.")
    return number


def _consent(question: Question, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("Either true or false.")
    return value


CHECKS: Mapping[Question.Kind, Callable[[Question, Any], Any]] = {
    Kind.TEXT: _text,
    Kind.CHOICE: _choice,
    Kind.MULTIPLE_CHOICE: _multiple_choice,
    Kind.NUMBER: _number,
    Kind.CONSENT: _consent,
}


def _error(key: str, code: str, detail: str) -> FieldError:
    # RFC 6901 §3: the key is the client's own where it names no question.
    escaped = key.replace("~", "~0").replace("/", "~1")
    return FieldError(f"#/answers/{escaped}", code, detail)


def _lock_event(event_id: UUID) -> Event:
    return Event.objects.select_for_update(no_key=True).get(pk=event_id)


def _save(question: Question, fields: Mapping[str, Any], **how: Any) -> Question:
    for field in EDITABLE_FIELDS & fields.keys():
        setattr(question, field, fields[field])
    question.full_clean(validate_unique=False, validate_constraints=False)
    try:
        question.save(**how)
    except IntegrityError as error:
        if violated_constraint(error) != "question_prompt_once_per_event":
            raise
        raise QuestionAskedAlready from error
    return question
