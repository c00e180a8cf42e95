"""`manage.py purge_events`: deletes events that are past their retention, and who came to them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from otphandler.services import retention


class Command(BaseCommand):
    """Lists what would go, or with --yes deletes it; there is no way back."""

    help = "Delete the events that ended RETENTION_DAYS ago or earlier, audit included."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the confirmation."""
        parser.add_argument("--yes", action="store_true", help="delete; without it, only list")

    def handle(self, *args: Any, yes: bool, **options: Any) -> None:
        """List or delete."""
        now = timezone.now()
        for event in retention.purgeable(now=now):
            name = f"{event.name} (ended {event.ends_at:%Y-%m-%d}, {event.pk})"
            if not yes:
                self.stdout.write(f"Would delete {name}.")
                continue
            deleted = retention.purge_event(event_id=event.pk, now=now)
            rows = ", ".join(f"{count} of {table}" for table, count in deleted.items() if count)
            self.stdout.write(f"Deleted {name}: {rows or 'no rows beside it'}.")
