"""What the gate is told of a person beside their name, and who is not told."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from entityhandler.models import Registration, TicketType, User
from otphandler.models import Scanner
from otphandler.services.tickets import TicketSecret
from tests.conftest import client_of, client_with, code

NOTES = ["Wheelchair", "Check the student card"]


@pytest.fixture
def noted(registration: Registration) -> Registration:
    """Return Ada's registration with a note, of a ticket type with another."""
    student = TicketType.objects.create(
        event=registration.event, name="Student", attention_note=NOTES[1]
    )
    Registration.objects.update(attention_note=NOTES[0], ticket_type=student)
    return registration


@pytest.fixture
def triple(ticket: TicketSecret) -> dict[str, Any]:
    registration = ticket.registration
    return {
        "user": str(registration.user_id),
        "event": str(registration.event_id),
        "otp": code(ticket, timezone.now()),
    }


def test_an_admission_tells_the_person_s_note_and_then_the_type_s(
    scanner_client: APIClient, triple: dict[str, Any], noted: Registration
) -> None:
    assert scanner_client.post("/api/v1/scans/", triple).json()["attention_notes"] == NOTES


def test_a_second_attempt_is_told_them_as_well(
    scanner_client: APIClient, triple: dict[str, Any], noted: Registration
) -> None:
    scanner_client.post("/api/v1/scans/", triple)
    answer = scanner_client.post("/api/v1/scans/", triple).json()
    assert (answer["code"], answer["attention_notes"]) == ("already_admitted", NOTES)


def test_an_exit_tells_them(
    scanner_client: APIClient, triple: dict[str, Any], noted: Registration, ticket: TicketSecret
) -> None:
    scanner_client.post("/api/v1/scans/", triple)
    leaving = {**triple, "otp": code(ticket, timezone.now(), steps=1), "direction": "exit"}
    assert scanner_client.post("/api/v1/scans/", leaving).json()["attention_notes"] == NOTES


def test_a_retry_tells_them(
    scanner_client: APIClient, triple: dict[str, Any], noted: Registration
) -> None:
    body = {**triple, "scan_id": str(uuid4())}
    scanner_client.post("/api/v1/scans/", body)
    assert scanner_client.post("/api/v1/scans/", body).json()["attention_notes"] == NOTES


def test_an_admission_by_hand_tells_them(
    noted: Registration, ticket: TicketSecret, grace: User
) -> None:
    address = f"/api/v1/registrations/{noted.pk}/ticket/admit/"
    answer = client_of(grace).post(address, {"reason": "Dead phone"})
    assert answer.json()["attention_notes"] == NOTES


def test_nobody_s_notes_are_told_for_a_wrong_code(
    scanner_client: APIClient, triple: dict[str, Any], noted: Registration
) -> None:
    wrong = f"{(int(triple['otp']) + 500_000) % 10**6:06}"
    answer = scanner_client.post("/api/v1/scans/", {**triple, "otp": wrong})
    assert answer.json()["code"] == "wrong_code"
    assert "attention_notes" not in answer.json()


def test_whoever_has_no_notes_has_an_empty_list(
    scanner_client: APIClient, triple: dict[str, Any]
) -> None:
    assert scanner_client.post("/api/v1/scans/", triple).json()["attention_notes"] == []


@pytest.fixture
def scanner_client(scanner_and_token: tuple[Scanner, str]) -> APIClient:
    return client_with(scanner_and_token[1])
