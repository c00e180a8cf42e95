"""`make bench`: an admitted scan three ways, alternating, on one database.

(a) pgbench plays its SQL, (b) the bare baseline runs the same statements in a plain view, (c) the
real `POST /api/v1/scans/`, under the same gunicorn.conf.py and number of workers. Machines are
noisy: what counts are the ratios of what was measured within the same seconds.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from django.db import connection

from bench import pgbench
from bench.capture import SCANS, Wire, capture
from bench.load import BUSY, Result, in_its_own_process, scan_guests, scan_guests_steadily
from bench.processes import Server, cpu_s, gunicorn, memory_mb, parent
from bench.report import Report, ms, percentile
from bench.seed import Gate, secret, seed_gate
from otphandler import totp
from otphandler.keyring import Binding, keyring
from otphandler.models import Scan, Ticket

# Connections, and the scans of one measurement: some seconds each.
LOADS = {1: 800, 8: 3200, 32: 3200}
# pgbench is that much faster; its measurement should last about as long.
PGBENCH_FACTOR = 3
# Opens every connection of every thread, and lets PostgreSQL settle on its plans.
WARM_UP = 480
STEADY_PER_S, STEADY_S = 100, 20
CRYPTO_SAMPLES = 2000
SUBJECTS = {"a": "pgbench, its SQL", "b": "bare baseline", "c": "POST /api/v1/scans/"}
# The targets, as ratios within one run.
TARGETS = [("c", "b", 0.8), ("c", "a", 0.2)]
STEADY_TARGET, CRYPTO_TARGET, ROUND_TRIPS_TARGET = 5.0, 0.05, 6


@dataclass(slots=True)
class Measured:
    """One load on one subject: its answers, and CPU seconds of Python and of PostgreSQL."""

    result: Result
    python_s: float
    postgres_s: float

    @property
    def per_s(self) -> float:
        """Scans per second."""
        return self.result.count / self.result.wall_s


@dataclass(slots=True)
class Bench:
    """The world of the benchmark, and which of its guests were let in."""

    gate: Gate
    postmaster: int
    wire: Wire
    bare: Server
    real: Server
    used: int = SCANS
    all: dict[tuple[str, int], list[Measured]] = field(default_factory=dict)

    def take(self, count: int) -> int:
        """Return the number of the first of so many guests who were not let in yet."""
        self.used += count
        return self.used - count

    def measure(self, server: Server | None, load: Callable[[], Result]) -> Measured:
        """Put a load on, and see what CPU it takes where; every answer must be the expected one."""
        before = cpu_s(self.postmaster), cpu_s(server.process_id) if server else 0.0
        result = load()
        after = cpu_s(self.postmaster), cpu_s(server.process_id) if server else 0.0
        if result.wrong:
            raise RuntimeError(f"{len(result.wrong)} wrong answers, the first: {result.wrong[0]}")
        return Measured(result, after[1] - before[1], after[0] - before[0])

    def scan(self, subject: str, connections: int, count: int) -> Measured:
        """Let guests in one of the three ways."""
        if subject == "a":
            return self._play(connections, count * PGBENCH_FACTOR // connections)
        server = self.real if subject == "c" else self.bare
        guests = self.gate.slice(self.take(count), count)
        load = (scan_guests, server.port, connections, guests, self.gate.token)
        return self.measure(server, lambda: in_its_own_process(*load))

    def _play(self, connections: int, each: int) -> Measured:
        first = self.take(connections * each)
        script = pgbench.script(self.wire.preparations, self.wire.queries, self.wire.fresh)
        played = self.measure(None, lambda: pgbench.play(script, connections, each, first))
        admitted = Ticket.objects.filter(event=self.gate.event, entries=1).count()
        if admitted != self.used or Scan.objects.count() != self.used:
            raise RuntimeError(f"pgbench let in {admitted} of {self.used} guests")
        return played

    def steady(self) -> Measured:
        """Scan at a steady rate that the server keeps up with."""
        count = STEADY_PER_S * STEADY_S
        guests = self.gate.slice(self.take(count), count)
        load = (scan_guests_steadily, self.real.port, 16, guests, self.gate.token, STEADY_PER_S)
        return self.measure(self.real, lambda: in_its_own_process(*load))


def run(url: str, rounds: int) -> Report:
    """Measure everything, and return the report."""
    per_round = sum(LOADS.values()) * (PGBENCH_FACTOR + 2)
    others = SCANS + WARM_UP * 2 + STEADY_PER_S * STEADY_S
    gate = seed_gate(per_round * rounds + others)
    with ExitStack() as stack:
        wire = capture(url, gate, 0)
        bare = stack.enter_context(gunicorn("bench.bare_wsgi", {}))
        real = stack.enter_context(gunicorn("ticketmgr.wsgi", {}))
        bench = Bench(gate, postmaster(), wire, bare, real)
        for subject in ("b", "c"):
            bench.scan(subject, 32, WARM_UP)
        for number in range(rounds):
            for subject, connections, count in _turns(number):
                measured = bench.scan(subject, connections, count)
                bench.all.setdefault((subject, connections), []).append(measured)
        return _report(bench, bench.steady())


def _turns(number: int) -> Iterator[tuple[str, int, int]]:
    """Yield what is measured in a round; who begins changes from round to round."""
    order = [*SUBJECTS][number % 3 :] + [*SUBJECTS][: number % 3]
    for connections, count in LOADS.items():
        for subject in order:
            yield subject, connections, count


def postmaster() -> int:
    """Return the process id of PostgreSQL's first process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return parent(cursor.fetchone()[0])


