"""Registering, cancelling and confirming, alone and in a crowd."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError, OperationalError
from django.utils import timezone

from entityhandler.models import Event, Registration, User
from entityhandler.models.waitlist_positions import show_positions
from entityhandler.services import events, ticket_types
from entityhandler.services import registrations as service
from tests.threads import run_behind, run_in_threads

Status = Registration.Status
MakeUser = Callable[..., User]
MakeEvent = Callable[..., Event]
in_a_crowd = pytest.mark.django_db(transaction=True)


def register(event: Event, user: User, **options: Any) -> Registration:
    return service.register(event_id=event.pk, user=user, now=timezone.now(), **options)


def cancel(registration: Registration) -> Registration:
    return service.cancel_registration(registration_id=registration.pk, now=timezone.now())


def confirm(registration: Registration) -> Registration:
    return service.confirm_registration(registration_id=registration.pk, now=timezone.now())


def people(make_user: MakeUser, count: int, prefix: str = "guest") -> list[User]:
    return [make_user(f"{prefix}{number}") for number in range(count)]


def counted(event: Event) -> tuple[int, int]:
    """Return the event's counters as the table has them."""
    event.refresh_from_db()
    return event.seats_taken, event.waitlist_length


def true_count(event: Event) -> tuple[int, int]:
    """Return the seats held and the people waiting, counted row by row."""
    rows = event.registrations.all()
    return (
        rows.filter(status__in=Registration.SEAT_HOLDING).count(),
        rows.filter(status=Status.WAITLISTED).count(),
    )


# --- One at a time ---------------------------------------------------------------------------


def test_a_free_seat_is_confirmed_at_once(event: Event, ada: User) -> None:
    assert register(event, ada).status == Status.CONFIRMED
    assert counted(event) == (1, 0)


def test_an_event_that_wants_approval_makes_it_pending(make_event: MakeEvent, ada: User) -> None:
    event = make_event(requires_approval=True)
    assert register(event, ada).status == Status.PENDING
    assert counted(event) == (1, 0)


