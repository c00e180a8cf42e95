"""Random concurrent histories over HTTP, checked against a sequential model written from the API.

A history is right if there is an order of its calls, which respects that a call answered before
another one began came first, in which a model without any concurrency gives the same answers
(linearizability, Herlihy and Wing 1990; the search is Wing and Gong's).
"""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Event as Flag
from threading import Lock
from time import monotonic_ns
from typing import Any, NamedTuple

import pytest
from django.db import connection

from entityhandler.models import Event, Registration, User
from tests.conftest import client_of
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db(transaction=True)
REGISTRATIONS = "/api/v1/registrations/"
Status = Registration.Status

# --- The model -------------------------------------------------------------------------------


class State(NamedTuple):
    """Who holds a seat, who waits in which order, and how many seats there are."""

    capacity: int
    seated: frozenset[str] = frozenset()
    waiting: tuple[str, ...] = ()

    def after(self, act: str, who: str) -> tuple["State", str]:
        """Return the state after a call, and what it answers."""
        if act == "capacity":
            wanted = int(who)
            if len(self.seated) > wanted:
                return self, "capacity_below_seats_taken"
            return self._replace(capacity=wanted).promoted(), "ok"
        here = who in self.seated or who in self.waiting
        if act == "register":
            return (self, "already_registered") if here else self._registered(who)
        if not here:
            return self, "already_cancelled"
        waiting = tuple(name for name in self.waiting if name != who)
        return self._replace(seated=self.seated - {who}, waiting=waiting).promoted(), "cancelled"

    def _registered(self, who: str) -> tuple["State", str]:
        if len(self.seated) < self.capacity:
            return self._replace(seated=self.seated | {who}), "confirmed"
        return self._replace(waiting=(*self.waiting, who)), f"waitlisted {len(self.waiting) + 1}"

    def promoted(self) -> "State":
        """Give the free seats to the head of the queue."""
        free = max(self.capacity - len(self.seated), 0)
        return self._replace(
            seated=self.seated | {*self.waiting[:free]}, waiting=self.waiting[free:]
        )


@dataclass(frozen=True)
class Call:
    """One call as a client saw it; times in nanoseconds of one monotonic clock."""

    act: str
    who: str
    began_at: int
    ended_at: int
    answer: str


def is_linearizable(state: State, calls: frozenset[Call], seen: set[Any]) -> bool:
    """Whether the calls can have happened one after the other, from this state on."""
    if not calls:
        return True
    if (state, calls) in seen:
        return False
    seen.add((state, calls))
    first_end = min(call.ended_at for call in calls)
    for call in calls:
        if call.began_at <= first_end:
            after, answer = state.after(call.act, call.who)
            if answer == call.answer and is_linearizable(after, calls - {call}, seen):
                return True
    return False


# --- The world -------------------------------------------------------------------------------


class World:
    """An event, its manager and its people, as clients of the API; a history of what they did."""

    def __init__(self, event: Event, manager: User, people: list[User]) -> None:
        self.event = event
        self.manager = client_of(manager)
        self.people = {user.full_name: client_of(user) for user in people}
        self.latest: dict[str, str] = {}
        self.calls: list[Call] = []
        self._lock = Lock()

    def do(self, act: str, who: str) -> None:
        """Make one call and note it."""
        began_at = monotonic_ns()
        answer = getattr(self, act)(who)
        with self._lock:
            self.calls.append(Call(act, who, began_at, monotonic_ns(), answer))

    def register(self, who: str) -> str:
        """Register, and return what came out."""
        answer = self.people[who].post(REGISTRATIONS, {"event": str(self.event.pk)}).json()
        if "code" in answer:
            return str(answer["code"])
        self.latest[who] = answer["id"]
        place = f" {answer['position']}" if answer["position"] else ""
        return f"{answer['status']}{place}"

    def cancel(self, who: str) -> str:
        """Cancel one's latest registration."""
        if who not in self.latest:
            return "already_cancelled"
        answer = self.people[who].post(f"{REGISTRATIONS}{self.latest[who]}/cancel/").json()
        return str(answer.get("code", answer["status"]))

    def capacity(self, seats: str) -> str:
        """Give the event so many seats."""
        path = f"/api/v1/events/{self.event.pk}/"
        return str(self.manager.patch(path, {"capacity": int(seats)}).json().get("code", "ok"))

    def state(self) -> State:
        """Return what the table says in the end."""
        self.event.refresh_from_db()
        rows = self.event.registrations.select_related("user")
        seated = rows.filter(status__in=Registration.SEAT_HOLDING)
        assert self.event.capacity is not None
        return State(
            self.event.capacity,
            frozenset(row.user.full_name for row in seated),
            tuple(row.user.full_name for row in rows.waiting()),
        )


