"""The rows of a scan: found, locked, read and written in one round trip each.

A scan needs its ticket locked before it reads anything else, and whatever it writes written at the
end; between the two it decides. So that is what goes over the wire, beside BEGIN and COMMIT. Built
by the ORM, the same work was 12 round trips and 5 ms of Python and PostgreSQL; the numbers, and how
to measure them, are in docs/performance.md. The columns are named one by one: what a later
migration adds changes no answer of a statement that is prepared already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model
from django.db.models.base import ModelState
from psycopg2.extras import Json

from entityhandler.models import Event, Registration, TicketType, User
from otphandler.models import Gate, OtpPolicy, Scan, Scanner, Ticket
from ticketmgr.prepared import Prepared, run

M = TypeVar("M", bound=Model)


class Columns(Generic[M]):
    """Some columns of a model under an alias, and how an instance is made of their values."""

    def __init__(self, model: type[M], alias: str, *names: str) -> None:
        fields = {field.attname for field in model._meta.concrete_fields}
        self.model, self.alias, self.names = model, alias, names
        self.sql = ", ".join(f"{alias}.{name}" for name in names)
        assert names[0] == model._meta.pk.attname and set(names) <= fields, names

    def take(self, row: Sequence[Any], first: int = 0) -> M | None:
        """Return the instance of the values from the first on, None where there was no row.

        As `Model.from_db` makes it, columns that were not read left to be read when somebody asks,
        without a look at each field of the model: a scan makes seven.
        """
        if row[first] is None:
            return None
        made = self.model.__new__(self.model)
        made._state = ModelState()
        made._state.adding, made._state.db = False, DEFAULT_DB_ALIAS
        made.__dict__.update(zip(self.names, row[first:], strict=False))
        return made


def beginnings(*parts: Columns[Any]) -> list[int]:
    """Return where in a row the columns of each part begin, and where they end at last."""
    return [0, *accumulate(len(part.names) for part in parts)]


SCANNER = Columns(Scanner, "scanner", "id", "event_id", "gate_id", "name", "digest", "last_seen_at")
GATE = Columns(Gate, "gate", "id", "event_id", "name")
EVENT = Columns(
    Event,
    "event",
    *("id", "name", "time_zone", "ends_at", "status", "entry_policy"),
    *("admission_opens_at", "admission_closes_at"),
)
POLICY = Columns(OtpPolicy, "policy", "event_id", "past_tolerance_s", "future_tolerance_s")
REGISTRATION = Columns(
    Registration,
    "registration",
    *("id", "event_id", "user_id", "ticket_type_id", "status", "attention_note"),
)
TICKET_TYPE = Columns(TicketType, "ticket_type", "id", "attention_note")
PERSON = Columns(User, "person", "id", "full_name")
TICKET = Columns(
    Ticket,
    "ticket",
    *("id", "event_id", "registration_id", "version", "sealed_secret", "algorithm", "digits"),
    *("period_s", "last_step", "failures", "blocked_until", "movements", "entries", "inside"),
    *("first_admitted_at", "first_gate_id", "last_entry_at"),
)

FIND_SCANNER = Prepared(
    "gate_find_scanner",
    f"""
    SELECT {SCANNER.sql}, {GATE.sql}
      FROM otphandler_scanner AS scanner
      JOIN otphandler_gate AS gate ON gate.id = scanner.gate_id
     WHERE scanner.digest = $1 AND scanner.revoked_at IS NULL
    """,  # noqa: S608 - the names are ours
    parameters=1,
)

# A plan is kept until the tables are analyzed again, and a gate that opens fills its tables faster
# than that happens: one made while they were small must not read them from beginning to end.
LOOK_UP_BY_INDEX = Prepared(
    "gate_look_up_by_index", "SELECT set_config('enable_seqscan', 'off', true)", parameters=0
)

# The registration is named beside the ticket for its index by event and person; a live ticket's is
# never cancelled.
LOCK_TICKET = Prepared(
    "gate_lock_ticket",
    f"""
    SELECT {TICKET.sql}
      FROM entityhandler_registration AS registration
      JOIN otphandler_ticket AS ticket
        ON ticket.event_id = registration.event_id AND ticket.registration_id = registration.id
     WHERE registration.event_id = $1
       AND registration.user_id = $2
       AND registration.status <> 'cancelled'
       AND ticket.revoked_at IS NULL
       FOR NO KEY UPDATE OF ticket
    """,  # noqa: S608 - the names are ours
    parameters=2,
)

SEEN: tuple[Columns[Any], ...] = (EVENT, POLICY, REGISTRATION, TICKET_TYPE, PERSON)
READ = Prepared(
    "gate_read",
    f"""
    SELECT {", ".join(part.sql for part in SEEN)},
           (SELECT max(blocked_until)
              FROM otphandler_guessbudget
             WHERE event_id = event.id AND owner IN (scanner.id, event.id)),
           (SELECT id
              FROM otphandler_scan
             WHERE event_id = event.id AND scan_id = $5 AND outcome <> 'throttled')
      FROM otphandler_scanner AS scanner
      JOIN entityhandler_event AS event ON event.id = scanner.event_id
      LEFT JOIN otphandler_otppolicy AS policy ON policy.event_id = event.id
      LEFT JOIN entityhandler_registration AS registration ON registration.id = coalesce(
           (SELECT id
              FROM entityhandler_registration
             WHERE event_id = event.id AND event.id = $3 AND user_id = $4
               AND status <> 'cancelled'),
           (SELECT id
              FROM entityhandler_registration
             WHERE event_id = event.id AND event.id = $3 AND user_id = $4
               AND status = 'cancelled'
             ORDER BY cancelled_at DESC, id
             LIMIT 1))
      LEFT JOIN entityhandler_tickettype AS ticket_type
        ON ticket_type.id = registration.ticket_type_id
      LEFT JOIN entityhandler_user AS person ON person.id = registration.user_id
     WHERE scanner.id = $1 AND scanner.digest = $2 AND scanner.revoked_at IS NULL
    """,  # noqa: S608 - the names are ours
    parameters=5,
)

_COUNTED = [
    *("last_step", "failures", "blocked_until", "movements", "entries", "inside"),
    *("first_admitted_at", "first_gate_id", "last_entry_at"),
]
_CHANGES = ", ".join(f"{name} = ${place}" for place, name in enumerate(_COUNTED, start=2))
COUNT_ON_TICKET = Prepared(
    "gate_count_on_ticket",
    f"UPDATE otphandler_ticket SET {_CHANGES} WHERE id = $1",  # noqa: S608 - the names are ours
    parameters=1 + len(_COUNTED),
)

RECORDED = [field.attname for field in Scan._meta.concrete_fields]
_PLACES = ", ".join(f"${place}" for place in range(1, len(RECORDED) + 1))
RECORD_SCAN = Prepared(
    "gate_record_scan",
    f"INSERT INTO otphandler_scan ({', '.join(RECORDED)}) VALUES ({_PLACES})",  # noqa: S608
    parameters=len(RECORDED),
)

NOTE_SCANNER = Prepared(
    "gate_note_scanner",
    "UPDATE otphandler_scanner SET last_seen_at = $2 WHERE id = $1",
    parameters=2,
)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a scan reads under its ticket's lock, all at one moment.

    `closed_until` is the later end of what guessing closed, the scanner's or the event's.
    """

    event: Event
    policy: OtpPolicy
    registration: Registration | None
    closed_until: datetime | None
    recorded_id: UUID | None