def test_a_full_event_with_a_waitlist_makes_people_wait(
    make_event: MakeEvent, ada: User, mallory: User
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    register(event, ada)
    assert register(event, mallory).status == Status.WAITLISTED
    assert counted(event) == (1, 1)


def test_a_full_event_without_a_waitlist_refuses(
    make_event: MakeEvent, ada: User, mallory: User
) -> None:
    event = make_event(capacity=1)
    register(event, ada)
    with pytest.raises(service.EventFull):
        register(event, mallory)
    assert counted(event) == (1, 0)


def test_a_pending_registration_holds_its_seat(
    make_event: MakeEvent, ada: User, mallory: User
) -> None:
    event = make_event(capacity=1, requires_approval=True)
    register(event, ada)
    with pytest.raises(service.EventFull):
        register(event, mallory)


def test_nobody_registers_twice(event: Event, ada: User) -> None:
    register(event, ada)
    with pytest.raises(service.AlreadyRegistered):
        register(event, ada)
    assert counted(event) == (1, 0)


def test_coming_back_after_cancelling_makes_a_new_registration(event: Event, ada: User) -> None:
    first = cancel(register(event, ada))
    second = register(event, ada)
    assert second.pk != first.pk
    assert counted(event) == (1, 0)


def test_nobody_registers_for_a_draft(make_event: MakeEvent, ada: User) -> None:
    with pytest.raises(service.EventNotPublished):
        register(make_event(publish=False), ada)


def test_nobody_registers_for_a_cancelled_event(event: Event, ada: User) -> None:
    events.cancel_event(event_id=event.pk)
    with pytest.raises(service.EventNotPublished):
        register(event, ada)


def test_registration_opens_at_its_moment_and_not_before(make_event: MakeEvent, ada: User) -> None:
    opens_at = timezone.now()
    event = make_event(registration_opens_at=opens_at)
    just_before = opens_at - timedelta(microseconds=1)
    with pytest.raises(service.RegistrationClosed):
        service.register(event_id=event.pk, user=ada, now=just_before)
    assert service.register(event_id=event.pk, user=ada, now=opens_at).status == Status.CONFIRMED


def test_registration_is_closed_from_its_closing_moment_on(
    make_event: MakeEvent, ada: User
) -> None:
    closes_at = timezone.now()
    event = make_event(registration_closes_at=closes_at)
    with pytest.raises(service.RegistrationClosed):
        service.register(event_id=event.pk, user=ada, now=closes_at)


def test_without_a_closing_moment_registration_ends_with_the_event(event: Event, ada: User) -> None:
    with pytest.raises(service.RegistrationClosed):
        service.register(event_id=event.pk, user=ada, now=event.ends_at)


def test_a_closed_window_is_told_in_the_event_s_own_time(make_event: MakeEvent, ada: User) -> None:
    opens_at = timezone.now().replace(year=2099, month=7, day=1, hour=12, minute=0)
    event = make_event(
        registration_opens_at=opens_at,
        ends_at=opens_at + timedelta(days=9),
        time_zone="Europe/Berlin",
    )
    with pytest.raises(service.RegistrationClosed, match=r"2099-07-01 14:00 \(Europe/Berlin\)"):
        register(event, ada)


def test_a_window_at_the_end_of_time_is_told_too(make_event: MakeEvent, ada: User) -> None:
    end_of_time = timezone.now().replace(year=9999, month=12, day=31, hour=23, minute=58)
    event = make_event(
        registration_opens_at=end_of_time,
        ends_at=end_of_time + timedelta(minutes=1),
        time_zone="Asia/Tokyo",
    )
    with pytest.raises(service.RegistrationClosed):
        register(event, ada)


def test_a_manager_is_not_bound_by_the_window(make_event: MakeEvent, ada: User) -> None:
    event = make_event(registration_closes_at=timezone.now() - timedelta(hours=1))
    assert register(event, ada, by_manager=True).status == Status.CONFIRMED


def test_a_manager_is_bound_by_the_seats(make_event: MakeEvent, ada: User, mallory: User) -> None:
    event = make_event(capacity=1)
    register(event, ada)
    with pytest.raises(service.EventFull):
        register(event, mallory, by_manager=True)


def test_cancelling_promotes_whoever_waited_longest(
    make_event: MakeEvent, make_user: MakeUser
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    holder, first, second = (register(event, user) for user in people(make_user, 3))
    cancel(holder)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == (Status.CONFIRMED, Status.WAITLISTED)
    assert counted(event) == (1, 1)


def test_whoever_is_promoted_still_needs_the_approval(
    make_event: MakeEvent, ada: User, mallory: User
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True, requires_approval=True)
    holder, waiting = register(event, ada), register(event, mallory)
    cancel(holder)
    waiting.refresh_from_db()
    assert waiting.status == Status.PENDING


def test_cancelling_a_place_in_the_queue_promotes_nobody(
    make_event: MakeEvent, make_user: MakeUser
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    _, first, second = (register(event, user) for user in people(make_user, 3))
    cancel(first)
    second.refresh_from_db()
    assert second.status == Status.WAITLISTED
    assert counted(event) == (1, 1)


def test_nothing_is_cancelled_twice(event: Event, ada: User) -> None:
    registration = cancel(register(event, ada))
    with pytest.raises(service.AlreadyCancelled):
        cancel(registration)
    assert counted(event) == (0, 0)


def test_confirming_takes_a_pending_registration_out_of_approval(
    make_event: MakeEvent, ada: User
) -> None:
    event = make_event(requires_approval=True)
    assert confirm(register(event, ada)).status == Status.CONFIRMED
    assert counted(event) == (1, 0)


def test_confirming_a_waiting_one_needs_a_free_seat(
    make_event: MakeEvent, ada: User, mallory: User
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    register(event, ada)
    waiting = register(event, mallory)
    with pytest.raises(service.EventFull):
        confirm(waiting)
    assert counted(event) == (1, 1)


def test_nothing_is_confirmed_twice(event: Event, ada: User) -> None:
    with pytest.raises(service.AlreadyConfirmed):
        confirm(register(event, ada))


def test_a_cancelled_registration_is_not_confirmed(event: Event, ada: User) -> None:
    with pytest.raises(service.AlreadyCancelled):
        confirm(cancel(register(event, ada)))


def test_more_capacity_promotes_as_many_as_fit(make_event: MakeEvent, make_user: MakeUser) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    rows = [register(event, user) for user in people(make_user, 5)]
    events.update_event(event_id=event.pk, changes={"capacity": 3}, now=timezone.now())
    statuses = [Registration.objects.get(pk=row.pk).status for row in rows]
    assert statuses == [Status.CONFIRMED] * 3 + [Status.WAITLISTED] * 2
    assert counted(event) == (3, 2)


def test_no_limit_any_more_promotes_everybody(make_event: MakeEvent, make_user: MakeUser) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    for user in people(make_user, 4):
        register(event, user)
    events.update_event(event_id=event.pk, changes={"capacity": None}, now=timezone.now())
    assert counted(event) == true_count(event) == (4, 0)


def test_positions_count_from_one_and_close_up(make_event: MakeEvent, make_user: MakeUser) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    rows = [register(event, user) for user in people(make_user, 4)]
    cancel(rows[1])
    shown = show_positions(Registration.objects.order_by("created_at"))
    positions = [row.position for row in shown]
    assert positions == [None, None, 1, 2]


def test_the_table_refuses_an_oversold_event(make_event: MakeEvent) -> None:
    event = make_event(capacity=1)
    with pytest.raises(IntegrityError, match="event_is_never_oversold"), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(seats_taken=2)


def test_the_table_refuses_a_second_live_registration(registration: Registration) -> None:
    with pytest.raises(IntegrityError, match="one_live_per_user"), transaction.atomic():
        Registration.objects.create(
            event=registration.event,
            user=registration.user,
            status=Status.PENDING,
            created_at=registration.created_at,
            updated_at=registration.updated_at,
        )


# --- In a crowd ------------------------------------------------------------------------------


@in_a_crowd
def test_thirty_two_people_share_ten_seats(make_event: MakeEvent, make_user: MakeUser) -> None:
    event = make_event(capacity=10)
    results = run_in_threads([partial(register, event, user) for user in people(make_user, 32)])
    outcomes = [type(result) for result in results]
    assert (outcomes.count(Registration), outcomes.count(service.EventFull)) == (10, 22)
    assert counted(event) == true_count(event) == (10, 0)


@in_a_crowd
def test_a_crowd_fills_the_seats_and_then_the_waitlist(
    make_event: MakeEvent, make_user: MakeUser
) -> None:
    event = make_event(capacity=4, waitlist_enabled=True)
    run_in_threads([partial(register, event, user) for user in people(make_user, 16)])
    assert counted(event) == true_count(event) == (4, 12)


@in_a_crowd
def test_one_person_in_sixteen_places_registers_once(event: Event, ada: User) -> None:
    results = run_in_threads([partial(register, event, ada)] * 16)
    outcomes = [type(result) for result in results]
    assert (outcomes.count(Registration), outcomes.count(service.AlreadyRegistered)) == (1, 15)
    assert counted(event) == true_count(event) == (1, 0)


@in_a_crowd
def test_one_registration_is_cancelled_once_by_sixteen(event: Event, ada: User) -> None:
    registration = register(event, ada)
    results = run_in_threads([partial(cancel, registration)] * 16)
    outcomes = [type(result) for result in results]
    assert (outcomes.count(Registration), outcomes.count(service.AlreadyCancelled)) == (1, 15)
    assert counted(event) == true_count(event) == (0, 0)


@in_a_crowd
def test_each_freed_seat_is_given_once(make_event: MakeEvent, make_user: MakeUser) -> None:
    event = make_event(capacity=8, waitlist_enabled=True)
    held = [register(event, user) for user in people(make_user, 8, "holder")]
    waiting = [register(event, user) for user in people(make_user, 8, "waiting")]
    late = people(make_user, 8, "late")
    results = run_in_threads(
        [partial(cancel, row) for row in held] + [partial(register, event, user) for user in late]
    )
    assert not [result for result in results if isinstance(result, Exception)]
    assert counted(event) == true_count(event) == (8, 8)
    promoted = Registration.objects.filter(pk__in=[row.pk for row in waiting])
    assert {row.status for row in promoted} == {Status.CONFIRMED}


@in_a_crowd
def test_more_seats_and_cancellations_at_once_lose_no_seat(
    make_event: MakeEvent, make_user: MakeUser
) -> None:
    event = make_event(capacity=6, waitlist_enabled=True)
    held = [register(event, user) for user in people(make_user, 6, "holder")]
    for user in people(make_user, 12, "waiting"):
        register(event, user)
    more = partial(
        events.update_event, event_id=event.pk, changes={"capacity": 9}, now=timezone.now()
    )
    run_in_threads([more, *(partial(cancel, row) for row in held)])
    assert counted(event) == true_count(event) == (9, 3)


@in_a_crowd
def test_fewer_seats_and_registrations_at_once_never_oversell(
    make_event: MakeEvent, make_user: MakeUser
) -> None:
    event = make_event(capacity=16)
    fewer = partial(
        events.update_event, event_id=event.pk, changes={"capacity": 4}, now=timezone.now()
    )
    guests = [partial(register, event, user) for user in people(make_user, 15)]
    run_in_threads([*guests[:4], fewer, *guests[4:]])
    taken, _ = counted(event)
    assert (taken, 0) == true_count(event)
    assert event.capacity is not None
    assert taken <= event.capacity


@in_a_crowd
def test_confirming_and_cancelling_at_once_end_in_one_of_both(
    make_event: MakeEvent, ada: User
) -> None:
    event = make_event(requires_approval=True)
    registration = register(event, ada)
    work = [partial(cancel, registration), partial(confirm, registration)] * 8
    run_in_threads(work)
    registration.refresh_from_db()
    assert registration.status == Status.CANCELLED
    assert counted(event) == true_count(event) == (0, 0)


@in_a_crowd
def test_whoever_waited_for_a_cancellation_does_not_register(event: Event, ada: User) -> None:
    def call_off() -> None:
        Event.objects.filter(pk=event.pk).update(status=Event.Status.CANCELLED)

    (result,) = run_behind(call_off, [partial(register, event, ada)])
    assert isinstance(result, service.EventNotPublished)
    assert true_count(event) == (0, 0)


@in_a_crowd
def test_whoever_waited_for_the_last_seat_does_not_get_it(event: Event, ada: User) -> None:
    def fill_up() -> None:
        Event.objects.filter(pk=event.pk).update(capacity=1, seats_taken=1)

    (result,) = run_behind(fill_up, [partial(register, event, ada)])
    assert isinstance(result, service.EventFull)


@in_a_crowd
def test_a_capacity_waits_for_the_seats_being_taken(event: Event) -> None:
    def take_two() -> None:
        Event.objects.filter(pk=event.pk).update(seats_taken=2)

    fewer = partial(
        events.update_event, event_id=event.pk, changes={"capacity": 1}, now=timezone.now()
    )
    (result,) = run_behind(take_two, [fewer])
    assert isinstance(result, ticket_types.CapacityBelowSeatsTaken)


@in_a_crowd
def test_a_publication_waits_for_a_cancellation(make_event: MakeEvent) -> None:
    event = make_event(publish=False)

    def call_off() -> None:
        Event.objects.filter(pk=event.pk).update(status=Event.Status.CANCELLED)

    (result,) = run_behind(call_off, [partial(events.publish_event, event_id=event.pk)])
    assert isinstance(result, events.EventCancelled)


@in_a_crowd
def test_a_draft_being_published_is_not_deleted(make_event: MakeEvent) -> None:
    event = make_event(publish=False)

    def publish() -> None:
        Event.objects.filter(pk=event.pk).update(status=Event.Status.PUBLISHED)

    (result,) = run_behind(publish, [partial(events.delete_event, event_id=event.pk)])
    assert isinstance(result, events.EventInUse)


@in_a_crowd
def test_a_person_is_added_as_manager_once(event: Event, ada: User) -> None:
    results = run_in_threads([partial(events.add_manager, event=event, user=ada)] * 8)
    assert [type(result) for result in results].count(events.AlreadyManager) == 7
    assert event.managers.filter(user=ada).count() == 1


@in_a_crowd
def test_a_registration_waits_for_the_lock_and_gives_up_in_time(
    event: Event, ada: User, settings: Any
) -> None:
    def impatient() -> Registration:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        return register(event, ada)

    with transaction.atomic():
        Event.objects.select_for_update().get(pk=event.pk)
        (result,) = run_in_threads([impatient])
    assert isinstance(result, OperationalError)
    assert true_count(event) == (0, 0)
