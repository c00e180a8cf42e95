"""How gunicorn serves the application; `make run` and the container image both use this file."""

import gc
import os
from pathlib import Path
from typing import Any

# The container binds every address on its command line; anything else stays on this machine.
bind = f"127.0.0.1:{os.environ.get('PORT') or 8000}"

# One per processor (`make bench-workers`): Python, two thirds of the CPU of a scan, runs in one
# thread of a process at a time, and PostgreSQL wants the processors as well. Four on two processors
# scanned no faster than two, and took 15 MB and eight connections more each. Two also on one
# processor, so that one may die without closing the gate.
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
# Of gunicorn's classes the one that keeps connections alive without an event loop, which the driver
# does not know. A scanner that had to connect anew for each scan would pay two round trips of its
# network more.
worker_class = "gthread"
# While one thread waits for PostgreSQL, or for somebody else's lock, another runs. With four there
# are fewer scans per second, and the slowest scan in a hundred takes 90 ms instead of 4: it waits
# for the worker that has its connection. Sixteen were slower with 8 clients and faster with 32.
# Each keeps one database connection for ten minutes (CONN_MAX_AGE): workers x threads must fit
# PostgreSQL's max_connections.
threads = 8

# Loaded once, before the processes part: a mistake in the settings ends the start with one
# traceback, and the processes share memory. No connection is opened while loading.
preload_app = True


def when_ready(server: Any) -> None:
    """Exempt what was loaded from garbage collection.

    It lives as long as the process; looking through it for garbage takes 20 ms and more each time,
    in the middle of somebody's scan, and unshares its memory.
    """
    gc.collect()
    gc.freeze()


# Longer than the 60 s for which nginx keeps an idle upstream connection, so that the proxy closes
# first: a request sent into a closing connection would fail. Idle connections occupy no thread.
keepalive = 75

# A worker whose main loop is silent for so many seconds is replaced. It bounds no request: in
# threads the main loop goes on; DATABASE_STATEMENT_TIMEOUT_MS bounds what a request can wait for.
timeout = 30
# A scan in progress is answered before the process ends; docker-compose.yml waits longer.
graceful_timeout = 15

# Workers live until they are stopped: with threads, gunicorn resets connections when it replaces a
# worker after max_requests (benoitc/gunicorn#3038), and a gate would see failed scans.
max_requests = 0

# The longest that gunicorn takes: what is longer is refused by it, not by a problem document.
limit_request_line = 8190

# The heartbeat file must not wait for a slow disk; /dev/shm is memory (Linux only).
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108

# Off: the proxy in front writes one, and at a gate each line would say who was where and when.
# GUNICORN_CMD_ARGS="--access-logfile -" turns it on.
accesslog = None
errorlog = "-"

# Nobody uses it, and it would be a second way in, at one path per user for all instances.
control_socket_disable = True
