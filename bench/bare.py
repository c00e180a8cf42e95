"""The bare baseline: the least that a Django view can do to admit somebody by the same statements.

It trusts what it reads: no validation, no audit trail of refusals, no throttle, no retries, no
entry policies, one algorithm. It exists to say what all of that costs, and is served nowhere else.
"""

import hashlib
import hmac
import json
import struct
import time
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from psycopg2.extras import Json

from otphandler.entry import Attendance
from otphandler.keyring import keyring
from otphandler.services import gate_rows as rows
from ticketmgr.prepared import run

STEP_S = 30


def scan(request: HttpRequest) -> HttpResponse:
    """Admit a plain triple with a right code, once."""
    body = json.loads(request.body)
    token = request.META["HTTP_AUTHORIZATION"][len("Bearer ") :]
    digest = hashlib.sha256(token.encode()).digest()
    scanner, event, gate, *_ = run((rows.FIND_SCANNER, [digest])).fetchone()
    now = timezone.now()
    with transaction.atomic():
        asked = [event, body["user"]]
        found = run((rows.LOOK_UP_BY_INDEX, []), (rows.LOCK_TICKET, asked)).fetchone()
        ticket = dict(zip(LOCKED, found, strict=True))
        sight = [scanner, digest, body["event"], body["user"], body["scan_id"]]
        seen = run((rows.READ, sight)).fetchone()
        step = _step(ticket, body["otp"])
        if step is None or ticket["entries"]:
            return _answer({"outcome": "refused"}, 403)
        recorded = {
            **dict.fromkeys(rows.RECORDED),
            **{"id": uuid4(), "event_id": event, "registration_id": ticket["registration_id"]},
            **{"scanner_id": scanner, "gate_id": gate, "first_gate_id": gate, "method": "totp"},
            **{"direction": "entry", "outcome": "admitted", "conflict": False, "reason": ""},
            **{"scanned_at": now, "claimed_user": UUID(body["user"]), "claimed_event": event},
            **{"scan_id": UUID(body["scan_id"]), "request_digest": digest, "matched_step": step},
            **{"skew_s": 0, "ticket_version": ticket["version"], "movement": 1, "entries": 1},
            **{"first_admitted_at": now, "attendance_before": Json(NOTHING_YET)},
        }
        counted = [ticket["id"], step, 0, None, 1, 1, 1, now, gate, now]
        run((rows.COUNT_ON_TICKET, counted), (rows.RECORD_SCAN, list(recorded.values())))
    told = {"outcome": "admitted", "attendee": {"id": body["user"], "full_name": seen[NAME]}}
    return _answer(told, 201)


def _answer(told: dict[str, Any], status: int) -> HttpResponse:
    answer = JsonResponse(told, status=status)
    # Django's middleware would add it; without it the answer would come in chunks.
    answer["Content-Length"] = len(answer.content)
    return answer


LOCKED = rows.TICKET.names
# Where in the row of READ the name of the person is.
NAME = rows.beginnings(*rows.SEEN)[-2] + rows.PERSON.names.index("full_name")
NOTHING_YET = Attendance().to_json()


def _step(ticket: dict[str, Any], code: str) -> int | None:
    """Return the step that has the code, of the three that are accepted."""
    bound_to = b"ticketmgr otp secret" + ticket["registration_id"].bytes + ticket["event_id"].bytes
    secret = keyring().open(bytes(ticket["sealed_secret"]), bound_to + b"1 SHA1 6 30")
    now = int(time.time()) // STEP_S
    return next((step for step in (now, now - 1, now + 1) if _code(secret, step) == code), None)


def _code(secret: bytes, step: int) -> str:
    value = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    offset = value[-1] & 15
    number = int.from_bytes(value[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06}"


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer as soon as the process does."""
    return JsonResponse({})


urlpatterns = [path("api/v1/scans/", scan), path("healthz", healthz)]
