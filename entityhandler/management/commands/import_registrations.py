"""`manage.py import_registrations EVENT FILE`: a file of registrations of any length."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from entityhandler.models import RegistrationImport
from entityhandler.services.spreadsheets.imports import Import, begin_import, run_import
from entityhandler.services.spreadsheets.results import RowResult
from ticketmgr.errors import DomainError


class Command(BaseCommand):
    """Imports a file as the API does; running it again changes nothing that is done."""

    help = "Import a CSV file of registrations; the first row names the columns."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the event, the file, and how."""
        parser.add_argument("event", type=UUID, help="id of the event")
        parser.add_argument("file", type=Path, help="a CSV file in UTF-8")
        parser.add_argument("--dry-run", action="store_true", help="report, and write nothing")
        parser.add_argument(
            "--send-links",
            action="store_true",
            help="send new guests the link that makes a registration their account's",
        )

    def handle(
        self,
        *args: Any,
        event: UUID,
        file: Path,
        dry_run: bool,
        send_links: bool,
        **options: Any,
    ) -> None:
        """Import with a progress bar, tell what was refused, and fail if anything was."""
        try:
            begun = begin_import(
                event_id=event,
                by=None,
                content=file.read_bytes(),
                dry_run=dry_run,
                now=timezone.now(),
            )
            self._run(begun, send_links=send_links)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error
        except DomainError as error:
            raise CommandError(error.detail) from error
        self._tell(begun.record)

    def _run(self, begun: Import, *, send_links: bool) -> None:
        total = begun.record.rows_total
        with tqdm(total=total, unit=" rows", file=self.stderr) as bar:
            for results in run_import(begun=begun, clock=timezone.now, send_links=send_links):
                for result in results:
                    self._tell_refusal(bar, result)
                bar.update(len(results))

    def _tell_refusal(self, bar: "tqdm[Any]", result: RowResult) -> None:
        for error in result.errors:
            where = f"row {result.row}, {error.column}" if error.column else f"row {result.row}"
            bar.write(f"{where}: {error.detail} ({error.code})", file=self.stderr)

    def _tell(self, record: RegistrationImport) -> None:
        would = "Nothing was written; importing would give: " if record.dry_run else ""
        self.stdout.write(
            f"{would}{record.created} created, {record.updated} updated, "
            f"{record.unchanged} unchanged, {record.failed} refused."
        )
        if record.failed:
            raise CommandError(f"{record.failed} of {record.rows_total} rows were refused.")
