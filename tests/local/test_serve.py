"""`make run` from an empty checkout to an answer, and back to nothing."""

import http.client
import signal
import socket
from contextlib import closing

from tests.local.conftest import Trial


def test_a_fresh_checkout_serves_until_ctrl_c_and_leaves_nothing_running(
    empty_trial: Trial,
) -> None:
    empty_trial.add_application()
    port = _free_port()
    with empty_trial.start("serve", PORT=str(port)) as process:
        welcome = process.stdout.readline() + process.stdout.readline() if process.stdout else ""
        status = _status(port, "/healthz")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)

    assert (process.returncode, status) == (0, 200), said
    assert "Ticket Manager is ready" in welcome
    assert "Traceback" not in said
    assert empty_trial.process_id() is None
    assert _is_free(port)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _status(port: int, path: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
