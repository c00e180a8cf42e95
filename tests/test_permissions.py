"""Who gets which status where: one table over every endpoint, method and principal.

ada holds the registration, mallory has an account and no rights, grace manages the event, staff is
a superuser, scanner stands at the event's gate and stranger at the gate of another event, revoked
is a token that once worked. What a caller may not see is a 404, what they may see and not do a
403, no credential or a bad one a 401.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver
from django.utils import timezone
from rest_framework.test import APIClient

from entityhandler.models import Event, User, UserToken
from entityhandler.services import claims, questions, registrations, ticket_types, tokens
from otphandler.models import Scan, Scanner
from otphandler.services import admission, gates, pairing, tickets
from tests.conftest import PASSWORD, client_with, code
from tests.spreadsheets import people, run
from ticketmgr import urls

WHO = ("anonymous", "ada", "mallory", "grace", "staff", "scanner", "stranger", "revoked")

FILE = people(("guest@example.org", "Guest"))

# {event} is published, {draft} a draft, both grace's; {pending} is mallory's registration.
TABLE = """
                                                   anon ada  mall grac staf scan stra revo
POST    /users/                                    201  201  201  201  201  201  201  401
GET     /users/                                    401  403  403  403  200  403  403  401
GET     /users/{mallory}/                          401  403  403  403  200  403  403  401
PATCH   /users/{mallory}/                          401  403  403  403  200  403  403  401
GET     /users/me/                                 401  200  200  200  200  403  403  401
PATCH   /users/me/                                 401  200  200  200  200  403  403  401
POST    /tokens/                                   201  201  201  201  201  201  201  401
GET     /tokens/                                   401  200  200  200  200  403  403  401
DELETE  /tokens/{token}/                           401  204  404  404  404  403  403  401
DELETE  /tokens/current/                           401  204  204  204  204  403  403  401
POST    /session/                                  201  201  201  201  201  201  201  401
DELETE  /session/                                  401  204  204  204  204  403  403  401
GET     /events/                                   200  200  200  200  200  200  200  401
POST    /events/                                   401  403  403  403  201  403  403  401
GET     /events/{event}/                           200  200  200  200  200  200  200  401
GET     /events/{draft}/                           404  404  404  200  200  404  404  401
PATCH   /events/{event}/                           401  403  403  200  200  403  403  401
PATCH   /events/{draft}/                           401  404  404  200  200  403  403  401
DELETE  /events/{event}/                           401  403  403  409  409  403  403  401
DELETE  /events/{draft}/                           401  404  404  204  204  403  403  401
POST    /events/{event}/publish/                   401  403  403  409  409  403  403  401
POST    /events/{draft}/publish/                   401  404  404  200  200  403  403  401
POST    /events/{event}/cancel/                    401  403  403  200  200  403  403  401
POST    /events/{draft}/cancel/                    401  404  404  200  200  403  403  401
GET     /events/{event}/managers/                  401  403  403  200  200  403  403  401
GET     /events/{draft}/managers/                  401  404  404  200  200  403  403  401
POST    /events/{event}/managers/                  401  403  403  201  201  403  403  401
POST    /events/{draft}/managers/                  401  404  404  201  201  403  403  401
DELETE  /events/{event}/managers/{grace}/          401  403  403  204  204  403  403  401
DELETE  /events/{draft}/managers/{grace}/          401  404  404  204  204  403  403  401
GET     /events/{event}/otp-policy/                401  403  403  200  200  403  403  401
GET     /events/{draft}/otp-policy/                401  404  404  200  200  403  403  401
PATCH   /events/{event}/otp-policy/                401  403  403  200  200  403  403  401
PATCH   /events/{draft}/otp-policy/                401  404  404  200  200  403  403  401
GET     /events/{event}/registrations/export/      401  403  403  200  200  403  403  401
GET     /events/{draft}/registrations/export/      401  404  404  200  200  403  403  401
POST    /events/{event}/registrations/import/      401  403  403  200  200  403  403  401
POST    /events/{draft}/registrations/import/      401  404  404  409  409  403  403  401
GET     /events/{event}/registrations/imports/     401  403  403  200  200  403  403  401
GET     /events/{draft}/registrations/imports/     401  404  404  200  200  403  403  401
GET     /events/{event}/registrations/imports/{import}/  401 403 403 200 200 403 403 401
GET     /ticket-types/                             200  200  200  200  200  200  200  401
POST    /ticket-types/                             401  403  403  201  201  403  403  401
GET     /ticket-types/{public}/                    200  200  200  200  200  200  200  401
GET     /ticket-types/{hidden}/                    404  404  404  200  200  404  404  401
PATCH   /ticket-types/{public}/                    401  403  403  200  200  403  403  401
DELETE  /ticket-types/{public}/                    401  403  403  204  204  403  403  401
GET     /questions/                                200  200  200  200  200  200  200  401
POST    /questions/                                401  403  403  201  201  403  403  401
GET     /questions/{question}/                     200  200  200  200  200  200  200  401
PATCH   /questions/{question}/                     401  403  403  200  200  403  403  401
DELETE  /questions/{question}/                     401  403  403  204  204  403  403  401
GET     /registrations/                            401  200  200  200  200  403  403  401
POST    /registrations/                            401  409  409  201  201  403  403  401
POST    /registrations/ for charles                401  403  403  201  201  403  403  401
GET     /registrations/{registration}/             401  200  404  200  200  403  403  401
PATCH   /registrations/{registration}/             401  200  404  200  200  403  403  401
PATCH   /registrations/{registration}/ with a note 401  403  404  200  200  403  403  401
POST    /registrations/{registration}/send-link/   401  403  404  409  409  403  403  401
POST    /registrations/claim/                      401  200  403  403  403  403  403  401
POST    /registrations/{registration}/cancel/      401  200  404  200  200  403  403  401
POST    /registrations/{registration}/transfer/    401  201  404  201  201  403  403  401
POST    /registrations/{pending}/confirm/          401  404  403  200  200  403  403  401
GET     /registrations/{registration}/ticket/      401  200  404  200  200  403  403  401
POST    /registrations/{registration}/ticket/secret/   401 200 404 403 403 403 403 401
GET     /registrations/{registration}/ticket/google-wallet/ 401 200 404 403 403 403 403 401
POST    /registrations/{registration}/ticket/reissue/  401 200 404 200 200 403 403 401
POST    /registrations/{registration}/ticket/admit/    401 403 404 201 201 403 403 401
POST    /registrations/{admitted}/ticket/undo/         401 404 404 200 200 403 403 401
POST    /registrations/{registration}/ticket/unblock/  401 403 404 204 204 403 403 401
GET     /events/{event}/attendance/                401  403  403  200  200  403  403  401
GET     /events/{draft}/attendance/                401  404  404  200  200  403  403  401
POST    /events/{event}/unblock/                   401  403  403  204  204  403  403  401
POST    /events/{draft}/unblock/                   401  404  404  204  204  403  403  401
GET     /gates/                                    401  200  200  200  200  403  403  401
POST    /gates/                                    401  403  403  201  201  403  403  401
POST    /gates/ at the draft                       401  400  400  201  201  403  403  401
GET     /gates/{gate}/                             401  404  404  200  200  403  403  401
PATCH   /gates/{gate}/                             401  404  404  200  200  403  403  401
DELETE  /gates/{gate}/                             401  404  404  409  409  403  403  401
GET     /scanners/                                 401  200  200  200  200  403  403  401
POST    /scanners/                                 401  400  400  201  201  403  403  401
GET     /scanners/me/                              401  403  403  403  403  200  200  401
PATCH   /scanners/me/                              401  403  403  403  403  200  200  401
GET     /scanners/me/search/                       401  403  403  403  403  400  400  401
POST    /scanners/me/admit/                        401  403  403  403  403  201  400  401
DELETE  /scanners/me/pairing/                      401  403  403  403  403  204  204  401
POST    /scanners/pair/                            201  201  201  201  201  201  201  201
GET     /scanners/{scanner}/                       401  404  404  200  200  403  403  401
PATCH   /scanners/{scanner}/                       401  404  404  200  200  403  403  401
POST    /scanners/{scanner}/pairing/               401  404  404  201  201  403  403  401
POST    /scanners/{scanner}/revoke/                401  404  404  200  200  403  403  401
POST    /scanners/{scanner}/rotate/                401  404  404  200  200  403  403  401
POST    /scanners/{scanner}/unblock/               401  404  404  204  204  403  403  401
GET     /scans/                                    401  200  200  200  200  403  403  401
POST    /scans/                                    401  403  403  403  403  201  403  401
POST    /scans/batch/                              401  403  403  403  403  200  200  401
GET     /scans/{scan}/                             401  404  404  200  200  403  403  401
GET     /schema/                                   200  200  200  200  200  200  200  401
GET     /docs/                                     200  200  200  200  200  200  200  401
GET     /problems/                                 200  200  200  200  200  200  200  200
"""


class Row(NamedTuple):
    """One call, and the status that each principal gets."""

    method: str
    path: str
    remark: str
    statuses: dict[str, int]

    @property
    def call(self) -> str:
        """Return method, path and remark, as the table writes them."""
        return f"{self.method} {self.path} {self.remark}".strip()


def rows() -> Iterator[Row]:
    for line in TABLE.strip().splitlines()[1:]:
        words = line.split()
        call, statuses = words[: -len(WHO)], words[-len(WHO) :]
        expected = dict(zip(WHO, map(int, statuses), strict=True))
        yield Row(call[0], call[1], " ".join(call[2:]), expected)


class World(NamedTuple):
    """What the paths and bodies of the table name, and the credentials of everybody."""

    names: dict[str, str]
    bodies: dict[str, Any]
    tokens: dict[str, str]
    headers: dict[str, dict[str, str]]

    def call(self, row: Row, who: str) -> Any:
        """Return the answer; what the call changed is undone, so that everybody meets the same."""
        before = transaction.savepoint()
        try:
            return self._call(row, who)
        finally:
            transaction.savepoint_rollback(before)

    def _call(self, row: Row, who: str) -> Any:
        client = client_with(self.tokens[who]) if who in self.tokens else APIClient()
        return self.send(client, row)

    def send(self, client: APIClient, row: Row) -> Any:
        """Return the answer to the row's call from that client."""
        send = getattr(client, row.method.lower())
        path = f"/api/v1{row.path.format(**self.names)}"
        body = [] if row.method == "GET" else [self.bodies.get(row.call, {})]
        kind = {"content_type": "text/csv"} if body == [FILE] else {}
        answer = send(path, *body, **kind, **self.headers.get(row.call, {}))
        if answer.streaming:
            list(answer)  # An open file would be a warning, and a warning is an error.
        return answer


