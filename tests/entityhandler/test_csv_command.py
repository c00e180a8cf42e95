"""Files on the command line: any length, with progress, and telling what was refused."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from entityhandler.models import Event, User
from entityhandler.services.spreadsheets import imports
from tests.spreadsheets import people

FILE = people(("a@x.org", "Ada"), ("ada@example.org",), ("b@x.org", "Bob", "cancelled"))


@pytest.fixture
def command(event: Event, ada: User, tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Return a runner of the command on a file; it answers what is printed and what is told."""

    def run(content: bytes = FILE, *arguments: str) -> tuple[str, str]:
        path, out, err = tmp_path / "guests.csv", StringIO(), StringIO()
        path.write_bytes(content)
        try:
            call_command(
                "import_registrations", str(event.pk), str(path), *arguments, stdout=out, stderr=err
            )
        except CommandError as error:
            err.write(str(error))
        return out.getvalue(), err.getvalue()

    return run


def test_a_file_is_imported_with_progress(command: Any, event: Event) -> None:
    out, err = command()
    assert out == "3 created, 0 updated, 0 unchanged, 0 refused.\n"
    assert "3/3" in err
    assert event.registrations.live().count() == 2


def test_a_dry_run_says_so_and_writes_nothing(command: Any, event: Event) -> None:
    out, _ = command(FILE, "--dry-run")
    assert out.startswith("Nothing was written; importing would give: 3 created")
    assert not event.registrations.exists()


def test_refused_rows_are_told_and_fail_the_command(command: Any, event: Event) -> None:
    out, err = command(people(("a@x.org", "Ada"), ("b", "Bob"), ("c@x.org",)))
    assert out == "1 created, 0 updated, 0 unchanged, 2 refused.\n"
    assert "row 3, email: Enter a valid email address. (invalid)" in err
    assert "row 4, full_name: " in err
    assert err.endswith("2 of 3 rows were refused.")


def test_more_rows_than_a_request_takes(
    command: Any, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = imports.MOST_ROWS_PER_REQUEST + 1
    out, _ = command(people(*((f"x{n}", "X") for n in range(count))))
    assert f"{count} refused" in out


@pytest.mark.django_db(transaction=True)
def test_new_guests_get_links_on_request(command: Any) -> None:
    command()
    assert mail.outbox == []
    command(people(("c@x.org", "Cy"), ("a@x.org", "Ada")), "--send-links")
    assert [message.to for message in mail.outbox] == [["c@x.org"]]


@pytest.mark.django_db(transaction=True)
def test_every_guest_gets_a_link_later(command: Any, event: Event) -> None:
    command()
    out = StringIO()
    call_command("send_claim_links", str(event.pk), stdout=out, stderr=StringIO())
    assert [message.to for message in mail.outbox] == [["a@x.org"]]
    assert out.getvalue() == "1 links were sent.\n"


@pytest.mark.parametrize("name", ["import_registrations", "send_claim_links"])
def test_an_unknown_event_is_told(db: None, tmp_path: Path, name: str) -> None:
    path = tmp_path / "guests.csv"
    path.write_bytes(FILE)
    more = [str(path)] if name == "import_registrations" else []
    with pytest.raises(CommandError, match="no such event"):
        call_command(name, "00000000-0000-4000-8000-000000000000", *more)


def test_a_file_that_is_not_there_is_told(event: Event) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.csv: No such file"):
        call_command("import_registrations", str(event.pk), "nowhere.csv")


def test_a_file_that_is_not_understood_is_told(command: Any) -> None:
    _, err = command(b"email,seat\n")
    assert "seat" in err
