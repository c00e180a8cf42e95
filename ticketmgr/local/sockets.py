"""The Unix socket between PostgreSQL and its clients: a short path, and a private folder.

Whoever can enter the folder is let in by the server, so the folder is checked, not trusted.
"""

import hashlib
import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from ticketmgr.local.account import Account
from ticketmgr.local.console import Refusal

PORT = 5432
SOCKET = f".s.PGSQL.{PORT}"
# sun_path holds 104 bytes on macOS and 108 on Linux, a closing NUL included.
SOCKET_PATH_MAX_BYTES = 103
# The path is passed on a command line and in a list separated by commas.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")


def url(directory: str, *, role: str, database: str) -> str:
    """Return the address by which Django, psql and libpq reach the server."""
    # The port is spelt out: libpq would otherwise take the caller's PGPORT.
    return f"postgresql://{role}@{quote(directory, safe='')}:{PORT}/{database}"


def make_private(data: Path, account: Account) -> str:
    """Make the empty socket folder of a data folder, or verify that it is the account's alone.

    The caller knows that no server runs: what a killed one has left in the folder is removed.
    """
    directory = location(data, account)
    with suppress(FileExistsError):
        os.mkdir(directory, 0o700)
    owner = _owner(directory)
    if owner == os.geteuid() and account.differs:
        os.chown(directory, account.uid, account.gid, follow_symlinks=False)
    elif owner != account.uid:
        raise Refusal(f"{directory} was made by somebody else and is not used: remove it.")
    os.chmod(directory, 0o700)
    for left_behind in (SOCKET, f"{SOCKET}.lock"):
        Path(directory, left_behind).unlink(missing_ok=True)
    return directory


def location(data: Path, account: Account) -> str:
    """Return the path of the socket folder: short however deep the data folder is."""
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    # /tmp first: two terminals may disagree about TMPDIR, and some tools delete theirs.
    for parent in ("/tmp", tempfile.gettempdir()):  # noqa: S108 - the folder inside is verified
        directory = f"{parent}/ticketmgr-{account.uid}-{digest}"
        socket = f"{directory}/{SOCKET}"
        fits = len(socket) <= SOCKET_PATH_MAX_BYTES and PLAIN_PATH.fullmatch(socket)
        if fits and os.access(parent, os.W_OK):
            return directory
    raise Refusal("PostgreSQL needs a writable /tmp, or a TMPDIR with a short and plain path.")


def _owner(directory: str) -> int:
    info = os.lstat(directory)
    return info.st_uid if stat.S_ISDIR(info.st_mode) else -1
