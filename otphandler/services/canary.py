"""The canary: proves that the active key is the one this database was sealed with."""

from otphandler.keyring import CannotOpen, Keyring, keyring
from otphandler.models import KeyCanary

PLAIN = b"ticketmgr key canary"
PURPOSE = b"ticketmgr key canary"


def check_canary() -> str:
    """Return nothing when the active key opens its canary, else one sentence that says why not.

    The first check under a new key id seals the canary; of two that race, the first one's stays.
    """
    ring = keyring()
    canary, _ = KeyCanary.objects.get_or_create(
        key_id=ring.active_id, defaults={"blob": ring.seal(PLAIN, PURPOSE)}
    )
    return "" if _opens(ring, bytes(canary.blob)) else _complaint(ring)


def _opens(ring: Keyring, blob: bytes) -> bool:
    try:
        return ring.open(blob, PURPOSE) == PLAIN
    except CannotOpen:
        return False


def _complaint(ring: Keyring) -> str:
    return f"OTP_KEYS: key {ring.active_id} is not the key this database was sealed with"
