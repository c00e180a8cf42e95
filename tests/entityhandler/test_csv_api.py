"""Files over HTTP: bodies, forms, sizes, reports, progress and the download."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from entityhandler.models import Event, Registration, RegistrationImport, User
from entityhandler.services.spreadsheets import imports
from otphandler.models import Scanner
from otphandler.services import tickets
from otphandler.services.admission import Attempt, submit_scan
from tests.answers import pointers, refusal
from tests.conftest import browser_of, client_of
from tests.spreadsheets import cells, people
from tests.threads import run_in_threads
from ticketmgr.uploads import LARGEST_FILE_BYTES

MakeEvent = Callable[..., Event]
FILE = people(("a@x.org", "Ada"), ("b@x.org", "Bob"))
BROKEN = people(("a@x.org", "Ada"), ("b", "Bob"))


@pytest.fixture
def api(grace: User) -> APIClient:
    return client_of(grace)


def address(event: Event, what: str = "import") -> str:
    return f"/api/v1/events/{event.pk}/registrations/{what}/"


def send(api: Any, event: Event, content: bytes = FILE, query: str = "", **more: Any) -> Any:
    more.setdefault("content_type", "text/csv")
    return api.post(f"{address(event)}{query}", data=content, **more)


def report(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.json()
    return dict(answer.json())


def streamed(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


# --- Import -----------------------------------------------------------------------------------


def test_an_import_is_reported_with_counts_and_refused_rows(
    api: APIClient, event: Event, grace: User
) -> None:
    told = report(send(api, event, BROKEN))
    rows = [
        {
            "row": 3,
            "status": "error",
            "errors": [
                {"column": "email", "code": "invalid", "detail": "Enter a valid email address."}
            ],
        }
    ]
    expected = {"created": 1, "updated": 0, "unchanged": 0, "failed": 1, "rows": rows}
    expected |= {"rows_total": 2, "rows_done": 2, "state": "finished", "dry_run": False}
    expected |= {"event": str(event.pk), "by": str(grace.pk)}
    assert told.items() >= expected.items()
    assert event.registrations.get().user.email == "a@x.org"


def test_a_dry_run_reports_every_row_and_registers_nobody(api: APIClient, event: Event) -> None:
    told = report(send(api, event, BROKEN, "?dry_run=true"))
    assert [(row["row"], row["status"]) for row in told["rows"]] == [(2, "created"), (3, "error")]
    assert (told["dry_run"], told["created"]) == (True, 1)
    assert not Registration.objects.exists()
    assert not User.objects.filter(is_guest=True).exists()


def test_the_body_may_name_its_character_set(api: APIClient, event: Event) -> None:
    assert report(send(api, event, content_type="text/csv; charset=utf-8"))["created"] == 2


def form(api: Any, event: Event, **fields: Any) -> Any:
    options = {"format": "multipart"} if isinstance(api, APIClient) else {}
    return api.post(address(event), fields, **options)


@pytest.mark.parametrize("size", [0, 3_000_000])
def test_a_form_brings_a_file_small_or_large(api: APIClient, event: Event, size: int) -> None:
    content = FILE + b" ,\r\n" * (size // 4)
    file = SimpleUploadedFile("guests.csv", content, "text/csv")
    assert report(form(api, event, file=file))["created"] == 2


def test_the_browser_of_somebody_signed_in_sends_the_same_form(event: Event, grace: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(grace, backend="django.contrib.auth.backends.ModelBackend")
    file = SimpleUploadedFile("guests.csv", FILE, "text/csv")
    assert refusal(browser.post(address(event), {"file": file})) == (403, "csrf_failed")
    assert report(form(browser_of(grace), event, file=SimpleUploadedFile("g.csv", FILE)))


@pytest.mark.parametrize("fields", [{}, {"file": "email\r\n"}, {"other": "x"}])
def test_a_form_without_a_file_is_told(
    api: APIClient, event: Event, fields: dict[str, str]
) -> None:
    assert pointers(form(api, event, **fields)).keys() == {"#/file"}


def test_a_form_with_more_than_one_file_is_told(api: APIClient, event: Event) -> None:
    files = [SimpleUploadedFile(f"{n}.csv", FILE) for n in range(2)]
    assert pointers(form(api, event, file=files)) == {"#/file": "required"}


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/zip"])
def test_another_media_type_is_refused(api: APIClient, event: Event, content_type: str) -> None:
    answer = send(api, event, b"{}", content_type=content_type)
    assert refusal(answer) == (415, "unsupported_media_type")


def test_a_file_of_ten_megabytes_is_read_and_a_larger_one_is_not(
    api: APIClient, event: Event
) -> None:
    padded = FILE + b"\n" * (LARGEST_FILE_BYTES - len(FILE))
    assert report(send(api, event, padded))["created"] == 2
    assert refusal(send(api, event, padded + b"\n")) == (413, "body_too_large")
    file = SimpleUploadedFile("large.csv", padded + b"\n")
    assert refusal(form(api, event, file=file)) == (413, "body_too_large")


@pytest.mark.parametrize("path", ["/admin/login/", "/api/v1/users/"])
def test_a_form_that_nothing_would_read_is_not_written_to_the_disk(
    client: APIClient, db: None, path: str
) -> None:
    file = SimpleUploadedFile("large.csv", b"x" * (LARGEST_FILE_BYTES + 20_000))
    answer = client.post(path, {"file": file}, format="multipart")
    assert refusal(answer) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "file_not_csv"),
        ("email\nada\n".encode("utf-16"), 400, "file_not_utf8"),
        (b"email,seat\n", 400, "columns_not_understood"),
    ],
)
def test_a_file_that_is_not_understood_is_refused_as_a_whole(
    api: APIClient, event: Event, content: bytes, status: int, code: str
) -> None:
    assert refusal(send(api, event, content or b"\n")) == (status, code)
    assert not RegistrationImport.objects.exists()


def test_no_body_is_no_file(api: APIClient, event: Event) -> None:
    assert pointers(api.post(address(event))) == {"#/file": "required"}


def test_more_rows_than_a_request_imports_are_refused(api: APIClient, event: Event) -> None:
    content = b"email\n" + b"x\n" * (imports.MOST_ROWS_PER_REQUEST + 1)
    assert refusal(send(api, event, content)) == (413, "too_many_rows")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("?dry_run=perhaps", "#/dry_run"),
        ("?dryrun=true", "#/dryrun"),
        ("?import_id=7", "#/import_id"),
    ],
)
def test_a_parameter_that_is_not_understood_imports_nothing(
    api: APIClient, event: Event, query: str, pointer: str
) -> None:
    assert pointers(send(api, event, FILE, query)).keys() == {pointer}
    assert not Registration.objects.exists()


# --- Progress and repetition ------------------------------------------------------------------


def test_an_import_is_sent_again_under_its_id_and_done_once(api: APIClient, event: Event) -> None:
    query = f"?import_id={uuid4()}"
    first, again = (report(send(api, event, BROKEN, query)) for _ in range(2))
    assert first == again
    assert RegistrationImport.objects.count() == 1
    assert refusal(send(api, event, FILE, query)) == (409, "import_id_conflict")


def test_progress_is_read_while_an_import_runs(
    api: APIClient, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH_ROWS", 1)
    begun = imports.begin_import(
        event_id=event.pk, by=None, content=FILE, dry_run=False, now=timezone.now()
    )
    seen = []
    for _ in imports.run_import(begun=begun, clock=timezone.now):
        told = api.get(f"{address(event, 'imports')}{begun.record.pk}/").json()
        seen.append((told["state"], told["rows_done"], told["rows_total"]))
    assert seen == [("running", 0, 2), ("running", 1, 2), ("running", 2, 2)]


def test_the_imports_of_an_event_are_listed_the_newest_first(
    api: APIClient, event: Event, make_event: MakeEvent
) -> None:
    done = [report(send(api, event, FILE, query))["id"] for query in ("?dry_run=true", "")]
    send(api, make_event(), FILE)
    page = api.get(address(event, "imports")).json()
    assert [row["id"] for row in page["results"]] == done[::-1]
    assert "rows" not in page["results"][0]


def test_an_import_is_read_with_its_refused_rows(api: APIClient, event: Event) -> None:
    told = report(send(api, event, BROKEN))
    assert report(api.get(f"{address(event, 'imports')}{told['id']}/")) == told


def test_an_import_of_another_event_is_not_there(
    api: APIClient, event: Event, make_event: MakeEvent
) -> None:
    found: UUID = report(send(api, make_event(), FILE))["id"]
    assert refusal(api.get(f"{address(event, 'imports')}{found}/")) == (404, "not_found")


@pytest.mark.django_db(transaction=True)
def test_an_import_that_waits_too_long_for_the_event_is_sent_again(
    event: Event, grace: User
) -> None:
    query = f"?import_id={uuid4()}"

    def hurried() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        return send(client_of(grace), event, FILE, query)

    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        (answer,) = run_in_threads([hurried])
    assert refusal(answer) == (503, "try_again")
    assert RegistrationImport.objects.get().state == "stopped"
    assert report(send(client_of(grace), event, FILE, query))["created"] == 2


def test_a_seat_that_a_file_takes_away_lets_nobody_in(
    api: APIClient, event: Event, ticket: tickets.TicketSecret, attempt: Any, gate: Scanner
) -> None:
    content = people((ticket.registration.user.email, "", "cancelled"))
    assert report(send(api, event, content))["updated"] == 1
    now = timezone.now()
    wanted: Attempt = attempt(now)
    assert submit_scan(scanner=gate, attempt=wanted, now=now).scan.outcome == "cancelled"


# --- Export -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "accept",
    ["*/*", "text/csv", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
)
def test_the_export_is_a_download(api: APIClient, event: Event, accept: str) -> None:
    send(api, event)
    answer = api.get(address(event, "export"), HTTP_ACCEPT=accept)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert answer["Content-Disposition"] == (
        'attachment; filename="registrations-analytical-engines.csv"'
    )
    assert answer["Cache-Control"] == "no-store"
    rows = cells(streamed(answer))
    assert [row["full_name"] for row in rows] == ["Ada", "Bob"]


def test_the_export_is_spoken_in_csv_alone(api: APIClient, event: Event) -> None:
    answer = api.get(address(event, "export"), HTTP_ACCEPT="application/json")
    assert refusal(answer) == (406, "not_acceptable")


def test_the_export_holds_one_status_where_it_is_asked_for(api: APIClient, event: Event) -> None:
    send(api, event, people(("a@x.org", "Ada", "pending"), ("b@x.org", "Bob", "cancelled")))
    answer = api.get(f"{address(event, 'export')}?status=cancelled")
    assert [row["email"] for row in cells(streamed(answer))] == ["b@x.org"]
    answer = api.get(f"{address(event, 'export')}?status=lost")
    assert pointers(answer) == {"#/status": "invalid_choice"}


def test_a_head_of_the_export_reads_nothing(api: APIClient, event: Event) -> None:
    answer = api.head(address(event, "export"))
    assert (answer.status_code, streamed(answer)) == (200, b"")


def test_an_export_is_imported_as_it_came(api: APIClient, event: Event) -> None:
    send(api, event)
    content = streamed(api.get(address(event, "export")))
    told = report(send(api, event, content))
    assert (told["unchanged"], told["rows_total"], told["rows"]) == (2, 2, [])


@pytest.mark.parametrize("name", ["Gala\r\nSet-Cookie: x=1", 'a"b', "日本", "x" * 200])
def test_no_name_of_an_event_breaks_the_headers(
    api: APIClient, make_event: MakeEvent, name: str
) -> None:
    answer = api.head(address(make_event(name=name), "export"))
    assert answer.status_code == 200
    assert answer["Content-Disposition"].count('"') == 2
    assert len(answer["Content-Disposition"]) < 120
