"""The load client makes the codes that phones make, and its report counts right."""

from hashlib import sha1

import pytest

from bench.load import Guest, Result
from bench.pgbench import script
from bench.report import Report, ms, percentile
from otphandler.totp import Algorithm, Parameters, code_at

SECRET = sha1(b"a guest").digest()  # noqa: S324 - a secret of twenty bytes


@pytest.mark.parametrize("unix_s", [0, 29.9, 30, 1_111_111_109, 20_000_000_000])
def test_a_guest_s_phone_shows_the_server_s_code(unix_s: float) -> None:
    guest = Guest("user", "event", SECRET)
    parameters = Parameters(Algorithm.SHA1, 6, 30)
    assert guest.code(unix_s) == code_at(SECRET, int(unix_s) // 30, parameters)


@pytest.mark.parametrize(("share", "value"), [(0.5, 2), (0.51, 3), (0.99, 4), (1, 4), (0.01, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: int) -> None:
    assert percentile([4, 2, 1, 3], share) == value


def test_the_share_of_the_client_is_its_cpu_time_of_the_wall_time() -> None:
    assert Result(wall_s=4, client_cpu_s=1).client_share == 0.25


def test_pgbench_plays_another_guest_and_fresh_ids_each_time() -> None:
    ids = (
        "'33333333-0000-4000-8000-100000000002'::uuid, 'f00d0000-0000-4000-8000-000000000000'::uuid"
    )
    text = script([], [f"EXECUTE x ({ids})"], ["f00d0000-0000-4000-8000-000000000000"])
    assert "EXECUTE x ('33333333-0000-4000-8000-:guest'::uuid, gen_random_uuid());" in text


def test_a_table_is_markdown() -> None:
    report = Report("Heading")
    report.table(["", "ms"], [["one", ms(0.0015)]])
    assert report.lines[2:5] == ["|     |   ms |", "| --- | ---: |", "| one | 1.50 |"]
