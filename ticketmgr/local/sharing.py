"""File locks by which several commands share one server without knowing of each other.

Locks, not counters or pid files: the kernel drops them when a process dies, however it dies.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ticketmgr.local.console import Refusal


def open_lock(path: Path) -> int:
    """Open a lock file, made on first use, and return its descriptor."""
    try:
        path.parent.mkdir(exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise Refusal(
            f"Cannot write {path} ({error.strerror}): go on as the account that made {path.parent}."
        ) from error


@contextmanager
def exclusively(path: Path) -> Iterator[int]:
    """Hold a file's exclusive lock for the block, waiting for it if need be; yield the descriptor.

    A process that inherits the descriptor goes on holding the lock after the block.
    """
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Does any process hold a lock on the file?"""
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class Usage:
    """One command's share in a server: a shared lock on a file that every user locks."""

    def __init__(self, path: Path) -> None:
        self.descriptor = open_lock(path)
        fcntl.flock(self.descriptor, fcntl.LOCK_SH)

    def is_the_last(self) -> bool:
        """Does nobody else use the server?

        Lock: only the holder of the start lock may ask. A failed attempt gives the share away.
        """
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def end(self) -> None:
        """Give the share back."""
        # Explicitly: a child that inherited the descriptor would otherwise keep the lock.
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        os.close(self.descriptor)
