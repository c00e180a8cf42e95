"""`make run`: the whole application on this machine, from an empty checkout to a page to open."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ticketmgr.local.console import Refusal, Stopped, ignore_stop_signals, say
from ticketmgr.local.environment import CHECKOUT, Surroundings, configured, is_true, surroundings

HOST = "127.0.0.1"
READY_TIMEOUT_S = 20
# Longer than graceful_timeout in gunicorn.conf.py, after which gunicorn ends by itself.
STOP_TIMEOUT_S = 20
# The line by which Django says what was wrong, for example `CommandError: …`.
REASON = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w+: ")


def serve() -> int:
    """Serve on PORT until stopped, and leave nothing running; return the exit code."""
    port = parse_port(configured()["PORT"])
    refuse_busy_port(port)
    with suppress(Stopped), surroundings() as around:
        try:
            prepare(around)
            with gunicorn(port, around) as server:
                wait_until_ready(port, server)
                welcome(port, around)
                server.wait()
            raise Refusal(f"The web server ended by itself (exit code {server.returncode}).")
        except Stopped:
            say("\nStopping.")
    return 0


def parse_port(text: str) -> int:
    """Return the port, or raise Refusal with the way to choose another."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise Refusal(
            f"PORT must be a number from 1 to 65535, not {text!r}: for example make run PORT=8001"
        )
    return int(text)


def refuse_busy_port(port: int) -> None:
    """Raise Refusal unless the port is free on the loopback address."""
    if not is_free(port):
        other = next((port for port in range(port + 1, 65536) if is_free(port)), 8000)
        raise Refusal(f"Port {port} is in use; choose another one: make run PORT={other}")


def is_free(port: int) -> bool:
    """Can this process listen on the port, and does nobody listen on it yet?"""
    with socket.socket() as probe:
        # As gunicorn does: connections of the last run that still linger are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise Refusal(
                f"Port {port} is reserved for root; choose one from 1024 up: make run PORT=8000"
            ) from None
        except OSError:
            return False
    # macOS lets a second process bind beside one that listens on every address.
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) != 0


def prepare(around: Surroundings) -> None:
    """Bring the tables, the static files and the demo up to date."""
    say("Preparing the tables and pages.")
    manage(around, "migrate", "--noinput")
    manage(around, "collectstatic", "--noinput")
    if is_true(around.variables["DEMO"]):
        manage(around, "load_demo")


def manage(around: Surroundings, command: str, *arguments: str) -> None:
    """Run a management command quietly; when it fails, say the one line that tells why."""
    done = subprocess.run(
        [sys.executable, "manage.py", command, *arguments],
        cwd=CHECKOUT,
        env=around.variables,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # Ctrl-C ends it through this process, without a traceback of its own.
        start_new_session=True,
        check=False,
    )
    if done.returncode:
        log = CHECKOUT / "var" / f"{command}.log"
        log.write_text(done.stdout)
        raise Refusal(
            f"{reason(done.stdout)}\n`manage.py {command}` failed; all it said is in {log}."
        )


def reason(output: str) -> str:
    """Return the message of the exception that a command ended with."""
    lines = output.strip().splitlines() or ["It said nothing."]
    starts = [index for index, line in enumerate(lines) if REASON.match(line)]
    return "\n".join(lines[starts[-1] if starts else -1 :])


@contextmanager
def gunicorn(port: int, around: Surroundings) -> Iterator[subprocess.Popen[bytes]]:
    """Run gunicorn for the block, and stop it gracefully."""
    options = ["--config", "gunicorn.conf.py", "--bind", f"{HOST}:{port}", "--log-level", "warning"]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "ticketmgr.wsgi:application", *options],
        cwd=CHECKOUT,
        env=around.variables,
        pass_fds=around.descriptors,
        stdin=subprocess.DEVNULL,
        # Ctrl-C reaches this process alone, which then asks gunicorn for a graceful stop.
        start_new_session=True,
    )
    try:
        yield server
    finally:
        ignore_stop_signals()
        stop(server)


def stop(server: subprocess.Popen[bytes]) -> None:
    """Let requests in progress finish, then make sure that no worker is left."""
    server.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.wait(STOP_TIMEOUT_S)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def wait_until_ready(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until /readyz answers 200; raise Refusal when gunicorn ends or time runs out."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    answer = probe(port)
    while answer != "200":
        if server.poll() is not None:
            raise Refusal("The web server did not start; its own message is above.")
        if time.monotonic() > deadline:
            raise Refusal(f"http://{HOST}:{port}/readyz is not ready: {answer}.")
        time.sleep(0.1)
        answer = probe(port)


def probe(port: int) -> str:
    """Return "200" once /readyz says so, else what it says instead; never through a proxy."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        body = response.read(500).decode(errors="replace")
        return "200" if response.status == 200 else f"{response.status} {body}".strip()
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()


def welcome(port: int, around: Surroundings) -> None:
    """Print what to open and what to try."""
    address = f"http://{HOST}:{port}"
    subprocess.run(
        [sys.executable, "manage.py", "print_welcome", "--base-url", address],
        cwd=CHECKOUT,
        env=around.variables,
        start_new_session=True,
        check=False,
    )
