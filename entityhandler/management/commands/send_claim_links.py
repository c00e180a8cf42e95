"""`manage.py send_claim_links EVENT`: every guest of an event gets the link once more."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from entityhandler.models import Event, Registration
from entityhandler.services import claims


class Command(BaseCommand):
    """Sends the links, one guest after another; running it again sends them again."""

    help = "Send the guests of an event the link that makes a registration their account's."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the event."""
        parser.add_argument("event", type=UUID, help="id of the event")

    def handle(self, *args: Any, event: UUID, **options: Any) -> None:
        """Send with a progress bar."""
        if not Event.objects.filter(pk=event).exists():
            raise CommandError("There is no such event.")
        guests = Registration.objects.live().filter(event=event, user__is_guest=True)
        rows = guests.select_related("user", "event").order_by("created_at", "id")
        with tqdm(total=rows.count(), unit=" links", file=self.stderr) as bar:
            for registration in rows.iterator():
                claims.send_link(registration=registration)
                bar.update()
        self.stdout.write(f"{bar.n} links were sent.")
