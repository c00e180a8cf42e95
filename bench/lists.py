"""`make bench-lists`: the lists of registrations and users at two million rows, over HTTP.

The rows are made by lists.sql. Each shape is a query that somebody's page or program sends; what
varies in it (the page, the word, the moment) varies from request to request, so that no answer is
found in a cache of its own. One connection, one request after the other: this measures how long an
answer takes, not how many the machine gives.
"""

import http.client
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

from django.db import connection, transaction
from django.utils import timezone

from bench.processes import HOST, Server, gunicorn
from bench.report import Report, ms, percentile
from entityhandler.models import Event, EventManager, User
from entityhandler.services import tokens

PEOPLE, EVENTS, FEW = 1_000_000, 1_000, 5
# People from among whom names and e-mails are drawn to be searched for.
KNOWN_PEOPLE = 5_000
# What a page may take at the 95th percentile, in milliseconds.
TARGET_MS = 100
REQUESTS, WARM_UP = 40, 5
DAY = timedelta(days=1)
# lists.sql lets one person come every eight seconds.
YEARS = timedelta(seconds=8 * PEOPLE)
REGISTRATIONS, USERS = "/api/v1/registrations/", "/api/v1/users/"
STAFF, LARGE, MANY, SOME = (
    "staff",
    "manager of 1,000,000",
    "manager of 1,000 events",
    "manager of 5",
)
HOLDER = "holder of two"


@dataclass(slots=True)
class World:
    """Who asks, and what there is to ask for."""

    tokens: dict[str, str]
    large: str
    small: list[str]
    people: list[tuple[str, str]]
    # Seeded: each run asks for the same.
    dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311

    def name(self) -> str:
        """Return somebody's name."""
        return self.dice.choice(self.people)[0]


# A value of a query: as it stands, or drawn anew for each request.
Value = str | int | Callable[[World], str | int]


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of query, and who sends it."""

    who: str
    what: str
    query: Mapping[str, Value] = field(default_factory=dict)
    path: str = REGISTRATIONS

    def address(self, world: World) -> str:
        """Return one request's path and query."""
        drawn = {name: v(world) if callable(v) else v for name, v in self.query.items()}
        return f"{self.path}?{urlencode(drawn)}"


