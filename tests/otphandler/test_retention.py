"""The audit outlives everything but an event that is past its retention."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from entityhandler.models import Event, Registration, RegistrationImport, User
from entityhandler.services import events
from otphandler.models import Gate, Scan, Scanner, Ticket
from otphandler.services import manual, retention
from otphandler.services.admission import Attempt, submit_scan
from tests.spreadsheets import people, run

NOW = timezone.now()


@pytest.fixture
def scanned(gate: Scanner, attempt: Callable[..., Attempt]) -> None:
    submit_scan(scanner=gate, attempt=attempt(NOW), now=NOW)
    submit_scan(scanner=gate, attempt=attempt(NOW), now=NOW)


@pytest.fixture
def long_gone(event: Event, scanned: None) -> Event:
    """Return the event, scanned at, and then moved half a year into the past."""
    times = {"starts_at": NOW - timedelta(days=190), "ends_at": NOW - timedelta(days=181)}
    return events.update_event(event_id=event.pk, changes=times, now=NOW)


def purge(*arguments: str) -> str:
    told = StringIO()
    call_command("purge_events", *arguments, stdout=told)
    return told.getvalue()


def test_an_event_past_its_retention_goes_with_all_that_hangs_on_it(long_gone: Event) -> None:
    run(long_gone, people(("a@x.org", "Ada")))
    assert "2 of otphandler_scan" in purge("--yes")
    for model in (Event, Registration, RegistrationImport, Gate, Scanner, Ticket, Scan):
        assert not model.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_scans_go_in_steps_also_those_that_were_taken_back(
    long_gone: Event, grace: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "SCANS_PER_STEP", 1)
    later = NOW + timedelta(seconds=1)
    manual.undo_admission(
        registration_id=Registration.objects.get().pk, by=grace, reason="Mistake", now=later
    )
    assert retention.purge_event(event_id=long_gone.pk, now=NOW)["otphandler_scan"] == 3
    assert not Scan.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_purge_that_was_cut_off_is_continued(
    long_gone: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "SCANS_PER_STEP", 1)
    monkeypatch.setattr(retention, "TABLES", ["no_such_table"])
    with pytest.raises(DatabaseError):
        retention.purge_event(event_id=long_gone.pk, now=NOW)
    assert (Scan.objects.count(), Event.objects.count()) == (0, 1)
    monkeypatch.undo()
    retention.purge_event(event_id=long_gone.pk, now=NOW)
    assert not Event.objects.exists()


def test_people_stay(long_gone: Event, ada: User) -> None:
    purge("--yes")
    assert User.objects.filter(pk=ada.pk).exists()


def test_without_yes_nothing_goes(long_gone: Event) -> None:
    assert f"Would delete {long_gone.name}" in purge()
    assert Scan.objects.count() == 2


def test_an_event_that_is_still_retained_stays(event: Event, scanned: None) -> None:
    assert purge("--yes") == ""
    with pytest.raises(retention.StillRetained):
        retention.purge_event(event_id=event.pk, now=NOW)


def test_the_events_of_others_stay(long_gone: Event, make_event: Callable[..., Event]) -> None:
    other = make_event(name="Elsewhere")
    purge("--yes")
    assert list(Event.objects.all()) == [other]


def test_postgresql_keeps_recent_scans_even_from_a_purge(
    event: Event, scanned: None, settings: Any
) -> None:
    settings.RETENTION_DAYS = 0
    times = {"starts_at": NOW - timedelta(days=40), "ends_at": NOW - timedelta(days=29)}
    events.update_event(event_id=event.pk, changes=times, now=NOW)
    with pytest.raises(DatabaseError, match="append-only"):
        retention.purge_event(event_id=event.pk, now=NOW)


def test_postgresql_keeps_old_scans_from_everything_but_a_purge(long_gone: Event) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Scan.objects.filter(event=long_gone).delete()


def name_for_purging(event: Event) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('ticketmgr.purged_event', %s, true)", [str(event.pk)])


def test_a_purge_of_one_event_opens_no_other(
    long_gone: Event, make_event: Callable[..., Event]
) -> None:
    name_for_purging(make_event(name="Elsewhere"))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Scan.objects.filter(event=long_gone).delete()


def test_a_purge_changes_no_scan(long_gone: Event) -> None:
    name_for_purging(long_gone)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Scan.objects.update(outcome="admitted")
