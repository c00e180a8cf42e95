"""`make bench-on-sale`: 64 clients, one event of 5,000 seats, and what its one hot row costs.

Everybody who registers locks the event row. The same clients then register for 64 events, so that
hardly anybody waits for anybody: the difference is what the lock costs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from bench.gate import postmaster
from bench.load import Exchange, Result, closed_loop, in_its_own_process, post
from bench.processes import Server, cpu_s, gunicorn
from bench.report import Report, ms, percentile
from bench.seed import USER, copy, copy_users, identifier, open_gate
from entityhandler.models import Event, Registration, User, UserToken

CLIENTS = 64
SEATS = 5_000
# Some come too late, and must be told so.
TOO_MANY = 500
ONE, MANY = "one event", f"{CLIENTS} events"


@dataclass(frozen=True, slots=True)
class Sale:
    """One run: the answers, how many got a seat, and CPU seconds of Python and of PostgreSQL."""

    result: Result
    seats_taken: int
    python_s: float
    postgres_s: float


def run(rounds: int) -> Report:
    """Sell out an event, and as many seats of many events, by turns; return the report."""
    copy_users(range(SEATS + TOO_MANY))
    _give_tokens(range(SEATS + TOO_MANY))
    manager = User.objects.create(email="manager@example.org", full_name="Manager")
    sales: dict[str, list[Sale]] = {ONE: [], MANY: []}
    with gunicorn("ticketmgr.wsgi", {}) as server:
        _sell(server, [_event(manager, None)], 500)
        for _ in range(rounds):
            sales[ONE].append(_sell(server, [_event(manager, SEATS)], SEATS + TOO_MANY))
            events = [_event(manager, SEATS) for _ in range(CLIENTS)]
            sales[MANY].append(_sell(server, events, SEATS + TOO_MANY))
    if {sale.seats_taken for sale in sales[ONE]} != {SEATS}:
        raise RuntimeError(f"not {SEATS} seats but {[sale.seats_taken for sale in sales[ONE]]}")
    return _report(sales)


def _event(manager: User, seats: int | None) -> Event:
    event = open_gate(manager).event
    Event.objects.filter(pk=event.pk).update(capacity=seats)
    return event


def _give_tokens(numbers: range) -> None:
    now = timezone.now()
    shared = {"label": "", "created_at": now, "expires_at": now + timedelta(days=1)}
    rows = ({"id": uuid4(), "user_id": identifier(USER, n)} for n in numbers)
    digests = (sha256(_token(n).encode()).digest() for n in numbers)
    copy(UserToken, (row | {"digest": d} | shared for row, d in zip(rows, digests, strict=True)))


def _token(number: int) -> str:
    return f"tmu_bench-{number}"


def _sell(server: Server, events: list[Event], people: int) -> Sale:
    addresses = [str(event.pk) for event in events]
    root = postmaster()
    before = cpu_s(server.process_id), cpu_s(root)
    result = in_its_own_process(_buy, server.port, addresses, people)
    after = cpu_s(server.process_id), cpu_s(root)
    if result.wrong:
        raise RuntimeError(f"{len(result.wrong)} wrong answers, the first: {result.wrong[0]}")
    taken = Registration.objects.filter(event__in=events).count()
    return Sale(result, taken, after[0] - before[0], after[1] - before[1])


def _buy(port: int, addresses: list[str], people: int) -> Result:
    def purchases() -> Iterator[Exchange]:
        for number in range(people):
            body = {"event": addresses[number % len(addresses)]}
            yield Exchange(post("/api/v1/registrations/", body, _token(number)), _is_sound)

    return closed_loop(port, CLIENTS, purchases())


def _is_sound(status: int, answer: Any) -> bool:
    """Whether somebody got a seat, or was told that there is none."""
    if status == 201:
        return bool(answer["status"] == Registration.Status.CONFIRMED)
    return status == 409 and answer["code"] == "event_full"


def _report(sales: dict[str, list[Sale]]) -> Report:
    report = Report(f"{CLIENTS} clients register, {SEATS:,} seats")
    columns = ["", "answers/s", "p50 ms", "p95 ms", "p99 ms", "Python", "PostgreSQL", "client"]
    report.table(columns, [_row(name, runs) for name, runs in sales.items()])
    report.say("Python and PostgreSQL: CPU ms per answer; client: share of a processor.")
    pairs = zip(sales[ONE], sales[MANY], strict=True)
    ratios = [_per_s(one.result) / _per_s(many.result) for one, many in pairs]
    report.fact(f"{ONE} / {MANY}", ", ".join(f"{ratio:.2f}" for ratio in ratios), "1: no cost")
    report.say(_hot_updates())
    return report


def _row(name: str, runs: list[Sale]) -> list[str]:
    latencies = [latency for run in runs for latency in run.result.latencies_s]
    count = len(latencies)
    return [
        name,
        ", ".join(f"{_per_s(run.result):.0f}" for run in runs),
        *(ms(percentile(latencies, share)) for share in (0.5, 0.95, 0.99)),
        ms(sum(run.python_s for run in runs) / count),
        ms(sum(run.postgres_s for run in runs) / count),
        f"{max(run.result.client_share for run in runs):.0%}",
    ]


def _per_s(result: Result) -> float:
    return result.count / result.wall_s


def _hot_updates() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"
            " WHERE relname = 'entityhandler_event'"
        )
        updates, hot = cursor.fetchone()
    return f"Of {updates} updates of event rows, {hot} touched no index (HOT)."
