"""The attacks, over HTTP against gunicorn with several worker processes on the test database."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from entityhandler.models import Event, Registration, User
from entityhandler.services import events, tokens
from otphandler.models import GuessBudget, Scan, Scanner, Ticket
from otphandler.services import gates, policies, throttle, tickets
from tests.conftest import PASSWORD, code
from tests.threads import run_in_threads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("server")]

ROOT = Path(__file__).resolve().parents[1]
WORKERS = 3
# Long enough for a machine that runs other tests beside; the server is ready in a second.
START_TIMEOUT_S = 60


MakeTicket = Callable[[], tickets.TicketSecret]


class Answer(NamedTuple):
    """Status, code or outcome, the whole body, and the headers."""

    status: int
    word: str
    body: dict[str, Any]
    headers: dict[str, str]


class Server(NamedTuple):
    """A gunicorn on the test database."""

    port: int

    def send(
        self, path: str, body: Any = None, *, token: str = "", method: str = "", raw: bytes = b""
    ) -> Answer:
        """Send one request on a connection of its own."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        content = raw or (json.dumps(body).encode() if body is not None else b"")
        with closing(link):
            # A server that has read enough may answer before everything was sent.
            with suppress(BrokenPipeError):
                link.request(method or "POST", f"/api/v1{path}", content, headers)
            reply = link.getresponse()
            text = reply.read()
        told = json.loads(text) if text else {}
        word = str(told.get("outcome") or told.get("code") or "")
        return Answer(reply.status, word, told, dict(reply.getheaders()))


