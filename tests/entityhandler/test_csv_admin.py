"""Files in the admin: the same services, for staff with the permissions on registrations."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from entityhandler.models import Event, RegistrationImport, User
from tests.entityhandler.test_admin import allow, page
from tests.spreadsheets import cells, people
from ticketmgr.uploads import LARGEST_FILE_BYTES

pytestmark = pytest.mark.usefixtures("plain_static_files")
FILE = people(("a@x.org", "Ada"), ("b", "Bob <b>"))


def address(event: Event, what: str) -> str:
    return reverse(f"admin:entityhandler_event_{what}", args=[event.pk])


def upload(browser: Client, event: Event, content: bytes = FILE, **fields: str) -> Any:
    file = SimpleUploadedFile("guests.csv", content)
    return browser.post(address(event, "import"), {"file": file, **fields})


def test_an_event_leads_to_both_pages(boss: Client, event: Event) -> None:
    shown = boss.get(page(event, "change", event.pk)).content.decode()
    assert address(event, "import") in shown
    assert address(event, "export") in shown


def test_the_form_proposes_a_dry_run(boss: Client, event: Event) -> None:
    shown = boss.get(address(event, "import")).content.decode()
    assert 'name="dry_run"' in shown
    assert "checked" in shown


def test_a_dry_run_shows_what_the_file_would_do(boss: Client, event: Event) -> None:
    shown = upload(boss, event, dry_run="on").content.decode()
    assert "Dry run, nothing was written." in shown
    assert "1 created, 0 updated, 0 unchanged, 1 refused." in shown
    assert "<td>3</td><td>email</td><td>Enter a valid email address.</td>" in shown
    assert not event.registrations.exists()
    assert not LogEntry.objects.exists()


def test_an_import_registers_and_leaves_a_line_of_history(
    boss: Client, event: Event, staff: User
) -> None:
    upload(boss, event)
    assert event.registrations.get().user.email == "a@x.org"
    entry = LogEntry.objects.get()
    assert (entry.object_id, "1 created" in entry.change_message) == (str(event.pk), True)
    assert RegistrationImport.objects.get().by == staff


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"email,seat\n", "Nothing is known of: seat."),
        (b"email\n" + b"x\n" * 20_001, "20000 rows at most"),
        (b"email\n".ljust(LARGEST_FILE_BYTES + 1, b"\n"), "larger than 10 MB"),
    ],
)
def test_a_file_that_is_refused_is_an_error_of_the_form(
    boss: Client, event: Event, content: bytes, told: str
) -> None:
    assert told in str(upload(boss, event, content).context["form"].errors)


def test_nothing_is_imported_without_a_file(boss: Client, event: Event) -> None:
    answer = boss.post(address(event, "import"), {})
    assert "file" in answer.context["form"].errors
    assert not RegistrationImport.objects.exists()


def test_the_export_is_a_download(boss: Client, event: Event) -> None:
    upload(boss, event)
    answer: Any = boss.get(address(event, "export"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert [row["full_name"] for row in cells(b"".join(answer.streaming_content))] == ["Ada"]


def test_each_page_needs_its_permissions(clerk: User, event: Event) -> None:
    def statuses(*rights: str) -> list[int]:
        browser = allow(clerk, *rights)
        return [browser.get(address(event, what)).status_code for what in ("import", "export")]

    assert statuses("view_event") == [403, 403]
    assert statuses("view_event", "view_registration") == [403, 200]
    assert statuses("view_event", "add_registration") == [403, 403]
    assert statuses("view_event", "add_registration", "change_registration") == [200, 403]
    assert statuses("add_registration", "change_registration", "view_registration") == [403, 403]


def test_an_unknown_event_has_no_pages(boss: Client, event: Event) -> None:
    addresses = [address(event, what) for what in ("import", "export")]
    event.managers.all().delete()
    event.delete()
    assert [boss.get(where).status_code for where in addresses] == [404, 404]


def test_imports_are_listed_and_changed_by_nobody(boss: Client, event: Event) -> None:
    upload(boss, event)
    record = RegistrationImport.objects.get()
    assert "finished" in boss.get(page(record, "changelist")).content.decode().lower()
    shown = boss.get(page(record, "change", record.pk)).content.decode()
    assert record.digest not in shown
    assert boss.get(page(RegistrationImport, "add")).status_code == 403
    assert boss.post(page(record, "delete", record.pk), {"post": "yes"}).status_code == 403