def _crypto_s(gate: Gate) -> float:
    """Return the CPU seconds of opening a secret and comparing its codes, as a scan does it."""
    parameters = totp.Parameters(totp.Algorithm.SHA1, 6, 30)
    binding = Binding(gate.event.pk, gate.event.pk, 1, parameters)
    blob = keyring().seal(secret(0), binding.associated_data())
    unix_s = int(time.time())
    before = time.process_time()
    for _ in range(CRYPTO_SAMPLES):
        opened = keyring().open(blob, binding.associated_data())
        steps = totp.accepted_steps(unix_s, parameters, totp.Tolerance(30, 30))
        totp.matching_step(opened, "000000", steps, parameters)
    return (time.process_time() - before) / CRYPTO_SAMPLES


def _report(bench: Bench, steady: Measured) -> Report:
    report = Report("An admitted scan, three ways")
    columns = ["", "connections", "scans/s", "p50", "p95", "p99", "Python", "PostgreSQL", "client"]
    report.table(columns, [_row(bench, *key) for key in sorted(bench.all, key=lambda k: k[1])])
    report.say("Times in ms; Python and PostgreSQL: CPU ms per scan; client: share of a processor.")
    ratios = [_ratio_row(bench, *target) for target in TARGETS]
    report.table(["ratio of scans/s", *(f"{count} conn." for count in LOADS), "target"], ratios)
    for label, value, bound in _facts(bench, steady):
        report.fact(label, value, bound)
    for (subject, connections), runs in bench.all.items():
        share = max(run.result.client_share for run in runs)
        if subject != "a" and share > BUSY:
            report.say(f"The client took {share:.0%} of a processor at ({subject}), {connections}.")
    return report


def _row(bench: Bench, subject: str, connections: int) -> list[str]:
    runs = bench.all[subject, connections]
    latencies = [latency for run in runs for latency in run.result.latencies_s]
    count = len(latencies)
    return [
        f"({subject}) {SUBJECTS[subject]}",
        str(connections),
        f"{median(run.per_s for run in runs):.0f}",
        *(ms(percentile(latencies, share)) for share in (0.5, 0.95, 0.99)),
        ms(sum(run.python_s for run in runs) / count),
        ms(sum(run.postgres_s for run in runs) / count),
        f"{median(run.result.client_share for run in runs):.0%}",
    ]


def _ratio_row(bench: Bench, one: str, other: str, target: float) -> list[str]:
    ratios = [f"{_ratio(bench, one, other, connections):.2f}" for connections in LOADS]
    return [f"({one}) / ({other})", *ratios, f"≥ {target} at 8"]


def _ratio(bench: Bench, one: str, other: str, connections: int) -> float:
    """Return the median of the ratios of runs that were neighbours."""
    pairs = zip(bench.all[one, connections], bench.all[other, connections], strict=True)
    return median(first.per_s / second.per_s for first, second in pairs)


def _facts(bench: Bench, steady: Measured) -> Iterator[tuple[str, str, str]]:
    latencies = steady.result.latencies_s
    p50, p99 = percentile(latencies, 0.5), percentile(latencies, 0.99)
    steadily = f"p50 {ms(p50)} ms, p99 {ms(p99)} ms, ratio {p99 / p50:.1f}"
    yield f"Steady {STEADY_PER_S} scans/s", steadily, f"≤ {STEADY_TARGET}"
    runs = bench.all["c", 8]
    scan_s = sum(run.python_s + run.postgres_s for run in runs) / sum(r.result.count for r in runs)
    crypto_s = _crypto_s(bench.gate)
    share = f"{ms(crypto_s)} of {ms(scan_s)} ms CPU, {crypto_s / scan_s:.1%}"
    yield "Crypto", share, f"≤ {CRYPTO_TARGET:.0%}"
    sent = f"{bench.wire.round_trips} round trips, {bench.wire.statements} statements"
    yield "To PostgreSQL per scan", sent, f"≤ {ROUND_TRIPS_TARGET} round trips"
    memory: Any = [f"{memory_mb(number):.0f}" for number in bench.real.worker_ids]
    yield "Memory of each worker after it, its share", f"{', '.join(memory)} MB", "reported"
