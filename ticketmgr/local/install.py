"""Makes `.venv` and installs a requirements file into it, unless that is done already.

Run by the system's Python from the checkout, before any package is there: standard library only.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
LOCK = Path("var/install.lock")
# Shown by pip, and by venv from within; both would be about some other installation.
FOREIGN = ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "VIRTUAL_ENV")


def main(requirements: Path) -> str | None:
    """Install and return None, or return one sentence that says what is missing."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as lock:
        # Two terminals may start from an empty checkout at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_usable() and stamp(requirements).exists():
            return None
        say(f"Installing {requirements} into .venv (a minute or two, only when it changes).")
        return make_venv() or install(requirements)


def is_usable() -> bool:
    """Does `.venv` work, and was it made by the same version of Python and finished?"""
    check = "import sys, pip; print(sys.version_info[:2])"
    try:
        done = run(PYTHON, "-c", check)
    except OSError:
        return False
    return done.stdout.strip() == str(sys.version_info[:2]) and any(VENV.glob(".installed-*"))


def make_venv() -> str | None:
    """Make `.venv` anew unless it is usable."""
    if is_usable():
        return None
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            return (
                f"This Python ({sys.executable}) has no {module} module; "
                "on Debian and Ubuntu: apt install python3-venv"
            )
    if VENV.is_symlink():
        VENV.unlink()
    shutil.rmtree(VENV, ignore_errors=True)
    done = run(sys.executable, "-m", "venv", VENV)
    return f"{VENV} could not be made: {last_line(done)}" if done.returncode else None


def install(requirements: Path) -> str | None:
    """Install with pip, and leave a stamp for each file that is thereby installed."""
    for old in VENV.glob(".installed-*"):
        # Without a stamp an interrupted installation is made anew from the start.
        old.unlink()
    done = run(
        PYTHON, "-m", "pip", "install", "--no-input", "--quiet", "--requirement", requirements
    )
    if done.returncode:
        say(done.stderr.strip())
        return f"pip could not install {requirements}: the lines above say why."
    for file in (requirements, *included(requirements)):
        stamp(file).touch()
    return None


def stamp(requirements: Path) -> Path:
    """Return the file whose presence says that exactly these requirements are installed."""
    files = (requirements, *included(requirements))
    digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
    return VENV / f".installed-{requirements.name}-{digest[:16]}"


def included(requirements: Path) -> list[Path]:
    """Return the files that a requirements file includes with -r."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    return [Path(line.split()[1]) for line in lines if line.startswith("-r ")]


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a command quietly and return what it said."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return subprocess.run(
        command, env=kept, text=True, errors="replace", capture_output=True, check=False
    )


def last_line(done: "subprocess.CompletedProcess[str]") -> str:
    """Return the last thing that a command said."""
    return ((done.stderr or done.stdout).strip().splitlines() or ["it gave no reason"])[-1]


def say(line: str) -> None:
    """Print one line on stderr."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1])))
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}.")
