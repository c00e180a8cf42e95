"""`manage.py load_demo`: the demo data, made once and kept."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from otphandler import demo


class Command(BaseCommand):
    """Loads the demo data; running it again changes nothing that is in order."""

    help = "Load the demo accounts, event, gate and scanner; refused unless DEMO=true."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the demo or say in one sentence why not."""
        try:
            event = demo.load(now=timezone.now())
        except demo.DemoIsOff as error:
            raise CommandError(
                "The demo accounts have a published password: set DEMO=true to load them."
            ) from error
        self.stdout.write(f"The demo event is {event.name} ({event.pk}).")
