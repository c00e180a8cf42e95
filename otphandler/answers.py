"""What a scanner is told: a recorded scan as the HTTP answer that belongs to its outcome."""

from datetime import UTC, datetime
from typing import Any

from rest_framework import status
from rest_framework.response import Response

from entityhandler.models import Event, Registration, User
from otphandler.models import Gate, Scan
from otphandler.outcomes import REFUSALS, Outcome
from otphandler.services.admission import Verdict
from ticketmgr import problems


def scan_response(verdict: Verdict) -> Response:
    """Return 201 if and only if the person may pass, else the problem of the outcome."""
    scan = verdict.scan
    headers = {"Idempotent-Replayed": "true"} if verdict.replayed else {}
    if scan.passed:
        return Response(passed(scan), status=status.HTTP_201_CREATED, headers=headers)
    if scan.outcome == Outcome.THROTTLED:
        headers["Retry-After"] = str(verdict.retry_after_s)
    return problems.response(_refusal(scan), headers)


def passed(scan: Scan) -> dict[str, Any]:
    """Return what is told of a scan that lets somebody pass.

    Written out, for a serializer takes 20 times as long; `PassedScanSerializer` documents it.
    """
    assert scan.registration is not None
    return {
        "id": str(scan.pk),
        "scan_id": str(scan.scan_id) if scan.scan_id else None,
        "outcome": scan.outcome,
        "direction": scan.direction,
        "event": str(scan.event_id),
        "registration": str(scan.registration_id),
        "attendee": _attendee(scan.registration.user),
        "attention_notes": _attention_notes(scan.registration),
        "gate": _gate(scan.gate),
        "scanned_at": _time(scan.scanned_at),
        "entries": scan.entries,
        "first_admitted_at": _time(scan.first_admitted_at),
    }


def _attendee(user: User) -> dict[str, Any]:
    return {"id": str(user.pk), "full_name": user.full_name}


def _attention_notes(registration: Registration) -> list[str]:
    """Return what the gate must know of this person: their own note, then their ticket type's.

    As they are now, also in the answer to a retry: what is written on a scan is what happened.
    """
    kind = registration.ticket_type
    notes = [registration.attention_note, kind.attention_note if kind else ""]
    return [note for note in notes if note]


def _gate(gate: Gate | None) -> dict[str, Any] | None:
    return {"id": str(gate.pk), "name": gate.name} if gate else None


def _time(moment: datetime | None) -> str | None:
    """Return a time as the API spells all of them: RFC 3339, in UTC, with Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def _refusal(scan: Scan) -> dict[str, Any]:
    refusal = REFUSALS[Outcome(scan.outcome)]
    return problems.document(
        code=scan.outcome,
        title=refusal.title,
        status=refusal.status,
        detail=refusal.title,
        scan=str(scan.pk),
        **({"conflict": True} if scan.conflict else {}),
        **_members(scan),
    )


def _members(scan: Scan) -> dict[str, Any]:
    """Return what a refusal tells beyond its code; nothing about a person without a right code."""
    if scan.outcome == Outcome.ALREADY_ADMITTED and scan.registration is not None:
        return {
            "attendee": _attendee(scan.registration.user),
            "attention_notes": _attention_notes(scan.registration),
            "first_admitted_at": _time(scan.first_admitted_at),
            "gate": _gate(scan.first_gate),
        }
    if scan.outcome == Outcome.WRONG_EVENT and scan.claimed_event is not None:
        name = Event.objects.filter(pk=scan.claimed_event).values_list("name", flat=True).first()
        return {"event": {"name": name}}
    return {}
