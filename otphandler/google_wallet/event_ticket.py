"""What a pass says: Google's EventTicketClass of an event, and EventTicketObject of a ticket.

Field names and values are those of Google's REST reference; a test compares them with it.
"""

import hashlib
import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from entityhandler.models import Event
from otphandler.google_wallet.issuer import Issuer
from otphandler.models import Ticket

# Google calls JWTs safe in links up to 1,800 characters, the signature takes 342 of them and names
# of fields most of the rest. This is left, in bytes, beside a service account's address of 60;
# Google recommends 20 characters for an issuer.
ISSUER_BYTES, NAME_BYTES, VENUE_BYTES = 20, 40, 24
# Enough to tell the states of one event apart, in hexadecimal digits.
DIGEST_CHARS = 8


def event_ticket_class(issuer: Issuer, event: Event) -> dict[str, Any]:
    """Return what all tickets of the event have in common.

    The id changes with the content: Google makes a class when the first of its passes is saved, and
    promises nothing about a later link that says something else under the same id.
    """
    content: dict[str, Any] = {
        "issuerName": shortened(issuer.name, ISSUER_BYTES),
        # Google's word for "ready"; its platform turns it into "approved" at once.
        "reviewStatus": "UNDER_REVIEW",
        "eventName": _localized(event.name),
        "dateTime": {
            "start": _local_time(event, event.starts_at),
            "end": _local_time(event, event.ends_at),
        },
        # Whoever saves the pass first is the only one: a link that is passed on opens nothing.
        "multipleDevicesAndHoldersAllowedStatus": "ONE_USER_ALL_DEVICES",
    }
    if event.venue:
        # Google's own field for it wants an address as well, and is longer than the room there is.
        content["textModulesData"] = [{"body": shortened(event.venue, VENUE_BYTES)}]
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:DIGEST_CHARS]
    return {"id": f"{issuer.issuer_id}.{event.pk.hex}-{digest}", **content}


def event_ticket_object(
    issuer: Issuer, ticket: Ticket, *, class_id: str, payload_prefix: str, secret: bytes
) -> dict[str, Any]:
    """Return one ticket; its `rotatingBarcode` is the QR payload with the code left open.

    There is no static `barcode` beside it, which web views would show: a picture of one would be a
    ticket. The id has the ticket's version, so a new secret is a new pass.
    """
    parameters = ticket.parameters
    return {
        "id": f"{issuer.issuer_id}.{ticket.registration_id.hex}-{ticket.version}",
        "classId": class_id,
        "state": "ACTIVE",
        "rotatingBarcode": {
            "type": "QR_CODE",
            "valuePattern": payload_prefix + "{totp_value_0}",
            "totpDetails": {
                "algorithm": f"TOTP_{parameters.algorithm}",
                # An int64, which Google's JSON writes as a string.
                "periodMillis": str(parameters.period_s * 1000),
                "parameters": [{"key": secret.hex().upper(), "valueLength": parameters.digits}],
            },
        },
    }


def shortened(text: str, limit_bytes: int) -> str:
    """Return a text that takes so many bytes of JSON at most, cut with an ellipsis."""
    if _bytes_of_json(text) <= limit_bytes:
        return text
    while _bytes_of_json(text + "…") > limit_bytes:
        text = text[:-1]
    return text.rstrip() + "…"


def _bytes_of_json(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode()) - len('""')


def _localized(text: str) -> dict[str, Any]:
    # Google wants a language, and nobody said which; it chooses between translations, of which
    # there are none.
    return {"defaultValue": {"language": "en", "value": shortened(text, NAME_BYTES)}}


def _local_time(event: Event, moment: datetime) -> str:
    """Return a time as clocks at the venue show it, with their offset."""
    return moment.astimezone(ZoneInfo(event.time_zone)).isoformat(timespec="seconds")
