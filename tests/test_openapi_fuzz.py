"""Machine-made requests against the OpenAPI document: no failure, and no answer it does not allow.

Schemathesis plays its coverage phase (each constraint of the document kept and broken once) and a
bounded, repeatable stretch of its fuzzing. Most of what it invents would end at an unknown id, so
well-formed ids in paths and bodies are exchanged for those of things that exist.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from entityhandler.models import Event, Registration, User
from entityhandler.services import tokens
from otphandler.models import Scanner
from otphandler.outcomes import Direction
from otphandler.services import manual, tickets
from tests.conftest import PASSWORD

# Requests per operation beyond the coverage phase; by hand, thousands find what twenty cannot.
FUZZED_REQUESTS = 10
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.allow_header_conformance,
]
document = schemathesis.openapi.from_path(Path(__file__).parent.parent / "docs" / "openapi.yaml")
bounded = settings(
    max_examples=FUZZED_REQUESTS,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def credentials(staff: User, scanner_and_token: tuple[Scanner, str]) -> dict[str, str]:
    """Return the bearer tokens of a superuser and of a scanner."""
    _, text = tokens.sign_in(email=staff.email, password=PASSWORD, label="", now=timezone.now())
    return {"superuser": text, "scanner": scanner_and_token[1]}


@pytest.fixture
def ids(
    event: Event,
    registration: Registration,
    ticket: tickets.TicketSecret,
    gate: Scanner,
    grace: User,
    credentials: dict[str, str],
    make_event: Callable[..., Event],
    mallory: User,
) -> dict[str, UUID]:
    """Return one existing id for each noun of the API."""
    scan = manual.admit_by_hand(
        registration_id=registration.pk,
        by=grace,
        reason="x",
        direction=Direction.ENTRY,
        gate=gate.gate,
        now=timezone.now(),
    )
    return {
        "events": event.pk,
        "registrations": registration.pk,
        "gates": gate.gate_id,
        "scanners": gate.pk,
        "scans": scan.pk,
        "users": mallory.pk,
        "tokens": mallory.pk,
        "event": event.pk,
        "gate": gate.gate_id,
        "user": grace.pk,
    }


@pytest.fixture
def application(settings: Any, db: None) -> Iterator[WSGIHandler]:
    """Return the WSGI application, on the connection of this test.

    Like Django's own test client, it keeps requests from closing that connection.
    """
    settings.ALLOWED_HOSTS = ["*"]
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in signals:
        signal.connect(close_old_connections)


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value.lower()
    except ValueError:
        return False


def _point_at_what_exists(case: Case[Any], ids: dict[str, UUID]) -> None:
    noun = case.operation.path.split("/")[3]
    names = {**ids, "id": ids.get(noun)}
    for container in (case.path_parameters, case.body):
        if isinstance(container, dict):
            for name in names.keys() & container.keys():
                if names[name] and _is_uuid(container[name]):
                    container[name] = str(names[name])


@pytest.mark.parametrize("who", ["superuser", "scanner"])
@document.parametrize()
@bounded
def test_every_answer_is_one_that_the_document_allows(
    case: Case[Any],
    application: WSGIHandler,
    credentials: dict[str, str],
    ids: dict[str, UUID],
    who: str,
) -> None:
    cache.clear()
    _point_at_what_exists(case, ids)
    headers = {"Authorization": f"Bearer {credentials[who]}"}
    before = transaction.savepoint()
    try:
        case.call_and_validate(headers=headers, checks=CHECKS, app=application)
    finally:
        transaction.savepoint_rollback(before)
