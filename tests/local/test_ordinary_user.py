"""The same tooling for somebody without rights, tried by an account that root lends."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dotenv
import pytest

from tests.local.conftest import Trial, own_folder
from ticketmgr.local.wheel import PACKAGE, installation, libraries

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="the other tests already run as an ordinary user"
)


@pytest.fixture
def shared_trial() -> Iterator[Trial]:
    """A checkout and its packages in a folder that belongs to the ordinary user."""
    with own_folder() as folder:
        trial = Trial(folder / "checkout")
        site = folder / "site"
        shutil.copytree(installation(), site / PACKAGE / "pginstall18", symlinks=True)
        (site / PACKAGE / "__init__.py").touch()
        if libraries().exists():
            shutil.copytree(libraries(), site / libraries().name)
        shutil.copytree(Path(dotenv.__file__).parent, site / "dotenv")
        account = pwd.getpwnam("nobody")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
        yield trial


def test_an_ordinary_user_runs_the_database_under_their_own_account(shared_trial: Trial) -> None:
    site = shared_trial.folder.parent / "site"
    owner_of_the_server = "stat -c %U var/postgres/postmaster.pid"
    done = _as_nobody(
        [_python(), "-m", "ticketmgr.local", "exec", "--", *owner_of_the_server.split()],
        cwd=shared_trial.folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(site)},
    )

    assert done.stdout == "nobody\n", done.stderr
    assert done.stderr == "Creating the database in var/postgres (only this once).\n"


def test_a_checkout_that_root_has_used_is_refused_in_one_sentence(shared_trial: Trial) -> None:
    site = shared_trial.folder.parent / "site"
    (shared_trial.folder / "var").mkdir(mode=0o755)
    done = _as_nobody(
        [_python(), "-m", "ticketmgr.local", "exec", "--", "true"],
        cwd=shared_trial.folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(site)},
    )

    assert done.returncode == 1
    assert "go on as the account that made" in done.stderr
    assert done.stderr.count("\n") == 1


def _as_nobody(
    command: list[str], *, cwd: Path, env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    account = pwd.getpwnam("nobody")
    return subprocess.run(
        command,
        cwd=cwd,
        env=env,
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _python() -> str:
    """Return a Python of this version that an ordinary user may start."""
    for python in (sys.executable, getattr(sys, "_base_executable", ""), "/usr/bin/python3"):
        if python and _works_for_nobody(python):
            return python
    pytest.skip("no Python here that an ordinary account may start: it lies below a closed folder")


def _works_for_nobody(python: str) -> bool:
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return _as_nobody([python, "-c", check], cwd=Path("/"), env={}).returncode == 0
    except OSError:
        return False
