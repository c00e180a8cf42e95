"""What a change reads under the lock on the registration, while another one is being made."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from entityhandler.models import Event, Registration, User
from entityhandler.services import claims, questions, registrations, users
from tests.conftest import PASSWORD
from tests.threads import run_behind, run_in_threads

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()
LATER = NOW + timedelta(minutes=1)


def hold(registration: Registration, **changes: Any) -> Callable[[], None]:
    """Return a change of the row by a transaction that read a later clock."""

    def change() -> None:
        Registration.objects.filter(pk=registration.pk).update(updated_at=LATER, **changes)

    return change


def updated_at(registration: Registration) -> Any:
    return Registration.objects.values_list("updated_at", flat=True).get(pk=registration.pk)


def test_a_cancellation_is_later_than_the_change_it_waited_for(registration: Registration) -> None:
    cancel = partial(registrations.cancel_registration, registration_id=registration.pk, now=NOW)
    run_behind(hold(registration), [cancel])
    assert updated_at(registration) > LATER


def test_a_promotion_is_later_than_the_change_it_waited_for(
    make_event: Callable[..., Event], ada: User, mallory: User
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    seated, waiting = (
        registrations.register(event_id=event.pk, user=user, now=NOW) for user in (ada, mallory)
    )
    cancel = partial(registrations.cancel_registration, registration_id=seated.pk, now=NOW)
    run_behind(hold(waiting), [cancel])
    assert updated_at(waiting) > LATER


def test_a_claim_is_later_than_the_change_it_waited_for(event: Event) -> None:
    guest = registrations.register(
        event_id=event.pk, user=users.Guest("bob@example.org", "Bob"), now=NOW, by_manager=True
    )
    bob = users.sign_up(email="bob@example.org", full_name="Bob", password=PASSWORD)
    token = claims.claim_token(guest.user)
    claim = partial(claims.claim_registrations, token=token, user=bob, now=NOW)
    run_behind(hold(guest), [claim])
    assert updated_at(guest) > LATER


def test_whoever_waited_for_a_cancellation_answers_nothing(registration: Registration) -> None:
    cancel = hold(registration, status="cancelled", cancelled_at=LATER)
    change = partial(
        registrations.change_registration,
        registration_id=registration.pk,
        changes={"answers": {}},
        now=NOW,
        by_manager=True,
    )
    (result,) = run_behind(cancel, [change])
    assert isinstance(result, registrations.AlreadyCancelled)


def test_answers_that_come_at_once_are_all_kept(registration: Registration) -> None:
    asked = [
        questions.create_question(
            event_id=registration.event_id, fields={"kind": "number", "prompt": str(number)}
        )
        for number in range(8)
    ]
    run_in_threads(
        [
            partial(
                registrations.change_registration,
                registration_id=registration.pk,
                changes={"answers": {str(question.pk): 1}},
                now=NOW,
                by_manager=False,
            )
            for question in asked
        ]
    )
    registration.refresh_from_db()
    assert registration.answers == {str(question.pk): 1 for question in asked}
