"""Every error is an RFC 9457 document, whoever notices it, and every code is documented."""

import importlib
import json
import pkgutil
import re
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

import entityhandler
import otphandler
import ticketmgr
from entityhandler.models import Event, Registration, User
from otphandler.models import Scanner
from otphandler.outcomes import REFUSALS
from tests.conftest import PASSWORD, client_of, client_with
from tests.threads import run_in_threads
from ticketmgr import urls as real_urls
from ticketmgr.errors import DomainError
from ticketmgr.problems import CSRF_FAILED, FRAMEWORK_PROBLEMS, INVALID, TYPE_PREFIX

API = "/api/v1/"
HALF_A_PAIR = "\ud800"

# --- An address that fails -------------------------------------------------------------------

handler400, handler403 = real_urls.handler400, real_urls.handler403
handler404, handler500 = real_urls.handler404, real_urls.handler500


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the secret of this failure")


def forbid(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


class FailingView(APIView):
    """Fails inside REST framework."""

    permission_classes = []

    def get(self, request: Request) -> Response:
        raise RuntimeError("the secret of this failure")


urlpatterns = [
    path("fail/", fail),
    path("fail-inside/", FailingView.as_view()),
    path("forbid/", forbid),
    *real_urls.urlpatterns,
]
failing_urls = pytest.mark.urls(__name__)


def problem(answer: Any) -> tuple[int, str]:
    """Return status and code of a problem document, once it is seen to be a whole one."""
    assert answer["Content-Type"] == "application/problem+json"
    members = json.loads(answer.content)
    assert list(members)[:5] == ["type", "title", "status", "code", "detail"]
    assert (members["status"], members["type"]) == (
        answer.status_code,
        TYPE_PREFIX + members["code"],
    )
    assert all(isinstance(members[name], str) for name in ("type", "title", "code", "detail"))
    return members["status"], members["code"]


def send(client: APIClient, body: str | bytes, media_type: str = "application/json") -> Any:
    client.raise_request_exception = False
    return client.post(f"{API}users/", data=body, content_type=media_type)


# --- Addresses and methods -------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/nowhere/", f"{API}nowhere/", f"{API}events/7/"])
def test_an_unknown_address(client: APIClient, address: str) -> None:
    assert problem(client.get(address)) == (404, "not_found")


def test_an_address_without_its_slash_is_told_so(client: APIClient) -> None:
    answer = client.get(f"{API}events")
    assert problem(answer) == (404, "not_found")
    assert answer.json()["detail"] == "API addresses end in a slash."


@pytest.mark.parametrize("address", ["events/", "schema/", "docs/"])
def test_a_method_that_no_view_takes(client: APIClient, staff: User, address: str) -> None:
    client.force_authenticate(staff)
    answer = client.delete(f"{API}{address}")
    assert problem(answer) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"]


@pytest.mark.parametrize("address", ["events/", "schema/", "docs/"])
def test_a_media_type_that_nobody_speaks(client: APIClient, db: None, address: str) -> None:
    answer = client.get(f"{API}{address}", HTTP_ACCEPT="image/png")
    assert problem(answer) == (406, "not_acceptable")


@pytest.mark.parametrize("address", ["events/", "schema/", "docs/"])
def test_a_bad_token(client: APIClient, db: None, address: str) -> None:
    client.credentials(HTTP_AUTHORIZATION="Bearer forged")
    assert problem(client.get(f"{API}{address}")) == (401, "not_authenticated")


def test_a_forged_host(client: APIClient) -> None:
    assert problem(client.get(f"{API}events/", HTTP_HOST="evil")) == (400, "bad_request")


# --- Bodies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "json"]
)
def test_a_body_that_is_not_called_json(client: APIClient, db: None, media_type: str) -> None:
    assert problem(send(client, "{}", media_type)) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'email': 1}",
        b'{"a": NaN}',
        b'{"a": ' + b"1" * 5000 + b"}",
        b'{"a": "\xff"}',
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b'{"a": "\x00"}',
        b"{} {}",
    ],
)
def test_a_body_that_is_not_json(client: APIClient, db: None, body: bytes) -> None:
    assert problem(send(client, body)) == (400, "bad_request")


@pytest.mark.parametrize("depth", [21, 500, *range(900, 920), 100_000])
@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_a_deep_body(client: APIClient, db: None, depth: int, brackets: str) -> None:
    opening = {"[]": "[", "{}": '{"a":'}[brackets]
    answer = send(client, opening * depth + "1" + brackets[1] * depth)
    assert problem(answer) == (400, "bad_request")
    assert answer.json()["detail"] == "The JSON is nested too deeply."


