"""The short way of a scan reads and answers what the long way does."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import APIException

from otphandler import payload
from otphandler.answers import passed
from otphandler.models import Scanner
from otphandler.outcomes import Direction
from otphandler.serializers.plain_scans import NotPlain, read_plain_scan
from otphandler.serializers.scans import NewScanSerializer, PassedScanSerializer
from otphandler.services.admission import Attempt, submit_scan
from otphandler.services.tickets import TicketSecret
from otphandler.views import gate as gate_view
from otphandler.views.gate import PATH, PlainScansFirst
from tests.conftest import client_with, code
from ticketmgr.parsers import read_json

IDS = st.uuids().flatmap(lambda found: st.sampled_from([str(found), str(found).upper()]))
CODES = st.from_regex(r"[0-9]{6,8}", fullmatch=True)
ODD: Any = st.sampled_from([None, "", 1, 1.5, True, [], {}, "x", " 123456", "１２３４５６", "\x00"])
PAYLOADS = st.builds(lambda u, e, c: payload.prefix(u, e) + c, st.uuids(), st.uuids(), CODES)
MOMENTS = st.builds(
    lambda moment, digits: f"{moment.isoformat(timespec=digits)}Z",
    st.datetimes(),
    st.sampled_from(["seconds", "milliseconds", "microseconds"]),
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "user": IDS | ODD,
        "event": IDS | ODD,
        "otp": CODES | ODD,
        "payload": PAYLOADS | ODD,
        "scan_id": IDS | ODD,
        "direction": st.sampled_from(Direction.values) | ODD,
        "scanned_at": MOMENTS
        | st.sampled_from(["2026-13-22T12:00:00Z", "2026-11-22T12:00:00"])
        | ODD,
        "anything": ODD,
    },
)
TRIPLES = st.fixed_dictionaries(
    {"user": IDS, "event": IDS, "otp": CODES},
    optional={
        "scan_id": IDS | st.none(),
        "direction": st.sampled_from(Direction.values),
        "scanned_at": MOMENTS | st.none(),
        "anything": ODD,
    },
)


def short(body: bytes) -> Attempt | None:
    try:
        return read_plain_scan(body)
    except NotPlain:
        return None


def long(body: bytes) -> Attempt | None:
    try:
        scan = NewScanSerializer(data=read_json(body))
        scan.is_valid(raise_exception=True)
    except APIException:
        return None
    return scan.attempt()


@given(BODIES | TRIPLES)
def test_what_is_read_the_short_way_is_read_the_same_the_long_way(body: dict[str, Any]) -> None:
    sent = json.dumps(body).encode()
    read = short(sent)
    assert read is None or read == long(sent)


@given(TRIPLES | st.fixed_dictionaries({"payload": PAYLOADS}))
def test_what_phones_send_goes_the_short_way(body: dict[str, Any]) -> None:
    assert short(json.dumps(body).encode()) is not None


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"user": NaN}', b"{", b"\xff", b'{"\\ud800": 1}', b"[" * 99]
)
def test_what_is_no_scan_is_left_to_the_long_way(body: bytes) -> None:
    assert short(body) is None


@pytest.mark.parametrize(
    "special",
    [
        {"content_type": "application/json; charset=utf-8"},
        {"content_type": "text/plain"},
        {"HTTP_ACCEPT": "text/html"},
        {"QUERY_STRING": "format=json"},
        {"HTTP_AUTHORIZATION": "Bearer forged"},
        {"HTTP_AUTHORIZATION": ""},
    ],
)
def test_a_request_that_wants_something_special_is_left_to_the_long_way(
    scanner_and_token: tuple[Scanner, str], special: dict[str, Any]
) -> None:
    long_way = object()
    middleware = PlainScansFirst(lambda request: long_way)  # type: ignore[arg-type, return-value]
    plain = {"content_type": "application/json", "HTTP_AUTHORIZATION": f"Bearer {uuid4()}"}
    body = {"user": str(uuid4()), "event": str(uuid4()), "otp": "123456"}
    request = RequestFactory().post("/api/v1/scans/", json.dumps(body), **{**plain, **special})
    assert middleware(request) is long_way


def test_the_short_way_is_at_the_address_of_scans() -> None:
    assert reverse("scan-list") == PATH


def test_a_forged_host_is_refused_the_short_way(scanner_and_token: tuple[Scanner, str]) -> None:
    client = client_with(scanner_and_token[1])
    body = {"user": str(uuid4()), "event": str(uuid4()), "otp": "123456"}
    answer = client.post(PATH, body, HTTP_HOST="evil.example")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_an_answer_is_what_its_serializer_documents(
    gate: Scanner, attempt: Callable[..., Attempt]
) -> None:
    now = timezone.now()
    scan = submit_scan(scanner=gate, attempt=attempt(now, scan_id=uuid4()), now=now).scan
    told = passed(scan)
    scan.attention_notes = told["attention_notes"]  # type: ignore[attr-defined]
    assert PassedScanSerializer(scan).data == told


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 201),
        ({"otp": "000000"}, 403),
        ({"user": str(uuid4())}, 403),
        ({"otp": "12345678"}, 400),
        ({"direction": "exit"}, 409),
        ({"scanned_at": "2026-11-22T12:00:00.123Z"}, 201),
    ],
)
def test_both_ways_answer_the_same(
    scanner_and_token: tuple[Scanner, str],
    ticket: TicketSecret,
    change: dict[str, str],
    status: int,
) -> None:
    client = client_with(scanner_and_token[1])
    body = {
        "user": str(ticket.registration.user_id),
        "event": str(ticket.registration.event_id),
        "otp": code(ticket, timezone.now()),
        "scan_id": str(uuid4()),
        **change,
    }
    short_way = client.post("/api/v1/scans/", body)
    long_way = client.generic(
        "POST", "/api/v1/scans/", json.dumps(body), content_type="application/json; charset=utf-8"
    )
    assert (short_way.status_code, long_way.status_code) == (status, status)
    assert short_way.json() == long_way.json()
    assert short_way["Content-Type"] == long_way["Content-Type"]


def test_a_scanner_that_is_revoked_meanwhile_is_challenged(
    scanner_and_token: tuple[Scanner, str], ticket: TicketSecret, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanner, token = scanner_and_token
    monkeypatch.setattr(gate_view, "scanner_asking", lambda request: scanner)
    Scanner.objects.update(revoked_at=timezone.now())
    body = {
        "user": str(ticket.registration.user_id),
        "event": str(ticket.registration.event_id),
        "otp": code(ticket, timezone.now()),
    }
    answer = client_with(token).post("/api/v1/scans/", body)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")
