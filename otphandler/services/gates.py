"""Gates and the devices at them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import ProtectedError, RestrictedError

from entityhandler.models import Event
from entityhandler.services.tokens import digest, new_token
from otphandler.models import Gate, Scanner
from otphandler.services import gate_rows
from ticketmgr.errors import DomainError
from ticketmgr.transactions import settled, violated_constraint, write_use_case

PREFIX = "tms_"
# A device reports every few seconds; one that says nothing new is written down this often.
REPORT_EVERY = timedelta(minutes=1)


class GateNameTaken(DomainError):
    """The event has a gate of this name already."""

    code = "gate_name_taken"
    title = "The event has a gate of this name already."


class GateInUse(DomainError):
    """A gate with scanners or scans stays: the audit names it."""

    code = "gate_in_use"
    title = "The gate has scanners or scans and cannot be deleted."


class AlreadyRevoked(DomainError):
    """A revoked scanner stays revoked; make another one."""

    code = "already_revoked"
    title = "The scanner was revoked already."


@write_use_case
def create_gate(*, event: Event, name: str) -> Gate:
    """Make a gate; raises GateNameTaken."""
    gate = Gate(event=event, name=name)
    _save(gate, force_insert=True)
    return gate


@write_use_case
def rename_gate(*, gate: Gate, name: str) -> Gate:
    """Give a gate another name; raises GateNameTaken."""
    gate.name = name
    _save(gate, update_fields=["name"])
    return gate


@write_use_case
def delete_gate(*, gate: Gate) -> None:
    """Delete a gate that nothing refers to; raises GateInUse."""
    try:
        gate.delete()
    except (ProtectedError, RestrictedError) as error:
        raise GateInUse from error


@write_use_case
def create_scanner(*, gate: Gate, name: str, now: datetime) -> tuple[Scanner, str]:
    """Make a device at a gate; return it and its token, which nobody sees again."""
    text = new_token(PREFIX)
    scanner = Scanner(
        event_id=gate.event_id, gate=gate, name=name, digest=digest(text), created_at=now
    )
    scanner.full_clean(exclude=["digest"])
    scanner.save(force_insert=True)
    return scanner, text


@settled
@write_use_case
def rotate_scanner(*, scanner_id: UUID) -> tuple[Scanner, str]:
    """Give a device a new token; the old one opens nothing any more.

    Locks the scanner row. Raises AlreadyRevoked and NotSettled.
    """
    scanner = lock_scanner(scanner_id)
    text = new_token(PREFIX)
    scanner.digest = digest(text)
    scanner.save(update_fields=["digest"])
    return scanner, text


@settled
@write_use_case
def revoke_scanner(*, scanner_id: UUID, now: datetime) -> Scanner:
    """Take a device out of service for good; nothing it sends is judged any more.

    Locks the scanner row. Raises AlreadyRevoked and NotSettled.
    """
    scanner = lock_scanner(scanner_id)
    scanner.revoked_at = now
    scanner.save(update_fields=["revoked_at"])
    return scanner


@write_use_case
def rename_scanner(*, scanner_id: UUID, name: str) -> Scanner:
    """Give a device another name. Locks the scanner row. Raises AlreadyRevoked."""
    scanner = lock_scanner(scanner_id)
    scanner.name = name
    scanner.full_clean(exclude=["digest"])
    scanner.save(update_fields=["name"])
    return scanner


@settled
@write_use_case
def permit_override(*, scanner_id: UUID, allowed: bool) -> Scanner:
    """Say whether people at a device may admit by hand; once answered, it holds.

    Locks the scanner row. Raises AlreadyRevoked and NotSettled.
    """
    scanner = lock_scanner(scanner_id)
    scanner.may_override = allowed
    scanner.save(update_fields=["may_override"])
    return scanner


@write_use_case
def report_queue(*, scanner: Scanner, queue_length: int, now: datetime) -> None:
    """Note how many scans wait in a device; a row that says so already is not written again."""
    told = Scanner.objects.filter(
        pk=scanner.pk, queue_length=queue_length, last_seen_at__gt=now - REPORT_EVERY
    )
    if not told.exists():
        Scanner.objects.filter(pk=scanner.pk).update(queue_length=queue_length, last_seen_at=now)


def find_scanner(text: str) -> Scanner | None:
    """Return the scanner in service that has this token, its gate loaded, or None; one query."""
    return gate_rows.find_scanner(digest(text))


def lock_scanner(scanner_id: UUID) -> Scanner:
    """Return the scanner, locked; raises AlreadyRevoked."""
    scanner = Scanner.objects.select_for_update(no_key=True).get(pk=scanner_id)
    if scanner.revoked_at is not None:
        raise AlreadyRevoked
    return scanner


def _save(gate: Gate, **how: Any) -> None:
    gate.full_clean(validate_unique=False, validate_constraints=False)
    try:
        gate.save(**how)
    except IntegrityError as error:
        if violated_constraint(error) != "gate_name_once_per_event":
            raise
        raise GateNameTaken from error
