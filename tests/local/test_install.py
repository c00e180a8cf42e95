"""Making `.venv`: what is broken is made anew, and what is missing is named in one sentence."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.conftest import PLAIN, PROJECT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in a path with spaces that needs no packages."""
    folder = tmp_path / "a checkout"
    folder.mkdir()
    (folder / "Makefile").symlink_to(PROJECT / "Makefile")
    (folder / "ticketmgr").symlink_to(PROJECT / "ticketmgr")
    (folder / "requirements.txt").write_text("# nothing\n")
    return folder


def test_a_half_made_venv_is_rebuilt_and_then_left_alone(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to("/nonexistent/python")

    first, second = _make(checkout, "install"), _make(checkout, "install")

    assert first.returncode == 0, first.stderr
    assert first.stderr.startswith("Installing requirements.txt into .venv")
    assert (second.returncode, second.stderr) == (0, "")


def test_a_missing_python_is_one_sentence(checkout: Path) -> None:
    done = _make(checkout, "install", PYTHON3="no-such-python")

    assert done.stderr.startswith("There is no no-such-python; install Python 3.11 or newer")


def test_an_old_python_is_one_sentence(checkout: Path) -> None:
    old = checkout / "old python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.8.1\nexit 1\n')
    old.chmod(0o755)
    done = _make(checkout, "install", PYTHON3="./old python")

    assert done.stderr.startswith("Python 3.8.1 is too old: choose 3.11 or newer")


def test_a_python_without_venv_is_one_sentence(checkout: Path) -> None:
    crippled = checkout / "python"
    crippled.write_text(f"""#!/bin/sh
if [ "$1" = -c ]; then exit 0; fi
exec {shlex.quote(sys.executable)} -c 'import runpy, sys; sys.modules["ensurepip"] = None
sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name="__main__")' "$@"
""")
    crippled.chmod(0o755)
    done = _make(checkout, "install", PYTHON3="./python")

    assert "on Debian and Ubuntu: apt install python3-venv" in done.stderr


def _make(checkout: Path, target: str, **variables: str) -> subprocess.CompletedProcess[str]:
    overrides = [f"{name}={value}" for name, value in variables.items()]
    default = [] if "PYTHON3" in variables else [f"PYTHON3={sys.executable}"]
    return subprocess.run(
        ["make", "--no-print-directory", target, *overrides, *default],
        cwd=checkout,
        env=PLAIN,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
