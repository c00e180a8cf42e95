"""Without a code: finding a guest at the gate, and letting them pass by hand from a device."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from entityhandler.models import Event, Registration, User
from entityhandler.services import registrations
from otphandler.models import Scan, Scanner
from otphandler.outcomes import Direction
from otphandler.services import gates, manual
from otphandler.services.manual import OverrideNotAllowed
from tests.conftest import client_of, client_with
from tests.threads import run_behind

ME = "/api/v1/scanners/me/"


@pytest.fixture
def device(scanner_and_token: tuple[Scanner, str]) -> APIClient:
    return client_with(scanner_and_token[1])


@pytest.fixture
def guest(event: Event, make_user: Callable[..., User]) -> Callable[..., Registration]:
    """Return a maker of guests by name."""

    def make(full_name: str, email: str = "") -> Registration:
        user = make_user(email or f"g{uuid4().hex}")
        User.objects.filter(pk=user.pk).update(full_name=full_name)
        return registrations.register(event_id=event.pk, user=user, now=timezone.now())

    return make


Guest = Callable[..., Registration]


def names(device: APIClient, text: str) -> list[str]:
    answer = device.get(f"{ME}search/", {"q": text})
    assert answer.status_code == 200, answer.content
    return [found["full_name"] for found in answer.json()["results"]]


@pytest.mark.parametrize("text", ["lov", "LOVELACE", "ada lov", "lov ada", "ada-l"])
def test_words_of_name_and_email_are_found_by_their_beginning(
    device: APIClient, guest: Guest, text: str
) -> None:
    guest("Ada Lovelace", "ada-l")
    guest("Grace Hopper")
    assert names(device, text) == ["Ada Lovelace"]


@pytest.mark.parametrize("text", ["ovelace", "example.org", "xyz", "ada hop", "ad%lace", "___"])
def test_nothing_else_is_found(device: APIClient, guest: Guest, text: str) -> None:
    guest("Ada Lovelace", "ada-l")
    answer = device.get(f"{ME}search/", {"q": text})
    assert answer.status_code == 400 or answer.json()["results"] == []


@pytest.mark.parametrize("text", ["", "  ", "ad", "a d", "%%%", "a-- ", None])
def test_fewer_than_three_letters_are_refused(device: APIClient, text: str | None) -> None:
    answer = device.get(f"{ME}search/", {} if text is None else {"q": text})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "#/q")


def test_a_guest_is_found_by_the_reference_that_the_ticket_shows(
    device: APIClient, guest: Guest
) -> None:
    registration = guest("Ada Lovelace")
    guest("Grace Hopper")
    assert names(device, registration.reference) == ["Ada Lovelace"]
    assert names(device, registration.reference.replace("-", "").lower()) == ["Ada Lovelace"]


def test_ten_guests_are_found_at_the_most(device: APIClient, guest: Guest) -> None:
    for number in range(12):
        guest(f"Smith {number:02}")
    assert names(device, "smith") == [f"Smith {number:02}" for number in range(10)]


def test_a_guest_is_told_with_a_masked_email_and_their_status(
    device: APIClient, guest: Guest
) -> None:
    registration = guest("Ada Lovelace", "ada-l")
    found = device.get(f"{ME}search/", {"q": "ada"}).json()["results"]
    assert found == [
        {
            "registration": str(registration.pk),
            "user": str(registration.user_id),
            "reference": registration.reference,
            "full_name": "Ada Lovelace",
            "email": "a…@example.org",
            "status": "confirmed",
            "entries": 0,
            "inside": 0,
            "first_admitted_at": None,
        }
    ]


def test_guests_of_other_events_are_not_found(
    device: APIClient, make_event: Callable[..., Event], ada: User
) -> None:
    elsewhere = make_event(name="Elsewhere")
    registrations.register(event_id=elsewhere.pk, user=ada, now=timezone.now())
    assert names(device, "ada") == []


def test_searching_is_throttled_by_device(
    device: APIClient, north: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "rest_framework.throttling.SimpleRateThrottle.THROTTLE_RATES", {"guest-search": "2/min"}
    )
    answers = [device.get(f"{ME}search/", {"q": "ada"}).status_code for _ in range(3)]
    _, token = gates.create_scanner(gate=north, name="Phone 2", now=timezone.now())
    other = client_with(token).get(f"{ME}search/", {"q": "ada"}).status_code
    assert (answers, other) == ([200, 200, 429], 200)


def test_a_search_is_two_queries(
    device: APIClient, guest: Guest, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        guest(f"Smith {number}")
    with django_assert_num_queries(2):  # the device, and the guests
        names(device, "smith")


# --- Letting somebody pass ---------------------------------------------------------------


@pytest.fixture
def trusted(gate: Scanner) -> Scanner:
    return gates.permit_override(scanner_id=gate.pk, allowed=True)


def admit(device: APIClient, registration: Registration, **fields: Any) -> Any:
    body = {"registration": str(registration.pk), "reason": "phone is dead", **fields}
    return device.post(f"{ME}admit/", body)


def test_a_device_that_may_admits_by_hand_and_is_recorded_as_the_author(
    device: APIClient, trusted: Scanner, registration: Registration
) -> None:
    answer = admit(device, registration)
    assert (answer.status_code, answer.json()["outcome"]) == (201, "admitted")
    scan = Scan.objects.get()
    assert (scan.method, scan.scanner, scan.gate) == ("manual", trusted, trusted.gate)
    assert (scan.actor, scan.reason) == (None, "phone is dead")


def test_a_device_may_not_admit_by_hand_unless_a_manager_said_so(
    device: APIClient, registration: Registration
) -> None:
    answer = admit(device, registration)
    assert (answer.status_code, answer.json()["code"]) == (403, "override_not_allowed")
    assert not Scan.objects.exists()


def test_a_manager_says_so_and_takes_it_back(
    device: APIClient, gate: Scanner, registration: Registration, grace: User
) -> None:
    path = f"/api/v1/scanners/{gate.pk}/"
    assert client_of(grace).patch(path, {"may_override": True}).json()["may_override"] is True
    assert device.get(ME).json()["may_override"] is True
    client_of(grace).patch(path, {"may_override": False})
    assert admit(device, registration).status_code == 403


def test_admitting_by_hand_twice_is_already_admitted(
    device: APIClient, trusted: Scanner, registration: Registration
) -> None:
    admit(device, registration)
    answer = admit(device, registration)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_admitted")


def test_a_guest_of_another_event_is_not_admitted(
    device: APIClient, trusted: Scanner, make_event: Callable[..., Event], ada: User
) -> None:
    elsewhere = make_event(name="Elsewhere")
    stranger = registrations.register(event_id=elsewhere.pk, user=ada, now=timezone.now())
    answer = admit(device, stranger)
    assert answer.json()["errors"][0]["pointer"] == "#/registration"


def test_a_reason_is_needed(
    device: APIClient, trusted: Scanner, registration: Registration
) -> None:
    assert admit(device, registration, reason=" ").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_a_permission_taken_back_while_an_override_waits_admits_nobody(
    trusted: Scanner, registration: Registration
) -> None:
    def override() -> Scan:
        return manual.override(
            scanner=trusted,
            registration_id=registration.pk,
            reason="late",
            direction=Direction.ENTRY,
            now=timezone.now(),
        )

    def take_back_under_the_lock() -> None:
        Registration.objects.select_for_update().get(pk=registration.pk)
        Scanner.objects.filter(pk=trusted.pk).update(may_override=False)

    assert isinstance(run_behind(take_back_under_the_lock, [override])[0], OverrideNotAllowed)
