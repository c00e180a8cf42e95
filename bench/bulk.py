"""Events, guests and scans by the million, made by PostgreSQL itself.

Nobody scans these guests, so their secrets do not open; all else is as the application leaves it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction

# Every event is a copy of the one whose guests are scanned, with a gate and a scanner like its own.
EVENTS = """
CREATE TEMPORARY TABLE bulk_event AS
    SELECT gen_random_uuid() AS id, gen_random_uuid() AS gate_id, gen_random_uuid() AS scanner_id
      FROM generate_series(1, %(events)s);
INSERT INTO entityhandler_event
    SELECT made.*
      FROM entityhandler_event AS template, bulk_event AS bulk,
           jsonb_populate_record(template, jsonb_build_object('id', bulk.id)) AS made
     WHERE template.id = %(event)s;
INSERT INTO otphandler_gate (id, event_id, name, created_at)
    SELECT gate_id, id, 'North', now() FROM bulk_event;
INSERT INTO otphandler_scanner (id, event_id, gate_id, name, digest, created_at)
    SELECT scanner_id, id, gate_id, 'Phone', sha256(uuid_send(scanner_id)), now() FROM bulk_event;
"""
GUEST_TABLES = ["entityhandler_user", "entityhandler_registration", "otphandler_ticket"]
GUESTS = """
CREATE TEMPORARY TABLE bulk_guest AS
    SELECT gen_random_uuid() AS user_id, gen_random_uuid() AS registration_id, bulk.*
      FROM bulk_event AS bulk, generate_series(1, %(guests)s);
INSERT INTO entityhandler_user
    SELECT made.*
      FROM entityhandler_user AS template, bulk_guest AS bulk,
           jsonb_populate_record(template, jsonb_build_object(
           'id', bulk.user_id, 'email', bulk.user_id || '@example.org')) AS made
     WHERE template.id = %(user)s;
INSERT INTO entityhandler_registration
    SELECT made.*
      FROM entityhandler_registration AS template, bulk_guest AS bulk,
           jsonb_populate_record(template, jsonb_build_object(
           'id', bulk.registration_id, 'user_id', bulk.user_id, 'event_id', bulk.id)) AS made
     WHERE template.id = %(registration)s;
INSERT INTO otphandler_ticket
    SELECT made.*
      FROM otphandler_ticket AS template, bulk_guest AS bulk,
           jsonb_populate_record(template, jsonb_build_object(
           'id', gen_random_uuid(), 'registration_id', bulk.registration_id, 'event_id', bulk.id,
           'movements', 1, 'entries', 1, 'inside', 1, 'first_admitted_at', now(),
           'last_entry_at', now(), 'first_gate_id', bulk.gate_id, 'last_step', 1)) AS made
     WHERE template.id = %(ticket)s;
"""
# Each guest was admitted once and then refused again and again.
SCANS = """
INSERT INTO otphandler_scan (
       id, event_id, registration_id, scanner_id, gate_id, method, direction, outcome, conflict,
       reason, scanned_at, claimed_user, claimed_event, scan_id, request_digest, matched_step,
       skew_s, ticket_version, movement, entries, first_admitted_at, first_gate_id,
       attendance_before)
    SELECT gen_random_uuid(), guest.id, guest.registration_id, guest.scanner_id, guest.gate_id,
           'totp', 'entry', CASE place WHEN 1 THEN 'admitted' ELSE 'already_admitted' END, false,
           '', now() - interval '1 minute' * (place + random() * 1000), guest.user_id, guest.id,
           gen_random_uuid(), sha256(uuid_send(guest.user_id)), place, 0, 1,
           CASE place WHEN 1 THEN 1 END, 1, now(), guest.gate_id,
           CASE place WHEN 1 THEN '{"entries": 0, "inside": 0}'::jsonb END
      FROM bulk_guest AS guest, generate_series(1, %(scans)s) AS place;
"""
# References first, for they lean on the primary key.
BARE = """
SELECT contype = 'f' AS refers,
       format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s%%s', conrelid::regclass, conname,
              pg_get_constraintdef(oid), CASE contype WHEN 'f' THEN ' NOT VALID' ELSE '' END)
  FROM pg_constraint WHERE conrelid = %(table)s::regclass
   AND (contype IN ('f', 'u') OR contype = 'p' AND NOT %(keys)s)
 UNION ALL
SELECT false, format('DROP INDEX %%I', indexname), indexdef
  FROM pg_indexes LEFT JOIN pg_constraint ON conname = indexname
 WHERE tablename = %(table)s AND conname IS NULL
 ORDER BY refers DESC
"""


def fill(sample: dict[str, UUID], *, events: int, guests: int, scans: int) -> None:
    """Add events, so many guests to each, and so many scans to each guest; `sample` is copied."""
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'; SET statement_timeout = 0")
        cursor.execute(EVENTS, {**sample, "events": events})
        with _without_indexes(*GUEST_TABLES):
            cursor.execute(GUESTS, {**sample, "guests": guests})
        # Emptied in the transaction that fills it, a table needs no write-ahead log.
        with transaction.atomic(), _without_indexes("otphandler_scan", keys=False):
            cursor.execute("TRUNCATE otphandler_scan")
            cursor.execute(SCANS, {"scans": scans})
        cursor.execute("VACUUM (ANALYZE)")


@contextmanager
def _without_indexes(*tables: str, keys: bool = True) -> Iterator[None]:
    """Drop references and indexes for the block, and build them at once afterwards.

    Primary keys stay where `keys` says so: other tables refer to them.
    """
    with connection.cursor() as cursor:
        found = []
        for table in tables:
            cursor.execute(BARE, {"table": table, "keys": keys})
            found += cursor.fetchall()
        for _, drop, _ in found:
            cursor.execute(drop)
        yield
        for _, _, make in reversed(found):
            cursor.execute(make)
