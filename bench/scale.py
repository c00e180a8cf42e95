"""`make bench-scale`: is a scan as fast among ten million as among none?

Two databases on one server, a small and a large one, each with the real application before it; the
same scans alternate between them.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median

from django.db import connection, connections
from django.utils import timezone

from bench import bulk
from bench.database import own_database
from bench.load import Result, in_its_own_process, scan_guests, scan_guests_steadily
from bench.processes import Server, gunicorn
from bench.report import Report, ms, percentile
from bench.seed import REGISTRATION, TICKET, USER, Gate, identifier, seed_gate
from entityhandler.models import Event
from otphandler.services import retention

# Guests who are scanned come beside these: events, registrations per event, scans per registration.
SMALL = {"events": 10, "guests": 1_000, "scans": 0}
LARGE = {"events": 1_000, "guests": 1_000, "scans": 10}
SCANS_PER_TURN, WARM_UP = 400, 400
CONNECTIONS = 1
# Scans of old events are deleted beside a steady gate; more events than that takes.
STEADY_PER_S, STEADY_SCANS, PURGED_EVENTS = 100, 1_500, 200
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

    def scan_steadily(self) -> Result:
        """Let the next guests in, at a steady rate."""
        guests = self.gate.slice(self.used, STEADY_SCANS)
        self.used += STEADY_SCANS
        load = (scan_guests_steadily, self.server.port, 16, guests, self.gate.token, STEADY_PER_S)
        return in_its_own_process(*load)

    @property
    def p50s(self) -> list[float]:
        """The median of each turn, in seconds."""
        return [percentile(turn.latencies_s, 0.5) for turn in self.turns]


def run(url: str, rounds: int, migrate: Callable[[], None]) -> Report:
    """Fill both, scan in both by turns, and return the report."""
    guests = WARM_UP + rounds * SCANS_PER_TURN + 2 * STEADY_SCANS
    with ExitStack() as stack:
        small = stack.enter_context(_world("small", url, guests, SMALL))
        connections.close_all()
        large_url = stack.enter_context(own_database("ticketmgr_bench_large"))
        stack.callback(connections.close_all)
        with _connected_to("ticketmgr_bench_large"):
            migrate()
            large = stack.enter_context(_world("large", large_url, guests, LARGE))
            for world in (small, large):
                world.scan(WARM_UP)
            for number in range(rounds):
                for world in ((small, large), (large, small))[number % 2]:
                    world.turns.append(world.scan(SCANS_PER_TURN))
            alone = large.scan_steadily()
            with _purging(large) as deleted:
                beside = large.scan_steadily()
            report = _report(small, large)
            _report_purge(report, alone, beside, sum(deleted))
            return report


@contextmanager
def _purging(world: World) -> Iterator[list[int]]:
    """Delete the scans of events of last year for as long as the block runs; count them."""
    old = Event.objects.exclude(pk=world.gate.event.pk)[:PURGED_EVENTS]
    ids = list(old.values_list("pk", flat=True))
    ended = timezone.now() - timedelta(days=365)
    Event.objects.filter(pk__in=ids).update(starts_at=ended - timedelta(hours=1), ends_at=ended)
    done, deleted = threading.Event(), list[int]()

    def purge() -> None:
        for pk in ids:
            if done.is_set():
                break
            counts = retention.purge_event(event_id=pk, now=timezone.now())
            deleted.append(counts["otphandler_scan"])
        connections.close_all()

    thread = threading.Thread(target=purge)
    thread.start()
    yield deleted
    done.set()
    thread.join()


def _report_purge(report: Report, alone: Result, beside: Result, deleted: int) -> None:
    for name, result in (("alone", alone), ("while old scans are deleted", beside)):
        p50, p99 = (percentile(result.latencies_s, share) for share in (0.5, 0.99))
        report.say(f"- {STEADY_PER_S} scans/s {name}: p50 {ms(p50)} ms, p99 {ms(p99)} ms")
    report.say(f"- Old scans deleted meanwhile: {deleted:,}")


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
