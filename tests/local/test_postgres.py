"""The embedded server: where it runs, who shares it, and what it survives."""

import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from tests.local.conftest import Trial, own_folder
from ticketmgr.local import sockets
from ticketmgr.local.account import server_account
from ticketmgr.local.console import Refusal

START_TIME = "SELECT pg_postmaster_start_time()"
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="is about running as root")


def test_a_checkout_with_spaces_in_its_path_has_a_database(trial: Trial) -> None:
    assert trial.ask("SELECT current_database()") == "ticketmgr"


def test_a_checkout_deeper_than_a_socket_path_allows_has_a_database() -> None:
    with own_folder() as parent:
        trial = Trial(parent.joinpath(*["a-rather-long-name-of-a-folder"] * 6))

        assert len(str(trial.folder)) > 180
        assert trial.ask("SHOW server_encoding") == "UTF8"


def test_the_server_listens_on_no_network_address(trial: Trial) -> None:
    assert trial.ask("SHOW listen_addresses") == ""


def test_what_is_written_is_safe_on_disk_before_it_counts(trial: Trial) -> None:
    assert (trial.ask("SHOW fsync"), trial.ask("SHOW synchronous_commit")) == ("on", "on")


def test_the_role_may_create_test_databases_and_is_no_superuser(trial: Trial) -> None:
    rights = "SELECT rolcreatedb AND NOT rolsuper FROM pg_roles WHERE rolname = current_user"
    assert trial.ask(rights) == "True"


def test_data_is_kept_between_runs(trial: Trial) -> None:
    create = "CREATE TABLE kept AS SELECT 42 AS answer; COMMIT; SELECT 1"
    trial.ask(create)

    assert trial.ask("SELECT answer FROM kept") == "42"


def test_two_commands_that_start_at_once_share_one_server(empty_trial: Trial) -> None:
    with empty_trial.hold() as first, empty_trial.hold() as second:
        starts = {holder.stdout.readline() for holder in (first, second) if holder.stdout}

        assert len(starts) == 1
        assert "" not in starts
        first.communicate("done\n", timeout=30)
        assert empty_trial.process_id(), "the first one out stopped the server of the second"
        second.communicate("done\n", timeout=30)
    assert empty_trial.process_id() is None


def test_a_server_whose_user_was_killed_is_adopted_and_stopped(trial: Trial) -> None:
    with trial.hold() as holder:
        started = _first_line(holder)
        holder.kill()
        holder.communicate(timeout=30)  # closes the stdin of the command, which then ends

    assert trial.process_id()
    assert trial.ask(START_TIME) == started
    assert trial.process_id() is None


def test_the_command_of_a_killed_user_keeps_its_server(trial: Trial) -> None:
    with trial.hold() as holder:
        started = _first_line(holder)
        holder.kill()
        holder.wait(30)
        assert trial.ask(START_TIME) == started
        assert trial.process_id(), "the server was stopped under a command that uses it"

    trial.ask(START_TIME)


def test_a_killed_server_is_started_again(trial: Trial) -> None:
    with trial.hold() as holder:
        started = _first_line(holder)
        os.kill(trial.process_id() or 0, signal.SIGKILL)
        holder.communicate("done\n", timeout=30)

    assert trial.ask(START_TIME) != started


def test_a_recorded_process_number_that_means_another_process_is_no_server(trial: Trial) -> None:
    trial.ask("SELECT 1")
    pid_file = trial.data / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{trial.data}\n1\n5432\n/nonexistent\n\n1 1\nready\n")

    assert trial.ask("SELECT 1") == "1"


def test_stop_refuses_while_a_command_uses_the_server(trial: Trial) -> None:
    with trial.hold() as holder:
        _first_line(holder)
        refused = trial.run("stop")
        holder.communicate("done\n", timeout=30)

    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)


def test_ctrl_c_ends_the_command_and_then_the_server(trial: Trial) -> None:
    with trial.start("exec", "--", "sleep", "60") as process:
        while not trial.process_id():
            assert process.poll() is None
        process.terminate()

    assert process.returncode == 128 + signal.SIGTERM
    assert trial.process_id() is None


def test_a_path_that_a_shell_would_interpret_is_refused_in_one_sentence(tmp_path: Path) -> None:
    refused = Trial(tmp_path / "a $HOME").run("exec", "--", "true")

    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("PostgreSQL cannot run below a path with")


def test_the_socket_folder_is_short_and_for_one_account_alone(tmp_path: Path) -> None:
    directory = sockets.make_private(tmp_path / ("deep/" * 60), server_account(tmp_path / "none"))
    info = os.stat(directory)
    os.rmdir(directory)

    assert stat.S_IMODE(info.st_mode) == 0o700
    assert len(directory) < 60


def test_a_socket_folder_made_by_somebody_else_is_refused(tmp_path: Path) -> None:
    account = server_account(tmp_path / "none")
    link = Path(sockets.location(tmp_path, account))
    link.symlink_to(tmp_path)
    try:
        with pytest.raises(Refusal, match="made by somebody else"):
            sockets.make_private(tmp_path, account)
    finally:
        link.unlink()


@root_only
def test_under_root_the_server_runs_as_nobody(trial: Trial) -> None:
    with trial.hold() as holder:
        _first_line(holder)
        owner = Path(f"/proc/{trial.process_id()}").stat().st_uid
        _, said = holder.communicate("done\n", timeout=30)

    assert owner == trial.data.stat().st_uid != 0
    assert said.startswith("The database runs as the account nobody")


@root_only
def test_under_root_a_closed_folder_on_the_way_gets_passage_and_nothing_more(
    empty_trial: Trial,
) -> None:
    empty_trial.folder.chmod(0o700)
    done = empty_trial.run("exec", "--", "true")

    assert done.returncode == 0
    assert stat.S_IMODE(empty_trial.folder.stat().st_mode) == 0o701
    assert "(o+x)" in done.stderr


def _first_line(holder: subprocess.Popen[str]) -> str:
    assert holder.stdout
    line = holder.stdout.readline().strip()
    assert line, holder.communicate()[1]
    return line
