"""Reads the scan that is beyond doubt; whatever is not is left to the serializer.

At the gate nearly every body is the same few strings. Checking those takes a fiftieth of what a
serializer takes, which copies its fields for each body. What is read here the serializer reads the
same; a test compares them. What is refused here it explains.
"""

from typing import Any
from uuid import UUID

from rest_framework.exceptions import ParseError

from otphandler import payload
from otphandler.outcomes import Direction
from otphandler.serializers.scans import TRIPLE, CodeField
from otphandler.services.admission import Attempt
from ticketmgr.parsers import read_json
from ticketmgr.serializers import CanonicalUUIDField


class NotPlain(Exception):
    """The body is no scan, or one that wants the serializer's whole attention."""


def read_plain_scan(body: bytes) -> Attempt:
    """Return the scan that a body is; raises NotPlain."""
    try:
        document = read_json(body)
    except ParseError as error:
        raise NotPlain from error
    if not isinstance(document, dict) or document.get("scanned_at") is not None:
        raise NotPlain
    user, event, code = _triple(document)
    scan_id = document.get("scan_id")
    return Attempt(
        user_id=user,
        event_id=event,
        code=code,
        direction=_direction(document.get("direction", Direction.ENTRY.value)),
        scan_id=None if scan_id is None else _uuid(scan_id),
    )


def _triple(document: dict[str, Any]) -> tuple[UUID, UUID, str]:
    if "payload" not in document:
        user, event, code = map(document.get, TRIPLE)
        return _uuid(user), _uuid(event), _code(code)
    text = document["payload"]
    if not isinstance(text, str) or any(name in document for name in TRIPLE):
        raise NotPlain
    try:
        user_id, event_id, code = payload.parse(text)
    except payload.MalformedPayload as error:
        raise NotPlain from error
    return user_id, event_id, _code(code)


def _uuid(text: Any) -> UUID:
    if not isinstance(text, str) or not CanonicalUUIDField.FORM.fullmatch(text):
        raise NotPlain
    return UUID(text)


def _code(text: Any) -> str:
    if not isinstance(text, str) or not CodeField.FORM.fullmatch(text):
        raise NotPlain
    return text


def _direction(text: Any) -> Direction:
    if not isinstance(text, str) or text not in Direction.values:
        raise NotPlain
    return Direction(text)