def find_scanner(digest: bytes) -> Scanner | None:
    """Return the scanner in service whose token has this digest, its gate loaded, or None."""
    row = run((FIND_SCANNER, [digest])).fetchone()
    if row is None:
        return None
    scanner, gate = SCANNER.take(row), GATE.take(row, len(SCANNER.names))
    assert scanner is not None and gate is not None
    scanner.gate = gate
    return scanner


def lock_ticket(event_id: UUID, user_id: UUID) -> Ticket | None:
    """Return the live ticket of that person at that event, locked; None where there is none.

    A ticket is revoked by the transaction that ends its registration, so one that is still live
    under the lock belongs to a registration that is still confirmed.
    """
    row = run((LOOK_UP_BY_INDEX, []), (LOCK_TICKET, [event_id, user_id])).fetchone()
    return None if row is None else TICKET.take(row)


def read(scanner: Scanner, event_id: UUID, user_id: UUID, scan_id: UUID | None) -> Sight | None:
    """Return what a scan of that person is judged by; None for a token that is no longer good.

    The registration is the live one, else the one cancelled last; there is none where the event is
    not the scanner's own.
    """
    asked = [scanner.pk, bytes(scanner.digest), event_id, user_id, scan_id]
    row = run((READ, asked)).fetchone()
    return None if row is None else _sight(row)


def write(ticket: Ticket | None, scan: Scan, seen: tuple[UUID, datetime] | None) -> None:
    """Write what a scan came to: the ticket where it changed, the audit, the scanner where due.

    In this order, which is the order of locks.
    """
    calls: list[tuple[Prepared, Sequence[Any]]] = []
    if ticket is not None:
        counted = [getattr(ticket, name) for name in _COUNTED]
        calls.append((COUNT_ON_TICKET, [ticket.pk, *counted]))
    calls.append((RECORD_SCAN, [_value(scan, name) for name in RECORDED]))
    if seen is not None:
        calls.append((NOTE_SCANNER, seen))
    run(*calls)


def _sight(row: Sequence[Any]) -> Sight:
    parts = zip(SEEN, _BEGINNINGS, strict=False)
    event, policy, registration, ticket_type, person = (part.take(row, at) for part, at in parts)
    assert event is not None
    if registration is not None:
        registration.event, registration.user = event, person
        registration.ticket_type = ticket_type
    policy = policy or OtpPolicy(event_id=event.pk)
    return Sight(event, policy, registration, *row[_BEGINNINGS[-1] :])


_BEGINNINGS = beginnings(*SEEN)


def _value(scan: Scan, name: str) -> Any:
    value = getattr(scan, name)
    return Json(value) if isinstance(value, dict) else value