@contextmanager
def running(settings: Any) -> Iterator[Server]:
    """Run gunicorn on a free port until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["-c", "gunicorn.conf.py", "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS)]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "ticketmgr.wsgi", *options],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url(), "OTP_KEYS": settings.OTP_KEYS},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until_ready(port, process)
        yield Server(port)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def database_url() -> str:
    """Return the address of the database that this test runs in."""
    address = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(address._replace(path="/" + quote(connection.settings_dict["NAME"])))


def wait_until_ready(port: int, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "gunicorn does not answer"
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            with closing(link):
                link.request("GET", "/healthz")
                if link.getresponse().status == 200:
                    return
        except OSError:
            time.sleep(0.05)  # Between two looks at a port that nobody listens on yet.


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    """Return one server for all attacks."""
    with running(django_settings) as found:
        yield found


class Gate(NamedTuple):
    """A scanner that posts over HTTP."""

    server: Server
    token: str

    def scan(self, body: dict[str, Any]) -> Answer:
        return self.server.send("/scans/", body, token=self.token)

    def scan_all(self, bodies: list[dict[str, Any]]) -> Counter[tuple[int, str]]:
        """Post all at once; count statuses and words."""
        answers = run_in_threads([lambda body=body: self.scan(body) for body in bodies])  # type: ignore[misc]
        failed = [answer for answer in answers if isinstance(answer, Exception)]
        assert not failed, failed
        return Counter((answer.status, answer.word) for answer in answers)


@pytest.fixture
def gate_at(server: Server, scanner_and_token: tuple[Scanner, str]) -> Gate:
    return Gate(server, scanner_and_token[1])


@pytest.fixture
def triple(ticket: tickets.TicketSecret) -> Callable[..., dict[str, Any]]:
    return lambda steps=0, **fields: body_of(ticket, steps, **fields)


def body_of(ticket: tickets.TicketSecret, steps: int = 0, **fields: Any) -> dict[str, Any]:
    registration = ticket.registration
    return {
        "user": str(registration.user_id),
        "event": str(registration.event_id),
        "otp": code(ticket, timezone.now(), steps=steps),
        **fields,
    }


def other(right: str) -> str:
    return "".join(str((int(digit) + 5) % 10) for digit in right)


def token_of(user: User) -> str:
    _, text = tokens.sign_in(email=user.email, password=PASSWORD, label="", now=timezone.now())
    return text


Triple = Callable[..., dict[str, Any]]


def test_one_code_fifty_times_at_once_admits_once(gate_at: Gate, make_ticket: MakeTicket) -> None:
    for _ in range(3):
        counted = gate_at.scan_all([body_of(make_ticket())] * 50)
        assert counted == {(201, "admitted"): 1, (409, "already_admitted"): 49}


def test_three_neighbouring_codes_at_once_admit_once(
    gate_at: Gate, event: Event, make_ticket: MakeTicket
) -> None:
    # Tolerances that keep all three codes good for 45 s, on however slow a machine.
    wide = {"period_s": 15, "past_tolerance_s": 60, "future_tolerance_s": 45}
    policies.set_policy(event_id=event.pk, changes=wide)
    for _ in range(3):
        ticket = make_ticket()
        bodies = [body_of(ticket, steps) for steps in (-1, 0, 1)] * 20
        counted = gate_at.scan_all(bodies)
        assert counted == {(201, "admitted"): 1, (409, "already_admitted"): 59}


def test_two_gates_at_once_admit_once(
    gate_at: Gate, event: Event, ticket: tickets.TicketSecret
) -> None:
    south = gates.create_gate(event=event, name="South")
    _, token = gates.create_scanner(gate=south, name="Phone 2", now=timezone.now())
    body = body_of(ticket)
    both = [gate_at, Gate(gate_at.server, token)] * 10
    answers = run_in_threads([lambda gate=gate: gate.scan(body) for gate in both])  # type: ignore[misc]
    assert sorted(answer.status for answer in answers) == [201] + [409] * 19


def test_a_restart_forgets_no_admission(
    gate_at: Gate, triple: Triple, django_db_blocker: Any, settings: Any
) -> None:
    body = triple()
    assert gate_at.scan(body).status == 201
    with running(settings) as restarted:
        assert Gate(restarted, gate_at.token).scan(body).word == "already_admitted"


def test_an_older_code_after_a_newer_one_is_dead(
    gate_at: Gate, event: Event, triple: Triple
) -> None:
    events.update_event(
        event_id=event.pk, changes={"entry_policy": "unlimited"}, now=timezone.now()
    )
    assert gate_at.scan(triple(steps=1)).status == 201
    assert gate_at.scan(triple(steps=0)).word == "code_reused"


@pytest.mark.parametrize(
    "spelling",
    [
        *[123456, 1.5, ["123456"], {"a": 1}, None, True, "", " 123456", "123456 ", "12 3456"],
        *["123456\n", "+12345", "1_2345", "１２３４５６", "¹²³⁴⁵⁶", "१२३४५६", "1234567890"],
    ],
)
def test_a_code_in_another_form_is_bad_input(
    gate_at: Gate, triple: Triple, spelling: object
) -> None:
    assert gate_at.scan(triple(otp=spelling)).status == 400


def test_spellings_of_an_id_are_one_person_or_bad_input(gate_at: Gate, triple: Triple) -> None:
    body = triple()
    assert gate_at.scan(body).status == 201
    user = body["user"]
    spellings = [user.upper(), user.replace("-", ""), "{" + user + "}", "urn:uuid:" + user]
    assert [gate_at.scan({**body, "user": text}).status for text in spellings] == [
        *[409, 400, 400, 400]
    ]


def test_ten_megabytes_are_refused(gate_at: Gate) -> None:
    body = b'{"otp": "' + b"1" * 10_000_000 + b'"}'
    answer = gate_at.server.send("/scans/", token=gate_at.token, raw=body)
    assert (answer.status, answer.word) == (413, "body_too_large")


def test_deep_json_is_refused(gate_at: Gate) -> None:
    answer = gate_at.server.send("/scans/", token=gate_at.token, raw=b"[" * 200_000)
    assert (answer.status, answer.word) == (400, "bad_request")


def test_of_parallel_guesses_at_one_ticket_as_many_are_counted_as_were_looked_at(
    gate_at: Gate, triple: Triple
) -> None:
    body = triple()
    counted = gate_at.scan_all([{**body, "otp": other(body["otp"])}] * 50)
    looked_at = counted[403, "wrong_code"]
    # A slow machine takes longer than the first delay, and then a sixth is looked at.
    assert looked_at == Ticket.objects.get().failures >= throttle.FREE_FAILURES
    assert counted[429, "throttled"] == 50 - looked_at > 0


def test_one_guess_at_each_of_many_tickets_closes_the_scanner(
    gate_at: Gate, make_ticket: MakeTicket
) -> None:
    found = [make_ticket() for _ in range(40)]
    answers = []
    for ticket in found:
        body = body_of(ticket)
        answers.append(gate_at.scan({**body, "otp": other(body["otp"])}))
    closed = [answer for answer in answers if answer.word == "throttled"]
    assert closed
    assert int(closed[0].headers["Retry-After"]) >= 1
    looked_at = sum(answer.word == "wrong_code" for answer in answers)
    assert set(GuessBudget.objects.values_list("failures", flat=True)) == {looked_at}


def test_an_admission_races_a_cancellation_in_one_of_two_orders(
    gate_at: Gate, make_ticket: MakeTicket, make_user: Callable[..., User], grace: User
) -> None:
    manager = token_of(grace)
    for _ in range(10):
        ticket = make_ticket()
        body, pk = body_of(ticket), ticket.registration.pk
        scanned, cancelled = run_in_threads(
            [
                lambda body=body: gate_at.scan(body),  # type: ignore[misc]
                lambda pk=pk: gate_at.server.send(f"/registrations/{pk}/cancel/", token=manager),  # type: ignore[misc]
            ]
        )
        assert cancelled.status == 200
        assert scanned.word in ("admitted", "cancelled")
        assert gate_at.scan(body).word == "cancelled"


def test_an_admission_races_a_transfer_and_the_seat_lets_one_person_in(
    gate_at: Gate, make_ticket: MakeTicket, make_user: Callable[..., User], grace: User
) -> None:
    manager = token_of(grace)
    for _ in range(10):
        ticket, heir = make_ticket(), make_user(f"heir-{uuid4().hex}")
        body, pk = body_of(ticket), ticket.registration.pk
        scanned, moved = run_in_threads(
            [
                lambda body=body: gate_at.scan(body),  # type: ignore[misc]
                lambda pk=pk, to=heir.pk: gate_at.server.send(  # type: ignore[misc]
                    f"/registrations/{pk}/transfer/", {"user": str(to)}, token=manager
                ),
            ]
        )
        assert moved.status == 201
        mine = Registration.objects.get(pk=moved.body["id"])
        secret = tickets.hand_out_secret(registration_id=mine.pk, now=timezone.now())
        second = gate_at.scan(body_of(secret))
        assert sorted([scanned.status, second.status])[0] == 201
        assert (scanned.status == 201) != (second.status == 201)


def test_a_reissue_kills_the_old_code_before_it_is_answered(
    gate_at: Gate, ticket: tickets.TicketSecret, grace: User
) -> None:
    body, pk = body_of(ticket), ticket.registration.pk
    gate_at.server.send(f"/registrations/{pk}/ticket/reissue/", token=token_of(grace))
    assert gate_at.scan(body).word == "wrong_code"


def test_another_holders_secret_is_out_of_reach(
    gate_at: Gate, ticket: tickets.TicketSecret, mallory: User, grace: User
) -> None:
    path = f"/registrations/{ticket.registration.pk}/ticket/secret/"
    statuses = [gate_at.server.send(path, token=token_of(user)).status for user in (mallory, grace)]
    assert statuses == [404, 403]


def test_the_scanner_of_one_event_admits_to_no_other(
    gate_at: Gate, triple: Triple, make_event: Callable[..., Event]
) -> None:
    south = gates.create_gate(event=make_event(name="Elsewhere"), name="South")
    _, token = gates.create_scanner(gate=south, name="Phone 2", now=timezone.now())
    assert Gate(gate_at.server, token).scan(triple()).word == "wrong_event"
    assert gate_at.scan(triple()).status == 201


def test_a_revoked_scanner_admits_nobody(
    gate_at: Gate, triple: Triple, gate: Scanner, grace: User
) -> None:
    gate_at.server.send(f"/scanners/{gate.pk}/revoke/", token=token_of(grace))
    assert gate_at.scan(triple()).status == 401


def test_fields_that_are_not_theirs_to_set_are_left_alone(gate_at: Gate, triple: Triple) -> None:
    extra = {"secret": "A" * 32, "last_step": 0, "entries": -1, "version": 9, "outcome": "admitted"}
    body = triple()
    assert gate_at.scan({**body, **extra, "otp": other(body["otp"])}).status == 403
    ticket = Ticket.objects.get()
    assert (ticket.version, ticket.entries, ticket.last_step) == (1, 0, None)


def test_an_edited_parameter_closes_the_ticket_and_admits_nobody(
    gate_at: Gate, triple: Triple
) -> None:
    body = triple()
    Ticket.objects.update(period_s=31)
    assert (gate_at.scan(body).status, gate_at.scan(body).word) == (503, "secret_unreadable")


def test_a_key_that_the_server_does_not_have_closes_the_ticket(
    gate_at: Gate, triple: Triple
) -> None:
    body, ticket = triple(), Ticket.objects.get()
    sealed = bytes(ticket.sealed_secret)
    Ticket.objects.update(sealed_secret=sealed[:1] + bytes([250]) + sealed[2:])
    assert gate_at.scan(body).word == "secret_unreadable"


def test_to_people_an_unknown_user_event_or_code_look_the_same(
    server: Server, triple: Triple, mallory: User
) -> None:
    token = token_of(mallory)
    bodies = [triple(), triple(user=str(uuid4())), triple(event=str(uuid4())), triple(otp="000000")]
    answers = {server.send("/scans/", body, token=token)[:2] for body in bodies}
    assert answers == {(403, "permission_denied")}


def test_a_body_in_chunks_is_not_taken_for_an_empty_one(gate_at: Gate, triple: Triple) -> None:
    link = http.client.HTTPConnection("127.0.0.1", gate_at.server.port, timeout=60)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {gate_at.token}"}
    with closing(link):
        body = iter([json.dumps(triple()).encode()])
        link.request("POST", "/api/v1/scans/", body, headers, encode_chunked=True)
        reply = link.getresponse()
        assert (reply.status, json.load(reply)["code"]) == (411, "length_required")


@pytest.mark.parametrize("path", ["/events/", "/problems/", "/schema/"])
def test_a_head_has_no_body_and_tells_its_length(server: Server, path: str) -> None:
    answer = server.send(path, method="HEAD")
    assert (answer.status, answer.body) == (200, {})
    assert int(answer.headers["Content-Length"]) > 0


def test_twenty_retries_at_once_get_one_answer(gate_at: Gate, triple: Triple) -> None:
    body = triple(scan_id=str(uuid4()))
    answers = run_in_threads([lambda: gate_at.scan(body)] * 20)
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["id"] for answer in answers}) == 1
    replayed = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert (replayed.count(None), replayed.count("true")) == (1, 19)
    assert Scan.objects.count() == 1


def test_the_process_zone_changes_nothing_about_codes_or_days(
    gate_at: Gate, ticket: tickets.TicketSecret, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # pyotp's own clock is an hour wrong where TZ has daylight saving; ours reads none of it.
    monkeypatch.setenv("TZ", "Europe/Berlin")
    body = body_of(ticket)
    with running(settings) as elsewhere:
        assert Gate(elsewhere, gate_at.token).scan(body).status == 201
    assert Ticket.objects.get().first_admitted_at is not None
    assert timezone.now() - Ticket.objects.get().first_admitted_at < timedelta(minutes=1)  # type: ignore[operator]
