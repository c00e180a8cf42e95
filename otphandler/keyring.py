"""Ticket secrets at rest: AES-256-GCM under keys that come from the environment alone.

A sealed secret is: format byte, key id byte, 12-byte nonce, ciphertext with its 16-byte tag
(NIST SP 800-38D). The associated data binds it to its ticket, so a blob moved to another row, or a
row whose parameters were edited, does not open.
"""

import base64
import binascii
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from otphandler.totp import Parameters
from ticketmgr.errors import TryAgain

logger = logging.getLogger(__name__)

FORMAT = 1
KEY_BYTES = 32
# NIST SP 800-38D §8.2: a random nonce of 96 bits; one key seals far fewer than 2³² secrets.
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = 2


class CannotOpen(TryAgain):
    """A sealed secret does not open: wrong or missing key, or a row that was tampered with.

    Nobody is admitted and nobody is refused for it: the server, not the guest, is at fault.
    """

    code = "secret_unreadable"
    title = "The server cannot read this ticket's secret; its operators were alarmed."


class Unopened(Exception):
    """Why a blob does not open; for the log alone."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a secret belongs to; any difference between sealing and opening fails."""

    registration: UUID
    event: UUID
    version: int
    parameters: Parameters

    def associated_data(self) -> bytes:
        """Return the binding as unambiguous bytes: fixed-width ids, then words without spaces."""
        words = (
            f"{self.version} {self.parameters.algorithm} "
            f"{self.parameters.digits} {self.parameters.period_s}"
        )
        return b"ticketmgr otp secret" + self.registration.bytes + self.event.bytes + words.encode()


@dataclass(frozen=True)
class Keyring:
    """Keys by id; the active one seals, all of them open. Never shown by `repr`."""

    active_id: int
    keys: Mapping[int, AESGCM]

    def __repr__(self) -> str:
        return f"<Keyring active={self.active_id} ids={sorted(self.keys)}>"

    def seal(self, plain: bytes, associated_data: bytes) -> bytes:
        """Return the sealed form of `plain` under the active key."""
        nonce = os.urandom(NONCE_BYTES)
        cipher = self.keys[self.active_id].encrypt(nonce, plain, associated_data)
        return bytes([FORMAT, self.active_id]) + nonce + cipher

    def open(self, blob: bytes, associated_data: bytes) -> bytes:
        """Return what was sealed; raises CannotOpen, after logging it as an alarm."""
        try:
            return self._open(blob, associated_data)
        except Unopened as error:
            logger.critical("a sealed secret does not open: %s", error)
            raise CannotOpen from None

    def _open(self, blob: bytes, associated_data: bytes) -> bytes:
        if len(blob) < HEADER_BYTES + NONCE_BYTES + TAG_BYTES or blob[0] != FORMAT:
            raise Unopened("truncated, or of an unknown format")
        key = self.keys.get(blob[1])
        if key is None:
            raise Unopened(f"key id {blob[1]} is not in OTP_KEYS")
        nonce = blob[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
        try:
            return key.decrypt(nonce, blob[HEADER_BYTES + NONCE_BYTES :], associated_data)
        except InvalidTag:
            raise Unopened(f"wrong key {blob[1]}, or the row was changed") from None


def parse_keys(text: str) -> Keyring:
    """Return the keyring that OTP_KEYS describes: `id:base64` items, comma-separated.

    The first key is the active one. Ids are 1 to 255; a key is 32 bytes in standard base64. Raises
    ImproperlyConfigured with a sentence that never contains key material.
    """
    keys: dict[int, AESGCM] = {}
    for position, item in enumerate(text.split(","), start=1):
        id_text, _, key_text = item.strip().partition(":")
        key_id, key = _key_id(id_text, position), _key_bytes(key_text, position)
        if key_id in keys:
            raise ImproperlyConfigured(f"OTP_KEYS names the key id {key_id} twice.")
        keys[key_id] = AESGCM(key)
    return Keyring(active_id=next(iter(keys)), keys=keys)


def _key_id(text: str, position: int) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 255:
        return int(text)
    raise ImproperlyConfigured(
        f"OTP_KEYS, item {position}: begin with a key id from 1 to 255 and a colon."
    )


def _key_bytes(text: str, position: int) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(
            f"OTP_KEYS, item {position}: after the colon comes base64 of {KEY_BYTES} random bytes."
        )
    return key


@lru_cache(maxsize=1)
def _parsed(text: str) -> Keyring:
    return parse_keys(text)


def keyring() -> Keyring:
    """Return the keyring of the settings, parsed once per value."""
    return _parsed(settings.OTP_KEYS)
