"""Lists of registrations: whose, how many, in which order, and with how many queries."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.models import Count
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from entityhandler.models import Event, Registration, RegistrationCount, User
from entityhandler.models.registration_lists import RegistrationList, Wanted
from entityhandler.services import events, registrations
from tests.conftest import client_of
from tests.threads import run_in_threads

REGISTRATIONS = "/api/v1/registrations/"
USERS = "/api/v1/users/"
ORDERS = [f"{sign}{key}" for key in ("created_at", "updated_at", "status") for sign in ("", "-")]
Status = Registration.Status
Crowd = Callable[..., list[Registration]]


@pytest.fixture
def crowd(make_event: Callable[..., Event]) -> Crowd:
    """Return a maker of people who are registered for an event, in every status in turn.

    Their times repeat, so that only the id tells them apart.
    """

    def make(size: int, event: Event | None = None) -> list[Registration]:
        event = event or make_event()
        now = timezone.now()
        people = [User(email=f"{uuid4()}@example.org", full_name=f"P {n}") for n in range(size)]
        User.objects.bulk_create(people)
        return Registration.objects.bulk_create(
            Registration(
                event=event,
                user=person,
                status=Status.values[number % 4],
                created_at=now - timedelta(hours=number // 3),
                updated_at=now - timedelta(hours=number // 5),
                waitlisted_at=now + timedelta(hours=number % 3),
                cancelled_at=now if number % 4 == 3 else None,
            )
            for number, person in enumerate(people)
        )

    return make


def walk(user: User, **query: Any) -> Iterator[dict[str, Any]]:
    """Yield every row of a list, page by page."""
    address: str | None = REGISTRATIONS
    while address:
        answer = client_of(user).get(address, query).json()
        yield from answer["results"]
        address, query = answer["next"], {}


# --- Whose, and how many ---------------------------------------------------------------------


def test_a_list_is_as_long_as_it_says_whoever_reads_it(
    crowd: Crowd, make_event: Callable[..., Event], staff: User, grace: User, ada: User
) -> None:
    own = make_event()
    events.remove_manager(event=own, user_id=grace.pk)
    registrations.register(event_id=own.pk, user=grace, now=timezone.now())
    crowd(9, own)
    crowd(10)
    crowd(11)
    for reader, expected in ((staff, 31), (grace, 22), (ada, 0)):
        rows = list(walk(reader, page_size=7))
        assert len({row["id"] for row in rows}) == len(rows) == expected
        assert client_of(reader).get(REGISTRATIONS).json()["count"] == expected


@pytest.mark.parametrize("narrow", ["status", "event", "user", "ticket_type", "updated_since"])
def test_a_narrower_list_counts_what_it_shows(
    crowd: Crowd, grace: User, staff: User, narrow: str
) -> None:
    row = crowd(12)[6]
    crowd(5)
    query: dict[str, Any] = {
        "status": row.status,
        "event": row.event_id,
        "user": row.user_id,
        "ticket_type": row.event_id,
        "updated_since": row.updated_at.isoformat(),
    }
    expected = {"status": 4, "event": 12, "user": 1, "ticket_type": 0, "updated_since": 15}
    for reader in (grace, staff):
        answer = client_of(reader).get(REGISTRATIONS, {narrow: query[narrow]}).json()
        assert (answer["count"], len(answer["results"])) == (expected[narrow],) * 2


def test_whoever_manages_nothing_lists_their_own_alone(
    crowd: Crowd, ada: User, registration: Registration
) -> None:
    crowd(4, registration.event)
    query = {"event": registration.event_id}
    assert [row["id"] for row in walk(ada)] == [str(registration.pk)]
    assert [row["id"] for row in walk(ada, **query)] == [str(registration.pk)]


@pytest.mark.parametrize("hours", range(0, 9, 2))
def test_what_changed_since_is_counted_from_either_side(
    crowd: Crowd, staff: User, hours: int
) -> None:
    rows = crowd(40)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE entityhandler_registration")
    since = rows[0].updated_at - timedelta(hours=hours)
    wanted = Wanted(updated_since=since)
    assert RegistrationList(staff, wanted).count() == sum(row.updated_at >= since for row in rows)


# --- Pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize("ordering", ORDERS)
def test_pages_put_together_are_the_whole_list_in_order(
    crowd: Crowd, grace: User, ordering: str
) -> None:
    ids = {str(row.pk) for row in crowd(40)}
    key = ordering.removeprefix("-")
    rows = list(walk(grace, ordering=ordering, page_size=6))
    assert {row["id"] for row in rows} == ids and len(rows) == len(ids)
    keys = [(row[key], row["created_at"], row["id"]) for row in rows]
    if key == "updated_at":
        keys = [(row[key], "", row["id"]) for row in rows]
    assert keys == sorted(keys, reverse=ordering.startswith("-"))


@pytest.mark.parametrize("page", ["0", "-1", "4", "x", "1e3", "9" * 30, "9" * 5000])
def test_a_page_that_is_not_there_is_a_404(crowd: Crowd, grace: User, page: str) -> None:
    crowd(6)
    queries: list[dict[str, Any]] = [{}, {"search": "p"}]
    for query in queries:
        answer = client_of(grace).get(REGISTRATIONS, query | {"page": page, "page_size": 2})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_last_page_can_be_asked_for_by_that_name(crowd: Crowd, grace: User) -> None:
    crowd(5)
    answer = client_of(grace).get(REGISTRATIONS, {"page": "last", "page_size": "2"}).json()
    assert (answer["count"], len(answer["results"]), answer["next"]) == (5, 1, None)


def test_an_empty_list_has_one_page(grace: User) -> None:
    queries: list[dict[str, Any]] = [{}, {"search": "nobody"}, {"event": str(uuid4())}]
    for query in queries:
        answer = client_of(grace).get(REGISTRATIONS, query).json()
        assert (answer["count"], answer["results"], answer["next"]) == (0, [], None)


def test_a_search_counts_and_cuts_at_once(crowd: Crowd, grace: User) -> None:
    rows = crowd(12)
    found = list(walk(grace, search="p", page_size=5))
    assert {row["id"] for row in found} == {str(row.pk) for row in rows} and len(found) == 12


@pytest.mark.django_db(transaction=True)
def test_a_page_from_the_end_stays_where_it_is_while_people_come(
    crowd: Crowd, event: Event, staff: User, ada: User
) -> None:
    """Between the count and the page somebody registers, as on another connection."""
    rows = crowd(10, event)
    asked = RegistrationList(staff, Wanted(event=event.pk))
    expected = [row.pk for row in asked.cut(8, 10)[0]]
    late = timezone.now() + timedelta(hours=1)
    came: list[Any] = []

    def somebody_comes(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if "registrationcount" in sql and not came:
            came.extend(
                run_in_threads(
                    [lambda: registrations.register(event_id=event.pk, user=ada, now=late)]
                )
            )
        return result

    with connection.execute_wrapper(somebody_comes):
        page, total = asked.cut(8, 10)
    assert [row.status for row in came] == [Status.CONFIRMED]
    assert ([row.pk for row in page], total) == (expected, len(rows))


def test_each_who_waits_is_told_their_place_on_whatever_page(
    make_event: Callable[..., Event], make_user: Callable[..., User], grace: User
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    places = {}
    for number in range(8):
        row = registrations.register(
            event_id=event.pk, user=make_user(f"w{number}"), now=timezone.now()
        )
        places[str(row.pk)] = row.position
    for ordering in ORDERS:
        shown = list(walk(grace, ordering=ordering, page_size=3))
        assert {row["id"]: row["position"] for row in shown} == places


# --- The counts that PostgreSQL keeps --------------------------------------------------------


def kept() -> dict[tuple[UUID, str], int]:
    rows = RegistrationCount.objects.exclude(count=0)
    return {(row.event_id, row.status): row.count for row in rows}


def counted() -> dict[tuple[UUID, str], int]:
    groups = Registration.objects.order_by().values_list("event_id", "status")
    return {(event, status): n for event, status, n in groups.annotate(n=Count("pk"))}


def test_every_change_of_registrations_is_counted(
    crowd: Crowd, make_event: Callable[..., Event], make_user: Callable[..., User], ada: User
) -> None:
    event = make_event(capacity=2, waitlist_enabled=True)
    people = [make_user(f"p{number}") for number in range(5)]
    now = timezone.now()
    first, *_ = (registrations.register(event_id=event.pk, user=p, now=now) for p in people)
    assert kept() == counted()
    registrations.cancel_registration(registration_id=first.pk, now=now)
    assert kept() == counted()
    events.update_event(event_id=event.pk, changes={"capacity": 5}, now=now)
    assert (
        kept()
        == counted()
        == {
            (event.pk, Status.CONFIRMED): 4,
            (event.pk, Status.CANCELLED): 1,
        }
    )


def test_rows_that_no_service_wrote_are_counted_as_well(crowd: Crowd) -> None:
    event = crowd(12)[0].event_id
    other = crowd(5)[0].event_id
    assert kept() == counted()
    Registration.objects.filter(event=event, status=Status.PENDING).update(status=Status.CONFIRMED)
    Registration.objects.filter(event=other, status=Status.PENDING).update(event=event)
    assert kept() == counted()
    Registration.objects.filter(event=other).delete()
    assert kept() == counted()


def test_rows_that_are_written_over_are_counted_as_what_they_became(crowd: Crowd) -> None:
    """As an import does, which adds and changes by one statement."""
    rows = crowd(8)
    for row in rows:
        row.status, row.cancelled_at = Status.CONFIRMED, None
    Registration.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["id"], update_fields=["status", "cancelled_at"]
    )
    assert kept() == counted() == {(rows[0].event_id, Status.CONFIRMED): 8}


@pytest.mark.django_db(transaction=True)
def test_a_truncated_table_has_no_rows_to_count(crowd: Crowd) -> None:
    crowd(4)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE entityhandler_registration CASCADE")
    assert kept() == {}


def test_what_is_rolled_back_is_not_counted(crowd: Crowd, event: Event) -> None:
    crowd(4, event)
    before = kept()
    with transaction.atomic():
        crowd(3, event)
        transaction.set_rollback(True)
    assert kept() == before == counted()


@pytest.mark.django_db(transaction=True)
def test_counts_are_true_after_many_at_once(event: Event, make_user: Callable[..., User]) -> None:
    people = [make_user(f"p{number}") for number in range(16)]

    def come_and_go(person: User) -> None:
        now = timezone.now()
        row = registrations.register(event_id=event.pk, user=person, now=now)
        if int(person.email[1:].split("@")[0]) % 2:
            registrations.cancel_registration(registration_id=row.pk, now=now)

    run_in_threads([partial(come_and_go, person) for person in people])
    assert Counter(kept()) == Counter(counted())
    assert kept()[event.pk, Status.CONFIRMED] == kept()[event.pk, Status.CANCELLED] == 8


# --- Queries ---------------------------------------------------------------------------------

QUERIES: list[dict[str, Any]] = [
    {},
    {"status": "confirmed"},
    {"status": "waitlisted"},
    {"ordering": "-updated_at"},
    {"updated_since": "2000-01-01T00:00:00Z", "ordering": "updated_at"},
    {"search": "p"},
]


@contextmanager
def most(queries: int) -> Iterator[CaptureQueriesContext]:
    with CaptureQueriesContext(connection) as captured:
        yield captured
    assert len(captured) <= queries, "\n".join(query["sql"] for query in captured)


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_a_page_takes_as_many_queries_for_fifty_as_for_one(
    crowd: Crowd, event: Event, grace: User, staff: User, query: dict[str, Any]
) -> None:
    """What is managed and what is one's own, the number, the range's estimate, rows, places."""
    crowd(8, event)
    for reader in (staff, grace):
        for scope in ({}, {"event": event.pk}):
            client = client_of(reader)
            with most(7) as few:
                client.get(REGISTRATIONS, {**query, **scope, "page_size": 1})
            crowd(48)
            with most(7) as many:
                client.get(REGISTRATIONS, {**query, **scope, "page_size": 50})
            assert len(few) == len(many)


@pytest.mark.parametrize("query", [{}, {"search": "p"}])
def test_accounts_are_listed_by_two_queries(crowd: Crowd, staff: User, query: Any) -> None:
    crowd(20)
    with most(2):
        assert client_of(staff).get(USERS, query).json()["count"] >= 20
