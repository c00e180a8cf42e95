"""`/ticket-types/`, and registering with one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from entityhandler.models import Event, TicketType, User
from entityhandler.services import registrations, ticket_types
from tests.answers import ids, pointers, refusal
from tests.conftest import client_of

TYPES = "/api/v1/ticket-types/"
MakeEvent = Callable[..., Event]


def make_type(event: Event, **fields: Any) -> TicketType:
    wanted = {"name": "Balcony", **fields}
    return ticket_types.create_ticket_type(event_id=event.pk, fields=wanted)


def book(caller: User, event: Event, **more: Any) -> Any:
    return client_of(caller).post("/api/v1/registrations/", {"event": str(event.pk), **more})


def test_a_manager_makes_a_ticket_type(event: Event, grace: User) -> None:
    body = {"event": str(event.pk), "name": "Balcony", "capacity": 5, "attention_note": "Stairs"}
    answer = client_of(grace).post(TYPES, body)
    kind = TicketType.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(kind.pk),
        "event": str(event.pk),
        "name": "Balcony",
        "capacity": 5,
        "visibility": "public",
        "sales_opens_at": None,
        "sales_closes_at": None,
        "attention_note": "Stairs",
        "seats_taken": 0,
        "seats_left": 5,
        "waitlist_length": 0,
        "created_at": answer.json()["created_at"],
        "updated_at": answer.json()["updated_at"],
    }


def test_nobody_but_managers_sees_the_note_to_the_gate(
    event: Event, grace: User, ada: User
) -> None:
    make_type(event, attention_note="Stairs")
    notes = [client_of(user).get(TYPES).json()["results"][0] for user in (grace, ada)]
    assert ["attention_note" in row for row in notes] == [True, False]


def test_hidden_types_are_seen_by_managers_alone(
    event: Event, grace: User, ada: User, client: APIClient
) -> None:
    hidden = make_type(event, visibility="hidden")
    seen = [ids(who.get(TYPES)) for who in (client_of(grace), client_of(ada), client)]
    assert seen == [[str(hidden.pk)], [], []]


def test_the_list_is_of_one_event_where_it_is_named(
    event: Event, make_event: MakeEvent, client: APIClient
) -> None:
    here = make_type(event)
    make_type(make_event(name="Elsewhere"))
    assert ids(client.get(TYPES, {"event": str(event.pk)})) == [str(here.pk)]


def test_a_name_is_taken_once_per_event(event: Event, grace: User) -> None:
    make_type(event)
    answer = client_of(grace).post(TYPES, {"event": str(event.pk), "name": "Balcony"})
    assert refusal(answer) == (409, "ticket_type_name_taken")


def test_a_type_has_no_more_seats_than_its_event(make_event: MakeEvent, grace: User) -> None:
    event = make_event(capacity=10)
    answer = client_of(grace).post(TYPES, {"event": str(event.pk), "name": "B", "capacity": 11})
    assert refusal(answer) == (409, "capacity_below_ticket_type")


def test_an_event_keeps_the_seats_of_its_largest_type(make_event: MakeEvent, grace: User) -> None:
    event = make_event(capacity=10)
    make_type(event, capacity=8)
    answer = client_of(grace).patch(f"/api/v1/events/{event.pk}/", {"capacity": 7})
    assert refusal(answer) == (409, "capacity_below_ticket_type")


def test_fewer_seats_than_are_taken_are_refused_with_the_number(
    event: Event, grace: User, ada: User, mallory: User
) -> None:
    kind = make_type(event, capacity=5)
    for user in (ada, mallory):
        assert book(user, event, ticket_type=str(kind.pk)).status_code == 201
    answer = client_of(grace).patch(f"{TYPES}{kind.pk}/", {"capacity": 1})
    assert refusal(answer) == (409, "capacity_below_seats_taken")
    assert answer.json()["seats_taken"] == 2


def test_sales_close_after_they_open(event: Event, grace: User) -> None:
    now = timezone.now()
    window = {"sales_opens_at": now, "sales_closes_at": now - timedelta(hours=1)}
    answer = client_of(grace).post(TYPES, {"event": str(event.pk), "name": "B", **window})
    assert answer.status_code == 400


def test_a_type_that_people_have_is_not_deleted(event: Event, grace: User, ada: User) -> None:
    kind = make_type(event)
    book(ada, event, ticket_type=str(kind.pk))
    assert refusal(client_of(grace).delete(f"{TYPES}{kind.pk}/")) == (409, "ticket_type_in_use")


@pytest.mark.parametrize("field", ["seats_taken", "waitlist_length", "event", "id", "seats_left"])
def test_what_is_counted_is_not_written(event: Event, grace: User, field: str) -> None:
    kind = make_type(event)
    client_of(grace).patch(f"{TYPES}{kind.pk}/", {field: 7})
    kind.refresh_from_db()
    assert (kind.seats_taken, kind.waitlist_length, kind.event) == (0, 0, event)


# --- Registering with one --------------------------------------------------------------------


def test_a_registration_names_its_type(event: Event, ada: User) -> None:
    kind = make_type(event)
    assert book(ada, event, ticket_type=str(kind.pk)).json()["ticket_type"] == str(kind.pk)


def test_an_event_with_types_wants_one_named(event: Event, ada: User) -> None:
    make_type(event)
    assert pointers(book(ada, event)) == {"#/ticket_type": "required"}


def test_a_hidden_type_is_none_for_attendees(event: Event, ada: User) -> None:
    kind = make_type(event, visibility="hidden")
    answer = book(ada, event, ticket_type=str(kind.pk))
    assert pointers(answer) == {"#/ticket_type": "does_not_exist"}


def test_a_manager_gives_a_hidden_type_out(event: Event, grace: User, ada: User) -> None:
    kind = make_type(event, visibility="hidden")
    answer = book(grace, event, ticket_type=str(kind.pk), user=str(ada.pk))
    assert answer.json()["ticket_type"] == str(kind.pk)


def test_a_full_type_is_named_in_the_refusal(event: Event, ada: User, mallory: User) -> None:
    kind = make_type(event, capacity=1)
    book(ada, event, ticket_type=str(kind.pk))
    answer = book(mallory, event, ticket_type=str(kind.pk))
    assert refusal(answer) == (409, "ticket_type_full")
    assert answer.json()["ticket_type"] == str(kind.pk)


def test_the_sale_of_a_type_says_when_it_opens(make_event: MakeEvent, ada: User) -> None:
    event = make_event(time_zone="Europe/Berlin")
    opens_at = timezone.now().replace(microsecond=0) + timedelta(hours=1)
    kind = make_type(event, sales_opens_at=opens_at)
    answer = book(ada, event, ticket_type=str(kind.pk))
    assert refusal(answer) == (409, "registration_closed")
    assert answer.json()["opens_at"] == f"{opens_at:%Y-%m-%dT%H:%M:%SZ}"


def test_the_sale_of_a_type_ends_before_the_registration(event: Event, ada: User) -> None:
    kind = make_type(event, sales_closes_at=timezone.now() - timedelta(seconds=1))
    answer = book(ada, event, ticket_type=str(kind.pk))
    assert (answer.status_code, answer.json()["detail"][:19]) == (409, "The sale of Balcony")


def test_the_registrations_of_a_type_are_listed(event: Event, grace: User, ada: User) -> None:
    kind = make_type(event)
    row = registrations.register(
        event_id=event.pk, user=ada, now=timezone.now(), ticket_type_id=kind.pk
    )
    listed = client_of(grace).get("/api/v1/registrations/", {"ticket_type": str(kind.pk)})
    assert ids(listed) == [str(row.pk)]
