"""`/registrations/` over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from entityhandler.models import Event, Registration, User
from entityhandler.services import events, registrations
from tests.answers import ids, pointers, refusal
from tests.conftest import client_of

REGISTRATIONS = "/api/v1/registrations/"
NOBODY = "00000000-0000-4000-8000-000000000000"
MakeEvent = Callable[..., Event]


def book(caller: User, at: Event, **more: Any) -> Any:
    return client_of(caller).post(REGISTRATIONS, {"event": str(at.pk), **more})


def act(user: User, registration: Registration, action: str) -> Any:
    return client_of(user).post(f"{REGISTRATIONS}{registration.pk}/{action}/")


@pytest.fixture
def waiting(make_event: MakeEvent, ada: User, mallory: User) -> Registration:
    """Return Mallory's place on the waitlist, behind Ada's seat."""
    event = make_event(capacity=1, waitlist_enabled=True)
    registrations.register(event_id=event.pk, user=ada, now=timezone.now())
    return registrations.register(event_id=event.pk, user=mallory, now=timezone.now())


# --- Registering -----------------------------------------------------------------------------


def test_everybody_registers_themselves(ada: User, event: Event) -> None:
    answer = book(ada, event)
    registration = Registration.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(registration.pk),
        "reference": registration.reference,
        "event": str(event.pk),
        "user": str(ada.pk),
        "ticket_type": None,
        "status": "confirmed",
        "position": None,
        "answers": {},
        "created_at": answer.json()["created_at"],
        "updated_at": answer.json()["updated_at"],
        "cancelled_at": None,
    }


def test_naming_oneself_is_no_privilege(ada: User, make_event: MakeEvent) -> None:
    event = make_event(registration_closes_at=timezone.now() - timedelta(hours=1))
    assert refusal(book(ada, event, user=str(ada.pk))) == (409, "registration_closed")


def test_an_event_that_wants_approval_answers_pending(ada: User, make_event: MakeEvent) -> None:
    assert book(ada, make_event(requires_approval=True)).json()["status"] == "pending"


def test_a_place_on_the_waitlist_has_a_position(waiting: Registration, grace: User) -> None:
    answer = book(grace, waiting.event).json()
    assert (answer["status"], answer["position"]) == ("waitlisted", 2)


def test_a_full_event_is_a_conflict(ada: User, mallory: User, make_event: MakeEvent) -> None:
    event = make_event(capacity=1)
    book(ada, event)
    assert refusal(book(mallory, event)) == (409, "event_full")


def test_registering_twice_is_a_conflict(ada: User, registration: Registration) -> None:
    assert refusal(book(ada, registration.event)) == (409, "already_registered")


def test_before_the_window_the_opening_is_told(ada: User, make_event: MakeEvent) -> None:
    opens_at = timezone.now() + timedelta(hours=1)
    answer = book(ada, make_event(registration_opens_at=opens_at))
    assert refusal(answer) == (409, "registration_closed")
    assert answer.json()["opens_at"] == opens_at.isoformat().replace("+00:00", "Z")


def test_after_the_window_the_closing_is_told(ada: User, make_event: MakeEvent) -> None:
    closed_at = timezone.now() - timedelta(hours=1)
    answer = book(ada, make_event(registration_closes_at=closed_at))
    assert refusal(answer) == (409, "registration_closed")
    assert answer.json()["closed_at"] == closed_at.isoformat().replace("+00:00", "Z")


def test_a_draft_takes_no_registrations(grace: User, make_event: MakeEvent) -> None:
    assert refusal(book(grace, make_event(publish=False))) == (409, "event_not_published")


def test_an_event_called_off_takes_no_registrations(grace: User, event: Event) -> None:
    events.cancel_event(event_id=event.pk)
    assert refusal(book(grace, event)) == (409, "event_not_published")


def test_an_unknown_event_is_a_404(ada: User) -> None:
    answer = client_of(ada).post(REGISTRATIONS, {"event": NOBODY})
    assert refusal(answer) == (404, "event_not_found")


def test_no_event_is_pointed_at(ada: User) -> None:
    assert pointers(client_of(ada).post(REGISTRATIONS, {})) == {"#/event": "required"}


def test_status_and_times_cannot_be_set(ada: User, make_event: MakeEvent) -> None:
    event = make_event(requires_approval=True)
    wishes = {"status": "confirmed", "created_at": "2001-01-01T00:00:00Z", "position": 1}
    assert book(ada, event, **wishes).json()["status"] == "pending"


# --- Registering somebody else ---------------------------------------------------------------


@pytest.mark.parametrize("by", ["user", "email"])
def test_a_manager_registers_somebody_by_id_or_email(
    grace: User, ada: User, event: Event, by: str
) -> None:
    named = {"user": str(ada.pk)} if by == "user" else {"email": "ADA@example.org"}
    answer = book(grace, event, **named)
    assert (answer.status_code, answer.json()["user"]) == (201, str(ada.pk))


def test_a_manager_registers_outside_the_window(
    grace: User, ada: User, make_event: MakeEvent
) -> None:
    event = make_event(registration_closes_at=timezone.now() - timedelta(hours=1))
    assert book(grace, event, user=str(ada.pk)).status_code == 201


def test_nobody_else_registers_other_people(mallory: User, ada: User, event: Event) -> None:
    assert refusal(book(mallory, event, user=str(ada.pk))) == (403, "permission_denied")


def test_nobody_else_learns_who_has_an_account(mallory: User, ada: User, event: Event) -> None:
    known = book(mallory, event, email="ada@example.org")
    unknown = book(mallory, event, email="nobody@example.org")
    assert known.json() == unknown.json()


def test_one_person_is_named_once(grace: User, ada: User, event: Event) -> None:
    answer = book(grace, event, user=str(ada.pk), email="ada@example.org")
    assert pointers(answer) == {"#": "one_of"}


def test_an_unknown_person_is_pointed_at(grace: User, event: Event) -> None:
    assert pointers(book(grace, event, user=NOBODY)) == {"#/user": "does_not_exist"}


def test_somebody_without_an_account_is_pointed_at(grace: User, event: Event) -> None:
    answer = book(grace, event, email="charles@example.org")
    assert pointers(answer) == {"#/email": "does_not_exist"}


# --- Reading ---------------------------------------------------------------------------------


def test_people_see_their_own_and_managers_all_of_their_event(
    ada: User, mallory: User, grace: User, registration: Registration
) -> None:
    assert ids(client_of(ada).get(REGISTRATIONS)) == [str(registration.pk)]
    assert ids(client_of(grace).get(REGISTRATIONS)) == [str(registration.pk)]
    assert ids(client_of(mallory).get(REGISTRATIONS)) == []


def test_a_registration_of_somebody_else_is_a_404(
    mallory: User, registration: Registration
) -> None:
    answer = client_of(mallory).get(f"{REGISTRATIONS}{registration.pk}/")
    assert refusal(answer) == (404, "not_found")


def test_registrations_are_found_by_event_user_and_status(
    grace: User, ada: User, waiting: Registration
) -> None:
    client = client_of(grace)
    event = str(waiting.event_id)
    assert len(ids(client.get(REGISTRATIONS, {"event": event}))) == 2
    assert ids(client.get(REGISTRATIONS, {"event": NOBODY})) == []
    assert ids(client.get(REGISTRATIONS, {"status": "waitlisted"})) == [str(waiting.pk)]
    assert ids(client.get(REGISTRATIONS, {"user": str(waiting.user_id)})) == [str(waiting.pk)]


def test_registrations_are_found_by_name_and_email(grace: User, waiting: Registration) -> None:
    client = client_of(grace)
    assert ids(client.get(REGISTRATIONS, {"search": "mallORY@"})) == [str(waiting.pk)]
    assert ids(client.get(REGISTRATIONS, {"search": "charles"})) == []


def test_what_changed_since_a_moment_is_found(
    grace: User, ada: User, registration: Registration
) -> None:
    before = registration.updated_at.isoformat()
    after = (registration.updated_at + timedelta(microseconds=1)).isoformat()
    client = client_of(grace)
    assert ids(client.get(REGISTRATIONS, {"updated_since": before})) == [str(registration.pk)]
    assert ids(client.get(REGISTRATIONS, {"updated_since": after})) == []


def test_registrations_come_in_the_order_asked_for(grace: User, waiting: Registration) -> None:
    client = client_of(grace)
    oldest_first = ids(client.get(REGISTRATIONS))
    assert oldest_first[-1] == str(waiting.pk)
    newest_first = ids(client.get(REGISTRATIONS, {"ordering": "-created_at"}))
    assert newest_first == oldest_first[::-1]


@pytest.mark.parametrize(
    "query",
    [
        {"event": "7"},
        {"user": "ada"},
        {"status": "lost"},
        {"updated_since": "yesterday"},
        {"updated_since": "2026-11-22T18:00:00"},
        {"ordering": "user__password"},
        {"search": "\x00"},
    ],
)
def test_a_bad_filter_is_told_not_ignored(ada: User, query: dict[str, str]) -> None:
    assert pointers(client_of(ada).get(REGISTRATIONS, query)).keys() == {f"#/{next(iter(query))}"}


@pytest.mark.parametrize("method", ["put", "delete"])
def test_a_registration_changes_by_its_acts_alone(
    ada: User, registration: Registration, method: str
) -> None:
    answer = getattr(client_of(ada), method)(f"{REGISTRATIONS}{registration.pk}/", {})
    assert refusal(answer) == (405, "method_not_allowed")


# --- Cancelling and confirming ---------------------------------------------------------------


@pytest.mark.parametrize("who", ["ada", "grace"])
def test_the_holder_or_a_manager_cancels(
    request: pytest.FixtureRequest, registration: Registration, who: str
) -> None:
    answer = act(request.getfixturevalue(who), registration, "cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert answer.json()["cancelled_at"]


def test_cancelling_twice_is_a_conflict(ada: User, registration: Registration) -> None:
    act(ada, registration, "cancel")
    assert refusal(act(ada, registration, "cancel")) == (409, "already_cancelled")


def test_a_cancelled_seat_goes_to_the_waitlist(
    ada: User, mallory: User, waiting: Registration
) -> None:
    holder = Registration.objects.get(user=ada)
    act(ada, holder, "cancel")
    answer = client_of(mallory).get(f"{REGISTRATIONS}{waiting.pk}/").json()
    assert (answer["status"], answer["position"]) == ("confirmed", None)


def test_a_manager_confirms_a_pending_one(grace: User, ada: User, make_event: MakeEvent) -> None:
    book(ada, make_event(requires_approval=True))
    answer = act(grace, Registration.objects.get(), "confirm")
    assert (answer.status_code, answer.json()["status"]) == (200, "confirmed")


def test_nobody_confirms_themselves(ada: User, make_event: MakeEvent) -> None:
    book(ada, make_event(requires_approval=True))
    answer = act(ada, Registration.objects.get(), "confirm")
    assert refusal(answer) == (403, "permission_denied")


def test_confirming_beyond_the_seats_is_a_conflict(grace: User, waiting: Registration) -> None:
    assert refusal(act(grace, waiting, "confirm")) == (409, "event_full")


def test_confirming_twice_is_a_conflict(grace: User, registration: Registration) -> None:
    assert refusal(act(grace, registration, "confirm")) == (409, "already_confirmed")


def test_a_cancelled_one_is_not_confirmed(grace: User, registration: Registration) -> None:
    act(grace, registration, "cancel")
    assert refusal(act(grace, registration, "confirm")) == (409, "already_cancelled")


def test_strangers_do_not_register(client: APIClient, event: Event) -> None:
    answer = client.post(REGISTRATIONS, {"event": str(event.pk)})
    assert refusal(answer) == (401, "not_authenticated")


@pytest.mark.parametrize("form", ["{}", " {} "])
def test_the_desk_finds_a_registration_by_its_reference(
    registration: Registration, grace: User, form: str
) -> None:
    search = form.format(registration.reference)
    found = client_of(grace).get("/api/v1/registrations/", {"search": search}).json()
    assert [row["reference"] for row in found["results"]] == [registration.reference]


def test_a_reference_finds_nothing_else(registration: Registration, grace: User) -> None:
    other = f"{int(registration.pk.hex[:8], 16) ^ 1:08x}"
    answer = client_of(grace).get("/api/v1/registrations/", {"search": other}).json()
    assert answer["count"] == 0
