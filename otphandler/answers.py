"""What a scanner is told: a recorded scan as the HTTP answer that belongs to its outcome."""

from typing import Any

from rest_framework import status
from rest_framework.response import Response

from entityhandler.models import Event
from otphandler.models import Scan
from otphandler.outcomes import REFUSALS, Outcome
from otphandler.serializers.scans import (
    AttendeeSerializer,
    GateNameSerializer,
    PassedScanSerializer,
)
from otphandler.services.admission import Verdict
from ticketmgr import problems


def scan_response(verdict: Verdict) -> Response:
    """Return 201 if and only if the person may pass, else the problem of the outcome."""
    scan = verdict.scan
    headers = {"Idempotent-Replayed": "true"} if verdict.replayed else {}
    if scan.passed:
        data = PassedScanSerializer(scan).data
        return Response(data, status=status.HTTP_201_CREATED, headers=headers)
    if scan.outcome == Outcome.THROTTLED:
        headers["Retry-After"] = str(verdict.retry_after_s)
    return problems.response(_refusal(scan), headers)


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
        gate = scan.first_gate
        return {
            "attendee": AttendeeSerializer(scan.registration.user).data,
            "first_admitted_at": scan.first_admitted_at,
            "gate": GateNameSerializer(gate).data if gate else None,
        }
    if scan.outcome == Outcome.WRONG_EVENT and scan.claimed_event is not None:
        name = Event.objects.filter(pk=scan.claimed_event).values_list("name", flat=True).first()
        return {"event": {"name": name}}
    return {}
