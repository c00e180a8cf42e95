"""The gate: one scan, judged under one row lock, recorded whatever comes out.

The story of a scan is `judge_scan`, top to bottom. A refusal is an ordinary result, not an
exception: raising inside the transaction would roll the audit row and the failure counter back.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError

from entityhandler.models import Event, Registration
from otphandler import totp
from otphandler.entry import refused_by_policy
from otphandler.keyring import keyring
from otphandler.models import Scan, Scanner, Ticket
from otphandler.outcomes import Direction, Outcome
from otphandler.services import gate_rows, throttle
from otphandler.services.gate_rows import Sight
from otphandler.services.movements import describe, pass_through
from ticketmgr.errors import DomainError, InvalidField
from ticketmgr.transactions import violated_constraint, write_use_case

# A device's "last seen" is for people; writing it more often would make its row hot.
LAST_SEEN_EVERY = timedelta(minutes=1)
# What a late scan comes to when somebody else passed on the ticket, or the same person elsewhere:
# the device may have let them in already, so staff must see it.
CONFLICTS = frozenset({Outcome.ALREADY_ADMITTED, Outcome.CODE_REUSED, Outcome.NOT_INSIDE})


class ScannerRevoked(DomainError):
    """The scanner was revoked between its authentication and its scan."""

    code = "not_authenticated"
    status = 401
    title = "Valid credentials are needed."


class ScanIdConflict(DomainError):
    """The `scan_id` was used for another scan."""

    code = "scan_id_conflict"
    title = "This scan_id belongs to a scan with another body."


class ScanIdRace(Exception):
    """The same `scan_id` was recorded by another request meanwhile; judge again to find it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a scanner sends: who, for which event, with which code."""

    user_id: UUID
    event_id: UUID
    code: str
    direction: Direction = Direction.ENTRY
    scan_id: UUID | None = None
    claimed_at: datetime | None = None

    def digest(self) -> bytes:
        """Return the SHA-256 of the body, to tell a retry from another scan."""
        body = [str(self.user_id), str(self.event_id), self.code, self.direction.value]
        body.append(self.claimed_at.isoformat() if self.claimed_at else "")
        return hashlib.sha256(json.dumps(body).encode()).digest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The recorded scan, whether it was recorded earlier, and how long to wait, in seconds."""

    scan: Scan
    replayed: bool = False
    retry_after_s: int = 0


@dataclass(frozen=True, slots=True)
class Clock:
    """The server's time, read once per request, and the moment by which the scan is judged."""

    now: datetime
    judged_at: datetime

    @property
    def is_late(self) -> bool:
        """Whether the scan is judged by a time that the device claims."""
        return self.judged_at != self.now


@dataclass(slots=True)
class Case:
    """All that a decision is made on, read under the locks that keep it true."""

    clock: Clock
    scanner: Scanner
    sight: Sight
    ticket: Ticket | None
    matched_step: int | None = None
    skew_s: int | None = None
    retry_after_s: int = 0
    guessed: bool = False


def submit_scan(*, scanner: Scanner, attempt: Attempt, now: datetime) -> Verdict:
    """Judge a scan, or answer a retry of it with what was recorded.

    Raises ScannerRevoked, ScanIdConflict, InvalidField for a code of the wrong length, and
    CannotOpen where the secret does not open.
    """
    return _judge_or_find(scanner, attempt, Clock(now, now))


def submit_late_scan(*, scanner: Scanner, attempt: Attempt, now: datetime) -> Verdict:
    """Judge a scan that was made while the network was away, by the time that it claims.

    The claim is bounded by SCAN_LEASE_MINUTES before now, and by now. Code, doors and entry policy
    are judged by it; throttling by the server's own clock, for a claim must not outwait a delay.
    Whatever the ticket went through meanwhile stands: a late duplicate is refused and marked as a
    conflict for staff, and takes nothing back. Raises as `submit_scan` does.
    """
    assert attempt.claimed_at is not None
    if attempt.claimed_at > now:
        raise InvalidField(
            pointer="scanned_at", code="in_the_future", detail="The scan lies in the future."
        )
    if attempt.claimed_at < now - timedelta(minutes=settings.SCAN_LEASE_MINUTES):
        raise InvalidField(
            pointer="scanned_at",
            code="lease_expired",
            detail=f"The scan is older than {settings.SCAN_LEASE_MINUTES} minutes.",
        )
    return _judge_or_find(scanner, attempt, Clock(now, attempt.claimed_at))


