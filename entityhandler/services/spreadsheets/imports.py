"""Importing a file of registrations, batch by batch; the same file again changes nothing.

Each batch is one transaction under the lock of the event row, and short, so that nobody who
registers meanwhile waits for long. How far an import is stands in its row, which every batch
writes.
"""

import hashlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError

from entityhandler.models import Event, Registration, RegistrationImport, RowStatus, User
from entityhandler.services.questions import questions_of
from entityhandler.services.registrations import EventNotPublished
from entityhandler.services.seats import EventNotFound, Seats
from entityhandler.services.spreadsheets.batches import Batch
from entityhandler.services.spreadsheets.reading import read_table
from entityhandler.services.spreadsheets.rehearsal import Rehearsal
from entityhandler.services.spreadsheets.results import RowResult
from entityhandler.services.spreadsheets.wishes import Plan, Wish, plan_of
from ticketmgr.errors import DomainError
from ticketmgr.transactions import write_use_case

# So many rows hold the lock of the event for a fraction of a second.
BATCH_ROWS = 500
# What one request imports within a few seconds; the command line takes any number.
MOST_ROWS_PER_REQUEST = 20_000
# A file with more errors is the wrong file; the rest is counted.
MOST_REFUSED_ROWS_KEPT = 1_000
# A batch waits for a lock and for statements; one that was silent for longer has died.
STALLED_AFTER = timedelta(minutes=2)

State = RegistrationImport.State
COUNTED_AS = {
    RowStatus.CREATED: "created",
    RowStatus.UPDATED: "updated",
    RowStatus.UNCHANGED: "unchanged",
    RowStatus.ERROR: "failed",
}


class ImportIdConflict(DomainError):
    """The id was given to the import of another file, or of another event, or to a dry run."""

    code = "import_id_conflict"
    title = "This `import_id` belongs to another import."


@dataclass(frozen=True, slots=True)
class Import:
    """An import that was begun, and what it is to do; nothing where it was done before."""

    record: RegistrationImport
    plan: Plan | None


def begin_import(
    *,
    event_id: UUID,
    by: User | None,
    content: bytes,
    dry_run: bool,
    now: datetime,
    import_id: UUID | None = None,
    at_most: int | None = None,
) -> Import:
    """Understand a file and open the record of its import; `run_import` carries it out.

    An `import_id` that was given to the same file before returns what is known of that import.
    Raises EventNotFound, EventNotPublished, ImportIdConflict, FileNotUtf8, FileNotCsv,
    ColumnsNotUnderstood and TooManyRows.
    """
    record = RegistrationImport(
        pk=import_id or uuid4(),
        event_id=event_id,
        by=by,
        dry_run=dry_run,
        digest=hashlib.sha256(content).hexdigest(),
        started_at=now,
        updated_at=now,
    )
    before = RegistrationImport.objects.filter(pk=record.pk).first()
    if before is not None and not _is_to_run_again(before, record, now):
        return Import(before, None)
    _check_published(event_id)
    guests = Registration.objects.filter(event=event_id).beside_accounts()
    plan = plan_of(
        read_table(content),
        questions_of(event_id),
        guests.values_list("pk", flat=True),
        at_most=at_most,
    )
    return _open(record=record, plan=plan, now=now)


def run_import(
    *, begun: Import, clock: Callable[[], datetime], send_links: bool = False
) -> Generator[list[RowResult], None, None]:
    """Carry an import out; yields the results of each batch once it is committed.

    With `send_links` new guests get theirs after that. What a failure interrupts can be sent again:
    the batches before it stay. The record of `begun` is up to date at the end.
    """
    record, plan = begun.record, begun.plan
    if plan is None:
        return
    try:
        yield plan.decided
        rehearsal = Rehearsal.of(record.event_id) if record.dry_run else None
        for wishes in _batches(plan.wishes):
            if rehearsal is None:
                yield _apply(record=record, wishes=wishes, now=clock(), send_links=send_links)
            else:
                yield _rehearse(record, rehearsal, wishes, clock())
        _finish(record=record, now=clock())
    except BaseException:
        with suppress(DatabaseError):
            running = RegistrationImport.objects.filter(pk=record.pk, state=State.RUNNING)
            running.update(state=State.STOPPED)
        raise
    record.refresh_from_db()


