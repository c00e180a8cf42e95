"""People whom a manager registers by e-mail, and the link that makes a registration theirs."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail, signing
from django.utils import timezone

from entityhandler.models import Event, Registration, User
from entityhandler.services import claims, registrations, users
from tests.answers import ids, pointers, refusal
from tests.conftest import PASSWORD, client_of
from tests.threads import run_in_threads

REGISTRATIONS = "/api/v1/registrations/"
MakeEvent = Callable[..., Event]
Commit = Callable[..., Any]
BOB = {"email": "bob@example.org", "full_name": "Bob Boole"}


def book(manager: User, event: Event, **who: str) -> Any:
    return client_of(manager).post(REGISTRATIONS, {"event": str(event.pk), **who})


def sign_up(email: str = "BOB@example.org") -> User:
    return users.sign_up(email=email, full_name="Robert Boole", password=PASSWORD)


def claim(user: User, token: str) -> Any:
    return client_of(user).post(f"{REGISTRATIONS}claim/", {"token": token})


def link() -> str:
    """Return the token of the newest mail's link."""
    found = re.search(r"/claim/#(\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


@pytest.fixture
def guest(event: Event, grace: User, django_capture_on_commit_callbacks: Commit) -> Registration:
    """Return the registration of Bob, who has no account; the link is in his mail."""
    with django_capture_on_commit_callbacks(execute=True):
        answer = book(grace, event, **BOB)
    return Registration.objects.get(pk=answer.json()["id"])


# --- Registering them ------------------------------------------------------------------------


def test_a_manager_registers_somebody_without_an_account(guest: Registration) -> None:
    assert guest.status == "confirmed"
    assert (guest.user.email, guest.user.full_name) == ("bob@example.org", "Bob Boole")
    assert guest.user.is_guest


def test_a_guest_gets_a_link(guest: Registration) -> None:
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (
        ["bob@example.org"],
        "Your registration for Analytical Engines",
    )
    assert "http://127.0.0.1:8000/claim/#" in str(sent.body)


def test_an_unknown_email_needs_a_name(event: Event, grace: User) -> None:
    assert pointers(book(grace, event, email="bob@example.org")) == {"#/email": "does_not_exist"}


def test_a_name_needs_an_email(event: Event, grace: User) -> None:
    assert pointers(book(grace, event, full_name="Bob")) == {"#/email": "required"}


def test_an_email_with_an_account_is_that_account(event: Event, grace: User, ada: User) -> None:
    answer = book(grace, event, email="ADA@example.org", full_name="Somebody Else")
    assert answer.json()["user"] == str(ada.pk)
    ada.refresh_from_db()
    assert ada.full_name == "Ada"


def test_a_guest_is_one_person_at_every_event(
    guest: Registration, make_event: MakeEvent, grace: User
) -> None:
    answer = book(grace, make_event(name="Elsewhere"), email="Bob@Example.org")
    assert answer.json()["user"] == str(guest.user_id)


def test_a_guest_registers_once_per_event(guest: Registration, event: Event, grace: User) -> None:
    assert refusal(book(grace, event, **BOB)) == (409, "already_registered")


def test_nobody_but_a_manager_makes_guests(event: Event, ada: User) -> None:
    assert refusal(book(ada, event, **BOB)) == (403, "permission_denied")
    assert not User.objects.filter(is_guest=True).exists()


def test_a_refused_registration_leaves_no_guest(make_event: MakeEvent, grace: User) -> None:
    assert refusal(book(grace, make_event(publish=False), **BOB)) == (409, "event_not_published")
    assert not User.objects.filter(is_guest=True).exists()


def test_a_guest_signs_in_nowhere(guest: Registration, client: Any) -> None:
    body = {"email": "bob@example.org", "password": guest.user.password}
    assert refusal(client.post("/api/v1/tokens/", body)) == (401, "wrong_credentials")


def test_a_guest_manages_nothing(guest: Registration, event: Event, grace: User) -> None:
    path = f"/api/v1/events/{event.pk}/managers/"
    answer = client_of(grace).post(path, {"user": str(guest.user_id)})
    assert pointers(answer) == {"#/user": "does_not_exist"}


def test_a_mail_server_that_fails_fails_no_registration(
    event: Event, grace: User, settings: Any, django_capture_on_commit_callbacks: Commit
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with django_capture_on_commit_callbacks(execute=True):
        answer = book(grace, event, **BOB)
    assert answer.status_code == 201


def test_a_seat_is_handed_to_somebody_without_an_account(
    registration: Registration, ada: User, django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = client_of(ada).post(f"{REGISTRATIONS}{registration.pk}/transfer/", BOB)
    heir = Registration.objects.get(pk=answer.json()["id"])
    assert (heir.user.email, len(mail.outbox)) == ("bob@example.org", 1)


@pytest.mark.django_db(transaction=True)
def test_one_guest_is_made_by_sixteen_at_once(make_event: MakeEvent) -> None:
    made = [make_event(name=f"Event {number}") for number in range(16)]
    bob = users.Guest(**BOB)
    results = run_in_threads(
        [
            partial(
                registrations.register,
                event_id=event.pk,
                user=bob,
                now=timezone.now(),
                by_manager=True,
            )
            for event in made
        ]
    )
    assert {getattr(result, "status", result) for result in results} == {"confirmed"}
    assert User.objects.filter(is_guest=True).count() == 1


# --- The link --------------------------------------------------------------------------------


def test_signing_up_alone_gives_nobody_a_registration(guest: Registration) -> None:
    assert ids(client_of(sign_up()).get(REGISTRATIONS)) == []


def test_signing_up_sends_the_link_again(
    guest: Registration, django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        sign_up()
    assert [sent.to for sent in mail.outbox] == [["bob@example.org"]] * 2


def test_the_link_makes_the_registration_theirs(guest: Registration) -> None:
    bob = sign_up()
    answer = claim(bob, link())
    assert (answer.status_code, [row["id"] for row in answer.json()]) == (200, [str(guest.pk)])
    assert ids(client_of(bob).get(REGISTRATIONS)) == [str(guest.pk)]


def test_the_ticket_is_theirs_as_well(guest: Registration) -> None:
    bob = sign_up()
    claim(bob, link())
    answer = client_of(bob).post(f"{REGISTRATIONS}{guest.pk}/ticket/secret/")
    assert answer.status_code == 200


def test_opening_the_link_twice_changes_nothing_more(guest: Registration) -> None:
    bob = sign_up()
    claim(bob, link())
    assert claim(bob, link()).json() == []
    assert ids(client_of(bob).get(REGISTRATIONS)) == [str(guest.pk)]


def test_the_link_is_for_the_account_with_its_email(guest: Registration, mallory: User) -> None:
    assert refusal(claim(mallory, link())) == (403, "claim_for_another_email")


def test_an_expired_link_is_told_from_a_damaged_one(
    guest: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob, token = sign_up(), link()
    assert refusal(claim(bob, token[:-2])) == (400, "claim_link_invalid")
    monkeypatch.setattr(claims, "LINK_LIFETIME", timedelta(seconds=-1))
    assert refusal(claim(bob, token)) == (410, "claim_link_expired")


@pytest.mark.parametrize("said", [{"guest": "x", "email": "bob@example.org"}, {}, [], "x"])
def test_a_signed_text_that_is_no_claim_opens_nothing(ada: User, said: Any) -> None:
    token = signing.dumps(said, salt=claims.SALT)
    assert refusal(claim(ada, token)) == (400, "claim_link_invalid")


def test_a_signature_for_something_else_opens_nothing(guest: Registration) -> None:
    token = signing.dumps({"guest": str(guest.user_id), "email": "bob@example.org"}, salt="other")
    assert refusal(claim(sign_up(), token)) == (400, "claim_link_invalid")


def test_a_link_takes_nothing_from_an_account(registration: Registration, ada: User) -> None:
    token = claims.claim_token(ada)
    assert claim(ada, token).json() == []


def test_the_better_of_two_registrations_is_kept(guest: Registration, event: Event) -> None:
    bob = sign_up()
    own = registrations.register(event_id=event.pk, user=bob, now=timezone.now())
    claim(bob, link())
    statuses = {str(row.pk): row.status for row in bob.registrations.all()}
    assert statuses == {str(own.pk): "confirmed", str(guest.pk): "cancelled"}
    event.refresh_from_db()
    assert event.seats_taken == 1


def test_a_guests_seat_is_better_than_ones_place_in_the_queue(
    make_event: MakeEvent, grace: User, django_capture_on_commit_callbacks: Commit
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    with django_capture_on_commit_callbacks(execute=True):
        book(grace, event, **BOB)
    bob = sign_up()
    registrations.register(event_id=event.pk, user=bob, now=timezone.now())
    claim(bob, link())
    assert sorted(bob.registrations.values_list("status", flat=True)) == ["cancelled", "confirmed"]
    event.refresh_from_db()
    assert (event.seats_taken, event.waitlist_length) == (1, 0)


def test_a_manager_sends_the_link_again(
    guest: Registration, grace: User, django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = client_of(grace).post(f"{REGISTRATIONS}{guest.pk}/send-link/")
    assert (answer.status_code, len(mail.outbox)) == (204, 2)


def test_an_account_needs_no_link(registration: Registration, grace: User) -> None:
    answer = client_of(grace).post(f"{REGISTRATIONS}{registration.pk}/send-link/")
    assert refusal(answer) == (409, "not_a_guest")


# --- Notes to the gate -----------------------------------------------------------------------


def test_a_manager_notes_something_for_the_gate(event: Event, grace: User, ada: User) -> None:
    answer = book(grace, event, user=str(ada.pk), attention_note="Needs the lift")
    assert answer.json()["attention_note"] == "Needs the lift"


def test_the_attendee_never_sees_the_note(
    registration: Registration, grace: User, ada: User
) -> None:
    path = f"{REGISTRATIONS}{registration.pk}/"
    client_of(grace).patch(path, {"attention_note": "Guest list"})
    seen = [client_of(ada).get(path).json(), client_of(ada).get(REGISTRATIONS).json()["results"][0]]
    assert [row.keys() & {"attention_note"} for row in seen] == [set(), set()]
    assert client_of(grace).get(path).json()["attention_note"] == "Guest list"


@pytest.mark.parametrize("call", ["post", "patch"])
def test_an_attendee_writes_no_note(
    event: Event, registration: Registration, ada: User, mallory: User, call: str
) -> None:
    note = {"attention_note": "Let me in"}
    if call == "post":
        answer = book(mallory, event, **note)
    else:
        answer = client_of(ada).patch(f"{REGISTRATIONS}{registration.pk}/", note)
    assert refusal(answer) == (403, "permission_denied")
