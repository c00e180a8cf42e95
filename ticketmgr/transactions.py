"""One transaction per write use-case, repeated when PostgreSQL asks; and waiting for others."""

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg2 import errorcodes

from ticketmgr.errors import DomainError

# A deadlock victim or a serialization failure did nothing wrong: it runs again this often at most.
ATTEMPTS = 3
RETRYABLE_SQLSTATES = frozenset({errorcodes.SERIALIZATION_FAILURE, errorcodes.DEADLOCK_DETECTED})

P = ParamSpec("P")
R = TypeVar("R")


def write_use_case(service: Callable[P, R]) -> Callable[P, R]:
    """Run a service in one durable transaction that has committed when the service returns.

    Durable: nesting it in another transaction is an error, so that whoever answers a client knows
    that what it tells is already true. SQLSTATE 40001 and 40P01 run it again.
    """

    @wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempts_left in reversed(range(ATTEMPTS)):
            try:
                with transaction.atomic(durable=True):
                    return service(*args, **kwargs)
            except OperationalError as error:
                if not attempts_left or sqlstate(error) not in RETRYABLE_SQLSTATES:
                    raise
        raise AssertionError("unreachable")

    return run


class NotSettled(DomainError):
    """The change is made, but transactions that began before it are still under way."""

    code = "not_settled"
    status = 503
    title = "The change is made, but requests that began before it are still being answered."


def settled(service: Callable[P, R]) -> Callable[P, R]:
    """Answer only once nothing that may have read the state before the change is under way.

    For changes that end a right, such as cancelling an event: a scan that read the old state, under
    its ticket's lock, commits before the change is answered, and one that begins later reads the
    new state. A lock that scans share and the change excludes would do as well, but PostgreSQL lets
    new sharers pass a waiting excluder, so a busy gate would starve it. Raises NotSettled.
    """

    @wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        result = service(*args, **kwargs)
        _wait_for_transactions_under_way()
        return result

    return run


# A scan under way waits for its ticket for DATABASE_LOCK_TIMEOUT_MS at the most, 5 s by default.
SETTLE_TIMEOUT_S = 10
SETTLE_POLL_S = 0.005
# Whatever writes or locks has a transaction id from then on; reads alone do not matter.
UNDER_WAY = """
    SELECT xid::text
      FROM pg_snapshot_xip(pg_current_snapshot()) AS xid
      JOIN pg_stat_activity AS backend ON backend.backend_xid = xid::xid
     WHERE backend.datname = current_database()
"""
STILL_UNDER_WAY = """
    SELECT bool_or(pg_xact_status(xid::xid8) = 'in progress') FROM unnest(%s) AS xid
"""


def _wait_for_transactions_under_way() -> None:
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    with connection.cursor() as cursor:
        cursor.execute(UNDER_WAY)
        xids = [row[0] for row in cursor.fetchall()]
        while xids:
            cursor.execute(STILL_UNDER_WAY, [xids])
            if not cursor.fetchone()[0]:
                return
            if time.monotonic() > deadline:
                raise NotSettled
            time.sleep(SETTLE_POLL_S)


def sqlstate(error: Exception) -> str | None:
    """Return the five-character SQLSTATE of a database error, where PostgreSQL sent one."""
    return getattr(error.__cause__, "pgcode", None)


def violated_constraint(error: IntegrityError) -> str | None:
    """Return the name of the constraint that a statement violated."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None)
