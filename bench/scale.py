"""`make bench-scale`: is a scan as fast among ten million as among none?

Two databases on one server, a small and a large one, each with the real application before it; the
same scans alternate between them.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median

from django.db import connection, connections

from bench import bulk
from bench.database import own_database
from bench.load import Result, in_its_own_process, scan_guests
from bench.processes import Server, gunicorn
from bench.report import Report, ms, percentile
from bench.seed import REGISTRATION, TICKET, USER, Gate, identifier, seed_gate

# Guests who are scanned come beside these: events, registrations per event, scans per registration.
SMALL = {"events": 10, "guests": 1_000, "scans": 0}
LARGE = {"events": 1_000, "guests": 1_000, "scans": 10}
SCANS_PER_TURN, WARM_UP = 400, 400
CONNECTIONS = 1
TARGET = 1.2


@dataclass(slots=True)
class World:
    """A filled database, the application before it, and what scans there took."""

    name: str
    gate: Gate
    server: Server
    filled_in_s: float
    used: int = 0
    turns: list[Result] = field(default_factory=list)

    def scan(self, count: int) -> Result:
        """Let the next guests in."""
        guests = self.gate.slice(self.used, count)
        self.used += count
        load = (scan_guests, self.server.port, CONNECTIONS, guests, self.gate.token)
        result = in_its_own_process(*load)
        if result.wrong:
            raise RuntimeError(f"wrong answers, the first: {result.wrong[0]}")
        return result

    @property
    def p50s(self) -> list[float]:
        """The median of each turn, in seconds."""
        return [percentile(turn.latencies_s, 0.5) for turn in self.turns]


def run(url: str, rounds: int, migrate: Callable[[], None]) -> Report:
    """Fill both, scan in both by turns, and return the report."""
    guests = WARM_UP + rounds * SCANS_PER_TURN
    with ExitStack() as stack:
        small = stack.enter_context(_world("small", url, guests, SMALL))
        connections.close_all()
        large_url = stack.enter_context(own_database("ticketmgr_bench_large"))
        stack.callback(connections.close_all)
        with _connected_to("ticketmgr_bench_large"):
            migrate()
            large = stack.enter_context(_world("large", large_url, guests, LARGE))
            connections.close_all()
        for world in (small, large):
            world.scan(WARM_UP)
        for number in range(rounds):
            for world in ((small, large), (large, small))[number % 2]:
                world.turns.append(world.scan(SCANS_PER_TURN))
        return _report(small, large)


@contextmanager
def _connected_to(name: str) -> Iterator[None]:
    before = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = name
    yield
    connections.close_all()
    connection.settings_dict["NAME"] = before


@contextmanager
def _world(name: str, url: str, guests: int, size: dict[str, int]) -> Iterator[World]:
    began = time.monotonic()
    gate = seed_gate(guests)
    sample = {"user": USER, "registration": REGISTRATION, "ticket": TICKET}
    ids = {noun: identifier(kind, 0) for noun, kind in sample.items()}
    bulk.fill({**ids, "event": gate.event.pk}, **size)
    filled_in_s = time.monotonic() - began
    with gunicorn("ticketmgr.wsgi", {**os.environ, "DATABASE_URL": url}) as server:
        yield World(name, gate, server, filled_in_s)


def _report(small: World, large: World) -> Report:
    report = Report("A scan among few and among many")
    columns = ["database", "registrations", "scans before", "filled in", "p50 ms", "p99 ms"]
    rows = [
        [
            world.name,
            f"{size['events'] * size['guests']:,}",
            f"{size['events'] * size['guests'] * size['scans']:,}",
            f"{world.filled_in_s:.0f} s",
            ms(median(world.p50s)),
            ms(percentile([one for turn in world.turns for one in turn.latencies_s], 0.99)),
        ]
        for world, size in ((small, SMALL), (large, LARGE))
    ]
    report.table(columns, rows)
    ratio = median(many / few for few, many in zip(small.p50s, large.p50s, strict=True))
    report.fact("p50 among many / among few", f"{ratio:.2f}", f"≤ {TARGET}")
    return report
