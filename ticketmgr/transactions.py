"""One transaction per write use-case, repeated when PostgreSQL asks for it."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import IntegrityError, OperationalError, transaction
from psycopg2 import errorcodes

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


def sqlstate(error: Exception) -> str | None:
    """Return the five-character SQLSTATE of a database error, where PostgreSQL sent one."""
    return getattr(error.__cause__, "pgcode", None)


def violated_constraint(error: IntegrityError) -> str | None:
    """Return the name of the constraint that a statement violated."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None)