def any_page(rows: int, size: int = 50) -> Value:
    """Draw a page of a list of so many rows."""
    return lambda world: world.dice.randint(1, rows // size)


def since(at_most: timedelta) -> Value:
    """Draw a moment that lies back so long at most."""
    return lambda world: (timezone.now() - world.dice.random() * at_most).isoformat()


def large(world: World) -> str:
    """Return the event with a million registrations."""
    return world.large


def family(world: World) -> str:
    """Draw a family name."""
    return world.name().split()[1]


def email(world: World) -> str:
    """Draw an e-mail."""
    return world.dice.choice(world.people)[1]


def shapes() -> Iterator[Shape]:
    """Yield all that is measured."""
    for what, query in of_a_table(2 * PEOPLE):
        yield Shape(STAFF, what, query)
    for what, query in (*of_a_table(PEOPLE), *of_a_queue()):
        yield Shape(LARGE, what, query | {"event": large})
    for who, rows in ((MANY, PEOPLE), (SOME, FEW * PEOPLE // EVENTS)):
        for what, query in of_many_events(rows):
            yield Shape(who, what, query)
    yield Shape(MANY, "one event", {"event": lambda world: world.dice.choice(world.small)})
    yield Shape(HOLDER, "all")
    yield Shape(HOLDER, "at one event", {"event": large})
    for what, query in of_people():
        yield Shape(STAFF, what, query, USERS)


def of_a_table(rows: int) -> Iterator[tuple[str, dict[str, Value]]]:
    """Yield the shapes of a long list."""
    page = any_page(rows)
    polled: dict[str, Value] = {"ordering": "updated_at", "page_size": 200}
    yield "first page", {}
    yield "first page of 200", {"page_size": 200}
    yield "any page", {"page": page}
    yield "last page", {"page": rows // 50}
    for key in ("created_at", "updated_at", "status"):
        yield f"ordering={key}", {"ordering": key}
        yield f"ordering=-{key}", {"ordering": f"-{key}"}
        yield f"ordering=-{key}, any page", {"ordering": f"-{key}", "page": page}
    yield "status=pending", {"status": "pending"}
    yield "status=pending, ordering=-updated_at", {"status": "pending", "ordering": "-updated_at"}
    yield "status=confirmed, any page", {"status": "confirmed", "page": any_page(rows // 2)}
    yield "updated_since a minute", polled | {"updated_since": since(timedelta(minutes=1))}
    yield "updated_since a day", polled | {"updated_since": since(DAY)}
    yield "updated_since any time", polled | {"updated_since": since(YEARS)}
    yield "search: given and family name", {"search": World.name}
    yield "search: family name", {"search": family}
    yield "search: five letters of it", {"search": lambda world: family(world)[:5]}
    yield "search: given name", {"search": lambda world: world.name().split()[0]}
    yield "search: e-mail", {"search": email}
    yield "search: two letters", {"search": lambda world: world.name()[:2]}
    yield "search: nobody", {"search": "xyzzy"}


def of_many_events(rows: int) -> Iterator[tuple[str, dict[str, Value]]]:
    """Yield the shapes of whoever manages some of the events."""
    yield "first page", {}
    yield "any page", {"page": any_page(rows)}
    yield "ordering=-updated_at", {"ordering": "-updated_at"}
    yield "status=pending", {"status": "pending"}
    yield "updated_since a day", {"ordering": "updated_at", "updated_since": since(DAY)}
    yield "search: family name", {"search": family}


def of_a_queue() -> Iterator[tuple[str, dict[str, Value]]]:
    """Yield the shapes of a waitlist of 100,000."""
    waiting: dict[str, Value] = {"status": "waitlisted", "page_size": 200}
    yield "200 who wait", waiting
    yield "the last 200 who wait", waiting | {"ordering": "-created_at"}
    yield "any 200 who wait", waiting | {"page": any_page(PEOPLE // 11, size=200)}


def of_people() -> Iterator[tuple[str, dict[str, Value]]]:
    """Yield the shapes of the list of users."""
    yield "users: first page", {}
    yield "users: any page", {"page": any_page(PEOPLE)}
    yield "users: family name", {"search": family}
    yield "users: e-mail", {"search": email}
    yield "users: two letters", {"search": lambda world: world.name()[:2]}


# --- The rows, and who looks at them ---------------------------------------------------------

PASSWORD = "a password of the benchmark"  # noqa: S105 - its database is dropped at the end
INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
     WHERE tablename IN ('entityhandler_user', 'entityhandler_registration')
       AND indexname NOT LIKE '%_pkey'
"""


def make_rows() -> None:
    """Run lists.sql; the indexes are made afterwards, which takes seconds instead of minutes."""
    script = Path(__file__).with_name("lists.sql").read_text()
    with transaction.atomic(), connection.cursor() as cursor:
        # No request ever runs so long; this script does.
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute(script, {"people": PEOPLE, "events": EVENTS})
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for _, definition in indexes:
            cursor.execute(definition)


def meet_people() -> World:
    """Make the readers, and note what there is to ask for."""
    large, *small = Event.objects.order_by("-seats_taken").values_list("pk", flat=True)
    holder = User.objects.filter(registrations__event=large).first()
    assert holder is not None
    readers = {
        STAFF: User(email="staff@bench.example", full_name="Sam", is_staff=True),
        LARGE: User(email="large@bench.example", full_name="Lou"),
        MANY: User(email="many@bench.example", full_name="Max"),
        SOME: User(email="some@bench.example", full_name="Sal"),
        HOLDER: holder,
    }
    for reader in readers.values():
        reader.set_password(PASSWORD)
        reader.save()
    for who, managed in ((LARGE, [large]), (MANY, small), (SOME, small[:FEW])):
        EventManager.objects.bulk_create(
            EventManager(user=readers[who], event_id=event) for event in managed
        )
    return World(
        tokens={who: _token(reader) for who, reader in readers.items()},
        large=str(large),
        small=[str(event) for event in small],
        people=list(User.objects.order_by("id").values_list("full_name", "email")[:KNOWN_PEOPLE]),
    )


def _token(user: User) -> str:
    now = timezone.now()
    return tokens.sign_in(email=user.email, password=PASSWORD, label="", now=now)[1]


# --- Measuring -------------------------------------------------------------------------------


@dataclass(slots=True)
class Measured:
    """What the answers to one shape took, in seconds, and how many rows the last list has."""

    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    rows: int = 0

    def columns(self) -> list[str]:
        """Return the percentiles in milliseconds, of the time that passed and of the CPU's."""
        both = (self.wall_s, self.cpu_s)
        return [ms(percentile(values, share)) for values in both for share in (0.5, 0.95)]


def measure(server: Server, world: World, shape: Shape) -> Measured:
    """Ask for one shape, again and again."""
    measured = Measured()
    with closing(http.client.HTTPConnection(HOST, server.port, timeout=60)) as link:
        for number in range(WARM_UP + REQUESTS):
            path = shape.address(world)
            processes = [*server.worker_ids, *backends()]
            begun, used = time.perf_counter(), sum(map(cpu_s, processes))
            link.request(
                "GET", path, headers={"Authorization": f"Bearer {world.tokens[shape.who]}"}
            )
            answer = link.getresponse()
            body = answer.read()
            if number >= WARM_UP:
                measured.wall_s.append(time.perf_counter() - begun)
                measured.cpu_s.append(sum(map(cpu_s, processes)) - used)
            if answer.status != http.client.OK:
                raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
            measured.rows = json.loads(body)["count"]
    return measured


def backends() -> list[int]:
    """Return the process ids of PostgreSQL's connections to this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        return [pid for (pid,) in cursor.fetchall()]


def cpu_s(process_id: int) -> float:
    """Return the seconds that a process and its threads have run, to the nanosecond.

    Those it waited for a processor, which others were using, are not among them.
    """
    tasks = Path(f"/proc/{process_id}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def run() -> Report:
    """Measure every shape in turn."""
    make_rows()
    world = meet_people()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    with gunicorn("ticketmgr.wsgi", {"WEB_CONCURRENCY": "1"}) as server:
        return measure_all(server, world)


def measure_all(server: Server, world: World) -> Report:
    """Return the table of every shape; each row is also printed as soon as it is known."""
    report = Report("Lists: how long a page takes")
    report.say(
        f"{PEOPLE * 2:,} registrations of {PEOPLE:,} people, half of them at one event; {REQUESTS} "
        "requests each, one after the other, over HTTP. The processor time of Python and of "
        "PostgreSQL stands beside, for machines on which others run as well. Target: p95 below "
        f"{TARGET_MS} ms."
    )
    table: list[list[str]] = []
    for shape in shapes():
        measured = measure(server, world, shape)
        table.append([f"{shape.who}: {shape.what}", f"{measured.rows:,}", *measured.columns()])
        print(*table[-1], sep=" | ", flush=True)
    columns = ["list", "rows", "p50 ms", "p95 ms", "CPU p50 ms", "CPU p95 ms"]
    report.table(columns, table)
    return report
