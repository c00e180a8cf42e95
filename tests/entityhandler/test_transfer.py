"""POST /registrations/{id}/transfer/: the seat changes hands and is never free in between."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from entityhandler.models import Event, Registration, User
from entityhandler.services import registrations
from tests.conftest import client_of
from tests.threads import run_in_threads

NOW = timezone.now()


def transfer(registration: Registration, by: User, **to: Any) -> Any:
    return client_of(by).post(f"/api/v1/registrations/{registration.pk}/transfer/", to)


def test_the_new_holder_has_a_registration_and_the_old_one_is_cancelled(
    registration: Registration, mallory: User
) -> None:
    answer = transfer(registration, registration.user, user=str(mallory.pk))
    registration.refresh_from_db()
    assert (answer.status_code, answer.json()["user"]) == (201, str(mallory.pk))
    assert (answer.json()["status"], registration.status) == ("confirmed", "cancelled")


def test_the_history_is_kept(registration: Registration, mallory: User) -> None:
    answer = transfer(registration, registration.user, email="MALLORY@example.org")
    heir = Registration.objects.get(pk=answer.json()["id"])
    assert heir.transferred_from == registration


def test_the_seat_is_counted_once_and_promotes_nobody(
    make_event: Callable[..., Event], ada: User, mallory: User, grace: User
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    first = registrations.register(event_id=event.pk, user=ada, now=NOW)
    registrations.register(event_id=event.pk, user=grace, now=NOW)
    registrations.transfer_registration(registration_id=first.pk, to=mallory, now=NOW)
    event.refresh_from_db()
    assert (event.seats_taken, event.waitlist_length) == (1, 1)


def test_a_manager_transfers_as_well(
    registration: Registration, grace: User, mallory: User
) -> None:
    assert transfer(registration, grace, user=str(mallory.pk)).status_code == 201


def test_a_stranger_takes_no_seat(registration: Registration, mallory: User) -> None:
    assert transfer(registration, mallory, user=str(mallory.pk)).status_code == 404


def test_nobody_gets_two_seats(registration: Registration, mallory: User) -> None:
    registrations.register(event_id=registration.event_id, user=mallory, now=NOW)
    answer = transfer(registration, registration.user, user=str(mallory.pk))
    assert (answer.status_code, answer.json()["code"]) == (409, "already_registered")


def test_a_place_on_the_waitlist_is_not_handed_on(
    make_event: Callable[..., Event], ada: User, mallory: User, grace: User
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    registrations.register(event_id=event.pk, user=grace, now=NOW)
    waiting = registrations.register(event_id=event.pk, user=ada, now=NOW)
    answer = transfer(waiting, ada, user=str(mallory.pk))
    assert (answer.status_code, answer.json()["code"]) == (409, "no_seat_to_transfer")


def test_what_was_cancelled_is_not_handed_on(registration: Registration, mallory: User) -> None:
    registrations.cancel_registration(registration_id=registration.pk, now=NOW)
    answer = transfer(registration, registration.user, user=str(mallory.pk))
    assert (answer.status_code, answer.json()["code"]) == (409, "already_cancelled")


def test_an_unknown_person_is_named_at_the_field(registration: Registration) -> None:
    answer = transfer(registration, registration.user, user=str(uuid4()))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "#/user")


@pytest.mark.django_db(transaction=True)
def test_of_two_transfers_at_once_one_is_made(
    registration: Registration, mallory: User, grace: User
) -> None:
    results = run_in_threads(
        [
            lambda to=to: registrations.transfer_registration(  # type: ignore[misc]
                registration_id=registration.pk, to=to, now=NOW
            )
            for to in [mallory, grace] * 5
        ]
    )
    made = [result for result in results if isinstance(result, Registration)]
    assert len(made) == 1
    assert registration.event.registrations.live().count() == 1
