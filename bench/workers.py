"""`make bench-workers`: the same scans under other classes, workers and threads of gunicorn.

What gunicorn.conf.py chooses is one of them; the others say why.
"""

from dataclasses import dataclass, field
from statistics import median

from bench.load import Result, in_its_own_process, scan_guests, scan_guests_steadily
from bench.processes import Server, gunicorn, memory_mb
from bench.report import Report, ms, percentile
from bench.seed import Gate, seed_gate

CHOICES = [
    ("gthread", workers, threads)
    for workers in (1, 2, 4)
    for threads in (1, 2, 4, 8, 16)
    if 4 <= workers * threads <= 32
]
SCANS, WARM_UP = 1_200, 480
STEADY_PER_S, STEADY_SCANS = 100, 500
CONNECTIONS = (8, 32)


@dataclass(slots=True)
class Tried:
    """What one choice came to, round by round."""

    per_s: dict[int, list[float]] = field(default_factory=lambda: {at: [] for at in CONNECTIONS})
    steady_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)


def run(rounds: int) -> Report:
    """Try every choice, by turns, and return the report."""
    each = WARM_UP + SCANS * len(CONNECTIONS) + STEADY_SCANS
    gate = seed_gate(each * len(CHOICES) * rounds)
    tried = {choice: Tried() for choice in CHOICES}
    first = 0
    for _ in range(rounds):
        for choice, found in tried.items():
            kind, workers, threads = choice
            options = [f"--worker-class={kind}", f"--workers={workers}", f"--threads={threads}"]
            with gunicorn("ticketmgr.wsgi", {}, *options) as server:
                _try(server, gate, first, found)
            first += each
    return _report(tried)


def _try(server: Server, gate: Gate, first: int, found: Tried) -> None:
    _scan(server, gate, first, WARM_UP, 32)
    first += WARM_UP
    for connections in CONNECTIONS:
        result = _scan(server, gate, first, SCANS, connections)
        found.per_s[connections].append(result.count / result.wall_s)
        first += SCANS
    steady = (server.port, 16, gate.slice(first, STEADY_SCANS), gate.token, STEADY_PER_S)
    found.steady_s += in_its_own_process(scan_guests_steadily, *steady).latencies_s
    found.memory_mb.append(sum(memory_mb(number) for number in server.worker_ids))


def _scan(server: Server, gate: Gate, first: int, count: int, connections: int) -> Result:
    guests = gate.slice(first, count)
    result = in_its_own_process(scan_guests, server.port, connections, guests, gate.token)
    if result.wrong:
        raise RuntimeError(f"wrong answers, the first: {result.wrong[0]}")
    return result


def _report(tried: dict[tuple[str, int, int], Tried]) -> Report:
    report = Report("Scans under other workers and threads")
    rates = [f"scans/s at {connections}" for connections in CONNECTIONS]
    columns = ["class", "workers", "threads", *rates, "steady p50 ms", "p99 ms", "MB in all"]
    rows = [
        [
            *map(str, choice),
            *(f"{median(found.per_s[connections]):.0f}" for connections in CONNECTIONS),
            *(ms(percentile(found.steady_s, share)) for share in (0.5, 0.99)),
            f"{median(found.memory_mb):.0f}",
        ]
        for choice, found in tried.items()
    ]
    report.table(columns, rows)
    return report