def token_of(user: User) -> str:
    _, text = tokens.sign_in(email=user.email, password=PASSWORD, label="", now=timezone.now())
    return text


@pytest.fixture
def world(
    make_user: Callable[..., User],
    make_event: Callable[..., Event],
    event: Event,
    ada: User,
    mallory: User,
    grace: User,
    staff: User,
    ticket: tickets.TicketSecret,
    scanner_and_token: tuple[Scanner, str],
    plain_static_files: None,
    google_wallet: None,
) -> World:
    """Return a world in which each call of the table may succeed for whoever is entitled."""
    now = timezone.now()
    draft = make_event(publish=False, name="Draft")
    approval = make_event(requires_approval=True)
    pending = registrations.register(event_id=approval.pk, user=mallory, now=now)
    registrations.register(event_id=event.pk, user=mallory, now=now)
    charles = make_user("charles")
    elsewhere = make_event(name="Elsewhere")
    admitted, scan = _admit(make_user("nora"), elsewhere, grace)
    _, stranger = gates.create_scanner(
        gate=gates.create_gate(event=elsewhere, name="South"), name="Phone 2", now=now
    )
    kinds = [
        ticket_types.create_ticket_type(
            event_id=approval.pk, fields={"name": visibility, "visibility": visibility}
        )
        for visibility in ("public", "hidden")
    ]
    question = questions.create_question(
        event_id=approval.pk, fields={"kind": "text", "prompt": "Diet?"}
    )
    credentials = {
        "ada": token_of(ada),
        "mallory": token_of(mallory),
        "grace": token_of(grace),
        "staff": token_of(staff),
        "scanner": scanner_and_token[1],
        "stranger": stranger,
        "revoked": token_of(mallory),
    }
    UserToken.objects.get(digest=tokens.digest(credentials["revoked"])).delete()
    gates.permit_override(scanner_id=scanner_and_token[0].pk, allowed=True)
    _, pairing_token = pairing.start_pairing(scanner_id=scanner_and_token[0].pk, now=now)
    names = {
        "event": event,
        "draft": draft,
        "registration": ticket.registration,
        "pending": pending,
        "admitted": admitted,
        "scan": scan,
        "scanner": scanner_and_token[0],
        "gate": scanner_and_token[0].gate,
        "public": kinds[0],
        "hidden": kinds[1],
        "question": question,
        "import": run(event, FILE)[0],
        "token": ada.tokens.get(),
        "mallory": mallory,
        "grace": grace,
    }
    triple = {"user": str(ada.pk), "event": str(event.pk), "otp": code(ticket, now)}
    times = {"starts_at": now, "ends_at": now + timedelta(hours=1)}
    bodies: dict[str, Any] = {
        "POST /users/": {"email": "new@x.org", "full_name": "New", "password": PASSWORD},
        "PATCH /users/{mallory}/": {"full_name": "M."},
        "PATCH /users/me/": {"full_name": "Me"},
        "POST /session/": {"email": ada.email, "password": PASSWORD},
        "POST /tokens/": {"email": ada.email, "password": PASSWORD},
        "POST /events/": {"name": "New", **times},
        "PATCH /events/{event}/": {"venue": "London"},
        "PATCH /events/{draft}/": {"venue": "London"},
        "POST /events/{event}/managers/": {"user": str(charles.pk)},
        "POST /events/{draft}/managers/": {"user": str(charles.pk)},
        "PATCH /events/{event}/otp-policy/": {"profile": "gate"},
        "PATCH /events/{draft}/otp-policy/": {"profile": "gate"},
        "POST /events/{event}/registrations/import/": FILE,
        "POST /events/{draft}/registrations/import/": FILE,
        "POST /ticket-types/": {"event": str(event.pk), "name": "Balcony"},
        "PATCH /ticket-types/{public}/": {"name": "Balcony"},
        "POST /questions/": {"event": str(event.pk), "kind": "text", "prompt": "Diet?"},
        "PATCH /questions/{question}/": {"required": True},
        "PATCH /registrations/{registration}/": {"answers": {}},
        "PATCH /registrations/{registration}/ with a note": {"attention_note": "guest list"},
        "POST /registrations/claim/": {"token": claims.claim_token(ada)},
        "POST /registrations/": {"event": str(event.pk)},
        "POST /registrations/ for charles": {"event": str(event.pk), "user": str(charles.pk)},
        "POST /registrations/{registration}/ticket/admit/": {"reason": "phone broken"},
        "POST /registrations/{admitted}/ticket/undo/": {"reason": "mistake"},
        "POST /registrations/{registration}/transfer/": {"user": str(charles.pk)},
        "POST /scans/batch/": {"scans": [triple]},
        "POST /gates/": {"event": str(event.pk), "name": "West"},
        "POST /gates/ at the draft": {"event": str(draft.pk), "name": "West"},
        "PATCH /gates/{gate}/": {"name": "Main"},
        "POST /scanners/": {"gate": str(scanner_and_token[0].gate_id), "name": "Phone 3"},
        "POST /scans/": triple,
        "PATCH /scanners/me/": {"queue_length": 3},
        "PATCH /scanners/{scanner}/": {"name": "Ann's phone"},
        "POST /scanners/me/admit/": {"registration": str(ticket.registration.pk), "reason": "x"},
        "POST /scanners/pair/": {"token": pairing_token},
    }
    headers = {"POST /scanners/pair/": {"HTTP_GATE_DEVICE": "1"}}
    ids = {name: str(thing.pk) for name, thing in names.items()}
    return World(ids, bodies, credentials, headers)


