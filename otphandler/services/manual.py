"""What is done by hand at the gate: admit, and take an admission back. Both are recorded."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from entityhandler.models import Registration, User
from otphandler.entry import Attendance, refused_by_policy
from otphandler.models import Gate, OtpPolicy, Scan, Scanner, Ticket
from otphandler.outcomes import Direction, Outcome
from otphandler.services.admission import refused_by_event
from otphandler.services.movements import MOVEMENT_FIELDS, describe, pass_through
from otphandler.services.tickets import issue_ticket, lock_confirmed
from ticketmgr.errors import DomainError
from ticketmgr.transactions import write_use_case


class NothingToUndo(DomainError):
    """The ticket's last movement is no admission that could be taken back."""

    code = "nothing_to_undo"
    title = "There is no admission to take back."


class OverrideNotAllowed(DomainError):
    """The device may scan, but people at it may not admit by hand."""

    code = "override_not_allowed"
    status = 403
    title = "This device may not admit by hand; ask a manager."


@dataclass(frozen=True, slots=True)
class Hand:
    """At whose word somebody passes, why and where: a manager, or people at a device."""

    reason: str
    actor: User | None = None
    scanner: Scanner | None = None
    gate: Gate | None = None


@write_use_case
def admit_by_hand(
    *,
    registration_id: UUID,
    by: User,
    reason: str,
    direction: Direction,
    gate: Gate | None,
    now: datetime,
) -> Scan:
    """Let a person pass without a code, at a manager's word; the answer is the recorded scan.

    Doors, throttle and code do not bind a manager; a cancelled event and the entry policy do.
    Locks the registration and the ticket, which is issued where there is none: the order in which
    a cancellation takes them. Like a scan it reads the event after its first lock. Raises
    NotConfirmed.
    """
    registration, ticket = _lock_with_ticket(registration_id, now)
    hand = Hand(reason, actor=by, gate=gate)
    return _let_pass(registration, ticket, hand, direction, now)


@write_use_case
def override(
    *, scanner: Scanner, registration_id: UUID, reason: str, direction: Direction, now: datetime
) -> Scan:
    """Let a person pass without a code, at the word of people at a device that may do so.

    Locks the registration, then the ticket; whether the device may is read under both. Otherwise
    as `admit_by_hand`, recorded with the device as its author. Raises NotConfirmed and
    OverrideNotAllowed.
    """
    registration, ticket = _lock_with_ticket(registration_id, now)
    entitled = Scanner.objects.active().filter(
        pk=scanner.pk, digest=scanner.digest, event=registration.event_id, may_override=True
    )
    if not entitled.exists():
        raise OverrideNotAllowed
    hand = Hand(reason, scanner=scanner, gate=scanner.gate)
    return _let_pass(registration, ticket, hand, direction, now)


@write_use_case
def undo_admission(*, registration_id: UUID, by: User, reason: str, now: datetime) -> Scan:
    """Take the last admission back: the attendance is exactly what it was before it.

    The code that admitted stays spent. Locks the registration, then the ticket. Raises
    NotConfirmed, and NothingToUndo where the ticket's last movement is not an admission.
    """
    registration = lock_confirmed(registration_id)
    found = registration.tickets.filter(event=registration.event_id).first()
    if found is None:
        raise NothingToUndo
    ticket = _lock(found)
    admission = _last_standing_movement(ticket)
    if admission is None or admission.outcome != Outcome.ADMITTED:
        raise NothingToUndo
    assert admission.attendance_before is not None
    ticket.attendance = Attendance.from_json(admission.attendance_before)
    ticket.save(update_fields=MOVEMENT_FIELDS)
    hand = Hand(reason, actor=by, gate=admission.gate)
    scan = _new_scan(registration, hand, Outcome.UNDONE, now)
    scan.method, scan.direction, scan.undoes = Scan.Method.UNDO, Direction.ENTRY, admission
    describe(scan, ticket)
    scan.save(force_insert=True)
    return scan


def _last_standing_movement(ticket: Ticket) -> Scan | None:
    """Return the newest entry or exit of this ticket that was not taken back."""
    return (
        Scan.objects.filter(
            event=ticket.event_id,
            registration=ticket.registration_id,
            movement__isnull=False,
            undone_by__isnull=True,
        )
        .order_by("-movement")
        .first()
    )


def _lock_with_ticket(registration_id: UUID, now: datetime) -> tuple[Registration, Ticket]:
    """Return the registration and its ticket, made if there is none, both locked in this order."""
    registration = lock_confirmed(registration_id)
    issued = issue_ticket(registration, OtpPolicy.of(registration.event_id), now=now)
    return registration, _lock(issued)


def _let_pass(
    registration: Registration, ticket: Ticket, hand: Hand, direction: Direction, now: datetime
) -> Scan:
    event = registration.event
    outcome = refused_by_event(event) or refused_by_policy(event, ticket.attendance, direction, now)
    passed = Outcome.ADMITTED if direction == Direction.ENTRY else Outcome.EXITED
    scan = _new_scan(registration, hand, outcome or passed, now)
    scan.method, scan.direction = Scan.Method.MANUAL, direction
    if scan.passed:
        pass_through(ticket, scan, at=now)
        ticket.save(update_fields=MOVEMENT_FIELDS)
    describe(scan, ticket)
    scan.save(force_insert=True)
    return scan


def _lock(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_for_update(no_key=True).get(pk=ticket.pk)


def _new_scan(registration: Registration, hand: Hand, outcome: Outcome, now: datetime) -> Scan:
    return Scan(
        event_id=registration.event_id,
        registration=registration,
        scanner=hand.scanner,
        gate=hand.gate,
        actor=hand.actor,
        reason=hand.reason,
        outcome=outcome,
        scanned_at=now,
        claimed_user=registration.user_id,
        claimed_event=registration.event_id,
    )
