"""`python -m ticketmgr.local`: exit codes and the sentences that people read."""

import signal
import socket
from collections.abc import Iterator

import pytest

from tests.local.conftest import Trial

# No database is needed for these, so none is started.
ELSEWHERE = {"DATABASE_URL": "postgresql://db.example/tickets"}


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_exec_returns_the_exit_code_of_the_command(empty_trial: Trial) -> None:
    assert empty_trial.run("exec", "--", "sh", "-c", "exit 7", **ELSEWHERE).returncode == 7


def test_exec_reports_a_killed_command_as_a_shell_does(empty_trial: Trial) -> None:
    killed = empty_trial.run("exec", "--", "sh", "-c", "kill -9 $$", **ELSEWHERE)

    assert killed.returncode == 128 + signal.SIGKILL


def test_exec_leaves_stdout_to_the_command(trial: Trial) -> None:
    assert trial.run("exec", "--", "echo", "two  words").stdout == "two  words\n"


def test_exec_of_an_unknown_command_is_one_sentence(empty_trial: Trial) -> None:
    done = empty_trial.run("exec", "--", "no-such-command", **ELSEWHERE)

    assert (done.returncode, done.stderr) == (127, "There is no command no-such-command.\n")


def test_a_busy_port_is_one_sentence_before_anything_is_made(
    empty_trial: Trial, busy_port: int
) -> None:
    done = empty_trial.run("serve", PORT=str(busy_port))

    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {busy_port} is in use; choose another one: make run PORT=")
    assert not (empty_trial.folder / "var").exists()


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "²"])
def test_a_port_that_is_none_is_one_sentence(empty_trial: Trial, port: str) -> None:
    done = empty_trial.run("serve", PORT=port)

    assert done.returncode == 1
    assert done.stderr.startswith("PORT must be a number from 1 to 65535")
    assert done.stderr.count("\n") == 1


def test_a_failing_preparation_says_why_without_a_traceback(empty_trial: Trial) -> None:
    (empty_trial.folder / "manage.py").write_text("raise LookupError('no tables today')")
    (empty_trial.folder / "var").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = empty_trial.run("serve", PORT=str(port), **ELSEWHERE)

    assert done.returncode == 1
    assert "LookupError: no tables today" in done.stderr
    assert "Traceback" not in done.stderr
