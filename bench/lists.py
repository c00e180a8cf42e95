"""`make bench-lists`: the lists of registrations and users at two million rows, over HTTP.

The rows are made by lists.sql. Each shape is a query that somebody's page or program sends; what
varies in it (the page, the word, the moment) varies from request to request, so that no answer is
found in a cache of its own. One connection, one request after the other: this measures how long an
answer takes, not how many the machine gives.
"""

import argparse
import http.client
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.database import own_database, set_up_django
from bench.processes import HOST, Server, gunicorn
from bench.report import Report, ms, percentile
from ticketmgr.local.console import Refusal, say

PEOPLE, EVENTS = 1_000_000, 1_000
NAME = "ticketmgr_bench_lists"
# What a page may take at the 95th percentile, in milliseconds.
TARGET_MS = 100
REQUESTS = 40
WARM_UP = 5
REGISTRATIONS, USERS = "/api/v1/registrations/", "/api/v1/users/"

Query = dict[str, Any]


@dataclass(slots=True)
class World:
    """Who asks, and what there is to ask for."""

    tokens: dict[str, str]
    large: str
    small: list[str]
    people: list[tuple[str, str]]
    days: int
    dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311

    def person(self) -> tuple[str, str]:
        """Return the name and e-mail of somebody."""
        return self.dice.choice(self.people)

    def page(self, rows: int) -> int:
        """Return any of the pages of a list that is so long."""
        return self.dice.randint(1, rows // 50)

    def moment(self, at_most: timedelta) -> str:
        """Return a time that lies back so long at most."""
        from django.utils import timezone

        return (timezone.now() - self.dice.random() * at_most).isoformat()


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of query, and who sends it."""

    who: str
    what: str
    path: str
    query: Callable[[World], Query]


def shapes() -> Iterator[Shape]:
    """Yield all that is measured."""
    for who, scope in (("staff", {}), ("manager of 1,000,000", {"event": True})):
        yield from of_a_table(who, scope)
    yield from of_many_events()
    yield from of_a_queue()
    yield from of_people()


def of_a_table(who: str, scope: Query) -> Iterator[Shape]:
    """Yield the shapes of a long list, over every event or over the large one."""
    rows = PEOPLE if scope else 2 * PEOPLE

    def shape(what: str, query: Callable[[World], Query]) -> Shape:
        def full(world: World) -> Query:
            return ({"event": world.large} if scope else {}) | query(world)

        return Shape(who, what, REGISTRATIONS, full)

    yield shape("first page", lambda w: {})
    yield shape("first page of 200", lambda w: {"page_size": 200})
    yield shape("any page", lambda w: {"page": w.page(rows)})
    yield shape("last page", lambda w: {"page": rows // 50})
    for key in ("created_at", "updated_at", "status"):
        for sign in ("", "-"):
            yield shape(f"ordering={sign}{key}", lambda w, o=sign + key: {"ordering": o})
    yield shape(
        "ordering=-updated_at, any page",
        lambda w: {"ordering": "-updated_at", "page": w.page(rows)},
    )
    yield shape("ordering=status, any page", lambda w: {"ordering": "status", "page": w.page(rows)})
    yield shape(
        "status=confirmed, any page", lambda w: {"status": "confirmed", "page": w.page(rows // 2)}
    )
    yield shape("status=pending", lambda w: {"status": "pending"})
    yield shape(
        "status=pending, ordering=-updated_at",
        lambda w: {"status": "pending", "ordering": "-updated_at"},
    )
    polled = {"ordering": "updated_at", "page_size": 200}
    yield shape(
        "updated_since a minute",
        lambda w: polled | {"updated_since": w.moment(timedelta(minutes=1))},
    )
    yield shape(
        "updated_since a day", lambda w: polled | {"updated_since": w.moment(timedelta(days=1))}
    )
    yield shape(
        "updated_since any time",
        lambda w: polled | {"updated_since": w.moment(timedelta(days=w.days))},
    )
    yield shape("search: given and family name", lambda w: {"search": w.person()[0]})
    yield shape("search: family name", lambda w: {"search": w.person()[0].split()[1]})
    yield shape("search: five letters of it", lambda w: {"search": w.person()[0].split()[1][:5]})
    yield shape("search: given name", lambda w: {"search": w.person()[0].split()[0]})
    yield shape("search: e-mail", lambda w: {"search": w.person()[1]})
    yield shape("search: two first letters", lambda w: {"search": w.person()[0][:2]})
    yield shape("search: nobody", lambda w: {"search": "xyzzy"})


def of_many_events() -> Iterator[Shape]:
    """Yield the shapes of whoever manages many events, or none."""
    many, few = "manager of 1,000 events", "manager of 5 events"
    for who, rows in ((many, PEOPLE), (few, 5 * PEOPLE // EVENTS)):
        yield Shape(who, "first page", REGISTRATIONS, lambda w: {})
        yield Shape(who, "any page", REGISTRATIONS, lambda w, n=rows: {"page": w.page(n)})
        yield Shape(
            who, "ordering=-updated_at", REGISTRATIONS, lambda w: {"ordering": "-updated_at"}
        )
        yield Shape(who, "status=pending", REGISTRATIONS, lambda w: {"status": "pending"})
        yield Shape(
            who,
            "updated_since a day",
            REGISTRATIONS,
            lambda w: {"ordering": "updated_at", "updated_since": w.moment(timedelta(days=1))},
        )
        yield Shape(
            who,
            "search: family name",
            REGISTRATIONS,
            lambda w: {"search": w.person()[0].split()[1]},
        )
    yield Shape(many, "one event", REGISTRATIONS, lambda w: {"event": w.dice.choice(w.small)})
    yield Shape("holder of two", "all", REGISTRATIONS, lambda w: {})
    yield Shape("holder of two", "at one event", REGISTRATIONS, lambda w: {"event": w.large})


def of_a_queue() -> Iterator[Shape]:
    """Yield the shapes of a waitlist of 100,000."""
    who, query = "manager of 1,000,000", {"status": "waitlisted", "page_size": 200}
    yield Shape(who, "200 who wait", REGISTRATIONS, lambda w: query | {"event": w.large})
    yield Shape(
        who,
        "the last 200 who wait",
        REGISTRATIONS,
        lambda w: query | {"event": w.large, "ordering": "-created_at"},
    )
    yield Shape(
        who,
        "any 200 who wait",
        REGISTRATIONS,
        lambda w: query | {"event": w.large, "page": w.dice.randint(1, PEOPLE // 10 // 201)},
    )


def of_people() -> Iterator[Shape]:
    """Yield the shapes of the list of users."""
    yield Shape("staff", "users: first page", USERS, lambda w: {})
    yield Shape("staff", "users: any page", USERS, lambda w: {"page": w.page(PEOPLE)})
    yield Shape(
        "staff", "users: family name", USERS, lambda w: {"search": w.person()[0].split()[1]}
    )
    yield Shape("staff", "users: e-mail", USERS, lambda w: {"search": w.person()[1]})
    yield Shape("staff", "users: two first letters", USERS, lambda w: {"search": w.person()[0][:2]})


# --- The rows, and who looks at them ---------------------------------------------------------


def make_world(people: int, events: int) -> World:
    """Make the rows and the readers."""
    from django.db import connection

    from entityhandler.models import Event, EventManager, User

    script = Path(__file__).with_name("lists.sql").read_text()
    with connection.cursor() as cursor:
        # No request ever runs so long; this script does.
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(script, {"people": people, "events": events})
    large, *small = Event.objects.order_by("-seats_taken").values_list("pk", flat=True)
    readers = {
        "staff": _reader("staff", is_staff=True),
        "manager of 1,000,000": _reader("large"),
        "manager of 1,000 events": _reader("many"),
        "manager of 5 events": _reader("few"),
    }
    managed = {
        "manager of 1,000,000": [large],
        "manager of 1,000 events": small,
        "manager of 5 events": small[:5],
    }
    EventManager.objects.bulk_create(
        EventManager(user=readers[who][0], event_id=event)
        for who, theirs in managed.items()
        for event in theirs
    )
    holder = User.objects.filter(registrations__event=large).first()
    assert holder is not None
    holder.set_password(PASSWORD)
    holder.save(update_fields=["password"])
    readers["holder of two"] = (holder, _token(holder))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    return World(
        tokens={who: token for who, (_, token) in readers.items()},
        large=str(large),
        small=[str(event) for event in small],
        people=list(User.objects.order_by("id").values_list("full_name", "email")[:5000]),
        days=people * 8 // 86400,
    )


PASSWORD = "a password of the benchmark"  # noqa: S105 - its database is dropped at the end


def _reader(name: str, **fields: Any) -> tuple[Any, str]:
    from entityhandler.models import User

    user = User(email=f"{name}@bench.example", full_name=name, **fields)
    user.set_password(PASSWORD)
    user.save()
    return user, _token(user)


def _token(user: Any) -> str:
    from django.utils import timezone

    from entityhandler.services import tokens

    return tokens.sign_in(email=user.email, password=PASSWORD, label="", now=timezone.now())[1]


# --- Measuring -------------------------------------------------------------------------------


@dataclass(slots=True)
class Measured:
    """What the answers to one shape took, in seconds, and how many rows the last list has."""

    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    rows: int = 0


def measure(server: Server, world: World, shape: Shape) -> Measured:
    """Ask for one shape, again and again."""
    measured = Measured()
    with closing(http.client.HTTPConnection(HOST, server.port, timeout=60)) as link:
        for number in range(WARM_UP + REQUESTS):
            path = f"{shape.path}?{urlencode(shape.query(world))}"
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
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        return [pid for (pid,) in cursor.fetchall()]


def cpu_s(process_id: int) -> float:
    """Return the seconds that a process and its threads have run, to the nanosecond.

    Those it waited for a processor, which others were using, are not among them.
    """
    tasks = Path(f"/proc/{process_id}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def run(people: int, events: int) -> Report:
    """Measure every shape in turn."""
    world = make_world(people, events)
    report = Report("Lists: how long a page takes")
    report.say(
        f"{people * 2:,} registrations of {people:,} people, half of them at one event; "
        f"{REQUESTS} requests each, one after the other. Target: p95 below {TARGET_MS} ms."
    )
    table: list[list[str]] = []
    with gunicorn("ticketmgr.wsgi", {"WEB_CONCURRENCY": "1"}) as server:
        for shape in shapes():
            measured = measure(server, world, shape)
            p50, p95 = percentile(measured.wall_s, 0.5), percentile(measured.wall_s, 0.95)
            table.append(
                [
                    shape.who,
                    shape.what,
                    f"{rows:,}",
                    ms(p50),
                    ms(p95),
                    "" if p95 * 1000 < TARGET_MS else "over",
                ]
            )
            print(*table[-1], sep=" | ", flush=True)
    report.table(["who", "list", "rows", "p50 ms", "p95 ms", ""], table)
    return report
