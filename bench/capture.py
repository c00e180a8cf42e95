"""What one admitted scan sends to PostgreSQL, seen on the wire."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from bench.load import in_its_own_process, scan_guests
from bench.processes import gunicorn
from bench.seed import Gate
from bench.wire import SOCKET, relay
from ticketmgr.local.console import Refusal

IDS = re.compile(r"'([0-9a-f-]{36})'::uuid")
# The first prepares, the second shows which ids come again, the third is the one to play.
SCANS = 3


@dataclass(frozen=True, slots=True)
class Wire:
    """The queries of a scan, what is prepared before the first, and the ids that it made up."""

    preparations: list[str]
    queries: list[str]
    fresh: list[str]
    round_trips: int

    @property
    def statements(self) -> int:
        """How many statements the queries hold; several may share a round trip."""
        return sum(1 + query.rstrip("; ").count("; ") for query in self.queries)


def capture(url: str, gate: Gate, first: int) -> Wire:
    """Let guests in through a relay and return what the last one sent; uses SCANS guests."""
    address = urlsplit(url)
    directory = unquote(address.hostname or "")
    if not directory.startswith("/"):
        raise Refusal("What goes over the wire is seen on a Unix socket alone.")
    with relay(f"{directory}/{SOCKET}") as noted:
        user = f"{address.username}@" if address.username else ""
        netloc = f"{user}{quote(noted.directory, safe='')}:5432"
        environment = {"DATABASE_URL": urlunsplit(address._replace(netloc=netloc))}
        with gunicorn("ticketmgr.wsgi", environment, "--workers=1", "--threads=1") as server:
            sent = []
            for number in range(first, first + SCANS):
                noted.forget()
                _admit(server.port, gate, number)
                sent.append(noted.queries)
            preparations = [text for text in sent[0] if text.startswith("PREPARE")]
            known, last = set(_ids(sent[-2])), _ids(sent[-1])
            return Wire(preparations, sent[-1], sorted(set(last) - known), noted.round_trips)


def _ids(queries: list[str]) -> list[str]:
    return IDS.findall(" ".join(queries))


def _admit(port: int, gate: Gate, number: int) -> None:
    result = in_its_own_process(scan_guests, port, 1, gate.slice(number, 1), gate.token)
    if result.wrong:
        raise RuntimeError(f"the scan was not admitted: {result.wrong[0]}")
