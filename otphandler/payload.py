"""The text of the QR code: user, event and code in 61 characters a version-3 symbol holds."""

import base64
import binascii
from uuid import UUID

MARK = "TM1"
# 16 bytes are 26 characters of base32 without padding (RFC 4648 §6).
ID_CHARS = 26


class MalformedPayload(ValueError):
    """The text is not a payload that this server makes."""


def id_to_base32(identifier: UUID) -> str:
    """Return a UUID as 26 upper-case characters."""
    return base64.b32encode(identifier.bytes).decode("ascii").rstrip("=")


def prefix(user_id: UUID, event_id: UUID) -> str:
    """Return the payload up to the code itself."""
    return MARK + id_to_base32(user_id) + id_to_base32(event_id)


def parse(text: str) -> tuple[UUID, UUID, str]:
    """Return user id, event id and code; raises MalformedPayload.

    Exactly one spelling is accepted per triple: upper case, no padding, unused bits zero.
    """
    ids_end = len(MARK) + 2 * ID_CHARS
    if not text.startswith(MARK) or len(text) <= ids_end:
        raise MalformedPayload(f"A payload is {MARK}, two ids of {ID_CHARS} characters, a code.")
    user = _id_from_base32(text[len(MARK) : len(MARK) + ID_CHARS])
    event = _id_from_base32(text[len(MARK) + ID_CHARS : ids_end])
    return user, event, text[ids_end:]


def _id_from_base32(text: str) -> UUID:
    try:
        identifier = UUID(bytes=base64.b32decode(text + "======"))
    except (binascii.Error, ValueError) as error:
        raise MalformedPayload("An id of the payload is not base32.") from error
    if id_to_base32(identifier) != text:
        raise MalformedPayload("An id of the payload is not in its one spelling.")
    return identifier
