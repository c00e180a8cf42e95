"""How the local commands speak: calm lines on stderr, one sentence when something is wrong."""

import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import NoReturn

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Refusal(Exception):
    """A failure that was foreseen; its text is all that the person needs to read."""


class Stopped(BaseException):
    """Somebody asked this process to end: Ctrl-C, a closed terminal or a service manager."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def say(line: str) -> None:
    """Print one line on stderr: stdout belongs to the command that is run."""
    # A closed terminal must not keep anybody from cleaning up.
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def raise_when_stopped() -> None:
    """Turn the stop signals into `Stopped`, so that every `finally` on the way out runs."""
    for number in STOP_SIGNALS:
        # `nohup make run` asked for a hang-up to be ignored, and goes on being heard.
        if not (number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN):
            signal.signal(number, _raise)


def ignore_stop_signals() -> None:
    """Let the way out finish: a second, impatient Ctrl-C would leave the database running."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    ignore_stop_signals()
    raise Stopped(number)