@pytest.fixture
def make_world(
    make_event: Callable[..., Event], make_user: Callable[..., User], grace: User
) -> Callable[..., World]:
    """Return a maker of worlds: an event with so many seats, and so many people."""

    def make(seats: int, people: int) -> World:
        event = make_event(capacity=seats, waitlist_enabled=True)
        return World(event, grace, [make_user(f"p{number}") for number in range(people)])

    return make


def plan(chance: random.Random, names: list[str], seats: int, length: int) -> list[tuple[str, str]]:
    """Return what one client does: it comes and goes, and sometimes the manager moves walls."""
    acts = []
    for _ in range(length):
        act = chance.choices(["register", "cancel", "capacity"], [5, 5, 1])[0]
        who = str(chance.randint(1, seats + 2)) if act == "capacity" else chance.choice(names)
        acts.append((act, who))
    return acts


@pytest.mark.parametrize("seed", range(12))
def test_a_concurrent_history_has_a_sequential_one(
    make_world: Callable[..., World], seed: int
) -> None:
    chance, threads, seats = random.Random(seed), 6, 2
    world = make_world(seats, threads)
    # Each person is one client's alone, so that a client knows which registration is its latest.
    plans = [plan(chance, [name], seats, 6) for name in world.people]
    run_in_threads([partial(_play, world, acts) for acts in plans])
    assert len(world.calls) == 36
    assert is_linearizable(State(seats), frozenset(world.calls), set())


def _play(world: World, acts: list[tuple[str, str]]) -> None:
    for act, who in acts:
        world.do(act, who)


def test_the_checker_finds_a_seat_that_was_given_twice() -> None:
    overlapping = [Call("register", name, 0, 9, "confirmed") for name in ("a", "b")]
    assert not is_linearizable(State(1), frozenset(overlapping), set())


def test_the_checker_finds_a_queue_that_was_jumped() -> None:
    calls = [
        Call("register", "a", 0, 1, "confirmed"),
        Call("register", "b", 2, 3, "waitlisted 1"),
        Call("register", "c", 4, 5, "waitlisted 1"),
    ]
    assert not is_linearizable(State(1), frozenset(calls), set())


# --- A crowd ---------------------------------------------------------------------------------

SNAPSHOT = """
    SELECT event.seats_taken, event.capacity, event.waitlist_length,
           count(*) FILTER (WHERE registration.status IN ('confirmed', 'pending')),
           count(*) FILTER (WHERE registration.status = 'waitlisted')
      FROM entityhandler_event AS event
      LEFT JOIN entityhandler_registration AS registration ON registration.event_id = event.id
     WHERE event.id = %s
     GROUP BY event.id
"""


def _watch(world: World, ended: Flag) -> list[tuple[int, ...]]:
    """Return what single statements saw of the event, each at one instant."""
    seen = []
    with connection.cursor() as cursor:
        while not ended.is_set():
            cursor.execute(SNAPSHOT, [world.event.pk])
            seen.append(cursor.fetchone())
    connection.close()
    return seen


def test_sixty_four_threads_on_a_full_event_leave_it_full_and_in_order(
    make_world: Callable[..., World],
) -> None:
    seats, threads, ended = 20, 64, Flag()
    world = make_world(seats, threads)
    chance = random.Random(4)
    plans = [
        [("register", name), *plan_of_one(chance, name), ("register", name)]
        for name in world.people
    ]
    with ThreadPoolExecutor(1) as watcher:
        watching = watcher.submit(_watch, world, ended)
        try:
            run_in_threads([partial(_play, world, acts) for acts in plans])
        finally:
            ended.set()
        seen = watching.result()
    assert [row for row in seen if not (row[0] == row[3] <= row[1] and row[2] == row[4])] == []
    assert {call.answer.split()[0] for call in world.calls} <= {
        "confirmed",
        "waitlisted",
        "cancelled",
        "already_registered",
        "already_cancelled",
    }
    state = world.state()
    assert (len(state.seated), len(state.waiting)) == (seats, threads - seats)
    assert _nobody_was_overtaken(world)


def plan_of_one(chance: random.Random, name: str) -> Iterator[tuple[str, str]]:
    """Yield how one person comes and goes four times at random."""
    for _ in range(4):
        yield chance.choice(["register", "cancel"]), name


def _nobody_was_overtaken(world: World) -> bool:
    """Whether whoever still waits came after everybody who was promoted from the queue."""
    rows = world.event.registrations.filter(waitlisted_at__isnull=False)
    arrived = list(rows.order_by("waitlisted_at", "id").values_list("status", flat=True))
    live = [status for status in arrived if status != Status.CANCELLED]
    return live == sorted(live)  # "confirmed" before "waitlisted"