@pytest.mark.parametrize("body", ["[]", "null", '"text"', "7", "true", '[{"email": "x"}]'])
def test_json_that_is_no_object(client: APIClient, db: None, body: str) -> None:
    answer = send(client, body)
    assert problem(answer) == (400, "invalid")
    assert [part["pointer"] for part in answer.json()["errors"]] == ["#"]


def test_a_body_of_two_megabytes(client: APIClient, db: None) -> None:
    answer = send(client, json.dumps({"email": "x" * 2_000_000}))
    assert problem(answer) == (413, "body_too_large")


def test_a_body_as_large_as_allowed_is_read(client: APIClient, db: None) -> None:
    body = json.dumps({"email": ""})
    padding = " " * (django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE - len(body))
    assert problem(send(client, body + padding)) == (400, "invalid")
    assert problem(send(client, body + padding + " ")) == (413, "body_too_large")


def test_a_pointer_is_escaped_and_leads_into_the_body(client: APIClient, db: None) -> None:
    answer = send(client, json.dumps({"email": "x", "full_name": {}, "password": []}))
    assert problem(answer) == (400, "invalid")
    pointers = [part["pointer"] for part in answer.json()["errors"]]
    assert pointers == ["#/email", "#/full_name", "#/password"]


# --- Characters that the database or UTF-8 cannot hold ------------------------------------------

EVENT = {
    "name": "x",
    "starts_at": "2026-11-22T18:00:00Z",
    "ends_at": "2026-11-22T19:00:00Z",
}
TEXT_FIELDS = [
    *(("users/", field) for field in ("email", "full_name", "password")),
    *(("tokens/", field) for field in ("email", "password", "label")),
    *(("events/", field) for field in ("name", "description", "venue", "time_zone")),
    *(("events/", field) for field in ("starts_at", "entry_policy", "capacity")),
    *(("scans/", field) for field in ("user", "event", "otp", "payload", "direction", "scan_id")),
]
BODIES: dict[str, dict[str, Any]] = {
    "users/": {"email": "x@example.org", "full_name": "x", "password": PASSWORD},
    "tokens/": {"email": "x@example.org", "password": PASSWORD},
    "events/": EVENT,
    "scans/": {},
}


@pytest.mark.parametrize(("address", "field"), TEXT_FIELDS)
@pytest.mark.parametrize("character", ["\x00", HALF_A_PAIR], ids=["NUL", "half a pair"])
def test_a_character_that_nothing_can_hold(
    staff: User,
    scanner_and_token: tuple[Scanner, str],
    address: str,
    field: str,
    character: str,
) -> None:
    client = client_with(scanner_and_token[1]) if address == "scans/" else client_of(staff)
    client.raise_request_exception = False
    body = json.dumps({**BODIES[address], field: f"a{character}b"})
    answer = client.generic("POST", f"{API}{address}", body, content_type="application/json")
    assert problem(answer)[0] == 400


def test_a_whole_pair_is_an_ordinary_character(client: APIClient, db: None) -> None:
    body = json.dumps({"email": "x@example.org", "full_name": "🎟", "password": PASSWORD})
    assert "\\ud83c" in body
    assert send(client, body).json()["full_name"] == "🎟"


def test_a_name_that_nothing_can_hold(client: APIClient, db: None) -> None:
    assert problem(send(client, json.dumps({HALF_A_PAIR: 1}))) == (400, "bad_request")


# --- Query strings ---------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["0", "-1", "2", "last-but-one", "1.5", "9" * 5000, "%00"])
def test_a_bad_page(client: APIClient, db: None, page: str) -> None:
    assert problem(client.get(f"{API}events/?page={page}")) == (404, "not_found")


@pytest.mark.parametrize("query", ["status=lost", "starts_after=x", "search=%00", "ordering=id"])
def test_a_bad_filter(client: APIClient, db: None, query: str) -> None:
    assert problem(client.get(f"{API}events/?{query}")) == (400, "invalid")


@pytest.mark.parametrize("query", ["search=%ED%A0%80", "ordering=,"])
def test_an_odd_query_is_answered(client: APIClient, db: None, query: str) -> None:
    assert client.get(f"{API}events/?{query}").status_code == 200


@pytest.mark.parametrize(
    "cursor", ["x", "%ff", *(b64encode(text).decode() for text in (b"o=-1", b"p=x", b"p=%00"))]
)
def test_a_bad_cursor(grace: User, cursor: str) -> None:
    answer = client_of(grace).get(f"{API}scans/", {"cursor": cursor})
    assert problem(answer) == (404, "not_found")


# --- Failures --------------------------------------------------------------------------------


