"""What managers do by hand at the gate: admit, and take an admission back. Both are recorded."""

from datetime import datetime
from uuid import UUID

from entityhandler.models import Registration, User
from otphandler.entry import Attendance, refused_by_policy
from otphandler.models import Gate, OtpPolicy, Scan, Ticket
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
    registration = lock_confirmed(registration_id)
    event = registration.event
    issued = issue_ticket(registration, OtpPolicy.of(event.pk), now=now)
    ticket = _lock(issued)
    outcome = refused_by_event(event) or refused_by_policy(event, ticket.attendance, direction, now)
    passed = Outcome.ADMITTED if direction == Direction.ENTRY else Outcome.EXITED
    scan = _new_scan(registration, by, reason, now, outcome=outcome or passed, gate=gate)
    scan.method, scan.direction = Scan.Method.MANUAL, direction
    if scan.passed:
        pass_through(ticket, scan, at=now)
        ticket.save(update_fields=MOVEMENT_FIELDS)
    describe(scan, ticket)
    scan.save(force_insert=True)
    return scan


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
    scan = _new_scan(registration, by, reason, now, outcome=Outcome.UNDONE, gate=admission.gate)
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


def _lock(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_for_update(no_key=True).get(pk=ticket.pk)


def _new_scan(
    registration: Registration,
    by: User,
    reason: str,
    now: datetime,
    *,
    outcome: Outcome,
    gate: Gate | None,
) -> Scan:
    return Scan(
        event_id=registration.event_id,
        registration=registration,
        gate=gate,
        actor=by,
        reason=reason,
        outcome=outcome,
        scanned_at=now,
        claimed_user=registration.user_id,
        claimed_event=registration.event_id,
    )
