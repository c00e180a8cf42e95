"""Every way of the benchmark lets guests in, with as much in the tables as the real one."""

from collections.abc import Iterator

import pytest

from bench.load import in_its_own_process, scan_guests
from bench.processes import gunicorn
from bench.seed import Gate, copy_guests, open_gate
from entityhandler.models import User
from otphandler.models import Scan, Ticket
from tests.test_attacks import database_url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seeded(grace: User) -> Gate:
    """Return a gate with ten guests who came by COPY."""
    gate = open_gate(grace)
    copy_guests(gate.event, range(10))
    return gate


@pytest.fixture(params=["ticketmgr.wsgi", "bench.bare_wsgi"])
def port(request: pytest.FixtureRequest, settings: object) -> Iterator[int]:
    """Return where the real application, or the bare baseline, listens."""
    with gunicorn(request.param, {"DATABASE_URL": database_url()}) as server:
        yield server.port


def test_guests_are_let_in_once_each(port: int, seeded: Gate) -> None:
    result = in_its_own_process(scan_guests, port, 2, seeded.slice(0, 10), seeded.token)
    assert (result.wrong, result.count) == ([], 10)
    assert Ticket.objects.filter(entries=1, movements=1).count() == 10
    assert Scan.objects.filter(outcome="admitted", movement=1).count() == 10


def test_a_wrong_answer_is_noticed(port: int, seeded: Gate) -> None:
    guests = seeded.slice(0, 1) * 2
    assert len(in_its_own_process(scan_guests, port, 1, guests, seeded.token).wrong) == 1
