"""What the admin does with registrations, ticket types and questions: all that the API does."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from entityhandler.models import Event, Question, Registration, TicketType, User
from entityhandler.services import events, questions, registrations, ticket_types, users
from tests.entityhandler.test_admin import act, errors_of, filled, new_event, page

pytestmark = pytest.mark.usefixtures("plain_static_files")
Commit = Callable[..., Any]
BOB = {"email": "bob@example.org", "full_name": "Bob Boole"}


# --- Times -----------------------------------------------------------------------------------


def test_times_are_entered_in_the_zone_of_the_event(boss: Client) -> None:
    boss.post(page(Event, "add"), new_event(time_zone="Europe/Berlin"))
    assert Event.objects.get().starts_at == datetime(2027, 1, 1, 9, tzinfo=UTC)


def test_times_are_shown_in_the_zone_of_the_event(boss: Client) -> None:
    boss.post(page(Event, "add"), new_event(time_zone="Asia/Tokyo"))
    event = Event.objects.get()
    shown = boss.get(page(event, "change", event.pk)).content.decode()
    assert 'value="10:00:00"' in shown
    assert event.starts_at == datetime(2027, 1, 1, 1, tzinfo=UTC)


def test_another_zone_keeps_the_wall_time(boss: Client) -> None:
    boss.post(page(Event, "add"), new_event(time_zone="Europe/Berlin"))
    event = Event.objects.get()
    body = new_event(time_zone="Europe/London", venue="Hall")
    boss.post(page(event, "change", event.pk), body)
    event.refresh_from_db()
    assert (event.venue, event.starts_at) == ("Hall", datetime(2027, 1, 1, 10, tzinfo=UTC))


def test_saving_a_form_unchanged_changes_no_time(boss: Client, event: Event) -> None:
    events.update_event(
        event_id=event.pk, changes={"time_zone": "Asia/Kolkata"}, now=timezone.now()
    )
    address, starts_at = page(event, "change", event.pk), event.starts_at.replace(microsecond=0)
    shown = boss.get(address).context["adminform"].form
    assert shown.initial["starts_at"] == event.starts_at
    with timezone.override("Asia/Kolkata"):
        local = {
            f"{name}_{part}": text
            for name in ("starts_at", "ends_at")
            for part, text in enumerate(
                f"{timezone.localtime(getattr(event, name)):%Y-%m-%d %H:%M:%S}".split()
            )
        }
    boss.post(address, filled(boss, address, **local))
    event.refresh_from_db()
    assert event.starts_at.replace(microsecond=0) == starts_at


@pytest.mark.parametrize("wall", ["02:30:00"])
def test_a_time_that_the_clocks_skip_is_refused(boss: Client, wall: str) -> None:
    body = new_event(time_zone="Europe/Berlin", starts_at_0="2026-03-29", starts_at_1=wall)
    assert "couldn’t be interpreted" in errors_of(boss.post(page(Event, "add"), body))


# --- Ticket types and questions --------------------------------------------------------------


def test_a_ticket_type_is_made_changed_and_deleted(boss: Client, event: Event) -> None:
    body = {"event": event.pk, "name": "Balcony", "visibility": "hidden", "capacity": "3"}
    boss.post(page(TicketType, "add"), body)
    kind = TicketType.objects.get()
    address = page(kind, "change", kind.pk)
    boss.post(address, {**body, "attention_note": "Stairs", "capacity": "4"})
    kind.refresh_from_db()
    assert (kind.visibility, kind.capacity, kind.attention_note) == ("hidden", 4, "Stairs")
    boss.post(page(kind, "delete", kind.pk), {"post": "yes"})
    assert not TicketType.objects.exists()


def test_the_sale_of_a_type_is_entered_in_the_zone_of_its_event(
    boss: Client, make_event: Callable[..., Event]
) -> None:
    event = make_event(time_zone="Asia/Tokyo")
    window = {"sales_opens_at_0": "2027-01-01", "sales_opens_at_1": "10:00:00"}
    body = {"event": event.pk, "name": "Balcony", "visibility": "public", **window}
    boss.post(page(TicketType, "add"), body)
    assert TicketType.objects.get().sales_opens_at == datetime(2027, 1, 1, 1, tzinfo=UTC)


def test_a_second_type_of_the_name_is_an_error_of_the_form(boss: Client, event: Event) -> None:
    ticket_types.create_ticket_type(event_id=event.pk, fields={"name": "Balcony"})
    body = {"event": event.pk, "name": "Balcony", "visibility": "public"}
    answer = boss.post(page(TicketType, "add"), body)
    assert "The event has a ticket type of this name already." in errors_of(answer)


def test_a_question_is_asked_changed_and_deleted(boss: Client, event: Event) -> None:
    body = {"event": event.pk, "kind": "choice", "prompt": "Menu?", "place": "1"}
    boss.post(page(Question, "add"), {**body, "choices": '["Fish", "Meat"]'})
    question = Question.objects.get()
    boss.post(page(question, "change", question.pk), {**body, "choices": '["Fish", "Neither"]'})
    question.refresh_from_db()
    assert question.choices == ["Fish", "Neither"]
    boss.post(page(question, "delete", question.pk), {"post": "yes"})
    assert not Question.objects.exists()


def test_a_question_that_was_answered_stays(
    boss: Client, event: Event, registration: Registration
) -> None:
    question = questions.create_question(
        event_id=event.pk, fields={"kind": "text", "prompt": "Diet?"}
    )
    registrations.change_registration(
        registration_id=registration.pk,
        changes={"answers": {str(question.pk): "x"}},
        now=timezone.now(),
        by_manager=True,
    )
    answer = boss.post(page(question, "delete", question.pk), {"post": "yes"}, follow=True)
    assert "The question was answered" in answer.content.decode()


# --- Registrations ---------------------------------------------------------------------------


def test_somebody_without_an_account_is_registered_and_gets_a_link(
    boss: Client, event: Event, django_capture_on_commit_callbacks: Commit
) -> None:
    kind = ticket_types.create_ticket_type(event_id=event.pk, fields={"name": "Balcony"})
    body = {"event": event.pk, **BOB, "ticket_type": kind.pk, "attention_note": "Guest list"}
    with django_capture_on_commit_callbacks(execute=True):
        boss.post(page(Registration, "add"), body)
    row = Registration.objects.get()
    assert (row.user.email, row.ticket_type) == ("bob@example.org", kind)
    assert (row.attention_note, len(mail.outbox)) == ("Guest list", 1)


@pytest.mark.parametrize("named", [{}, {"user": "ada", "email": "bob@example.org"}])
def test_a_registration_is_for_one_person(
    boss: Client, event: Event, ada: User, named: dict[str, str]
) -> None:
    body = {"event": event.pk, **named, **({"user": ada.pk} if "user" in named else {})}
    assert "Name a user or an e-mail." in errors_of(boss.post(page(Registration, "add"), body))


def test_an_unknown_email_without_a_name_is_an_error_of_the_form(
    boss: Client, event: Event
) -> None:
    answer = boss.post(page(Registration, "add"), {"event": event.pk, "email": BOB["email"]})
    assert "Nobody has an account with this e-mail" in errors_of(answer)
    assert not Registration.objects.exists()


def test_the_note_and_the_answers_are_changed(boss: Client, registration: Registration) -> None:
    question = questions.create_question(
        event_id=registration.event_id, fields={"kind": "text", "prompt": "Diet?"}
    )
    said = f'{{"{question.pk}": "No onions"}}'
    body = {"attention_note": "Needs the lift", "answers": said}
    boss.post(page(registration, "change", registration.pk), body)
    registration.refresh_from_db()
    assert registration.attention_note == "Needs the lift"
    assert registration.answers == {str(question.pk): "No onions"}


def test_a_wrong_answer_is_an_error_of_its_field(boss: Client, registration: Registration) -> None:
    body = {"attention_note": "", "answers": '{"menu": "Fish"}'}
    answer = boss.post(page(registration, "change", registration.pk), body)
    assert "The event asks no such question." in str(
        answer.context["adminform"].form["answers"].errors
    )


def test_a_seat_is_handed_on(boss: Client, registration: Registration, mallory: User) -> None:
    body = {"attention_note": "", "answers": "{}", "email": mallory.email}
    boss.post(page(registration, "change", registration.pk), body)
    registration.refresh_from_db()
    heir = registration.transferred_to.get()
    assert (registration.status, heir.status, heir.user) == ("cancelled", "confirmed", mallory)


def test_guests_get_their_link_again(
    boss: Client, event: Event, django_capture_on_commit_callbacks: Commit
) -> None:
    guest = registrations.register(
        event_id=event.pk, user=users.Guest(**BOB), now=timezone.now(), by_manager=True
    )
    with django_capture_on_commit_callbacks(execute=True):
        assert "sent a link." in act(boss, "send_link", guest)
    assert len(mail.outbox) == 1


def test_a_guest_gets_no_rights(boss: Client, event: Event) -> None:
    guest = registrations.register(
        event_id=event.pk, user=users.Guest(**BOB), now=timezone.now(), by_manager=True
    ).user
    address = page(guest, "change", guest.pk)
    answer = boss.post(address, filled(boss, address, is_staff="on"))
    assert "A guest has no account" in errors_of(answer)
    guest.refresh_from_db()
    assert not guest.is_staff
