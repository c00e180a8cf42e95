"""`manage.py rotate_otp_keys`: every ticket secret under the active key, while scanning goes on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from otphandler.keyring import keyring
from otphandler.services import rotation
from otphandler.services.canary import check_canary


class Command(BaseCommand):
    """Re-encrypts in batches; running it again continues where it was cut off."""

    help = "Move every ticket secret under the first key of OTP_KEYS; holders notice nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate with a progress bar, then say which keys may be dropped."""
        if complaint := check_canary():
            raise CommandError(f"{complaint}; nothing was changed.")
        unreadable = self._rotate()
        if unreadable:
            raise CommandError(
                f"{unreadable} secrets do not open with any key of OTP_KEYS and were left as they "
                "are: their keys are missing, or the rows were changed. See the log."
            )
        active = keyring().active_id
        self.stdout.write(f"Every ticket secret is under key {active}.")
        for key_id in rotation.retire_unused_keys():
            self.stdout.write(f"Key {key_id} seals nothing any more: drop it from OTP_KEYS.")

    def _rotate(self) -> int:
        waiting, unreadable = rotation.tickets_under_other_keys(), 0
        with tqdm(total=waiting, unit=" tickets", file=self.stderr) as bar:
            for batch in rotation.rotate():
                bar.update(batch.moved + batch.unreadable)
                unreadable += batch.unreadable
        return unreadable
