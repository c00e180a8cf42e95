"""Who came, who is inside, and what happened at the gates: one statement, so one moment."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from otphandler.outcomes import PASSED

# One statement sees one snapshot: the figures agree with each other while people stream in. The
# scans are read once, and what was taken back is left out. `admitted` counts people, never scans.
ATTENDANCE = """
WITH scan AS MATERIALIZED (
    SELECT gate_id, registration_id, outcome, scanned_at
      FROM otphandler_scan AS scan
     WHERE event_id = %(event)s
       AND outcome <> 'undone'
       AND NOT EXISTS (
           SELECT FROM otphandler_scan AS undo
            WHERE undo.event_id = %(event)s AND undo.undoes_id = scan.id)
), ticket AS (
    SELECT count(*) FILTER (WHERE entries > 0) AS admitted,
           coalesce(sum(inside), 0) AS inside,
           coalesce(sum(entries), 0) AS entries
      FROM otphandler_ticket
     WHERE event_id = %(event)s
), person AS (
    SELECT gate_id, count(*) AS admitted
      FROM (SELECT gate_id, registration_id FROM scan WHERE outcome = 'admitted' GROUP BY 1, 2) AS t
     GROUP BY gate_id
), gate AS (
    SELECT scan.gate_id,
           count(*) FILTER (WHERE outcome = 'admitted')
             - count(*) FILTER (WHERE outcome = 'exited') AS inside_delta,
           max(scanned_at) AS last_scan_at
      FROM scan
     GROUP BY scan.gate_id
), minute AS (
    SELECT date_trunc('minute', scanned_at) AS minute,
           count(*) FILTER (WHERE outcome = 'admitted') AS entries,
           count(*) FILTER (WHERE outcome = 'exited') AS exits,
           count(*) FILTER (WHERE outcome NOT IN %(passed)s) AS refused
      FROM scan
     GROUP BY 1
), refusal AS (
    SELECT outcome, count(*) AS count FROM scan WHERE outcome NOT IN %(passed)s GROUP BY 1
)
SELECT (SELECT count(*) FROM entityhandler_registration
         WHERE event_id = %(event)s AND status = 'confirmed') AS expected,
       ticket.admitted, ticket.inside, ticket.entries,
       (SELECT json_object_agg(outcome, count ORDER BY outcome) FROM refusal) AS refused,
       (SELECT json_agg(json_build_array(
                   gate.gate_id, named.name, coalesce(person.admitted, 0),
                   gate.inside_delta, gate.last_scan_at) ORDER BY named.name, gate.gate_id)
          FROM gate
          LEFT JOIN otphandler_gate AS named ON named.id = gate.gate_id
          LEFT JOIN person ON person.gate_id IS NOT DISTINCT FROM gate.gate_id) AS gates,
       (SELECT json_agg(json_build_array(minute, entries, exits, refused) ORDER BY minute)
          FROM minute) AS minutes
  FROM ticket
"""


def attendance(*, event_id: UUID, now: datetime) -> dict[str, Any]:
    """Return the attendance of an event, as the API tells it; times are ISO 8601 in UTC."""
    with connection.cursor() as cursor:
        cursor.execute(ATTENDANCE, {"event": event_id, "passed": tuple(sorted(PASSED))})
        expected, admitted, inside, entries, refused, gates, minutes = cursor.fetchone()
    return {
        "expected": expected,
        "admitted": admitted,
        "inside": inside,
        "entries": entries,
        "exits": entries - inside,
        "refused": refused or {},
        "gates": [_gate(*row) for row in gates or []],
        "per_minute": [_minute(*row) for row in minutes or []],
        "as_of": now,
    }


def _gate(
    gate_id: str | None, name: str | None, admitted: int, inside_delta: int, last_scan_at: str
) -> dict[str, Any]:
    """Return one gate; null stands for admissions by hand without one."""
    return {
        "gate": {"id": gate_id, "name": name} if gate_id else None,
        "admitted": admitted,
        "inside_delta": inside_delta,
        "last_scan_at": datetime.fromisoformat(last_scan_at),
    }


def _minute(minute: str, entries: int, exits: int, refused: int) -> dict[str, Any]:
    return {
        "minute": datetime.fromisoformat(minute),
        "entries": entries,
        "exits": exits,
        "refused": refused,
    }
