"""Real threads for the proofs that a lock is a lock."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from time import monotonic
from typing import Any

from django.db import connection, transaction

# A thread that has not arrived after this many seconds has died; the others must not wait on.
PATIENCE_S = 30

BLOCKED = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0
"""


def run_in_threads(callables: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run each callable in its own thread, all let go at one moment; the results are in order.

    What a callable raises stands in the place of its result. Every thread has opened its own
    database connection before the start, so that connecting does not spread the race out, and
    closes it afterwards.
    """
    barrier = Barrier(len(callables), timeout=PATIENCE_S)

    def arrive_and_run(work: Callable[[], Any]) -> Any:
        return _result(work, before=barrier.wait)

    with ThreadPoolExecutor(len(callables)) as pool:
        return list(pool.map(arrive_and_run, callables))


def run_behind(hold: Callable[[], Any], callables: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run the callables while a transaction here holds what `hold` locked or changed.

    It commits as soon as each of them has finished or waits for a lock, so what `hold` did lies
    between their beginning and their end without leaving anything to luck.
    """
    with ThreadPoolExecutor(len(callables)) as pool:
        with transaction.atomic():
            hold()
            futures = [pool.submit(_result, work) for work in callables]
            _wait_until_blocked_or_done(futures)
        return [future.result() for future in futures]


def _result(work: Callable[[], Any], before: Callable[[], Any] | None = None) -> Any:
    try:
        with connection.cursor() as cursor:
            # A crowd on a slow machine waits for longer than a request may; it is not the test.
            cursor.execute(f"SET lock_timeout = '{PATIENCE_S}s'")
        if before is not None:
            before()
        return work()
    except Exception as error:  # noqa: BLE001 - the test judges what was raised
        return error
    finally:
        connection.close()


def _wait_until_blocked_or_done(futures: Sequence[Future[Any]]) -> None:
    give_up_at = monotonic() + PATIENCE_S
    with connection.cursor() as cursor:
        while any(not future.done() for future in futures):
            # The view is frozen at its first reading in a transaction.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(BLOCKED)
            (blocked,) = cursor.fetchone()
            if blocked >= sum(not future.done() for future in futures):
                return
            assert monotonic() < give_up_at, "The threads neither finish nor wait for a lock."
