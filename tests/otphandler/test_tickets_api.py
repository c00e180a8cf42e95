"""`/registrations/{id}/ticket/…` and `/events/{id}/otp-policy/` over HTTP."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from entityhandler.models import Event, Registration, User
from entityhandler.services import registrations
from otphandler import payload
from otphandler.models import Scanner, Ticket
from otphandler.services import admission, policies
from otphandler.services.admission import Attempt
from otphandler.services.tickets import TicketSecret
from tests.conftest import client_of, client_with, code


def path(registration: Registration, call: str = "") -> str:
    return f"/api/v1/registrations/{registration.pk}/ticket/{call}"


def fetch(registration: Registration) -> Any:
    return client_of(registration.user).post(path(registration, "secret/"))


def test_the_holder_fetches_a_secret_of_20_bytes(registration: Registration) -> None:
    secret = fetch(registration).json()["secret"]
    assert len(base64.b32decode(secret)) == 20


def test_the_secret_is_not_to_be_stored_on_the_way(registration: Registration) -> None:
    assert fetch(registration)["Cache-Control"] == "no-store"


def test_the_secret_comes_with_all_that_a_phone_needs(registration: Registration) -> None:
    answer = fetch(registration).json()
    assert answer.keys() == {
        *("secret", "algorithm", "digits", "period_s", "otpauth_uri", "payload_prefix"),
        *("version", "server_time"),
    }
    prefix = payload.prefix(registration.user_id, registration.event_id)
    assert answer["payload_prefix"] == prefix


def test_asking_again_gives_the_same_secret(registration: Registration) -> None:
    assert fetch(registration).json()["secret"] == fetch(registration).json()["secret"]


def test_the_secret_cannot_be_read_with_get(registration: Registration) -> None:
    assert client_of(registration.user).get(path(registration, "secret/")).status_code == 405


def test_not_even_a_manager_fetches_somebody_elses_secret(
    registration: Registration, grace: User
) -> None:
    answer = client_of(grace).post(path(registration, "secret/"))
    assert answer.status_code == 403
    assert not Ticket.objects.exists()


def test_a_stranger_does_not_learn_that_the_registration_exists(
    registration: Registration, mallory: User
) -> None:
    assert client_of(mallory).post(path(registration, "secret/")).status_code == 404


def test_a_cancelled_registration_gets_no_secret(ticket: TicketSecret) -> None:
    registration = ticket.registration
    registrations.cancel_registration(registration_id=registration.pk, now=timezone.now())
    answer = fetch(registration)
    assert (answer.status_code, answer.json()["code"]) == (409, "registration_not_confirmed")


def test_cancelling_wipes_the_sealed_secret(ticket: TicketSecret) -> None:
    registrations.cancel_registration(registration_id=ticket.registration.pk, now=timezone.now())
    wiped = Ticket.objects.get()
    assert (bytes(wiped.sealed_secret), wiped.revoked_at is None) == (b"", False)


def test_a_secret_that_is_held_back_says_from_when_it_is_there(
    registration: Registration,
) -> None:
    later = timezone.now() + timedelta(hours=1)
    policies.set_policy(event_id=registration.event_id, changes={"secret_available_from": later})
    answer = fetch(registration)
    assert (answer.status_code, answer.json()["code"]) == (403, "secret_not_yet_available")
    assert answer.json()["available_from"] == later.isoformat().replace("+00:00", "Z")


def test_a_ticket_shows_its_parameters_and_never_its_secret(ticket: TicketSecret) -> None:
    answer = client_of(ticket.registration.user).get(path(ticket.registration)).json()
    assert answer.pop("server_time") <= f"{timezone.now():%Y-%m-%dT%H:%M:%S.%fZ}"
    assert answer == {
        "registration": str(ticket.registration.pk),
        "version": 1,
        "algorithm": "SHA1",
        "digits": 6,
        "period_s": 30,
        "entries": 0,
        "inside": 0,
        "first_admitted_at": None,
        "first_gate": None,
        "last_entry_at": None,
        "revoked_at": None,
    }


def test_a_ticket_says_where_it_was_admitted_first(
    ticket: TicketSecret, gate: Scanner, attempt: Callable[..., Attempt]
) -> None:
    now = timezone.now()
    admission.submit_scan(scanner=gate, attempt=attempt(now), now=now)
    answer = client_of(ticket.registration.user).get(path(ticket.registration)).json()
    assert answer["first_gate"] == {"id": str(gate.gate_id), "name": "North"}


def test_a_registration_without_ticket_says_so(registration: Registration) -> None:
    answer = client_of(registration.user).get(path(registration))
    assert (answer.status_code, answer.json()["code"]) == (404, "no_ticket")


def test_a_reissue_gives_another_secret_under_the_next_version(ticket: TicketSecret) -> None:
    before = fetch(ticket.registration).json()
    client_of(ticket.registration.user).post(path(ticket.registration, "reissue/"))
    after = fetch(ticket.registration).json()
    assert (after["version"], after["secret"] != before["secret"]) == (2, True)


def test_a_reissue_takes_the_events_present_policy(ticket: TicketSecret, grace: User) -> None:
    client = client_of(grace)
    client.patch(f"/api/v1/events/{ticket.registration.event_id}/otp-policy/", {"profile": "gate"})
    answer = client.post(path(ticket.registration, "reissue/")).json()
    assert (answer["digits"], answer["period_s"]) == (8, 15)


def test_swapped_sealed_secrets_fail_closed(
    ticket: TicketSecret, mallory: User, scanner_and_token: tuple[Scanner, str]
) -> None:
    other = registrations.register(
        event_id=ticket.registration.event_id, user=mallory, now=timezone.now()
    )
    fetch(other)
    Ticket.objects.filter(registration=ticket.registration).update(
        sealed_secret=other.tickets.get().sealed_secret
    )
    triple = {"user": str(ticket.registration.user_id), "event": str(other.event_id)}
    scan = {**triple, "otp": code(ticket, timezone.now())}
    answer = client_with(scanner_and_token[1]).post("/api/v1/scans/", scan)
    assert (answer.status_code, answer.json()["code"]) == (503, "secret_unreadable")


# --- The OTP policy -----------------------------------------------------------------------------


def test_an_event_begins_with_the_authenticator_profile(event: Event, grace: User) -> None:
    answer = client_of(grace).get(f"/api/v1/events/{event.pk}/otp-policy/").json()
    assert answer == {
        "profile": "authenticator",
        "algorithm": "SHA1",
        "digits": 6,
        "period_s": 30,
        "past_tolerance_s": 30,
        "future_tolerance_s": 30,
        "secret_available_from": None,
    }


@pytest.mark.parametrize("profile", ["authenticator", "gate", "strict"])
def test_a_profile_is_set_and_named_again(event: Event, grace: User, profile: str) -> None:
    client, address = client_of(grace), f"/api/v1/events/{event.pk}/otp-policy/"
    assert client.patch(address, {"profile": profile}).json()["profile"] == profile
    assert client.get(address).json()["profile"] == profile


def test_what_is_named_beside_a_profile_wins_over_it(event: Event, grace: User) -> None:
    body = {"profile": "gate", "digits": 7}
    answer = client_of(grace).patch(f"/api/v1/events/{event.pk}/otp-policy/", body).json()
    assert (answer["profile"], answer["digits"], answer["period_s"]) == ("gate", 7, 15)


@pytest.mark.parametrize(
    ("body", "arithmetic"),
    [
        ({"profile": "gate", "past_tolerance_s": 13}, "15 + 13 + 3 = 31 s"),
        ({"profile": "strict", "period_s": 16}, "16 + 12 + 3 = 31 s"),
        ({"period_s": 60, "past_tolerance_s": 31}, "60 + 31 + 30 = 121 s"),
    ],
)
def test_a_code_that_would_live_too_long_is_refused_with_the_arithmetic(
    event: Event, grace: User, body: dict[str, Any], arithmetic: str
) -> None:
    answer = client_of(grace).patch(f"/api/v1/events/{event.pk}/otp-policy/", body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "code_lives_too_long")
    assert arithmetic in answer.json()["detail"]


@pytest.mark.parametrize(
    "body", [{"profile": "gate"}, {"period_s": 60}, {"profile": "strict", "past_tolerance_s": 12}]
)
def test_a_code_that_lives_just_as_long_as_allowed_is_fine(
    event: Event, grace: User, body: dict[str, Any]
) -> None:
    address = f"/api/v1/events/{event.pk}/otp-policy/"
    assert client_of(grace).patch(address, body).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [("digits", 5), ("digits", 9), ("period_s", 14), ("period_s", 61), ("algorithm", "MD5")],
)
def test_a_policy_out_of_bounds_is_refused_at_its_field(
    event: Event, grace: User, field: str, value: Any
) -> None:
    answer = client_of(grace).patch(f"/api/v1/events/{event.pk}/otp-policy/", {field: value})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == f"#/{field}"


# --- By hand ------------------------------------------------------------------------------------


def admit(registration: Registration, by: User, **body: Any) -> Any:
    return client_of(by).post(path(registration, "admit/"), {"reason": "Dead phone", **body})


def test_a_manager_admits_by_hand(registration: Registration, grace: User) -> None:
    answer = admit(registration, grace)
    assert (answer.status_code, answer.json()["outcome"]) == (201, "admitted")


def test_an_admission_by_hand_is_recorded_with_who_and_why(
    registration: Registration, grace: User
) -> None:
    scan = client_of(grace).get(f"/api/v1/scans/{admit(registration, grace).json()['id']}/").json()
    assert (scan["method"], scan["reason"], scan["actor"]) == (
        "manual",
        "Dead phone",
        str(grace.pk),
    )


def test_by_hand_nobody_enters_twice(registration: Registration, grace: User) -> None:
    admit(registration, grace)
    answer = admit(registration, grace)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_admitted")


def test_an_admission_by_hand_needs_a_reason(registration: Registration, grace: User) -> None:
    assert admit(registration, grace, reason=" ").status_code == 400


def test_a_holder_does_not_admit_herself(registration: Registration) -> None:
    assert admit(registration, registration.user).status_code == 403


def test_undo_restores_the_ticket_and_the_person_may_enter_again(
    registration: Registration, grace: User
) -> None:
    admit(registration, grace)
    undone = client_of(grace).post(path(registration, "undo/"), {"reason": "Wrong person"})
    ticket = client_of(grace).get(path(registration)).json()
    assert (undone.json()["outcome"], ticket["entries"], ticket["first_admitted_at"]) == (
        "undone",
        0,
        None,
    )
    assert admit(registration, grace).status_code == 201


def test_there_is_one_undo_per_admission(registration: Registration, grace: User) -> None:
    admit(registration, grace)
    client = client_of(grace)
    client.post(path(registration, "undo/"), {"reason": "Wrong person"})
    again = client.post(path(registration, "undo/"), {"reason": "Wrong person"})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_undo")


def test_an_admission_that_was_followed_by_an_exit_is_not_taken_back(
    registration: Registration, grace: User
) -> None:
    admit(registration, grace)
    admit(registration, grace, direction="exit")
    answer = client_of(grace).post(path(registration, "undo/"), {"reason": "Wrong person"})
    assert answer.json()["code"] == "nothing_to_undo"


def test_undo_restores_a_second_entry_to_the_microsecond(
    registration: Registration, grace: User, event: Event
) -> None:
    client = client_of(grace)
    client.patch(f"/api/v1/events/{event.pk}/", {"entry_policy": "unlimited"})
    admit(registration, grace)
    before = Ticket.objects.get().attendance
    admit(registration, grace)
    client.post(path(registration, "undo/"), {"reason": "Wrong person"})
    assert Ticket.objects.get().attendance == before