def _batches(wishes: Sequence[Wish]) -> Iterator[Sequence[Wish]]:
    for start in range(0, len(wishes), BATCH_ROWS):
        yield wishes[start : start + BATCH_ROWS]


def _check_published(event_id: UUID) -> None:
    status = Event.objects.filter(pk=event_id).values_list("status", flat=True).first()
    if status is None:
        raise EventNotFound
    if status != Event.Status.PUBLISHED:
        raise EventNotPublished


# --- The record -------------------------------------------------------------------------------


def _is_to_run_again(before: RegistrationImport, record: RegistrationImport, now: datetime) -> bool:
    """Whether an import did not come to its end; raises ImportIdConflict where it is another."""
    if any(
        getattr(before, name) != getattr(record, name) for name in ("event_id", "dry_run", "digest")
    ):
        raise ImportIdConflict
    is_stalled = before.updated_at < now - STALLED_AFTER
    return before.state == State.STOPPED or (before.state == State.RUNNING and is_stalled)


@write_use_case
def _open(*, record: RegistrationImport, plan: Plan, now: datetime) -> Import:
    """Write the record, with what was decided already; locks the row of one that runs again."""
    fields: dict[str, Any] = {
        **{name: getattr(record, name) for name in ("event_id", "by", "dry_run", "digest")},
        "rows_total": plan.rows_total,
        "started_at": now,
        "updated_at": now,
    }
    rows = RegistrationImport.objects.select_for_update(no_key=True)
    there, is_new = rows.get_or_create(pk=record.pk, defaults=fields)
    if not is_new:
        if not _is_to_run_again(there, record, now):
            return Import(there, None)
        there = RegistrationImport(pk=record.pk, **fields)
    _count(there, plan.decided)
    there.save(force_update=True)
    return Import(there, plan)


def _count(record: RegistrationImport, results: Sequence[RowResult]) -> None:
    """Add results to a record, in memory."""
    for result in results:
        name = COUNTED_AS[result.status]
        setattr(record, name, getattr(record, name) + 1)
    record.rows_done += len(results)
    refused = [result.to_json() for result in results if result.errors]
    kept = sorted([*record.refused_rows, *refused], key=lambda row: row["row"])
    record.refused_rows = kept[:MOST_REFUSED_ROWS_KEPT]


def _note(record: RegistrationImport, results: Sequence[RowResult], now: datetime) -> None:
    """Add results to the row of a record, which whoever runs it writes alone."""
    row = RegistrationImport.objects.get(pk=record.pk)
    _count(row, results)
    row.updated_at = now
    row.save(update_fields=[*COUNTED_AS.values(), "rows_done", "refused_rows", "updated_at"])


@write_use_case
def _finish(*, record: RegistrationImport, now: datetime) -> None:
    RegistrationImport.objects.filter(pk=record.pk).update(
        state=State.FINISHED, finished_at=now, updated_at=now
    )


# --- Batches ----------------------------------------------------------------------------------


@write_use_case
def _apply(
    *, record: RegistrationImport, wishes: Sequence[Wish], now: datetime, send_links: bool
) -> list[RowResult]:
    """Carry out a batch. Locks the event row, then the registrations of the people in it."""
    batch = Batch.read(Seats.lock(record.event_id), wishes, now)
    results = batch.decide(wishes)
    batch.write(send_links=send_links)
    _note(record, results, now)
    return results


def _rehearse(
    record: RegistrationImport, seats: Rehearsal, wishes: Sequence[Wish], now: datetime
) -> list[RowResult]:
    """Decide a batch and write its progress alone."""
    batch = Batch.read(seats, wishes, now)
    results = batch.decide(wishes)
    batch.rehearse()
    _note_progress(record=record, results=results, now=now)
    return results


@write_use_case
def _note_progress(
    *, record: RegistrationImport, results: Sequence[RowResult], now: datetime
) -> None:
    _note(record, results, now)
