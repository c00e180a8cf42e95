"""Seats, queues and ticket types: who gets what, and in which order."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from entityhandler.models import Event, Registration, TicketType, User
from entityhandler.models.waitlist_positions import show_positions
from entityhandler.services import events, registrations, ticket_types
from entityhandler.services.seats import EventFull, TicketTypeFull
from tests.threads import run_behind, run_in_threads
from ticketmgr.errors import InvalidFields

NOW = timezone.now()
Status = Registration.Status
MakeEvent = Callable[..., Event]
MakeUser = Callable[..., User]
Register = Callable[..., Registration]
in_a_crowd = pytest.mark.django_db(transaction=True)


@pytest.fixture
def register(make_user: MakeUser) -> Register:
    """Return a way to register somebody new."""
    people = iter(range(1000))

    def register(event: Event, kind: TicketType | None = None, **options: Any) -> Registration:
        return registrations.register(
            event_id=event.pk,
            user=make_user(f"person{next(people)}"),
            ticket_type_id=kind.pk if kind else None,
            **{"now": NOW, **options},
        )

    return register


def make_type(event: Event, name: str = "Balcony", **fields: Any) -> TicketType:
    return ticket_types.create_ticket_type(event_id=event.pk, fields={"name": name, **fields})


def cancel(registration: Registration) -> None:
    registrations.cancel_registration(registration_id=registration.pk, now=NOW)


def status(registration: Registration) -> str:
    registration.refresh_from_db()
    return registration.status


def counted(of: Event | TicketType) -> tuple[int, int]:
    of.refresh_from_db()
    return of.seats_taken, of.waitlist_length


# --- The queue -------------------------------------------------------------------------------


def test_whoever_comes_later_waits_behind_even_with_an_earlier_clock(
    make_event: MakeEvent, register: Register
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    register(event)
    first = register(event)
    second = register(event, now=NOW - timedelta(seconds=5))
    assert (first.position, second.position) == (1, 2)
    assert list(event.registrations.waiting()) == [first, second]


def test_a_change_moves_updated_at_even_with_an_earlier_clock(
    event: Event, register: Register
) -> None:
    registration = register(event)
    before = registration.updated_at
    registrations.cancel_registration(
        registration_id=registration.pk, now=NOW - timedelta(seconds=5)
    )
    registration.refresh_from_db()
    assert registration.updated_at > before


def test_a_promotion_moves_updated_at(make_event: MakeEvent, register: Register) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    seated, waiting = register(event), register(event)
    cancel(seated)
    assert waiting.updated_at < Registration.objects.get(pk=waiting.pk).updated_at


def test_promotion_waits_for_approval_where_the_event_does(
    make_event: MakeEvent, register: Register
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True, requires_approval=True)
    seated, waiting = register(event), register(event)
    cancel(seated)
    assert status(waiting) == Status.PENDING


def test_many_seats_are_given_in_a_few_statements(
    make_event: MakeEvent, register: Register, django_assert_max_num_queries: Any
) -> None:
    event = make_event(waitlist_enabled=True)
    balcony = make_type(event, capacity=1)
    for _ in range(31):
        register(event, balcony)
    with django_assert_max_num_queries(20):  # 29 people, one statement each, would be more.
        ticket_types.update_ticket_type(ticket_type=balcony, changes={"capacity": 30}, now=NOW)
    assert counted(event) == (30, 1)


# --- Ticket types ----------------------------------------------------------------------------


def test_a_full_ticket_type_refuses_while_the_event_has_seats(
    event: Event, register: Register
) -> None:
    balcony, stalls = make_type(event, capacity=1), make_type(event, "Stalls")
    register(event, balcony)
    with pytest.raises(TicketTypeFull):
        register(event, balcony)
    assert register(event, stalls).status == Status.CONFIRMED


def test_a_full_event_refuses_while_the_ticket_type_has_seats(
    make_event: MakeEvent, register: Register
) -> None:
    event = make_event(capacity=2)
    balcony, stalls = make_type(event, capacity=2), make_type(event, "Stalls", capacity=1)
    register(event, stalls)
    register(event, balcony)
    with pytest.raises(EventFull):
        register(event, balcony)


def test_both_counters_follow_a_registration(event: Event, register: Register) -> None:
    balcony = make_type(event)
    registration = register(event, balcony)
    assert counted(balcony) == counted(event) == (1, 0)
    cancel(registration)
    assert counted(balcony) == counted(event) == (0, 0)


def test_each_ticket_type_has_a_queue_of_its_own(make_event: MakeEvent, register: Register) -> None:
    event = make_event(waitlist_enabled=True)
    balcony, stalls = make_type(event, capacity=1), make_type(event, "Stalls", capacity=1)
    register(event, balcony)
    register(event, stalls)
    waiting = [register(event, kind) for kind in (balcony, stalls, balcony)]
    assert [row.position for row in waiting] == [1, 1, 2]
    shown = show_positions(Registration.objects.filter(pk__in=[row.pk for row in waiting]))
    assert {row.pk: row.position for row in shown} == {row.pk: row.position for row in waiting}


def test_those_without_a_type_have_a_queue_of_their_own(
    make_event: MakeEvent, register: Register
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    register(event)
    untyped = register(event)
    balcony = make_type(event, capacity=1)
    typed = register(event, balcony)
    assert (untyped.position, typed.position) == (1, 1)


def test_a_seat_goes_to_whoever_waits_for_its_type(
    make_event: MakeEvent, register: Register
) -> None:
    event = make_event(waitlist_enabled=True)
    balcony, stalls = make_type(event, capacity=1), make_type(event, "Stalls", capacity=1)
    register(event, balcony)
    seated = register(event, stalls)
    first, second = register(event, balcony), register(event, stalls)
    cancel(seated)
    assert (status(first), status(second)) == (Status.WAITLISTED, Status.CONFIRMED)


def test_a_seat_of_the_event_goes_to_whoever_waited_longest_for_any_type(
    make_event: MakeEvent, register: Register
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    balcony, stalls = make_type(event), make_type(event, "Stalls")
    seated = register(event, balcony)
    first, second = register(event, stalls), register(event, balcony)
    cancel(seated)
    assert (status(first), status(second)) == (Status.CONFIRMED, Status.WAITLISTED)


def test_more_seats_of_a_type_promote_its_queue(make_event: MakeEvent, register: Register) -> None:
    event = make_event(waitlist_enabled=True)
    balcony = make_type(event, capacity=1)
    rows = [register(event, balcony) for _ in range(4)]
    ticket_types.update_ticket_type(ticket_type=balcony, changes={"capacity": 3}, now=NOW)
    assert [status(row) for row in rows] == [*["confirmed"] * 3, "waitlisted"]
    assert counted(balcony) == counted(event) == (3, 1)


def test_more_seats_of_the_event_skip_a_type_that_fills_up_meanwhile(
    make_event: MakeEvent, register: Register
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    balcony, stalls = make_type(event, capacity=1), make_type(event, "Stalls")
    register(event, stalls)
    rows = [register(event, kind) for kind in (balcony, balcony, balcony, stalls, stalls)]
    events.update_event(event_id=event.pk, changes={"capacity": 4}, now=NOW)
    seated = ["confirmed", "waitlisted", "waitlisted", "confirmed", "confirmed"]
    assert [status(row) for row in rows] == seated
    assert (counted(event), counted(balcony), counted(stalls)) == ((4, 2), (1, 2), (3, 0))


def test_a_manager_takes_nobody_into_a_full_ticket_type(
    make_event: MakeEvent, register: Register
) -> None:
    event = make_event(waitlist_enabled=True)
    balcony = make_type(event, capacity=1)
    register(event, balcony)
    waiting = register(event, balcony)
    with pytest.raises(TicketTypeFull):
        registrations.confirm_registration(registration_id=waiting.pk, now=NOW)


def test_a_transfer_keeps_the_ticket_type_and_its_counters(
    event: Event, register: Register, ada: User
) -> None:
    balcony = make_type(event, capacity=1)
    seated = register(event, balcony)
    heir = registrations.transfer_registration(registration_id=seated.pk, to=ada, now=NOW)
    assert heir.ticket_type == balcony
    assert counted(balcony) == counted(event) == (1, 0)


def test_a_type_of_another_event_is_none(
    event: Event, make_event: MakeEvent, register: Register
) -> None:
    make_type(event)
    with pytest.raises(InvalidFields):
        register(event, make_type(make_event(name="Elsewhere")))


def test_the_table_refuses_an_oversold_ticket_type(event: Event) -> None:
    balcony = make_type(event, capacity=1)
    with pytest.raises(IntegrityError, match="ticket_type_is_never_oversold"):
        TicketType.objects.filter(pk=balcony.pk).update(seats_taken=2)


# --- In a crowd ------------------------------------------------------------------------------


@in_a_crowd
def test_a_crowd_shares_the_seats_of_two_types(make_event: MakeEvent, make_user: MakeUser) -> None:
    event = make_event(capacity=12, waitlist_enabled=True)
    kinds = [make_type(event, capacity=5), make_type(event, "Stalls", capacity=9)]
    work = [
        partial(
            registrations.register,
            event_id=event.pk,
            user=make_user(f"guest{number}"),
            now=NOW,
            ticket_type_id=kinds[number % 2].pk,
        )
        for number in range(32)
    ]
    results = run_in_threads(work)
    assert not [result for result in results if isinstance(result, Exception)]
    assert counted(event) == (12, 20)
    taken = [counted(kind) for kind in kinds]
    assert (taken[0][0] + taken[1][0], taken[0][1] + taken[1][1]) == (12, 20)
    assert taken[0][0] <= 5
    assert taken[1][0] <= 9


@in_a_crowd
def test_a_type_is_not_deleted_under_a_registration(event: Event, ada: User) -> None:
    balcony = make_type(event)

    def sell() -> None:
        Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        Registration.objects.create(
            event=event,
            user=ada,
            ticket_type=balcony,
            status=Status.CONFIRMED,
            created_at=NOW,
            updated_at=NOW,
        )

    delete = partial(ticket_types.delete_ticket_type, ticket_type=balcony)
    (result,) = run_behind(sell, [delete])
    assert isinstance(result, ticket_types.TicketTypeInUse)


@in_a_crowd
def test_a_capacity_of_a_type_waits_for_the_seats_being_taken(event: Event) -> None:
    balcony = make_type(event)

    def take_two() -> None:
        Event.objects.filter(pk=event.pk).update(seats_taken=2)
        TicketType.objects.filter(pk=balcony.pk).update(seats_taken=2)

    fewer = partial(
        ticket_types.update_ticket_type, ticket_type=balcony, changes={"capacity": 1}, now=NOW
    )
    (result,) = run_behind(take_two, [fewer])
    assert isinstance(result, ticket_types.CapacityBelowSeatsTaken)
