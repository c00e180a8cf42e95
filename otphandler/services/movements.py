"""What passing does to a ticket and to the audit row that records it."""

from datetime import datetime

from otphandler.entry import after_passing
from otphandler.models import Scan, Ticket
from otphandler.models.tickets import ATTENDANCE_FIELDS
from otphandler.outcomes import Direction

MOVEMENT_FIELDS = ["movements", *ATTENDANCE_FIELDS]


def pass_through(ticket: Ticket, scan: Scan, *, at: datetime) -> None:
    """Count an entry or exit, in memory; the caller holds the ticket's lock and saves both rows.

    The scan keeps the attendance before it, which an undo restores, and the movement's number,
    which a unique constraint lets nobody use twice.
    """
    scan.attendance_before = ticket.attendance.to_json()
    ticket.movements += 1
    scan.movement = ticket.movements
    ticket.attendance = after_passing(
        ticket.attendance, Direction(scan.direction), scan.gate_id, at
    )


def describe(scan: Scan, ticket: Ticket) -> None:
    """Copy to the scan what its answer tells of the ticket, so that a retry gets the same."""
    scan.ticket_version = ticket.version
    scan.entries = ticket.entries
    scan.first_admitted_at = ticket.first_admitted_at
    scan.first_gate_id = ticket.first_gate_id
