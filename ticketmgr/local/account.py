"""Which account the embedded PostgreSQL runs as: it refuses to run as root."""

import os
import pwd
import stat
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ticketmgr.local.console import Refusal

UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class Account:
    """The user and group ids of the server's processes."""

    uid: int
    gid: int
    name: str

    @property
    def differs(self) -> bool:
        """Is this another account than the one that runs this command?"""
        return self.uid != os.geteuid()

    def run(
        self, command: Sequence[str | Path], **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as this account, in a session of its own, and return its output.

        The own session keeps the terminal's Ctrl-C away from the server that outlives the command.
        """
        if self.differs:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        try:
            return subprocess.run(
                command,
                env=_environment(),
                cwd="/",
                text=True,
                errors="replace",
                capture_output=True,
                start_new_session=True,
                check=False,
                **options,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise Refusal(
                f"The embedded database cannot run as {self.name} here ({error}); "
                "set DATABASE_URL to a PostgreSQL of your own."
            ) from error

    def own(self, path: Path) -> None:
        """Give the account a file or folder, with all inside, that belongs to this command."""
        if self.differs:
            for inside in (path, *path.rglob("*")):
                os.chown(inside, self.uid, self.gid, follow_symlinks=False)


def server_account(data: Path) -> Account:
    """Return who runs the server: the caller, or under root the data's owner, else `nobody`."""
    uid = os.geteuid()
    owner = data.stat().st_uid if uid == 0 and data.exists() else uid
    if owner == 0:
        return _unprivileged()
    try:
        entry = pwd.getpwuid(owner)
    except KeyError:
        return Account(owner, os.getegid() if owner == uid else owner, f"user {owner}")
    return Account(owner, entry.pw_gid, entry.pw_name)


def open_way(account: Account, *targets: Path) -> list[Path]:
    """Let the account pass through every folder down to the targets; return those changed.

    Passage (o+x) and nothing more: others still cannot list these folders.
    """
    folders = {folder for target in targets for folder in (target, *target.parents)}
    return [folder for folder in sorted(folders) if _open(folder, account)]


def make_readable(*roots: Path) -> bool:
    """Let every account read installed files, which umask 077 hid; return whether any were."""
    changed = [path for root in roots for path in _tree(root) if _show(path)]
    return bool(changed)


def _unprivileged() -> Account:
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise Refusal(
            f"PostgreSQL refuses to run as root, and there is no account {UNPRIVILEGED} here: "
            "go on as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)


def _open(folder: Path, account: Account) -> bool:
    info = folder.stat()
    if info.st_uid == account.uid or info.st_mode & stat.S_IXOTH:
        return False
    _chmod(folder, info.st_mode | stat.S_IXOTH)
    return True


def _show(path: Path) -> bool:
    info = path.lstat()
    wanted = stat.S_IROTH | (stat.S_IXOTH if info.st_mode & stat.S_IXUSR else 0)
    if stat.S_ISLNK(info.st_mode) or info.st_mode & wanted == wanted:
        return False
    _chmod(path, info.st_mode | wanted)
    return True


def _tree(root: Path) -> Iterator[Path]:
    for folder, _, files in os.walk(root):
        yield Path(folder)
        yield from (Path(folder, name) for name in files)


def _chmod(path: Path, mode: int) -> None:
    try:
        path.chmod(stat.S_IMODE(mode))
    except OSError as error:
        raise Refusal(
            f"The embedded database runs as {UNPRIVILEGED} and cannot pass {path} "
            f"({error.strerror}): move the checkout, or set DATABASE_URL to another PostgreSQL."
        ) from error


def _environment() -> dict[str, str]:
    # PGDATA, PGPORT, PGOPTIONS … of the caller are about some other server; and without a fixed
    # locale the server does not start where LANG names one that is not installed.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C"}
