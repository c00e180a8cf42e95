"""`/questions/`, and what is answered to them when registering."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from entityhandler.models import Event, Question, Registration, User
from entityhandler.services import questions, registrations
from tests.answers import ids, pointers, refusal
from tests.conftest import client_of
from tests.threads import run_behind

QUESTIONS = "/api/v1/questions/"
MakeEvent = Callable[..., Event]
MENU = ["Fish", "Meat", "Neither"]


def ask(event: Event, kind: str, prompt: str = "Well?", **fields: Any) -> Question:
    choices = {"choices": MENU} if "choice" in kind else {}
    wanted = {"kind": kind, "prompt": prompt, **choices, **fields}
    return questions.create_question(event_id=event.pk, fields=wanted)


def book(caller: User, event: Event, answers: Any, **more: Any) -> Any:
    body = {"event": str(event.pk), "answers": answers, **more}
    return client_of(caller).post("/api/v1/registrations/", body)


# --- Asking ----------------------------------------------------------------------------------


def test_a_manager_asks_a_question(event: Event, grace: User) -> None:
    body = {"event": str(event.pk), "kind": "choice", "prompt": "Menu?", "choices": MENU}
    answer = client_of(grace).post(QUESTIONS, {**body, "required": True, "place": 2})
    question = Question.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        **body,
        "id": str(question.pk),
        "required": True,
        "place": 2,
        "created_at": answer.json()["created_at"],
        "updated_at": answer.json()["updated_at"],
    }


def test_questions_are_listed_in_their_order(event: Event, client: APIClient) -> None:
    last = ask(event, "text", "Last?", place=9)
    first = ask(event, "text", "First?", place=1)
    assert ids(client.get(QUESTIONS, {"event": str(event.pk)})) == [str(first.pk), str(last.pk)]


@pytest.mark.parametrize(
    ("kind", "choices"),
    [
        ("choice", []),
        ("multiple_choice", None),
        ("text", MENU),
        ("choice", ["Fish", "Fish"]),
        ("choice", ["", "Fish"]),
        ("choice", ["x" * 201]),
        ("choice", "Fish"),
    ],
)
def test_choices_belong_to_the_kinds_of_choice(
    event: Event, grace: User, kind: str, choices: Any
) -> None:
    body = {"event": str(event.pk), "kind": kind, "prompt": "?", "choices": choices}
    answer = client_of(grace).post(QUESTIONS, body)
    assert next(iter(pointers(answer))).startswith("#/choices")


def test_nothing_is_asked_twice(event: Event, grace: User) -> None:
    ask(event, "text", "Diet?")
    body = {"event": str(event.pk), "kind": "text", "prompt": "Diet?"}
    assert refusal(client_of(grace).post(QUESTIONS, body)) == (409, "question_asked_already")


def test_a_question_keeps_its_kind_and_its_event(
    event: Event, grace: User, make_event: MakeEvent
) -> None:
    question = ask(event, "text")
    elsewhere = make_event(name="Elsewhere")
    changes = {"kind": "number", "event": str(elsewhere.pk), "prompt": "Diet?"}
    answer = client_of(grace).patch(f"{QUESTIONS}{question.pk}/", changes).json()
    assert (answer["kind"], answer["event"], answer["prompt"]) == ("text", str(event.pk), "Diet?")


def test_a_question_that_was_answered_is_not_deleted(event: Event, grace: User, ada: User) -> None:
    question = ask(event, "text")
    book(ada, event, {str(question.pk): "No onions"})
    answer = client_of(grace).delete(f"{QUESTIONS}{question.pk}/")
    assert refusal(answer) == (409, "question_in_use")


@pytest.mark.django_db(transaction=True)
def test_a_question_is_not_deleted_under_a_registration(event: Event, ada: User) -> None:
    question = ask(event, "text")

    def answer() -> None:
        Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        now = timezone.now()
        Registration.objects.create(
            event=event,
            user=ada,
            status="confirmed",
            answers={str(question.pk): "No onions"},
            created_at=now,
            updated_at=now,
        )

    delete = partial(questions.delete_question, question=question)
    (result,) = run_behind(answer, [delete])
    assert isinstance(result, questions.QuestionInUse)


# --- Answering -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("text", " No onions ", "No onions"),
        ("choice", "Fish", "Fish"),
        ("multiple_choice", ["Meat", "Fish"], ["Fish", "Meat"]),
        ("number", 0, 0),
        ("number", -1.5, -1.5),
        ("consent", True, True),
        ("consent", False, False),
    ],
)
def test_an_answer_is_kept(event: Event, ada: User, kind: str, given: Any, kept: Any) -> None:
    question = ask(event, kind)
    answer = book(ada, event, {str(question.pk): given})
    assert answer.json()["answers"] == {str(question.pk): kept}


@pytest.mark.parametrize("given", [None, "", "   ", []])
def test_nothing_is_no_answer(event: Event, ada: User, given: Any) -> None:
    question = ask(event, "text")
    assert book(ada, event, {str(question.pk): given}).json()["answers"] == {}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("text", 7),
        ("text", "x" * 2001),
        ("text", "a\0b"),
        ("text", {"a": 1}),
        ("choice", "Vegan"),
        ("choice", ["Fish"]),
        ("choice", 1),
        ("multiple_choice", "Fish"),
        ("multiple_choice", ["Fish", "Fish"]),
        ("multiple_choice", ["Fish", "Vegan"]),
        ("multiple_choice", [["Fish"]]),
        ("number", "7"),
        ("number", True),
        ("number", 10**400),
        ("number", 10**15),
        ("consent", "yes"),
        ("consent", 1),
    ],
)
def test_a_wrong_answer_is_pointed_at(event: Event, ada: User, kind: str, given: Any) -> None:
    question = ask(event, kind)
    answer = book(ada, event, {str(question.pk): given})
    assert pointers(answer) == {f"#/answers/{question.pk}": "invalid"}
    assert not Registration.objects.exists()


@pytest.mark.parametrize("kind", ["text", "choice", "multiple_choice", "number", "consent"])
def test_a_required_answer_is_missed(event: Event, ada: User, kind: str) -> None:
    question = ask(event, kind, required=True)
    assert pointers(book(ada, event, {})) == {f"#/answers/{question.pk}": "required"}


def test_a_refused_consent_is_none(event: Event, ada: User) -> None:
    question = ask(event, "consent", required=True)
    answer = book(ada, event, {str(question.pk): False})
    assert pointers(answer) == {f"#/answers/{question.pk}": "required"}


def test_every_wrong_answer_is_told_at_once(event: Event, ada: User) -> None:
    number, consent = ask(event, "number", "How many?"), ask(event, "consent", required=True)
    told = pointers(book(ada, event, {str(number.pk): "many", "a/b": 1}))
    assert told == {
        f"#/answers/{number.pk}": "invalid",
        f"#/answers/{consent.pk}": "required",
        "#/answers/a~1b": "does_not_exist",
    }


def test_a_question_of_another_event_is_none(
    event: Event, make_event: MakeEvent, ada: User
) -> None:
    question = ask(make_event(name="Elsewhere"), "text")
    answer = book(ada, event, {str(question.pk): "x"})
    assert pointers(answer) == {f"#/answers/{question.pk}": "does_not_exist"}


def test_a_manager_registers_others_without_their_answers(
    event: Event, grace: User, ada: User
) -> None:
    ask(event, "text", required=True)
    assert book(grace, event, {}, user=str(ada.pk)).status_code == 201


# --- Answering later -------------------------------------------------------------------------


@pytest.fixture
def answered(event: Event, ada: User) -> tuple[Registration, Question, Question]:
    """Return Ada's registration, and her answered and her open question."""
    menu, diet = ask(event, "choice", "Menu?", required=True), ask(event, "text", "Diet?")
    registration = registrations.register(
        event_id=event.pk, user=ada, now=timezone.now(), answers={str(menu.pk): "Fish"}
    )
    return registration, menu, diet


