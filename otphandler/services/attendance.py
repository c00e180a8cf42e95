"""Who came, who is inside, and what happened at the gates: one statement, so one moment."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from otphandler.outcomes import PASSED

# One statement sees one snapshot: the figures agree with each other while people stream in. Scans
# are read once and grouped; what was taken back is left out. `admitted` counts people, never scans:
# of those who entered more than once, whom their tickets tell, the further entries at one gate are
# subtracted. Grouping by person instead took three times as long.
ATTENDANCE = """
WITH undone AS (
    SELECT undoes_id FROM otphandler_scan WHERE event_id = %(event)s AND undoes_id IS NOT NULL
), scans AS MATERIALIZED (
    SELECT gate_id, date_trunc('minute', scanned_at) AS minute, outcome,
           count(*) AS count, max(scanned_at) AS last_scan_at
      FROM otphandler_scan
     WHERE event_id = %(event)s
       AND outcome <> 'undone'
       AND id NOT IN (SELECT undoes_id FROM undone)
     GROUP BY 1, 2, 3
), ticket AS (
    SELECT count(*) FILTER (WHERE entries > 0) AS admitted,
           coalesce(sum(inside), 0) AS inside,
           coalesce(sum(entries), 0) AS entries
      FROM otphandler_ticket
     WHERE event_id = %(event)s
), again AS (
    SELECT gate_id, sum(count - 1) AS entries
      FROM (SELECT scan.gate_id, scan.registration_id, count(*) AS count
              FROM otphandler_ticket AS ticket
              JOIN otphandler_scan AS scan
                ON scan.event_id = ticket.event_id
               AND scan.registration_id = ticket.registration_id
             WHERE ticket.event_id = %(event)s
               AND ticket.entries > 1
               AND scan.outcome = 'admitted'
               AND scan.id NOT IN (SELECT undoes_id FROM undone)
             GROUP BY 1, 2) AS person
     GROUP BY gate_id
), gate AS (
    SELECT gate_id,
           coalesce(sum(count) FILTER (WHERE outcome = 'admitted'), 0) AS entries,
           coalesce(sum(count) FILTER (WHERE outcome = 'exited'), 0) AS exits,
           max(last_scan_at) AS last_scan_at
      FROM scans
     GROUP BY gate_id
), minute AS (
    SELECT minute,
           coalesce(sum(count) FILTER (WHERE outcome = 'admitted'), 0) AS entries,
           coalesce(sum(count) FILTER (WHERE outcome = 'exited'), 0) AS exits,
           coalesce(sum(count) FILTER (WHERE outcome NOT IN %(passed)s), 0) AS refused
      FROM scans
     GROUP BY minute
), refusal AS (
    SELECT outcome, sum(count) AS count
      FROM scans
     WHERE outcome NOT IN %(passed)s
     GROUP BY outcome
)
SELECT (SELECT count(*) FROM entityhandler_registration
         WHERE event_id = %(event)s AND status = 'confirmed') AS expected,
       ticket.admitted, ticket.inside, ticket.entries,
       (SELECT json_object_agg(outcome, count ORDER BY outcome) FROM refusal) AS refused,
       (SELECT json_agg(json_build_array(
                   gate.gate_id, named.name, gate.entries - coalesce(again.entries, 0),
                   gate.entries - gate.exits, gate.last_scan_at) ORDER BY named.name, gate.gate_id)
          FROM gate
          LEFT JOIN otphandler_gate AS named ON named.id = gate.gate_id
          LEFT JOIN again ON again.gate_id IS NOT DISTINCT FROM gate.gate_id) AS gates,
       (SELECT json_agg(json_build_array(minute, entries, exits, refused) ORDER BY minute)
          FROM minute) AS minutes
  FROM ticket
"""

# What the header of a gate page shows, asked for by every device every few seconds.
HEADCOUNT = """
SELECT (SELECT count(*) FROM entityhandler_registration
         WHERE event_id = %(event)s AND status = 'confirmed') AS expected,
       count(*) FILTER (WHERE entries > 0) AS admitted,
       coalesce(sum(inside), 0) AS inside
  FROM otphandler_ticket
 WHERE event_id = %(event)s
"""


def headcount(*, event_id: UUID, now: datetime) -> dict[str, Any]:
    """Return how many people are expected, came, and are inside; distinct people, never scans."""
    with connection.cursor() as cursor:
        cursor.execute(HEADCOUNT, {"event": event_id})
        expected, admitted, inside = cursor.fetchone()
    return {"expected": expected, "admitted": admitted, "inside": inside, "as_of": now}


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
