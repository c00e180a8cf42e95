"""`python -m ticketmgr.local`: serve, exec -- <command>, stop."""

import signal
import subprocess
import sys
from types import FrameType

from ticketmgr.local.console import (
    Refusal,
    Stopped,
    ignore_stop_signals,
    raise_when_stopped,
    say,
)
from ticketmgr.local.environment import CHECKOUT, Surroundings, surroundings
from ticketmgr.local.postgres import stop_left_behind
from ticketmgr.local.serve import serve

USAGE = """usage: python -m ticketmgr.local serve
       python -m ticketmgr.local exec -- <command ...>
       python -m ticketmgr.local stop"""
NOT_FOUND = 127


def main(arguments: list[str]) -> int:
    """Run one command; a failure that was foreseen is one sentence and no traceback."""
    raise_when_stopped()
    try:
        return dispatch(arguments)
    except Refusal as refusal:
        say(str(refusal))
    except OSError as error:
        say(f"{error.filename or 'This machine'}: {error.strerror}.")
    except Stopped as stopped:
        return 128 + stopped.number
    return 1


def dispatch(arguments: list[str]) -> int:
    """Choose the command."""
    match arguments:
        case ["serve"]:
            return serve()
        case ["exec", "--", _, *_]:
            return execute(arguments[2:])
        case ["stop"]:
            stop_left_behind(CHECKOUT)
            return 0
    say(USAGE)
    return 2


def execute(command: list[str]) -> int:
    """Run a command with the environment completed and return its exit code, as a shell would."""
    with surroundings() as around:
        try:
            return run_in_foreground(command, around)
        finally:
            ignore_stop_signals()


def run_in_foreground(command: list[str], around: Surroundings) -> int:
    """Run a command that shares this terminal and decides itself what Ctrl-C means."""
    try:
        child = subprocess.Popen(command, env=around.variables, pass_fds=around.descriptors)
    except FileNotFoundError:
        say(f"There is no command {command[0]}.")
        return NOT_FOUND
    leave_signals_to(child)
    code = child.wait()
    return code if code >= 0 else 128 - code


def leave_signals_to(child: subprocess.Popen[bytes]) -> None:
    """Outlive the command: pass on what was sent to this process alone."""

    def forward(number: int, frame: FrameType | None) -> None:
        child.send_signal(number)

    def ignore(number: int, frame: FrameType | None) -> None:
        """The terminal has sent its Ctrl-C to the command as well."""

    signal.signal(signal.SIGINT, ignore)
    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGHUP, forward)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
