"""PostgreSQL 18 inside the checkout, shared by every command that runs at the same time.

The server listens on a Unix socket alone, in a folder that only its account may enter.
"""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ticketmgr.local import sockets
from ticketmgr.local.account import make_readable, open_way, server_account
from ticketmgr.local.console import Refusal, say
from ticketmgr.local.sharing import Usage, exclusively, is_locked
from ticketmgr.local.wheel import installation, libraries, program

MAJOR_VERSION = "18"
NAME = "ticketmgr"
TIMEOUT_S = 30
LOG_MAX_BYTES = 10_000_000
# initdb and pg_ctl hand paths to a shell between double quotes, where these keep a meaning.
UNQUOTABLE = re.compile(r'["$`\\\n]')

# fsync and synchronous_commit stay on: the data is kept between runs.
SERVER_SETTINGS = {
    "listen_addresses": "",
    "port": sockets.PORT,
    "unix_socket_permissions": "0700",
    # Each test of a race opens 20 connections, in every test process at once.
    "max_connections": 200,
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    # No replica ever attaches.
    "wal_level": "minimal",
    "max_wal_senders": 0,
    # Three processes less; the data fits into memory.
    "io_method": "sync",
    # Parallel plans want shared memory, which containers are short of.
    "max_parallel_workers_per_gather": 0,
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}

ROLE_AND_DATABASE = r"""
SELECT 'CREATE ROLE ticketmgr LOGIN CREATEDB'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ticketmgr') \gexec
SELECT 'CREATE DATABASE ticketmgr OWNER ticketmgr'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'ticketmgr') \gexec
"""


@dataclass(frozen=True)
class Server:
    """A running server: the URL for Django, and the descriptor whose lock keeps it running."""

    url: str
    usage_descriptor: int


@contextmanager
def shared_server(checkout: Path) -> Iterator[Server]:
    """Run the checkout's server for the block, started or adopted; the last user stops it.

    Locks: the start lock serialises starting and stopping; every user shares the users lock.
    """
    cluster = Cluster(checkout)
    usage = Usage(cluster.users_lock)
    try:
        with exclusively(cluster.start_lock):
            url = cluster.start()
        yield Server(url, usage.descriptor)
    finally:
        stop_if_unused(cluster, usage)


def stop_left_behind(checkout: Path) -> None:
    """Stop a server that a killed command left running; raise Refusal while one is in use."""
    cluster = Cluster(checkout)
    if cluster.data.exists() and not stop_if_unused(cluster, Usage(cluster.users_lock)):
        raise Refusal("The database is in use by another command of this checkout: end it first.")


def stop_if_unused(cluster: "Cluster", usage: Usage) -> bool:
    """Give a share back, and stop the server if it was the last; return whether it was."""
    with exclusively(cluster.start_lock):
        try:
            unused = usage.is_the_last()
            if unused:
                cluster.stop()
        finally:
            usage.end()
    return unused


