"""`/gates/` and `/scanners/` over HTTP."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from entityhandler.models import Event, User
from otphandler.models import Gate, Scanner
from otphandler.services import gates
from tests.conftest import client_of, client_with


def test_a_manager_makes_a_gate(event: Event, grace: User) -> None:
    answer = client_of(grace).post("/api/v1/gates/", {"event": str(event.pk), "name": "North"})
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(Gate.objects.get().pk),
        "event": str(event.pk),
        "name": "North",
    }


def test_a_gate_has_its_name_alone(north: Gate, grace: User) -> None:
    body = {"event": str(north.event_id), "name": "North"}
    answer = client_of(grace).post("/api/v1/gates/", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "gate_name_taken")


def test_a_gate_is_renamed_and_stays_at_its_event(
    north: Gate, grace: User, make_event: Callable[..., Event]
) -> None:
    body = {"name": "Main", "event": str(make_event(name="Elsewhere").pk)}
    answer = client_of(grace).patch(f"/api/v1/gates/{north.pk}/", body)
    assert (answer.json()["name"], answer.json()["event"]) == ("Main", str(north.event_id))


def test_a_gate_with_a_scanner_is_not_deleted(gate: Scanner, grace: User) -> None:
    answer = client_of(grace).delete(f"/api/v1/gates/{gate.gate_id}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "gate_in_use")


def test_an_unused_gate_is_deleted(north: Gate, grace: User) -> None:
    assert client_of(grace).delete(f"/api/v1/gates/{north.pk}/").status_code == 204
    assert not Gate.objects.exists()


def test_a_draft_with_a_gate_and_a_scanner_is_still_a_draft_to_delete(
    make_event: Callable[..., Event], grace: User
) -> None:
    draft = make_event(publish=False)
    north = gates.create_gate(event=draft, name="North")
    gates.create_scanner(gate=north, name="Phone", now=timezone.now())
    assert client_of(grace).delete(f"/api/v1/events/{draft.pk}/").status_code == 204


def test_a_visible_event_of_somebody_else_gets_no_gate_from_me(event: Event, mallory: User) -> None:
    body = {"event": str(event.pk), "name": "Back door"}
    assert client_of(mallory).post("/api/v1/gates/", body).status_code == 403


@pytest.mark.parametrize(("noun", "field"), [("gates", "event"), ("scanners", "gate")])
def test_an_unknown_parent_is_named_at_its_field(grace: User, noun: str, field: str) -> None:
    body = {field: str(uuid4()), "name": "X"}
    answer = client_of(grace).post(f"/api/v1/{noun}/", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"#/{field}")


def test_a_scanner_shows_its_token_once(north: Gate, grace: User) -> None:
    client = client_of(grace)
    made = client.post("/api/v1/scanners/", {"gate": str(north.pk), "name": "Phone"})
    assert made["Cache-Control"] == "no-store"
    assert made.json()["token"].startswith("tms_")
    assert "token" not in client.get(f"/api/v1/scanners/{made.json()['id']}/").json()


def test_no_token_is_in_the_database(scanner_and_token: tuple[Scanner, str]) -> None:
    scanner, token = scanner_and_token
    stored = Scanner.objects.values_list("digest", flat=True).get(pk=scanner.pk)
    assert token.encode() not in bytes(stored)
    assert len(stored) == 32


def test_a_scanner_knows_what_it_is_for(scanner_and_token: tuple[Scanner, str]) -> None:
    answer = client_with(scanner_and_token[1]).get("/api/v1/scanners/me/").json()
    assert (answer["gate"]["name"], answer["event"]["name"]) == ("North", "Analytical Engines")
    assert (answer["digits"], answer["period_s"]) == (6, 30)
    assert answer["server_time"].endswith("Z")


def test_a_revoked_scanner_is_nobody(scanner_and_token: tuple[Scanner, str], grace: User) -> None:
    scanner, token = scanner_and_token
    client_of(grace).post(f"/api/v1/scanners/{scanner.pk}/revoke/")
    answer = client_with(token).get("/api/v1/scanners/me/")
    assert (answer.status_code, answer["WWW-Authenticate"][:6]) == (401, "Bearer")


def test_a_rotated_scanner_has_the_new_token_alone(
    scanner_and_token: tuple[Scanner, str], grace: User
) -> None:
    scanner, old = scanner_and_token
    new = client_of(grace).post(f"/api/v1/scanners/{scanner.pk}/rotate/").json()["token"]
    assert client_with(old).get("/api/v1/scanners/me/").status_code == 401
    assert client_with(new).get("/api/v1/scanners/me/").status_code == 200


@pytest.mark.parametrize("act", ["revoke", "rotate"])
def test_what_is_revoked_stays_revoked(gate: Scanner, grace: User, act: str) -> None:
    client = client_of(grace)
    client.post(f"/api/v1/scanners/{gate.pk}/revoke/")
    answer = client.post(f"/api/v1/scanners/{gate.pk}/{act}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_revoked")


def test_scanners_are_listed_by_gate(gate: Scanner, grace: User) -> None:
    answer: Any = client_of(grace).get(f"/api/v1/scanners/?gate={gate.gate_id}").json()
    assert [scanner["id"] for scanner in answer["results"]] == [str(gate.pk)]