def _admit(user: User, event: Event, manager: User) -> tuple[Any, Scan]:
    """Return a registration that was admitted once, and the scan of it."""
    now = timezone.now()
    registration = registrations.register(event_id=event.pk, user=user, now=now)
    gate = gates.create_gate(event=event, name="East")
    scanner, _ = gates.create_scanner(gate=gate, name="Phone", now=now)
    found = tickets.hand_out_secret(registration_id=registration.pk, now=now)
    attempt = admission.Attempt(user_id=user.pk, event_id=event.pk, code=code(found, now))
    return registration, admission.submit_scan(scanner=scanner, attempt=attempt, now=now).scan


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.call)
def test_everybody_gets_the_status_of_the_table(world: World, row: Row) -> None:
    answers = {who: world.call(row, who) for who in WHO}
    assert {who: answer.status_code for who, answer in answers.items()} == row.statuses
    challenged = {who for who, answer in answers.items() if answer.has_header("WWW-Authenticate")}
    assert challenged == {who for who, status in row.statuses.items() if status == 401}


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.call)
def test_a_paired_device_gets_what_its_scanner_gets(world: World, row: Row) -> None:
    device = APIClient(HTTP_GATE_DEVICE="1")
    device.cookies["gate"] = world.tokens["scanner"]
    assert world.send(device, row).status_code == row.statuses["scanner"]


