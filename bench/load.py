"""The load client: one process, raw sockets, kept alive, so that it costs little beside the server.

Each answer is read to its end and judged; each code is computed when its request is sent.
"""

import hmac
import json
import selectors
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any
from uuid import uuid4

HOST = "127.0.0.1"
RECEIVE_BYTES = 65536
# An answer that takes longer than this, in seconds, ends the measurement.
PATIENCE_S = 30
# From this share of one processor on, the client may be what limits the throughput.
BUSY = 0.8


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody with a ticket: what their phone knows."""

    user: str
    event: str
    secret: bytes
    period_s: int = 30
    digits: int = 6

    def code(self, unix_s: float) -> str:
        """Return the code that the phone shows (RFC 6238 with SHA-1)."""
        counter = struct.pack(">Q", int(unix_s) // self.period_s)
        value = hmac.digest(self.secret, counter, "sha1")
        offset = value[-1] & 15
        number = int.from_bytes(value[offset : offset + 4], "big") & 0x7FFFFFFF
        return f"{number % 10**self.digits:0{self.digits}}"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request, and whether an answer to it is the expected one."""

    request: bytes
    expects: Callable[[int, Any], bool]


@dataclass(slots=True)
class Result:
    """What a load came to: seconds per answer, and of the whole."""

    latencies_s: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    wall_s: float = 0.0
    client_cpu_s: float = 0.0

    @property
    def count(self) -> int:
        """How many answers there were."""
        return len(self.latencies_s)

    @property
    def client_share(self) -> float:
        """Which share of one processor the client took."""
        return self.client_cpu_s / self.wall_s


def post(path: str, body: dict[str, Any], token: str) -> bytes:
    """Return the bytes of a POST."""
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def scan_of(guest: Guest, token: str) -> Exchange:
    """Return a scan that is to be admitted, with the code of this moment."""
    body = {
        "user": guest.user,
        "event": guest.event,
        "otp": guest.code(time.time()),
        "scan_id": str(uuid4()),
    }

    def admitted(status: int, answer: Any) -> bool:
        told = answer.get("outcome"), answer.get("attendee", {}).get("id")
        return status == 201 and told == ("admitted", guest.user)

    return Exchange(post("/api/v1/scans/", body, token), admitted)


class Link:
    """One connection that is kept alive."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.exchange: Exchange | None = None
        self.began_at = 0.0

    def send(self, exchange: Exchange, began_at: float) -> None:
        """Send a request; `began_at` is when it should have been sent."""
        self.exchange, self.began_at = exchange, began_at
        self.socket.sendall(exchange.request)

    def receive(self) -> tuple[int, Any] | None:
        """Read what has come; return status and body once the answer is whole."""
        part = self.socket.recv(RECEIVE_BYTES)
        if not part:
            raise ConnectionError("the server closed a connection that was to be kept alive")
        self.received += part
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end:
            return None
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(body) < length:
            return None
        self.received = b""
        return int(head[9:12]), json.loads(body)


def closed_loop(port: int, connections: int, exchanges: Iterator[Exchange]) -> Result:
    """Keep every connection busy with one request at a time until there are no more."""
    links = [Link(port) for _ in range(connections)]
    result = Result()
    with selectors.DefaultSelector() as waiting, _measured(result):
        for link in links:
            waiting.register(link.socket, selectors.EVENT_READ, link)
            _next(link, exchanges)
        while any(link.exchange for link in links):
            for key, _ in waiting.select(PATIENCE_S) or _too_late():
                if _take(key.data, result):
                    _next(key.data, exchanges)
    _close(links)
    return result


def open_loop(
    port: int, connections: int, exchanges: Iterator[Callable[[], Exchange]], per_s: float
) -> Result:
    """Send at a steady rate, whatever the answers take; latency counts from the time planned.

    A request whose turn comes while every connection is busy waits, and its waiting counts: a
    client that holds back while the server is slow would measure nothing of the slowness.
    """
    links = [Link(port) for _ in range(connections)]
    result, idle = Result(), list(links)
    with selectors.DefaultSelector() as waiting, _measured(result):
        for link in links:
            waiting.register(link.socket, selectors.EVENT_READ, link)
        due = time.perf_counter()
        upcoming = next(exchanges, None)
        while upcoming or len(idle) < len(links):
            now = time.perf_counter()
            if upcoming and idle and now >= due:
                idle.pop().send(upcoming(), due)
                due, upcoming = due + 1 / per_s, next(exchanges, None)
                continue
            patience = max(due - now, 0) if upcoming and idle else PATIENCE_S
            for key, _ in waiting.select(patience):
                if _take(key.data, result):
                    idle.append(key.data)
    _close(links)
    return result


def in_its_own_process(work: Callable[..., Result], *arguments: Any) -> Result:
    """Run a load beside this process, so that its CPU time is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        return pool.submit(work, *arguments).result()


def scan_guests(port: int, connections: int, guests: Sequence[Guest], token: str) -> Result:
    """Scan every guest once, as fast as the server answers."""
    return closed_loop(port, connections, (scan_of(guest, token) for guest in guests))


def scan_guests_steadily(
    port: int, connections: int, guests: Sequence[Guest], token: str, per_s: float
) -> Result:
    """Scan every guest once, at a steady rate."""
    scans = ((lambda guest=guest: scan_of(guest, token)) for guest in guests)
    return open_loop(port, connections, scans, per_s)


class _measured:  # noqa: N801 - a context manager, named as one
    """Notes wall and CPU time of a block."""

    def __init__(self, result: Result) -> None:
        self.result = result

    def __enter__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def __exit__(self, *error: object) -> None:
        self.result.wall_s = time.perf_counter() - self.wall
        self.result.client_cpu_s = time.process_time() - self.cpu


def _next(link: Link, exchanges: Iterator[Exchange]) -> None:
    exchange = next(exchanges, None)
    if exchange is not None:
        link.send(exchange, time.perf_counter())


def _take(link: Link, result: Result) -> bool:
    """Judge the answer once it is whole; return whether the connection is free again."""
    answer = link.receive()
    if answer is None:
        return False
    assert link.exchange is not None
    result.latencies_s.append(time.perf_counter() - link.began_at)
    if not link.exchange.expects(*answer):
        result.wrong.append(f"{answer[0]} {str(answer[1])[:200]}")
    link.exchange = None
    return True


def _too_late() -> list[Any]:
    raise TimeoutError(f"no answer within {PATIENCE_S} s")


def _close(links: list[Link]) -> None:
    for link in links:
        link.socket.close()
