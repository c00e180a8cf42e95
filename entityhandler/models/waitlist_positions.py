"""Places on waitlists, for a page of registrations at once."""

from collections.abc import Iterable

from django.db import connection

from entityhandler.models.registrations import Registration

# For each row that waits: how many wait from the row before it on this page, in the same queue, up
# to and including itself; the sums of those are the positions. Every entry of a queue is so read
# once for a page, where counting from the head for each row would read 200 times 100,000. Each
# ticket type has a queue of its own and those without a type have one, which are two counts: no
# index serves `IS NOT DISTINCT FROM`. Served by `registration_queue_of_type`.
POSITIONS = """
    SELECT page.id, (sum(typed.step + untyped.step) OVER queue)::integer
    FROM (
        SELECT id, event_id, ticket_type_id, waitlisted_at,
               coalesce(lag(waitlisted_at) OVER queue, '-infinity') AS after_at,
               coalesce(lag(id) OVER queue, '00000000-0000-0000-0000-000000000000') AS after_id
        FROM entityhandler_registration
        WHERE id = ANY(%s) AND status = 'waitlisted'
        WINDOW queue AS (PARTITION BY event_id, ticket_type_id ORDER BY waitlisted_at, id)
    ) AS page
    CROSS JOIN LATERAL (
        SELECT count(*) AS step FROM entityhandler_registration AS ahead
        WHERE ahead.event_id = page.event_id AND ahead.status = 'waitlisted'
          AND ahead.ticket_type_id = page.ticket_type_id
          AND (ahead.waitlisted_at, ahead.id) > (page.after_at, page.after_id)
          AND (ahead.waitlisted_at, ahead.id) <= (page.waitlisted_at, page.id)
    ) AS typed
    CROSS JOIN LATERAL (
        SELECT count(*) AS step FROM entityhandler_registration AS ahead
        WHERE ahead.event_id = page.event_id AND ahead.status = 'waitlisted'
          AND page.ticket_type_id IS NULL AND ahead.ticket_type_id IS NULL
          AND (ahead.waitlisted_at, ahead.id) > (page.after_at, page.after_id)
          AND (ahead.waitlisted_at, ahead.id) <= (page.waitlisted_at, page.id)
    ) AS untyped
    WINDOW queue AS (PARTITION BY event_id, ticket_type_id ORDER BY waitlisted_at, id)
"""


def show_positions(rows: Iterable[Registration]) -> list[Registration]:
    """Return the rows, each with its `position`: 1 at the head of its queue, None where none waits.

    One query for all of them.
    """
    page = list(rows)
    with connection.cursor() as cursor:
        cursor.execute(POSITIONS, [[row.pk for row in page]])
        positions = dict(cursor.fetchall())
    for row in page:
        row.position = positions.get(row.pk)
    return page