def test_a_revoked_scanner_is_nobody(world: World) -> None:
    Scanner.objects.update(revoked_at=timezone.now())
    client = client_with(world.tokens["scanner"])
    answer = client.post("/api/v1/scans/", world.bodies["POST /scans/"])
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_scanner_of_another_event_learns_its_name_alone(world: World) -> None:
    client = client_with(world.tokens["stranger"])
    problem = client.post("/api/v1/scans/", world.bodies["POST /scans/"]).json()
    assert (problem["code"], problem["event"]) == ("wrong_event", {"name": "Analytical Engines"})
    assert problem.keys() == {"type", "title", "status", "code", "detail", "scan", "event"}


# --- The table is complete -------------------------------------------------------------------


def _routes(patterns: list[Any], prefix: str = "/") -> Iterator[tuple[str, str]]:
    """Yield method and path of everything below /api/v1/, parameters as `{}`."""
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            for method in _methods(pattern.callback):
                yield method, _without_names(path)


def _methods(view: Any) -> list[str]:
    actions = getattr(view, "actions", None)
    if actions is not None:
        allowed = set(view.cls.http_method_names) - {"head", "options"}
        return [method.upper() for method in actions if method in allowed]
    names = ("get", "post", "put", "patch", "delete")
    return [name.upper() for name in names if hasattr(getattr(view, "cls", None), name)] or ["GET"]


def _without_names(path: str) -> str:
    """Return a path of Django or of the table with each parameter as `{}`."""
    parts = ["{}" if part[:1] in ("<", "{") else part for part in path.split("/")]
    return "/".join(parts)


def test_every_route_has_its_row() -> None:
    in_table = {(row.method, _without_names(row.path)) for row in rows()}
    assert set(_routes(urls.api)) == in_table
