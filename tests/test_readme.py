"""What the README and `make demo` show is run here, against a real server over HTTP."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from entityhandler.models import User
from otphandler import demo
from otphandler.models import Scan
from otphandler.services import pairing

ROOT = Path(__file__).resolve().parents[1]
BLOCKS = re.findall(
    r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
)
# Run from a fresh checkout by tests/local/test_serve.py and by whoever runs this test.
RUN_ELSEWHERE = {"make run", "make test"}


@pytest.fixture
def demo_server(
    live_server: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Return the address of a server with the demo loaded."""
    settings.DEMO, settings.DEMO_PASSWORD = True, "ticket-demo"
    monkeypatch.setattr(demo, "TOKEN_FILE", tmp_path / "token")
    demo.load(now=timezone.now())
    return str(live_server.url)


def run(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        words,
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_examples_end_in_an_admission_and_an_import_that_changes_nothing(
    demo_server: str,
) -> None:
    example = "".join(BLOCKS[-2:]).replace("http://127.0.0.1:8000", demo_server)
    example = example.replace(".venv/bin/python", shlex.quote(sys.executable))
    done = run("bash", "-eu", "-c", example)
    assert done.returncode == 0, done.stderr + done.stdout
    assert '"outcome":"admitted"' in done.stdout
    counts = re.findall(r'"created":(\d+),"updated":\d+,"unchanged":(\d+),"failed":0', done.stdout)
    assert counts == [("1", "0"), ("1", "0"), ("0", "1"), ("0", "2")]


def test_no_block_of_commands_goes_untested() -> None:
    commands = {line for block in BLOCKS[:-2] for line in block.splitlines() if line}
    assert commands == RUN_ELSEWHERE


def test_the_demo_story_goes_as_told(demo_server: str) -> None:
    story = [sys.executable, "-m", "ticketmgr.local.story", "--base-url", demo_server]
    done = run(*story, DEMO_PASSWORD="ticket-demo")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "Every answer was the expected one." in done.stdout
    outcomes = Scan.objects.order_by("scanned_at").values_list("outcome", flat=True)
    assert list(outcomes) == ["admitted", "already_admitted", "wrong_code", "not_registered"]


def test_the_demo_story_fails_when_an_answer_differs(demo_server: str) -> None:
    story = [sys.executable, "-m", "ticketmgr.local.story", "--base-url", demo_server]
    done = run(*story, DEMO_PASSWORD="another password")
    assert done.returncode == 1
    assert "expected 201" in done.stderr


def test_the_demo_story_without_a_server_says_how_to_start_one() -> None:
    story = [sys.executable, "-m", "ticketmgr.local.story", "--base-url", "http://127.0.0.1:1"]
    done = run(*story)
    assert (done.returncode, "start one: make run" in done.stderr) == (1, True)


def test_loading_the_demo_again_changes_nothing(demo_server: str) -> None:
    before = list(User.objects.order_by("pk").values_list("pk", "password"))
    demo.load(now=timezone.now())
    assert list(User.objects.order_by("pk").values_list("pk", "password")) == before


def test_the_printed_curl_line_is_admitted_once_however_often_it_is_printed(
    demo_server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        call_command("print_welcome", "--curl-only", "--base-url", demo_server)
        line = capsys.readouterr().out
        assert "201 Created" in run("bash", "-c", line).stdout
        assert "409 Conflict" in run("bash", "-c", line).stdout


def test_the_printed_link_pairs_a_browser_with_the_demo_gate(
    demo_server: str, capsys: pytest.CaptureFixture[str], client: APIClient
) -> None:
    call_command("print_welcome", "--gate-only", "--base-url", demo_server)
    address, _, token = capsys.readouterr().out.strip().partition("#")
    assert address == f"{demo_server}/gate/pair/"
    body = {"token": token}
    answer = client.post("/api/v1/scanners/pair/", body, HTTP_GATE_DEVICE="1")
    assert answer.json()["gate"]["name"] == demo.GATE_NAME


def test_pairing_the_demo_gate_leaves_the_curl_line_its_token(demo_server: str) -> None:
    before = demo.TOKEN_FILE.read_text()
    pairing.pair_device(text=demo.pairing_token(now=timezone.now()), now=timezone.now())
    demo.load(now=timezone.now())
    assert demo.TOKEN_FILE.read_text() == before
