"""Statements that PostgreSQL parses and plans once per connection, and runs together in one trip.

For the few that run at every scan: there, planning took eight times as long as running. They are
prepared in SQL, for the driver has no other way; what stands between must keep a connection to one
client (a pooler in session mode does).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.db import connection
from django.db.backends.utils import CursorWrapper

from ticketmgr.postgresql.base import DatabaseWrapper


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement with parameters `$1`, `$2`, …, whose types PostgreSQL infers."""

    name: str
    text: str
    parameters: int

    @property
    def call(self) -> str:
        """The statement that runs it, with the driver's placeholders."""
        places = ", ".join(["%s"] * self.parameters)
        return f"EXECUTE {self.name} ({places})" if places else f"EXECUTE {self.name}"


def run(*calls: tuple[Prepared, Sequence[Any]]) -> CursorWrapper:
    """Run statements in their order and in one round trip; the cursor has the rows of the last.

    The first time on a connection each is prepared first, in a trip of its own, so that one that
    fails afterwards, as a lock that does not come in time does, is known to be there.
    """
    cursor = connection.cursor()
    already = cast(DatabaseWrapper, connection).prepared
    for statement, _ in calls:
        if statement.name not in already:
            cursor.execute(f"PREPARE {statement.name} AS {statement.text}")
            already.add(statement.name)
    text = "; ".join(statement.call for statement, _ in calls)
    cursor.execute(text, [value for _, values in calls for value in values])
    return cursor
