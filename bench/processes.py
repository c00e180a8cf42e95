"""The processes under load: gunicorn as in production, and what CPU and memory they take."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# /proc/PID/stat after the name in parentheses, counted from 0: proc(5) numbers state as field 3.
PARENT, USER_TICKS, CHILDREN_SYSTEM_TICKS = 1, 11, 14


class NotMeasurable(Exception):
    """The processes are not on this machine, or this system has no /proc."""


def cpu_s(root: int) -> float:
    """Return the CPU seconds of a process and all below it, those that ended included."""
    return sum(_ticks(_stat(number)) for number in _tree(root)) / TICKS_PER_S


def memory_mb(number: int) -> float:
    """Return the memory that is this process's share, in MB: what it shares is divided."""
    for line in Path(f"/proc/{number}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise NotMeasurable(f"/proc/{number}/smaps_rollup tells no Pss")


def children(root: int) -> list[int]:
    """Return the process ids right below a process."""
    return [number for number in _tree(root) if int(_stat(number)[PARENT]) == root]


def parent(number: int) -> int:
    """Return the id of the process that started this one."""
    return int(_stat(number)[PARENT])


def _stat(number: int) -> list[str]:
    try:
        text = Path(f"/proc/{number}/stat").read_text()
    except OSError as error:
        raise NotMeasurable(f"/proc/{number}/stat: {error.strerror}") from error
    return text[text.rindex(")") + 2 :].split()


def _ticks(stat: list[str]) -> int:
    """Return user and system time, and that of children that were waited for."""
    return sum(map(int, stat[USER_TICKS : CHILDREN_SYSTEM_TICKS + 1]))


def _tree(root: int) -> list[int]:
    found = [root]
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if int(_stat(int(path.name))[PARENT]) in found:
                found.append(int(path.name))
        except NotMeasurable:
            continue  # It ended while we looked.
    return found


@dataclass(frozen=True)
class Server:
    """A running gunicorn."""

    port: int
    process_id: int

    @property
    def worker_ids(self) -> list[int]:
        """The process ids of its workers."""
        return children(self.process_id)


@contextmanager
def gunicorn(
    application: str,
    environment: Mapping[str, str],
    *options: str,
    config: str = "gunicorn.conf.py",
) -> Iterator[Server]:
    """Serve an application with the project's gunicorn.conf.py until the block ends."""
    # Nobody collected static files here; WhiteNoise would warn of a missing folder.
    (ROOT / "var" / "static").mkdir(parents=True, exist_ok=True)
    port = free_port()
    bound = ["--bind", f"{HOST}:{port}", "--log-level", "warning", *options]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", application, "--config", config, *bound],
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    try:
        _wait_until_ready(port, process)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)


def free_port() -> int:
    """Return a port that nobody listens on; the system gives each to one asker at a time."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("gunicorn did not start; its own message is above")
        link = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            link.request("GET", "/healthz")
            if link.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)  # Between two looks at a port that nobody listens on yet.
        finally:
            link.close()
