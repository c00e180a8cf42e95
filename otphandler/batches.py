"""A batch of late scans: each is judged and answered by itself, a bad one blocks no other."""

from datetime import datetime
from typing import Any

from django.db import DatabaseError
from rest_framework import exceptions
from rest_framework.response import Response

from otphandler.answers import scan_response
from otphandler.models import Scanner
from otphandler.serializers.scans import LateScanSerializer
from otphandler.services.admission import ScannerRevoked, submit_late_scan
from ticketmgr import problems
from ticketmgr.errors import DomainError


def judge_batch(
    *, scanner: Scanner, items: list[dict[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """Return what each scan came to, in the order of the items.

    They are judged in the order of the times they claim, for an exit must not come before the entry
    that it follows. Raises ScannerRevoked: a device out of service hands in nothing.
    """
    results: list[dict[str, Any]] = [{}] * len(items)
    readable: list[tuple[datetime, int, LateScanSerializer]] = []
    for place, item in enumerate(items):
        scan = LateScanSerializer(data=item)
        try:
            scan.is_valid(raise_exception=True)
        except exceptions.ValidationError as error:
            results[place] = _refused(error)
        else:
            readable.append((scan.validated_data["scanned_at"], place, scan))
    for _, place, scan in sorted(readable, key=lambda entry: entry[:2]):
        results[place] = _judged(scanner, scan, now)
    return results


def _judged(scanner: Scanner, scan: LateScanSerializer, now: datetime) -> dict[str, Any]:
    try:
        verdict = submit_late_scan(scanner=scanner, attempt=scan.attempt(), now=now)
    except ScannerRevoked:
        raise
    except (DomainError, DatabaseError) as error:
        return _refused(error)
    return _item(scan_response(verdict), replayed=verdict.replayed)


def _refused(error: Exception) -> dict[str, Any]:
    """Return the problem of an error; one without is a failure, and not this item's alone."""
    answer = problems.answer_to(error)
    if answer is None:
        raise error
    return _item(answer, replayed=False)


def _item(answer: Response, *, replayed: bool) -> dict[str, Any]:
    return {"status": answer.status_code, "replayed": replayed, "body": answer.data}
