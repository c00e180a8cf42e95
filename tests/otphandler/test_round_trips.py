"""What a scan costs PostgreSQL, counted on the wire: BEGIN, COMMIT and health checks included."""

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.utils import timezone

from bench.wire import SOCKET, Relay, relay
from entityhandler.services import events
from otphandler.models import Scan, Scanner
from otphandler.services import gate_rows, tickets
from tests.conftest import code
from ticketmgr.prepared import Prepared, run

pytestmark = pytest.mark.django_db(transaction=True)

MAX_ROUND_TRIPS = 6

Post = Callable[[dict[str, Any]], int]


@pytest.fixture
def wire() -> Iterator[Relay]:
    """Put a relay between this test's connection and PostgreSQL."""
    directory = unquote(urlsplit(os.environ["DATABASE_URL"]).hostname or "")
    if not directory.startswith("/"):
        pytest.skip("the relay speaks to Unix sockets alone")
    before = dict(connection.settings_dict)
    with relay(f"{directory}/{SOCKET}") as noted:
        connection.close()
        connection.settings_dict.update(HOST=noted.directory)
        yield noted
        connection.close()
        connection.settings_dict.update(before)


@pytest.fixture
def post(wire: Relay, scanner_and_token: tuple[Scanner, str]) -> Post:
    """Return what posts a scan as a server does, connection handling included."""
    application = get_wsgi_application()
    host = "127.0.0.1"
    about = {
        **{"REQUEST_METHOD": "POST", "PATH_INFO": "/api/v1/scans/", "QUERY_STRING": ""},
        **{"SERVER_NAME": host, "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1"},
        **{
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "CONTENT_TYPE": "application/json",
        },
        "HTTP_AUTHORIZATION": f"Bearer {scanner_and_token[1]}",
    }

    def send(body: dict[str, Any]) -> int:
        text = json.dumps(body).encode()
        sent = {"wsgi.input": io.BytesIO(text), "CONTENT_LENGTH": str(len(text))}
        answer: Any = application({**about, **sent}, lambda *_: lambda _: None)
        answer.close()
        return int(answer.status_code)

    return send


@pytest.fixture
def triple(ticket: tickets.TicketSecret) -> dict[str, Any]:
    registration = ticket.registration
    return {
        "user": str(registration.user_id),
        "event": str(registration.event_id),
        "otp": code(ticket, timezone.now()),
        "scan_id": str(uuid4()),
    }


@pytest.fixture
def warm(post: Post, triple: dict[str, Any], wire: Relay) -> None:
    """Let the connection prepare what it prepares once; the next scan notes the scanner again."""
    post({**triple, "otp": "000000", "scan_id": str(uuid4())})
    Scanner.objects.update(last_seen_at=None)
    wire.forget()


@pytest.mark.usefixtures("warm")
def test_an_admitted_scan_takes_six_round_trips(
    post: Post, triple: dict[str, Any], wire: Relay
) -> None:
    assert post(triple) == 201
    assert Scan.objects.filter(outcome="admitted").exists()
    assert wire.queries[1].startswith("BEGIN")
    assert wire.queries[5] == "COMMIT"


@pytest.mark.usefixtures("warm")
def test_an_admitted_scan_takes_no_more_round_trips_than_promised(
    post: Post, triple: dict[str, Any], wire: Relay
) -> None:
    post(triple)
    assert wire.round_trips <= MAX_ROUND_TRIPS


@pytest.mark.parametrize(
    "change",
    [{}, {"otp": "000000"}, {"user": str(uuid4())}, {"event": str(uuid4())}, {"direction": "exit"}],
    ids=["admitted", "wrong code", "stranger", "no such event", "not inside"],
)
@pytest.mark.usefixtures("warm")
def test_every_scan_commits_once(
    post: Post, triple: dict[str, Any], wire: Relay, change: dict[str, str]
) -> None:
    post({**triple, **change})
    assert sum("COMMIT" in query for query in wire.queries) == 1


@pytest.mark.usefixtures("warm")
def test_a_refusal_writes_as_much_as_an_admission(
    post: Post, triple: dict[str, Any], wire: Relay
) -> None:
    events.update_event(
        event_id=triple["event"],
        changes={"admission_opens_at": timezone.now() + timedelta(hours=1)},
        now=timezone.now(),
    )
    wire.forget()
    assert post(triple) == 403
    assert wire.round_trips <= MAX_ROUND_TRIPS


@pytest.mark.parametrize("statement", [gate_rows.READ, gate_rows.LOCK_TICKET])
def test_a_plan_made_while_tables_are_small_still_looks_up_by_index(
    gate: Scanner, ticket: tickets.TicketSecret, statement: Prepared
) -> None:
    person: list[Any] = [gate.event_id, ticket.registration.user_id]
    scan: list[Any] = [gate.pk, bytes(gate.digest), *person, uuid4()]
    values = scan if statement is gate_rows.READ else person
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        run((gate_rows.LOOK_UP_BY_INDEX, []), (statement, values))
        cursor.execute(f"EXPLAIN {statement.call}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Scan" in plan and "Seq Scan" not in plan


@pytest.mark.usefixtures("warm")
def test_a_connection_that_was_cut_is_noticed_before_it_is_used(
    post: Post, triple: dict[str, Any]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (victim,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [victim])
    other.close()
    assert post(triple) == 201
