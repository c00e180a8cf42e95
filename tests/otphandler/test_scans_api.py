"""POST /scans/ over HTTP: one answer per outcome."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from entityhandler.models import User
from otphandler.models import Scan, Scanner
from otphandler.services.tickets import TicketSecret
from tests.conftest import client_with, code


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
