"""Reads the scan that is beyond doubt; whatever is not is left to the serializer.

At the gate nearly every body is the same few strings. Checking those takes a fiftieth of what a
serializer takes, which copies its fields for each body. What is read here the serializer reads the
same; a test compares them. What is refused here it explains.
"""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from rest_framework.exceptions import ParseError

from otphandler import payload
from otphandler.outcomes import Direction
from otphandler.serializers.scans import TRIPLE, CodeField
from otphandler.services.admission import Attempt
from ticketmgr.parsers import read_json
from ticketmgr.serializers import CanonicalUUIDField

# What the gate page writes (ECMA-262 §21.4.1.32); every other form is the serializer's to read.
UTC_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?Z", re.ASCII)


class NotPlain(Exception):
    """The body is no scan, or one that wants the serializer's whole attention."""


def read_plain_scan(body: bytes) -> Attempt:
    """Return the scan that a body is; raises NotPlain."""
    try:
        document = read_json(body)
    except ParseError as error:
        raise NotPlain from error
    if not isinstance(document, dict):
        raise NotPlain
    user, event, code = _triple(document)
    scan_id, scanned_at = document.get("scan_id"), document.get("scanned_at")
    return Attempt(
        user_id=user,
        event_id=event,
        code=code,
        direction=_direction(document.get("direction", Direction.ENTRY.value)),
        scan_id=None if scan_id is None else _uuid(scan_id),
        claimed_at=None if scanned_at is None else _moment(scanned_at),
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


def _moment(text: Any) -> datetime:
    if not isinstance(text, str) or not UTC_MOMENT.fullmatch(text):
        raise NotPlain
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise NotPlain from error


def _code(text: Any) -> str:
    if not isinstance(text, str) or not CodeField.FORM.fullmatch(text):
        raise NotPlain
    return text


def _direction(text: Any) -> Direction:
    if not isinstance(text, str) or text not in Direction.values:
        raise NotPlain
    return Direction(text)