@failing_urls
@pytest.mark.parametrize("address", ["/fail/", "/fail-inside/"])
def test_a_failure_tells_nothing_about_itself(client: APIClient, address: str) -> None:
    client.raise_request_exception = False
    answer = client.get(address)
    assert problem(answer) == (500, "internal_error")
    assert "secret" not in answer.content.decode()


@failing_urls
def test_a_refusal_outside_rest_framework(client: APIClient) -> None:
    assert problem(client.get("/forbid/")) == (403, "permission_denied")


def test_the_admin_keeps_its_own_pages(
    client: APIClient, staff: User, plain_static_files: None
) -> None:
    client.login(username=staff.email, password=PASSWORD)
    answer = client.get("/admin/nowhere/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.usefixtures("plain_static_files", "db")
@pytest.mark.parametrize(("path", "kind"), [("/nowhere/", "text/html"), ("/api/v1/x/", "problem")])
def test_a_browser_gets_a_page_outside_the_api(client: APIClient, path: str, kind: str) -> None:
    answer = client.get(path, headers={"accept": "text/html,application/xhtml+xml"})
    assert (answer.status_code, kind in answer["Content-Type"]) == (404, True)


def _register(event: Event, user: User, before: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(before)
    return client_of(user).post(f"{API}registrations/", {"event": str(event.pk)})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("timeout", ["lock_timeout", "statement_timeout"])
def test_a_lock_that_does_not_come_in_time(event: Event, ada: User, timeout: str) -> None:
    with transaction.atomic():
        Event.objects.select_for_update().get(pk=event.pk)
        (answer,) = run_in_threads([partial(_register, event, ada, f"SET {timeout} = '200ms'")])
    assert problem(answer) == (503, "try_again")
    assert int(answer["Retry-After"]) >= 1
    assert not Registration.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_hangs_up(event: Event, ada: User) -> None:
    hang_up = """
        CREATE FUNCTION pg_temp.hang_up() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
        CREATE TRIGGER hang_up AFTER INSERT ON entityhandler_registration
            FOR EACH ROW EXECUTE FUNCTION pg_temp.hang_up();
    """
    (answer,) = run_in_threads([partial(_register, event, ada, hang_up)])
    assert problem(answer) == (503, "try_again")
    assert not Registration.objects.exists()


# --- The catalogue ---------------------------------------------------------------------------


def _domain_errors(family: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for error in family.__subclasses__():
        if error.__module__.split(".")[0] != "tests":
            yield error
        yield from _domain_errors(error)


def _statuses_by_code() -> dict[str, set[int]]:
    """Return every code that the project can answer, with its HTTP statuses."""
    for package in (ticketmgr, entityhandler, otphandler):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not re.search(r"\.(migrations|management|local|asgi|wsgi)\b", module.name):
                importlib.import_module(module.name)
    statuses: dict[str, set[int]] = defaultdict(set)
    for error in _domain_errors():
        statuses[error.code].add(error.status)
    for status, (code, _) in FRAMEWORK_PROBLEMS.items():
        statuses[code].add(status)
    for outcome, refusal in REFUSALS.items():
        statuses[outcome.value].add(refusal.status)
    statuses[INVALID[0]].add(400)
    statuses[CSRF_FAILED[0]].add(403)
    return statuses


def _catalogue() -> dict[str, set[int]]:
    """Return the headings of docs/problems.md, each with the statuses that its text begins with."""
    text = Path(django_settings.BASE_DIR, "docs", "problems.md").read_text(encoding="utf-8")
    entries = re.findall(r"^## (\S+)\n\n\*\*HTTP ([\d, or]+)\.\*\* ", text, re.MULTILINE)
    assert len(entries) == len(re.findall(r"^## ", text, re.MULTILINE))
    return {code: {int(word) for word in re.findall(r"\d+", words)} for code, words in entries}


def test_the_catalogue_has_every_code_and_no_other() -> None:
    assert _catalogue() == _statuses_by_code()


@pytest.mark.parametrize("size", ["x", "0", "-5", "1.5", "", "２"])
def test_a_page_size_that_is_none_is_told(client: APIClient, db: None, size: str) -> None:
    answer = client.get("/api/v1/events/", {"page_size": size})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "#/page_size")


def test_the_catalogue_is_in_alphabetical_order() -> None:
    assert list(_catalogue()) == sorted(_catalogue())


def test_the_type_of_a_problem_leads_to_the_catalogue(client: APIClient, db: None) -> None:
    kind = client.get(f"{API}nowhere/").json()["type"]
    address, _, heading = kind.partition("#")
    answer = client.get(address)
    assert f"## {heading}\n" in b"".join(answer).decode()
