"""Entry policies: may this ticket pass in this direction now, and what does that change? Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from entityhandler.models import Event
from otphandler.outcomes import Direction, Outcome


@dataclass(frozen=True, slots=True)
class Attendance:
    """The coming and going on one ticket.

    `inside` is entries minus exits: how many people stand inside on it.
    """

    entries: int = 0
    inside: int = 0
    first_admitted_at: datetime | None = None
    first_gate_id: UUID | None = None
    last_entry_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON that `from_json` reads back exactly, microseconds included."""
        values = ((name, getattr(self, name)) for name in self.__slots__)
        return {
            name: value if value is None or isinstance(value, int) else str(value)
            for name, value in values
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> "Attendance":
        """Return the state that `to_json` wrote."""
        return cls(
            entries=state["entries"],
            inside=state["inside"],
            first_admitted_at=_moment(state["first_admitted_at"]),
            first_gate_id=UUID(state["first_gate_id"]) if state["first_gate_id"] else None,
            last_entry_at=_moment(state["last_entry_at"]),
        )


def refused_by_policy(
    event: Event, attendance: Attendance, direction: Direction, now: datetime
) -> Outcome | None:
    """Return why the event's entry policy lets nobody pass, None where it does."""
    if direction == Direction.EXIT:
        return None if attendance.inside else Outcome.NOT_INSIDE
    return None if _may_enter(event, attendance, now) else Outcome.ALREADY_ADMITTED


def _may_enter(event: Event, attendance: Attendance, now: datetime) -> bool:
    match event.entry_policy:
        case Event.EntryPolicy.UNLIMITED:
            return True
        case Event.EntryPolicy.REENTRY:
            return not attendance.inside
        case Event.EntryPolicy.DAILY:
            last = attendance.last_entry_at
            return last is None or _day(event, last) < _day(event, now)
        case _:
            return not attendance.entries


def after_passing(
    attendance: Attendance, direction: Direction, gate_id: UUID | None, now: datetime
) -> Attendance:
    """Return the attendance after an entry or exit at that gate."""
    if direction == Direction.EXIT:
        return replace(attendance, inside=attendance.inside - 1)
    first, last = attendance.first_admitted_at, attendance.last_entry_at
    # Scans that were made without a network may come in after later ones.
    if first is None or now < first:
        attendance = replace(attendance, first_admitted_at=now, first_gate_id=gate_id)
    return replace(
        attendance,
        entries=attendance.entries + 1,
        inside=attendance.inside + 1,
        last_entry_at=now if last is None else max(last, now),
    )


def _day(event: Event, moment: datetime) -> date:
    """Return the calendar day of a moment as people at the event count days."""
    return moment.astimezone(ZoneInfo(event.time_zone)).date()


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
