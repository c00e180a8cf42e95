"""POST /scans/ over HTTP: one answer per outcome."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from entityhandler.models import Event, User
from otphandler.models import Gate, Scan, Scanner, Ticket
from otphandler.services import gates
from otphandler.services.tickets import TicketSecret
from tests.conftest import client_of, client_with, code


@pytest.fixture
def scanner_client(scanner_and_token: tuple[Scanner, str]) -> APIClient:
    return client_with(scanner_and_token[1])


@pytest.fixture
def triple(ticket: TicketSecret) -> dict[str, Any]:
    registration = ticket.registration
    return {
        "user": str(registration.user_id),
        "event": str(registration.event_id),
        "otp": code(ticket, timezone.now()),
    }


def test_the_right_code_admits(scanner_client: APIClient, triple: dict[str, Any]) -> None:
    answer = scanner_client.post("/api/v1/scans/", triple)
    assert answer.status_code == 201, answer.json()
    assert answer.json()["outcome"] == "admitted"


def test_the_same_code_twice_is_already_admitted(
    scanner_client: APIClient, triple: dict[str, Any]
) -> None:
    scanner_client.post("/api/v1/scans/", triple)
    answer = scanner_client.post("/api/v1/scans/", triple)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_admitted")
    assert answer.json()["gate"]["name"] == "North"


def test_a_stranger_is_not_registered(
    scanner_client: APIClient, triple: dict[str, Any], mallory: User
) -> None:
    answer = scanner_client.post("/api/v1/scans/", {**triple, "user": str(mallory.pk)})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_registered")


def test_a_wrong_code_is_refused_and_recorded(
    scanner_client: APIClient, triple: dict[str, Any]
) -> None:
    wrong = f"{(int(triple['otp']) + 1) % 10**6:06}"
    answer = scanner_client.post("/api/v1/scans/", {**triple, "otp": wrong})
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_code")
    assert Scan.objects.get().outcome == "wrong_code"


def test_an_admission_says_who_entered_where(
    scanner_client: APIClient, triple: dict[str, Any], north: Gate
) -> None:
    answer = scanner_client.post("/api/v1/scans/", triple).json()
    assert answer["attendee"] == {"id": triple["user"], "full_name": "Ada"}
    assert answer["gate"] == {"id": str(north.pk), "name": "North"}
    assert answer.keys() == {
        *("id", "scan_id", "outcome", "direction", "event", "registration", "attendee"),
        *("attention_notes", "gate", "scanned_at", "entries", "first_admitted_at"),
    }


def test_the_payload_is_the_triple(
    scanner_client: APIClient, triple: dict[str, Any], ticket: TicketSecret
) -> None:
    text = ticket.payload_prefix + triple["otp"]
    answer = scanner_client.post("/api/v1/scans/", {"payload": text})
    assert (answer.status_code, len(text)) == (201, 61)


def test_a_retry_answers_the_same_and_is_marked(
    scanner_client: APIClient, triple: dict[str, Any]
) -> None:
    body = {**triple, "scan_id": str(uuid4())}
    first = scanner_client.post("/api/v1/scans/", body)
    second = scanner_client.post("/api/v1/scans/", body)
    assert (second.status_code, second.json()) == (201, first.json())
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"


def test_a_retry_of_a_refusal_answers_the_same(
    scanner_client: APIClient, triple: dict[str, Any]
) -> None:
    scanner_client.post("/api/v1/scans/", triple)
    body = {**triple, "scan_id": str(uuid4())}
    first = scanner_client.post("/api/v1/scans/", body)
    second = scanner_client.post("/api/v1/scans/", body)
    assert (second.status_code, second.json()) == (409, first.json())


def test_a_retry_with_another_body_is_a_conflict(
    scanner_client: APIClient, triple: dict[str, Any], mallory: User
) -> None:
    body = {**triple, "scan_id": str(uuid4())}
    scanner_client.post("/api/v1/scans/", body)
    answer = scanner_client.post("/api/v1/scans/", {**body, "user": str(mallory.pk)})
    assert (answer.status_code, answer.json()["code"]) == (409, "scan_id_conflict")


def test_the_payload_of_a_scan_retries_its_triple(
    scanner_client: APIClient, triple: dict[str, Any], ticket: TicketSecret
) -> None:
    scan_id = str(uuid4())
    scanner_client.post("/api/v1/scans/", {**triple, "scan_id": scan_id})
    text = ticket.payload_prefix + triple["otp"]
    answer = scanner_client.post("/api/v1/scans/", {"payload": text, "scan_id": scan_id})
    assert (answer.status_code, answer["Idempotent-Replayed"]) == (201, "true")


@pytest.mark.parametrize(
    "otp",
    [
        *[123456, 123456.0, ["123456"], {"otp": "123456"}, None, True],
        *["", "12345", "123456789", " 123456", "123456 ", "123 456", "123456\n", "+12345"],
        *["１２３４５６", "¹²³⁴⁵⁶", "१२३४५६", "1_3456", "0x1234", "12345a", "\u0000123456"],
    ],
)
def test_what_is_not_a_string_of_ascii_digits_is_bad_input(
    scanner_client: APIClient, triple: dict[str, Any], otp: object
) -> None:
    answer = scanner_client.post("/api/v1/scans/", {**triple, "otp": otp})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "#/otp")
    assert not Scan.objects.exists()


@pytest.mark.parametrize("spelling", ["{%s}", "urn:uuid:%s", " %s", "%s\n"])
def test_an_id_has_one_form(
    scanner_client: APIClient, triple: dict[str, Any], spelling: str
) -> None:
    answer = scanner_client.post("/api/v1/scans/", {**triple, "user": spelling % triple["user"]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "#/user")


def test_the_case_of_an_id_does_not_make_another_person(
    scanner_client: APIClient, triple: dict[str, Any]
) -> None:
    scanner_client.post("/api/v1/scans/", triple)
    answer = scanner_client.post("/api/v1/scans/", {**triple, "user": triple["user"].upper()})
    assert answer.json()["code"] == "already_admitted"


def test_every_missing_part_of_the_triple_is_named(scanner_client: APIClient) -> None:
    errors = scanner_client.post("/api/v1/scans/", {}).json()["errors"]
    assert {error["pointer"] for error in errors} == {"#/user", "#/event", "#/otp"}


def test_triple_and_payload_together_are_refused(
    scanner_client: APIClient, triple: dict[str, Any], ticket: TicketSecret
) -> None:
    body = {**triple, "payload": ticket.payload_prefix + triple["otp"]}
    assert scanner_client.post("/api/v1/scans/", body).status_code == 400


def test_a_wrong_event_tells_nothing_but_its_name(
    ticket: TicketSecret, triple: dict[str, Any], make_event: Callable[..., Event]
) -> None:
    south = gates.create_gate(event=make_event(name="Elsewhere"), name="South")
    _, token = gates.create_scanner(gate=south, name="Phone 2", now=timezone.now())
    answer = client_with(token).post("/api/v1/scans/", triple)
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_event")
    assert answer.json()["event"] == {"name": "Analytical Engines"}


def test_too_many_wrong_codes_say_when_to_come_back(
    scanner_client: APIClient, triple: dict[str, Any]
) -> None:
    Ticket.objects.update(blocked_until=timezone.now() + timedelta(minutes=5))
    answer = scanner_client.post("/api/v1/scans/", triple)
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert 290 < int(answer["Retry-After"]) <= 300


def test_mass_assignment_changes_nothing(scanner_client: APIClient, triple: dict[str, Any]) -> None:
    extras = {"outcome": "admitted", "entries": 0, "last_step": 0, "version": 9, "method": "manual"}
    scanner_client.post("/api/v1/scans/", {**triple, **extras})
    assert (Ticket.objects.get().version, Scan.objects.get().method) == (1, "totp")


def test_managers_page_through_the_audit_newest_first(
    scanner_client: APIClient, triple: dict[str, Any], grace: User
) -> None:
    for _ in range(3):
        scanner_client.post("/api/v1/scans/", triple)
    address = f"/api/v1/scans/?event={triple['event']}&page_size=2"
    page = client_of(grace).get(address).json()
    rest = client_of(grace).get(page["next"]).json()
    assert [scan["outcome"] for scan in page["results"] + rest["results"]] == (
        ["already_admitted"] * 2 + ["admitted"]
    )


def test_the_audit_is_filtered_by_outcome(
    scanner_client: APIClient, triple: dict[str, Any], grace: User
) -> None:
    for _ in range(2):
        scanner_client.post("/api/v1/scans/", triple)
    found = client_of(grace).get("/api/v1/scans/?outcome=admitted").json()["results"]
    assert [scan["outcome"] for scan in found] == ["admitted"]


def test_the_audit_costs_the_same_queries_however_long_it_is(
    scanner_client: APIClient,
    triple: dict[str, Any],
    grace: User,
    django_assert_max_num_queries: Any,
) -> None:
    for _ in range(10):
        scanner_client.post("/api/v1/scans/", triple)
    with django_assert_max_num_queries(1):
        client_of(grace).get("/api/v1/scans/")
