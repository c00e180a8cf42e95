"""Trial checkouts: copies of the local tooling in folders of their own, run as real processes."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
# None of the variables under test: this process may itself run inside `make test`.
PLAIN = {
    name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
}

CONNECT = "import os, psycopg2; db = psycopg2.connect(os.environ['DATABASE_URL']).cursor()"
# Prints when the server was started, and goes on using it until its stdin is closed.
HOLD = f"""{CONNECT}
db.execute("SELECT pg_postmaster_start_time()")
print(db.fetchone()[0], flush=True)
input()
"""


class Trial:
    """A checkout that holds the local tooling and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "var" / "postgres"
        source = PROJECT / "ticketmgr"
        without_caches = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source / "local", folder / "ticketmgr" / "local", ignore=without_caches)
        shutil.copy(source / "__init__.py", folder / "ticketmgr")

    def add_application(self) -> None:
        """Add what the server serves."""
        for name in ("entityhandler", "otphandler", "ticketmgr", "web"):
            shutil.copytree(PROJECT / name, self.folder / name, dirs_exist_ok=True)
        for name in ("manage.py", "gunicorn.conf.py"):
            shutil.copy(PROJECT / name, self.folder)

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start `python -m ticketmgr.local` and return the process."""
        return subprocess.Popen(
            [sys.executable, "-m", "ticketmgr.local", *arguments],
            cwd=self.folder,
            env=PLAIN | variables,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m ticketmgr.local` to its end."""
        with self.start(*arguments, **variables) as process:
            stdout, stderr = process.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def python(self, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run Python code with the environment completed."""
        return self.run("exec", "--", sys.executable, "-c", code, **variables)

    def ask(self, query: str) -> str:
        """Return one value from the database."""
        done = self.python(f"{CONNECT}; db.execute({query!r}); print(db.fetchone()[0])")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def hold(self) -> subprocess.Popen[str]:
        """Start a command that uses the server until its stdin is closed."""
        return self.start("exec", "--", sys.executable, "-c", HOLD)

    def process_id(self) -> int | None:
        """Return the process id of the server, None when it does not run."""
        try:
            # The server makes the file first and writes it then.
            lines = (self.data / "postmaster.pid").read_text().split()
            return int(lines[0]) if lines else None
        except FileNotFoundError:
            return None


@contextmanager
def own_folder() -> Iterator[Path]:
    """Make a folder outside pytest's own, which every pytest session closes to other accounts."""
    with tempfile.TemporaryDirectory(prefix="ticketmgr trial ") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    """A checkout with a database, in a path with spaces."""
    with own_folder() as folder:
        trial = Trial(folder / "a checkout")
        yield trial
        assert trial.process_id() is None, "a test left the server running"


@pytest.fixture
def empty_trial() -> Iterator[Trial]:
    """A checkout that no command has run in yet."""
    with own_folder() as folder:
        yield Trial(folder / "fresh")
