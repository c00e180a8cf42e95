"""CSV files for tests, and importing them."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from entityhandler.models import Event, RegistrationImport
from entityhandler.services.spreadsheets.export import export_registrations
from entityhandler.services.spreadsheets.imports import begin_import, run_import
from entityhandler.services.spreadsheets.results import RowResult


def csv_file(*rows: Sequence[str]) -> bytes:
    """Return the file of these rows, the first one being the header."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def people(*rows: Sequence[str]) -> bytes:
    """Return a file of e-mail, name and status; what is left out of a row is blank."""
    return csv_file(("email", "full_name", "status"), *rows)


def run(
    event: Event, content: bytes, *, dry_run: bool = False, **options: Any
) -> tuple[RegistrationImport, list[RowResult]]:
    """Import a file; return the record and the results in the order of the rows."""
    sending = {"send_links": options.pop("send_links", False)}
    begun = begin_import(
        event_id=event.pk,
        by=None,
        content=content,
        dry_run=dry_run,
        now=timezone.now(),
        **options,
    )
    batches = list(run_import(begun=begun, clock=timezone.now, **sending))
    results = [result for batch in batches for result in batch]
    return begun.record, sorted(results, key=lambda result: result.row)


def outcomes(event: Event, content: bytes, **options: Any) -> list[str]:
    """Import a file; return what came of each row, of a refused one the codes of its errors."""
    _, results = run(event, content, **options)
    return [
        " ".join(error.code for error in result.errors) or result.status.value for result in results
    ]


def exported(event: Event) -> bytes:
    """Return the export of all registrations of an event."""
    pieces = export_registrations(event=event, registrations=event.registrations.all())
    return "".join(pieces).encode()


def cells(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a file as any program would read them."""
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))
