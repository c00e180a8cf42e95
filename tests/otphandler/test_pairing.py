"""Pairing: a link, opened once on a device, makes it a gate's scanner."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from entityhandler.models import Event, User
from otphandler.authentication import cookie_name
from otphandler.models import Scan, Scanner
from otphandler.services import gates, pairing
from otphandler.services.pairing import PairingOver, pair_device, start_pairing
from otphandler.services.tickets import TicketSecret
from tests.conftest import browser_of, client_of, client_with, code
from tests.threads import run_in_threads

ME = "/api/v1/scanners/me/"


def token_for(scanner: Scanner) -> str:
    """Return the token of a fresh pairing link."""
    return start_pairing(scanner_id=scanner.pk, now=timezone.now())[1]


def exchange(device: APIClient, token: str) -> Any:
    return device.post("/api/v1/scanners/pair/", {"token": token}, HTTP_GATE_DEVICE="1")


@pytest.fixture
def device(gate: Scanner) -> APIClient:
    """Return a device that was paired by a link, and speaks as the gate page does."""
    device = APIClient(HTTP_GATE_DEVICE="1")
    assert exchange(device, token_for(gate)).status_code == 201
    return device


# --- The link ---------------------------------------------------------------


def test_a_manager_gets_a_link_whose_token_is_in_the_fragment(gate: Scanner, grace: User) -> None:
    answer = client_of(grace).post(f"/api/v1/scanners/{gate.pk}/pairing/")
    assert answer.status_code == 201
    assert answer.json()["url"].startswith("http://testserver/gate/pair/#tmp_")
    assert answer["Cache-Control"] == "no-store"


def test_the_database_holds_the_digest_of_a_link_alone(gate: Scanner) -> None:
    text = token_for(gate)
    stored = bytes(Scanner.objects.values_list("pairing_digest", flat=True).get(pk=gate.pk) or b"")
    assert (len(stored), text.encode() in stored) == (32, False)


def test_a_link_pairs_once(gate: Scanner) -> None:
    text = token_for(gate)
    assert exchange(APIClient(), text).status_code == 201
    again = exchange(APIClient(), text)
    assert (again.status_code, again.json()["code"]) == (403, "pairing_over")


def test_a_link_is_over_after_ten_minutes(gate: Scanner) -> None:
    now = timezone.now()
    _, text = start_pairing(scanner_id=gate.pk, now=now)
    with pytest.raises(PairingOver):
        pair_device(text=text, now=now + pairing.LASTS)
    assert pair_device(text=text, now=now + pairing.LASTS - timedelta(seconds=1))[0] == gate


def test_showing_it_again_makes_a_new_link_and_ends_the_old_one(gate: Scanner) -> None:
    old, new = token_for(gate), token_for(gate)
    assert exchange(APIClient(), old).status_code == 403
    assert exchange(APIClient(), new).status_code == 201


def test_a_link_of_a_revoked_scanner_pairs_nothing(gate: Scanner) -> None:
    text = token_for(gate)
    gates.revoke_scanner(scanner_id=gate.pk, now=timezone.now())
    assert exchange(APIClient(), text).status_code == 403


def test_a_revoked_scanner_gets_no_link(gate: Scanner, grace: User) -> None:
    gates.revoke_scanner(scanner_id=gate.pk, now=timezone.now())
    answer = client_of(grace).post(f"/api/v1/scanners/{gate.pk}/pairing/")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_revoked")


@pytest.mark.django_db(transaction=True)
def test_of_twenty_devices_with_one_link_one_is_paired(gate: Scanner) -> None:
    text = token_for(gate)
    now = timezone.now()
    results = run_in_threads([lambda: pair_device(text=text, now=now)] * 20)
    assert sum(isinstance(result, tuple) for result in results) == 1
    assert sum(isinstance(result, PairingOver) for result in results) == 19


# --- The cookie ---------------------------------------------------------------


def test_a_paired_device_knows_what_it_is_for(device: APIClient) -> None:
    answer = device.get(ME).json()
    assert (answer["gate"]["name"], answer["event"]["name"]) == ("North", "Analytical Engines")


def test_a_paired_device_scans(device: APIClient, ticket: TicketSecret) -> None:
    body = {"payload": ticket.payload_prefix + code(ticket, timezone.now())}
    assert device.post("/api/v1/scans/", body).json()["outcome"] == "admitted"


def test_a_paired_device_hands_in_late_scans(device: APIClient, ticket: TicketSecret) -> None:
    at = timezone.now() - timedelta(hours=1)
    scan = {"scan_id": str(uuid4()), "scanned_at": at.isoformat()}
    scan["payload"] = ticket.payload_prefix + code(ticket, at)
    answer = device.post("/api/v1/scans/batch/", {"scans": [scan]}).json()
    assert answer["results"][0]["status"] == 201


def test_pairing_anew_ends_the_cookie_and_the_token_before_it(
    device: APIClient, scanner_and_token: tuple[Scanner, str]
) -> None:
    assert exchange(APIClient(), token_for(scanner_and_token[0])).status_code == 201
    assert device.get(ME).status_code == 401
    assert client_with(scanner_and_token[1]).get(ME).status_code == 401


def test_revoking_kills_the_cookie_at_once(device: APIClient, gate: Scanner, grace: User) -> None:
    client_of(grace).post(f"/api/v1/scanners/{gate.pk}/revoke/")
    answer = device.get(ME)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_device_with_a_dead_cookie_pairs_again(device: APIClient, gate: Scanner) -> None:
    exchange(APIClient(), token_for(gate))
    assert exchange(device, token_for(gate)).status_code == 201
    assert device.get(ME).status_code == 200


def test_a_device_unpairs_itself(device: APIClient) -> None:
    token = device.cookies["gate"].value
    answer = device.delete(f"{ME}pairing/")
    assert (answer.status_code, answer.cookies["gate"].value) == (204, "")
    device.cookies["gate"] = token
    assert device.get(ME).status_code == 401


def test_a_lost_answer_is_mended_by_a_new_link(gate: Scanner) -> None:
    pair_device(text=token_for(gate), now=timezone.now())
    assert exchange(APIClient(), token_for(gate)).status_code == 201


# --- Attacks on the cookie; the threat model names these tests -----------------------


def test_no_script_reads_the_cookie_and_no_other_site_sends_it(device: APIClient) -> None:
    cookie = device.cookies["gate"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")


def test_with_https_the_cookie_is_secure_and_bound_to_this_host(
    gate: Scanner, settings: Any
) -> None:
    settings.HTTPS_ONLY = True
    answer = exchange(APIClient(), token_for(gate))
    cookie = answer.cookies["__Host-gate"]
    assert (cookie["secure"], cookie["domain"], cookie_name()) == (True, "", "__Host-gate")


@pytest.mark.parametrize("more", [{}, {"scanned_at": "2026-11-24T17:00:00Z"}])
def test_the_cookie_without_the_header_is_nobody(
    device: APIClient, ticket: TicketSecret, more: dict[str, str]
) -> None:
    # A plain scan takes a short way past REST framework, one with a time does not.
    forged = APIClient()
    forged.cookies = device.cookies
    body = {"payload": ticket.payload_prefix + code(ticket, timezone.now()), **more}
    assert forged.post("/api/v1/scans/", body).status_code == 401
    assert not Scan.objects.exists()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_what_a_form_of_another_site_can_send_is_not_read(device: APIClient, kind: str) -> None:
    forged = Client()
    forged.cookies = device.cookies
    body = b'{"otp": "123456"}'
    answer = forged.post("/api/v1/scans/", body, content_type=kind, HTTP_GATE_DEVICE="1")
    assert answer.status_code == 415


def test_a_preflight_of_another_origin_allows_nothing(device: APIClient) -> None:
    answer = device.options(
        "/api/v1/scans/",
        HTTP_ORIGIN="https://evil.example",
        HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST",
        HTTP_ACCESS_CONTROL_REQUEST_HEADERS="content-type, gate-device",
    )
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_another_site_cannot_pair_a_device_with_its_own_link(gate: Scanner) -> None:
    answer = APIClient().post("/api/v1/scanners/pair/", {"token": token_for(gate)})
    assert (answer.status_code, answer.cookies) == (403, {})
    assert Scanner.objects.filter(pairing_digest__isnull=False).exists()


def test_a_signed_in_manager_is_no_device_by_the_header(grace: User) -> None:
    answer = browser_of(grace).get(ME, HTTP_GATE_DEVICE="1")
    assert answer.status_code == 401


def test_a_device_cookie_opens_nothing_of_its_manager(device: APIClient, gate: Scanner) -> None:
    assert device.post(f"/api/v1/scanners/{gate.pk}/pairing/").status_code == 403


def test_exchanging_is_throttled(gate: Scanner, monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {"sign-in": "2/min"}
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.THROTTLE_RATES", rates)
    answers = [exchange(APIClient(), "tmp_guess").status_code for _ in range(3)]
    assert answers == [403, 403, 429]


# --- Devices, as managers see them ---------------------------------------------------------------


def test_a_device_is_renamed(gate: Scanner, grace: User) -> None:
    answer = client_of(grace).patch(f"/api/v1/scanners/{gate.pk}/", {"name": "Ann's phone"})
    assert answer.json()["name"] == "Ann's phone"


def test_a_device_reports_its_queue(device: APIClient, gate: Scanner, grace: User) -> None:
    assert device.patch(ME, {"queue_length": 3}).json()["name"] == "Phone 1"
    seen = client_of(grace).get(f"/api/v1/scanners/{gate.pk}/").json()
    assert (seen["queue_length"], seen["last_seen_at"] is None) == (3, False)


def test_a_report_that_says_nothing_new_writes_nothing(device: APIClient, gate: Scanner) -> None:
    device.patch(ME, {"queue_length": 3})
    before = Scanner.objects.get(pk=gate.pk).last_seen_at
    device.patch(ME, {"queue_length": 3})
    assert Scanner.objects.get(pk=gate.pk).last_seen_at == before


@pytest.mark.parametrize("length", [-1, 2**31, "many", None])
def test_a_queue_that_is_no_length_is_refused(device: APIClient, length: Any) -> None:
    assert device.patch(ME, {"queue_length": length}).status_code == 400


def test_a_device_is_told_how_many_came(device: APIClient, ticket: TicketSecret) -> None:
    body = {"payload": ticket.payload_prefix + code(ticket, timezone.now())}
    device.post("/api/v1/scans/", body)
    counts = device.get(ME).json()["counts"]
    assert (counts["expected"], counts["admitted"], counts["inside"]) == (1, 1, 1)


def test_counts_are_those_of_the_own_event(
    device: APIClient, make_event: Callable[..., Event]
) -> None:
    make_event(name="Elsewhere")
    assert device.get(ME).json()["counts"]["expected"] == 0