def change(user: User, registration: Registration, **changes: Any) -> Any:
    return client_of(user).patch(f"/api/v1/registrations/{registration.pk}/", changes)


def test_the_holder_answers_later_and_keeps_the_rest(
    ada: User, answered: tuple[Registration, Question, Question]
) -> None:
    registration, menu, diet = answered
    answer = change(ada, registration, answers={str(diet.pk): "No onions"})
    assert answer.json()["answers"] == {str(menu.pk): "Fish", str(diet.pk): "No onions"}


def test_a_required_answer_is_not_taken_back(
    ada: User, answered: tuple[Registration, Question, Question]
) -> None:
    registration, menu, _ = answered
    answer = change(ada, registration, answers={str(menu.pk): None})
    assert pointers(answer) == {f"#/answers/{menu.pk}": "required"}


def test_a_choice_that_is_gone_stays_what_was_answered(
    ada: User, answered: tuple[Registration, Question, Question]
) -> None:
    registration, menu, diet = answered
    questions.update_question(question=menu, changes={"choices": ["Meat"]})
    answer = change(ada, registration, answers={str(diet.pk): "No onions"})
    assert answer.json()["answers"][str(menu.pk)] == "Fish"


def test_a_cancelled_registration_answers_no_more(
    ada: User, answered: tuple[Registration, Question, Question]
) -> None:
    registration, _, diet = answered
    registrations.cancel_registration(registration_id=registration.pk, now=timezone.now())
    answer = change(ada, registration, answers={str(diet.pk): "x"})
    assert refusal(answer) == (409, "already_cancelled")
