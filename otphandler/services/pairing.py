"""Pairing: a link that a device opens once, and that makes it a gate's scanner.

The link is no credential of a scanner: it is good for minutes and for one exchange. What the device
gets for it is the scanner's token, new with each pairing, so that one device at a time is paired.
"""

from datetime import datetime, timedelta
from uuid import UUID

from entityhandler.services.tokens import digest, new_token
from otphandler.models import Scanner
from otphandler.services import gates
from ticketmgr.errors import DomainError
from ticketmgr.transactions import write_use_case

PREFIX = "tmp_"
# Time to walk to a gate with the QR code on a screen; a link that lies about longer is a risk.
LASTS = timedelta(minutes=10)


class PairingOver(DomainError):
    """The link was used, is too old, was replaced, or never was; which of them is not told."""

    code = "pairing_over"
    status = 403
    title = "This pairing link is no longer good; ask for a new one."


@write_use_case
def start_pairing(*, scanner_id: UUID, now: datetime) -> tuple[Scanner, str]:
    """Return the device and the one-time token of a new link, which replaces an earlier one.

    A device that is paired stays so until the link is used. Locks the scanner row. Raises
    AlreadyRevoked.
    """
    scanner = gates.lock_scanner(scanner_id)
    text = new_token(PREFIX)
    scanner.pairing_digest, scanner.pairing_expires_at = digest(text), now + LASTS
    scanner.save(update_fields=["pairing_digest", "pairing_expires_at"])
    return scanner, text


@write_use_case
def pair_device(*, text: str, now: datetime) -> tuple[Scanner, str]:
    """Exchange the token of a link, once, for a new token of its scanner.

    Locks the scanner row: of two devices with one link the second finds it used. The scanner's
    earlier token opens nothing from the commit on. Unlike `rotate_scanner` this does not wait for
    scans under way: they are this scanner's own, and an answer that failed here would leave the
    device without the link and without a token. Raises PairingOver.
    """
    scanner = (
        Scanner.objects.pairing_with(digest(text), now)
        .select_for_update(no_key=True, of=("self",))
        .select_related("gate", "event")
        .first()
    )
    if scanner is None:
        raise PairingOver
    token = new_token(gates.PREFIX)
    scanner.digest, scanner.paired_at, scanner.last_seen_at = digest(token), now, now
    scanner.pairing_digest = scanner.pairing_expires_at = None
    scanner.save(
        update_fields=[
            "digest",
            "paired_at",
            "last_seen_at",
            "pairing_digest",
            "pairing_expires_at",
        ]
    )
    return scanner, token


@write_use_case
def unpair_device(*, scanner: Scanner) -> None:
    """Take the token from a device at its own wish; the scanner waits for another pairing."""
    held = Scanner.objects.filter(pk=scanner.pk, digest=scanner.digest)
    held.update(digest=digest(new_token(gates.PREFIX)), paired_at=None)