def _judge_or_find(scanner: Scanner, attempt: Attempt, clock: Clock) -> Verdict:
    try:
        return judge_scan(scanner=scanner, attempt=attempt, clock=clock)
    except ScanIdRace:
        return judge_scan(scanner=scanner, attempt=attempt, clock=clock)


@write_use_case
def judge_scan(*, scanner: Scanner, attempt: Attempt, clock: Clock) -> Verdict:
    """Decide one scan and record it, in one transaction.

    Locks the ticket row: whatever is decided about it waits its turn. Everything else is read after
    that, so that whoever ends a right to pass can tell the scans that may not have seen it; see
    `ticketmgr.transactions.settled`. The first statement that locks gives the transaction its id,
    by which it is found; a scan without a ticket admits nobody, so it needs none.
    """
    ticket = _lock_ticket(scanner, attempt)
    sight = gate_rows.read(scanner, attempt.event_id, attempt.user_id, attempt.scan_id)
    if sight is None:
        raise ScannerRevoked("The scanner was revoked.")
    if sight.recorded_id is not None:
        return Verdict(_recorded(sight.recorded_id, attempt), replayed=True)
    case = Case(clock, scanner, sight, ticket)
    scan = _new_scan(case, _decide(case, attempt), attempt)
    changed = _apply(case, scan)
    _write(changed, scan, scanner)
    if case.guessed:
        throttle.count_guess(sight.event.pk, scanner.pk, clock.now)
    return Verdict(scan, retry_after_s=case.retry_after_s)


def _lock_ticket(scanner: Scanner, attempt: Attempt) -> Ticket | None:
    """Return the ticket, locked; a scan for an event that is not the scanner's locks nothing."""
    if attempt.event_id != scanner.event_id:
        return None
    return gate_rows.lock_ticket(attempt.event_id, attempt.user_id)


def _recorded(recorded_id: UUID, attempt: Attempt) -> Scan:
    """Return the scan that this attempt repeats; raises ScanIdConflict."""
    scan = Scan.objects.select_related(
        "registration__user", "registration__ticket_type", "gate", "first_gate"
    ).get(pk=recorded_id)
    if bytes(scan.request_digest or b"") != attempt.digest():
        raise ScanIdConflict
    return scan


# --- The decision --------------------------------------------------------------------------------


def _decide(case: Case, attempt: Attempt) -> Outcome:
    """Return what the scan comes to; the order is part of the contract.

    The code is proven before anything about the ticket's past is told.
    """
    event = case.sight.event
    return (
        _refused_by_event_id(event, attempt)
        or _refused_by_registration(case.sight.registration)
        or refused_by_event(event)
        or refused_by_doors(event, case.clock.judged_at)
        or _refused_by_throttle(case)
        or _refused_by_code(case, attempt)
        or _refused_by_attendance(case, attempt.direction)
        or (Outcome.ADMITTED if attempt.direction == Direction.ENTRY else Outcome.EXITED)
    )


def _refused_by_event_id(event: Event, attempt: Attempt) -> Outcome | None:
    """Tell a ticket for another event from one for an event that never was."""
    if attempt.event_id == event.pk:
        return None
    exists = Event.objects.filter(pk=attempt.event_id).exists()
    return Outcome.WRONG_EVENT if exists else Outcome.NOT_REGISTERED


def _refused_by_registration(registration: Registration | None) -> Outcome | None:
    if registration is None:
        return Outcome.NOT_REGISTERED
    if registration.status == Registration.Status.CANCELLED:
        return Outcome.CANCELLED
    if registration.status != Registration.Status.CONFIRMED:
        return Outcome.NOT_CONFIRMED
    return None


def refused_by_event(event: Event) -> Outcome | None:
    """Return the refusal of a cancelled event, else None."""
    return Outcome.EVENT_CANCELLED if event.status == Event.Status.CANCELLED else None