class Cluster:
    """The data folder `var/postgres` of one checkout, and the server over it.

    Locks: whoever calls `start` or `stop` holds the start lock. Every process of the server has
    inherited the server lock, so that the kernel knows whether one lives; a process number in a
    file would not survive restarts, containers and processes that nobody has buried.
    """

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout.resolve()
        self.data = self.checkout / "var" / "postgres"
        self.log = self.data.with_name("postgres.log")
        self.start_lock = self.data.with_name("postgres.start.lock")
        self.server_lock = self.data.with_name("postgres.server.lock")
        self.users_lock = self.data.with_name("postgres.users.lock")
        self.account = server_account(self.data)

    def start(self) -> str:
        """Return the URL of the server, started unless it runs already."""
        self.settle()
        if not self.answers():
            self.stop()
            self.prepare()
            self.launch()
        return sockets.url(self.socket_directory(), role=NAME, database=NAME)

    def stop(self) -> None:
        """Stop the server if it runs, and cut off whoever is still connected."""
        self.settle()
        number = self.process_id()
        if number:
            # SIGINT is PostgreSQL's fast shutdown, which waits for no forgotten psql.
            self.account.run(["kill", "-INT", number])
        # The lock is free when the last process is gone, also after a crash.
        if not wait_until(lambda: not self.runs()):
            raise Refusal(
                f"The database of this checkout goes on running; see the end of {self.log}. "
                "Is it used from another container?"
            )
        with suppress(OSError):
            os.rmdir(sockets.location(self.data, self.account))

    # --- First use

    def prepare(self) -> None:
        """Make the data folder on first use, and let the server's account in."""
        self.refuse_awkward_path()
        if self.account.differs:
            self.let_account_in()
        if not self.data.exists():
            self.initialise()
        self.refuse_other_version()

    def refuse_awkward_path(self) -> None:
        """Raise Refusal for the few characters that PostgreSQL's own tools do not survive."""
        for path in (self.data, installation()):
            if UNQUOTABLE.search(str(path)):
                raise Refusal(
                    'PostgreSQL cannot run below a path with ", $, `, \\ or a line break in it: '
                    f"move {path}."
                )

    def let_account_in(self) -> None:
        """Under root, open the way for the server's account, and say so in one line."""
        opened = open_way(self.account, program("postgres").parent, self.data.parent)
        shown = make_readable(installation(), libraries())
        if self.data.exists() and self.data.stat().st_uid == os.geteuid():
            # A folder that root copied; PostgreSQL accepts only its own.
            self.account.own(self.data)
        line = f"The database runs as the account {self.account.name}: PostgreSQL refuses root."
        if opened:
            line += f" That account may now pass through (o+x): {self.describe(opened)}."
        if shown:
            line += " Everybody may now read PostgreSQL's own files in .venv."
        say(line)

    def describe(self, folders: list[Path]) -> str:
        """Name the folders outside the checkout, and count those inside."""
        inside = [folder for folder in folders if folder.is_relative_to(self.checkout)]
        names = [str(folder) for folder in folders if folder not in inside]
        return ", ".join([*names, *([f"{len(inside)} folders of this checkout"] if inside else [])])

    def initialise(self) -> None:
        """Make the data folder, under another name until it is whole."""
        say("Creating the database in var/postgres (only this once).")
        unfinished = self.data.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self.account.own(unfinished)
        done = self.account.run(
            [
                program("initdb"),
                f"--pgdata={unfinished}",
                "--username=postgres",
                # The socket's folder admits the server's account alone, and there is no TCP.
                "--auth-local=trust",
                "--auth-host=reject",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
            ]
        )
        if done.returncode:
            raise Refusal(f"PostgreSQL could not create {self.data}: {_last_line(done.stderr)}")
        unfinished.rename(self.data)

    def refuse_other_version(self) -> None:
        """Raise Refusal for a data folder that another major version of PostgreSQL made."""
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != MAJOR_VERSION:
            raise Refusal(
                f"{self.data} was made by PostgreSQL {version}, and this is {MAJOR_VERSION}: "
                "`make reset` starts over with an empty database."
            )

    # --- The server

    def launch(self) -> None:
        """Start the server, wait until it accepts connections, and make what is missing in it."""
        directory = sockets.make_private(self.data, self.account)
        # The server lock was free, so this is stale, as is a socket; PostgreSQL would not start
        # if the recorded number named some other process by now.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.open_log()
        settings = SERVER_SETTINGS | {"unix_socket_directories": directory}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        how = [f"--pgdata={self.data}", f"--log={self.log}", f"--options={options}"]
        how += ["--wait", f"--timeout={TIMEOUT_S}"]
        with exclusively(self.server_lock) as lock:
            if self.account.run([program("pg_ctl"), "start", *how], pass_fds=(lock,)).returncode:
                raise Refusal(f"PostgreSQL did not start; the end of {self.log} says why.")
        self.create_role_and_database(directory)

    def create_role_and_database(self, directory: str) -> None:
        """Make the role, which may create test databases, and its database where missing."""
        address = sockets.url(directory, role="postgres", database="postgres")
        options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={address}"]
        done = self.account.run([program("psql"), *options], input=ROLE_AND_DATABASE)
        if done.returncode:
            raise Refusal(f"The role {NAME} could not be created: {_last_line(done.stderr)}")

    def open_log(self) -> None:
        """Make the log writable for the server's account, and begin anew when it is large."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.log, flags, 0o600)
        if os.fstat(descriptor).st_size > LOG_MAX_BYTES:
            os.truncate(descriptor, 0)
        os.close(descriptor)
        self.account.own(self.log)

    # --- What runs now: PostgreSQL keeps it in postmaster.pid, one field per line

    def runs(self) -> bool:
        """Does any process of a server over this data folder live?"""
        return is_locked(self.server_lock)

    def settle(self) -> None:
        """Wait for a server that a killed command left starting or stopping."""

        def is_settled() -> bool:
            return self.field(7).strip() in {"ready", "standby"} or not self.process_id()

        if not wait_until(is_settled):
            raise Refusal(f"PostgreSQL neither starts nor stops; see the end of {self.log}.")

    def answers(self) -> bool:
        """Does a server over this data folder accept connections?"""
        if not self.runs():
            return False
        where = [f"--host={self.socket_directory()}", f"--port={sockets.PORT}", "--quiet"]
        return self.account.run([program("pg_isready"), *where]).returncode == 0

    def socket_directory(self) -> str:
        """Return the socket folder of the server."""
        return self.field(4)

    def process_id(self) -> str | None:
        """Return the process id of the server, or None when it does not run."""
        number = self.field(0)
        return number if number.isdigit() and self.runs() and self.is_server(number) else None

    def is_server(self, number: str) -> bool:
        """Does the process work in the data folder, as only its server does?

        In another container the recorded number may name anything, and is sent no signal.
        """
        if not os.path.isdir("/proc/self"):
            return True
        # Asked as the server's account: in a container even root may not look at another's.
        ask = ["stat", "-L", "-c", "%d:%i", f"/proc/{number}/cwd"]
        data = self.data.stat()
        return self.account.run(ask).stdout.strip() == f"{data.st_dev}:{data.st_ino}"

    def field(self, index: int) -> str:
        """Return a line of postmaster.pid, empty where there is none."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return ""
        return lines[index] if index < len(lines) else ""


def wait_until(condition: Callable[[], bool]) -> bool:
    """Wait until the condition holds; return whether it did before time ran out."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _last_line(output: str) -> str:
    return (output.strip().splitlines() or ["no reason given"])[-1]
