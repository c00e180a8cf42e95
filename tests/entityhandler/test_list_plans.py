"""Each list is answered by the index that was made for it: on 20,000 rows of bench/lists.sql.

An index that is dropped, or a query that no longer fits it, costs nothing on a test's ten rows and
seconds on a million; here it turns a test red.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from entityhandler.models import Event, EventManager, Registration, TicketType, User
from entityhandler.models.long_lists import LongList
from entityhandler.models.people_search import prefix_query
from entityhandler.models.registration_lists import RegistrationList, Wanted
from entityhandler.models.waitlist_positions import show_positions

pytestmark = pytest.mark.django_db(transaction=True)
SCRIPT = Path(__file__).parents[2] / "bench" / "lists.sql"
TABLE = "entityhandler_registration"


@pytest.fixture
def event(grace: User, _rows: None) -> Event:
    """Return the event with 10,000 registrations, a tenth of them of one ticket type."""
    large = Event.objects.latest("seats_taken")
    EventManager.objects.create(event=large, user=grace)
    kind = TicketType.objects.create(event=large, name="Balcony")
    few = large.registrations.values("pk")[:1000]
    Registration.objects.filter(pk__in=list(few.values_list("pk", flat=True))).update(
        ticket_type=kind
    )
    with connection.cursor() as cursor:
        # Also tells PostgreSQL which pages an index may answer for.
        cursor.execute(f"VACUUM (ANALYZE) {TABLE}, entityhandler_user")
    return large


@pytest.fixture
def _rows(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SCRIPT.read_text(), {"people": 10_000, "events": 10})


def indexes_of(run: Callable[[], object]) -> set[str]:
    """Return the indexes by which PostgreSQL answers, and the tables that it reads through."""
    with CaptureQueriesContext(connection) as captured:
        run()
    found: set[str] = set()
    with connection.cursor() as cursor:
        for query in captured.captured_queries:
            if query["sql"].lstrip().startswith("SELECT"):
                cursor.execute(f"EXPLAIN (FORMAT JSON) {query['sql']}")
                found.update(_names(cursor.fetchone()[0][0]["Plan"]))
    return found


def _names(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan" and plan["Relation Name"] in (TABLE, "entityhandler_user"):
        yield f"all of {plan['Relation Name']}"
    if "Index Name" in plan:
        yield plan["Index Name"]
    for part in plan.get("Plans", []):
        yield from _names(part)


def test_each_list_is_answered_by_its_index(event: Event, staff: User, grace: User) -> None:
    """The first and the last page of each, for staff and for a manager."""
    now = timezone.now()
    kind = event.ticket_types.get()
    lists: dict[str, tuple[User, dict[str, Any]]] = {
        "registration_all_by_creation": (staff, {}),
        "registration_all_by_status": (staff, {"status": "pending"}),
        "registration_all_by_change": (staff, {"updated_since": now, "ordering": ["updated_at"]}),
        "registration_event_by_creation": (grace, {"event": event.pk}),
        "registration_event_by_status": (grace, {"event": event.pk, "ordering": ["-status"]}),
        "registration_event_by_change": (
            grace,
            {"event": event.pk, "ordering": ["-updated_at"]},
        ),
        "registration_type_by_creation": (staff, {"event": event.pk, "ticket_type": kind.pk}),
        "user_search": (staff, {"event": event.pk, "search": "manisen"}),
    }
    for name, (reader, wanted) in lists.items():
        asked = RegistrationList(reader, Wanted(**wanted))
        last = max(asked.count() - 50, 0)
        for start in (0, last):
            used = indexes_of(partial(asked.cut, start, start + 50))
            assert name in used and f"all of {TABLE}" not in used, (name, start, used)


def test_accounts_are_listed_and_found_by_an_index(event: Event) -> None:
    everybody = LongList(User.objects.all(), ("created_at", "id"), is_search=False)
    assert "user_by_creation" in indexes_of(lambda: everybody.cut(5000, 5050))
    found = User.objects.filter(search_words__matches=prefix_query("manisen"))
    assert "user_search" in indexes_of(lambda: list(found))


def test_places_in_a_queue_are_counted_in_its_index(event: Event) -> None:
    waiting = event.registrations.waiting().order_by("-waitlisted_at", "id")
    used = indexes_of(lambda: show_positions(waiting[:200]))
    assert "registration_queue_of_type" in used and f"all of {TABLE}" not in used


def test_the_gate_finds_people_of_its_event_by_an_index(event: Event) -> None:
    used = indexes_of(lambda: list(event.registrations.live().matching("lemari zo")[:10]))
    assert f"all of {TABLE}" not in used and "all of entityhandler_user" not in used