def refused_by_doors(event: Event, now: datetime) -> Outcome | None:
    """Return the refusal of closed doors, else None; a draft has no doors yet."""
    opened = event.admission_opens_at is None or event.admission_opens_at <= now
    is_open = opened and now < event.doors_close_at and event.status == Event.Status.PUBLISHED
    return None if is_open else Outcome.ADMISSION_CLOSED


def _refused_by_throttle(case: Case) -> Outcome | None:
    """Look at nothing of a ticket, scanner or event that too many wrong codes have closed."""
    if case.ticket is None:
        return None
    case.retry_after_s = max(
        throttle.wait_s(case.ticket.blocked_until, case.clock.now),
        throttle.wait_s(case.sight.closed_until, case.clock.now),
    )
    return Outcome.THROTTLED if case.retry_after_s else None


def _refused_by_code(case: Case, attempt: Attempt) -> Outcome | None:
    """Compare the code with every accepted step; sets the one that matched."""
    ticket = case.ticket
    if ticket is None:
        # Nobody fetched the secret, so no code can be right.
        return Outcome.WRONG_CODE
    if not totp.is_well_formed(attempt.code, ticket.digits):
        raise InvalidField(
            pointer="otp", code="invalid", detail=f"The code has {ticket.digits} digits."
        )
    secret = keyring().open(bytes(ticket.sealed_secret), ticket.binding.associated_data())
    unix_s = totp.unix_seconds(case.clock.judged_at)
    steps = totp.accepted_steps(unix_s, ticket.parameters, case.sight.policy.tolerance)
    case.matched_step = totp.matching_step(secret, attempt.code, steps, ticket.parameters)
    if case.matched_step is None:
        case.guessed = True
        return Outcome.WRONG_CODE
    present = totp.step_at(unix_s, ticket.period_s)
    case.skew_s = (case.matched_step - present) * ticket.period_s
    return None


def _refused_by_attendance(case: Case, direction: Direction) -> Outcome | None:
    """Check what the ticket went through: first the entry policy, then whether the code is new."""
    ticket, step = case.ticket, case.matched_step
    assert ticket is not None and step is not None
    refusal = refused_by_policy(
        case.sight.event, ticket.attendance, direction, case.clock.judged_at
    )
    if refusal is None and ticket.last_step is not None and step <= ticket.last_step:
        return Outcome.CODE_REUSED
    return refusal


# --- What is written -----------------------------------------------------------------------------


def _apply(case: Case, scan: Scan) -> Ticket | None:
    """Count what the scan does to the ticket, in memory; return the ticket if it changed.

    Only success consumes a step.
    """
    ticket = case.ticket
    if ticket is None:
        return None
    if scan.passed:
        ticket.last_step = case.matched_step
        throttle.clear(ticket)
        pass_through(ticket, scan, at=case.clock.judged_at)
    elif case.guessed:
        throttle.count_failure(ticket, case.clock.now)
    describe(scan, ticket)
    return ticket if scan.passed or case.guessed else None


def _new_scan(case: Case, outcome: Outcome, attempt: Attempt) -> Scan:
    return Scan(
        event_id=case.sight.event.pk,
        registration=case.sight.registration,
        scanner_id=case.scanner.pk,
        gate=case.scanner.gate,
        direction=attempt.direction,
        outcome=outcome,
        conflict=case.clock.is_late and outcome in CONFLICTS,
        scanned_at=case.clock.now,
        claimed_user=attempt.user_id,
        claimed_event=attempt.event_id,
        claimed_at=attempt.claimed_at,
        scan_id=attempt.scan_id,
        request_digest=attempt.digest(),
        matched_step=case.matched_step,
        skew_s=case.skew_s,
    )


def _write(ticket: Ticket | None, scan: Scan, scanner: Scanner) -> None:
    """Write it all; raises ScanIdRace where the `scan_id` was taken a moment ago."""
    now, last = scan.scanned_at, scanner.last_seen_at
    is_due = last is None or last <= now - LAST_SEEN_EVERY
    try:
        gate_rows.write(ticket, scan, (scanner.pk, now) if is_due else None)
    except IntegrityError as error:
        if violated_constraint(error) != "scan_id_once_per_event":
            raise
        raise ScanIdRace from error
