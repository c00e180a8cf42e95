"""From the list of events to a ticket: signing up and in, registering, giving up. T9 and around."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from entityhandler.models import Event, Question, Registration, User
from entityhandler.services import claims, questions, registrations, ticket_types
from entityhandler.services.users import Guest
from tests.browser.ticket_page import code_shown
from tests.conftest import PASSWORD

LooksRight = Callable[[Page, str], None]
MakeEvent = Callable[..., Event]
OpenPhone = Callable[..., Page]


@pytest.fixture
def screen(open_phone: OpenPhone, ada: User) -> Page:
    """Return Ada's phone."""
    return open_phone(ada)


def open_event(page: Page, event: Event) -> None:
    page.goto(f"/events/{event.pk}/")
    expect(page.get_by_role("heading", level=1, name=event.name)).to_be_visible()


def register(event: Event, user: User, **wishes: Any) -> Registration:
    return registrations.register(event_id=event.pk, user=user, now=timezone.now(), **wishes)


# --- Signing up, in and out ------------------------------------------------------------------


def test_somebody_new_signs_up_registers_and_sees_a_code(
    phone: Page, event: Event, looks_right: LooksRight
) -> None:
    phone.goto("/")
    phone.get_by_role("link", name=event.name).click()
    phone.get_by_role("link", name="Sign in to register").click()
    phone.get_by_role("link", name="Sign up").click()
    phone.get_by_label("Full name").fill("Ada Lovelace")
    phone.get_by_label("E-mail").fill("lovelace@example.org")
    phone.get_by_label("Password").fill(PASSWORD)
    looks_right(phone, "sign-up")
    phone.get_by_role("button", name="Sign up").click()
    phone.get_by_role("button", name="Register").click()
    assert code_shown(phone)
    assert Registration.objects.get().user.full_name == "Ada Lovelace"


def test_signing_in_leads_back_to_where_one_was(
    phone: Page, event: Event, ada: User, looks_right: LooksRight
) -> None:
    open_event(phone, event)
    phone.get_by_role("link", name="Sign in", exact=True).click()
    phone.get_by_label("E-mail").fill(ada.email)
    phone.get_by_label("Password").fill(PASSWORD)
    looks_right(phone, "sign-in")
    phone.get_by_role("button", name="Sign in").click()
    expect(phone.get_by_role("button", name="Register")).to_be_visible()


def test_a_wrong_password_is_said_in_words(phone: Page, ada: User, looks_right: LooksRight) -> None:
    phone.goto("/sign-in/")
    phone.get_by_label("E-mail").fill(ada.email)
    phone.get_by_label("Password").fill("wrong")
    phone.get_by_role("button", name="Sign in").click()
    expect(phone.get_by_role("alert")).to_have_text("The e-mail or the password is wrong.")
    looks_right(phone, "sign-in-wrong")


def test_what_is_wrong_with_an_account_stands_at_its_field(
    phone: Page, db: None, looks_right: LooksRight
) -> None:
    phone.goto("/sign-up/")
    phone.get_by_label("Full name").fill("Ada")
    phone.get_by_label("E-mail").fill("ada@example.org")
    phone.get_by_label("Password").fill("password")
    phone.get_by_role("button", name="Sign up").click()
    password = phone.get_by_label("Password")
    expect(password).to_have_attribute("aria-invalid", "true")
    expect(password).to_be_focused()
    expect(password).to_have_accessible_description(re.compile("This password is too common."))
    looks_right(phone, "sign-up-wrong")


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example/", "https://evil.example/", "/\\evil.example/"]
)
def test_a_link_to_the_sign_in_leads_nobody_to_another_site(
    phone: Page, ada: User, elsewhere: str
) -> None:
    phone.goto(f"/sign-in/?next={elsewhere}")
    phone.get_by_label("E-mail").fill(ada.email)
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Sign in").click()
    expect(phone.get_by_role("heading", name="Events")).to_be_visible()


# --- The list --------------------------------------------------------------------------------


def test_the_list_says_what_is_open_and_where_one_is_registered(
    screen: Page, make_event: MakeEvent, ada: User, mallory: User, looks_right: LooksRight
) -> None:
    now = timezone.now()
    hour = timedelta(hours=1)
    mine = make_event(name="1 Mine", starts_at=now + hour)
    register(mine, ada)
    full = make_event(name="2 Full", starts_at=now + 2 * hour, capacity=1)
    register(full, mallory)
    make_event(name="3 Few", starts_at=now + 3 * hour, capacity=5)
    make_event(name="4 Later", starts_at=now + 4 * hour, registration_opens_at=now + hour)
    make_event(name="5 Open", starts_at=now + 5 * hour, venue="Dorset Street, London")
    make_event(name="Over", starts_at=now - 2 * hour, ends_at=now - hour)
    make_event(name="Draft", publish=False)
    screen.goto("/")
    expect(screen.locator("h2")).to_have_text(["1 Mine", "2 Full", "3 Few", "4 Later", "5 Open"])
    expect(screen.locator(".tag")).to_have_text(
        ["You have a place", "Full", "5 places left", "Opens later", "Open"]
    )
    looks_right(screen, "events")


def test_an_empty_list_says_so(phone: Page, db: None, looks_right: LooksRight) -> None:
    phone.goto("/")
    expect(phone.get_by_text("No events are announced.")).to_be_visible()
    looks_right(phone, "events-none")


def test_a_server_that_is_away_is_said_in_words(phone: Page, event: Event) -> None:
    phone.route("**/api/v1/events/**", lambda route: route.abort())
    phone.goto("/")
    expect(phone.get_by_role("alert")).to_contain_text("There is no connection to the server.")


# --- T9: registering and its states ----------------------------------------------------------


def test_t09_open_one_button_registers_and_shows_the_ticket(
    screen: Page, event: Event, looks_right: LooksRight
) -> None:
    open_event(screen, event)
    looks_right(screen, "event-open")
    screen.get_by_role("button", name="Register").click()
    assert code_shown(screen)


def test_t09_full_says_so_and_offers_nothing(
    screen: Page, make_event: MakeEvent, mallory: User, looks_right: LooksRight
) -> None:
    event = make_event(capacity=1)
    register(event, mallory)
    open_event(screen, event)
    expect(screen.get_by_text("Every place is taken.")).to_be_visible()
    expect(screen.get_by_role("button", name="Register")).to_have_count(0)
    looks_right(screen, "event-full")


def test_t09_on_the_waitlist_one_sees_ones_position(
    screen: Page, make_event: MakeEvent, make_user: Callable[..., User], looks_right: LooksRight
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    for name in ("first", "second"):
        register(event, make_user(name))
    open_event(screen, event)
    screen.get_by_role("button", name="Join the waitlist").click()
    expect(screen.get_by_text("Number 2 on the waitlist")).to_be_visible()
    looks_right(screen, "event-waitlisted")


def test_t09_closed_and_not_yet_open_are_said(
    screen: Page, make_event: MakeEvent, looks_right: LooksRight
) -> None:
    now = timezone.now()
    open_event(screen, make_event(registration_closes_at=now))
    expect(screen.get_by_text("Registration is closed.")).to_be_visible()
    looks_right(screen, "event-closed")
    open_event(screen, make_event(registration_opens_at=now + timedelta(hours=1)))
    expect(screen.get_by_text("Registration opens")).to_be_visible()


def test_t09_already_registered_leads_to_the_ticket(
    screen: Page, registration: Registration, looks_right: LooksRight
) -> None:
    open_event(screen, registration.event)
    looks_right(screen, "event-registered")
    screen.get_by_role("link", name="Show my ticket").click()
    assert code_shown(screen)


def test_t09_whoever_loses_the_race_for_the_last_place_is_told(
    screen: Page, make_event: MakeEvent, mallory: User
) -> None:
    event = make_event(capacity=1)
    open_event(screen, event)
    register(event, mallory)
    screen.get_by_role("button", name="Register").click()
    expect(screen.get_by_role("alert")).to_have_text("Every place is taken.")


def test_t09_waiting_for_approval_is_said(screen: Page, make_event: MakeEvent) -> None:
    open_event(screen, make_event(requires_approval=True))
    screen.get_by_role("button", name="Register").click()
    expect(screen.get_by_text("Waiting for approval")).to_be_visible()


def test_t09_cancelling_takes_one_confirmation_and_can_be_thought_over(
    screen: Page, registration: Registration, looks_right: LooksRight
) -> None:
    open_event(screen, registration.event)
    screen.get_by_role("button", name="Cancel my place").click()
    looks_right(screen, "event-cancelling")
    screen.get_by_role("button", name="Back").click()
    expect(screen.locator("dialog")).to_have_count(0)
    screen.get_by_role("button", name="Cancel my place").click()
    screen.get_by_role("button", name="Cancel my registration").click()
    expect(screen.get_by_text("Your registration is cancelled.")).to_be_visible()
    expect(screen.get_by_role("button", name="Register")).to_be_visible()
    assert Registration.objects.get().status == Registration.Status.CANCELLED


def test_t09_the_keyboard_alone_cancels(screen: Page, registration: Registration) -> None:
    open_event(screen, registration.event)
    screen.get_by_role("button", name="Cancel my place").focus()
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("button", name="Cancel my registration")).to_be_focused()
    screen.keyboard.press("Escape")
    expect(screen.locator("dialog")).to_have_count(0)
    expect(screen.get_by_role("button", name="Cancel my place")).to_be_focused()
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("button", name="Cancel my registration")).to_be_focused()
    screen.keyboard.press("Enter")
    expect(screen.get_by_text("Your registration is cancelled.")).to_be_visible()


# --- Kinds of tickets and questions ----------------------------------------------------------


@pytest.fixture
def curious(event: Event) -> Event:
    """Return an event with two kinds of tickets and one question of each kind."""
    for name, fields in {"Regular": {}, "Student": {"capacity": 3}}.items():
        ticket_types.create_ticket_type(event_id=event.pk, fields={"name": name, **fields})
    asked: list[dict[str, Any]] = [
        {"prompt": "Your engine", "kind": "text", "required": True},
        {"prompt": "Meal", "kind": "choice", "choices": ["Vegan", "Other"], "required": True},
        {"prompt": "Workshops", "kind": "multiple_choice", "choices": ["Cards", "Gears"]},
        {"prompt": "Years of experience", "kind": "number"},
        {"prompt": "I accept the rules.", "kind": "consent", "required": True},
    ]
    for place, fields in enumerate(asked):
        questions.create_question(event_id=event.pk, fields={"place": place, **fields})
    return event


def test_t09_kind_and_questions_are_asked_and_sent(
    screen: Page, curious: Event, looks_right: LooksRight
) -> None:
    open_event(screen, curious)
    screen.get_by_label("Student").check()
    screen.get_by_label("Your engine").fill("Difference")
    screen.get_by_label("Meal").select_option("Vegan")
    screen.get_by_label("Gears").check()
    screen.get_by_label("Years of experience").fill("7.5")
    screen.get_by_label("I accept the rules.").check()
    looks_right(screen, "event-questions")
    screen.get_by_role("button", name="Register").click()
    code_shown(screen)
    expect(screen.get_by_text("Student")).to_be_visible()
    made = Registration.objects.select_related("ticket_type").get()
    assert made.ticket_type and made.ticket_type.name == "Student"
    by_prompt = {str(one.pk): one.prompt for one in Question.objects.all()}
    assert {by_prompt[key]: answer for key, answer in made.answers.items()} == {
        "Your engine": "Difference",
        "Meal": "Vegan",
        "Workshops": ["Gears"],
        "Years of experience": 7.5,
        "I accept the rules.": True,
    }


def test_t09_what_is_missing_is_said_at_its_question(
    screen: Page, curious: Event, looks_right: LooksRight
) -> None:
    open_event(screen, curious)
    screen.get_by_label("Regular").check()
    screen.get_by_role("button", name="Register").click()
    expect(screen.get_by_label("Your engine")).to_be_focused()
    expect(screen.get_by_text("Please fill this in.")).to_have_count(3)
    looks_right(screen, "event-questions-wrong")


# --- Passing a ticket on ---------------------------------------------------------------------


def test_a_ticket_is_passed_on_to_an_account(
    screen: Page, registration: Registration, mallory: User, looks_right: LooksRight
) -> None:
    open_event(screen, registration.event)
    screen.get_by_role("button", name="Pass my ticket on").click()
    screen.get_by_label("Their e-mail").fill(mallory.email)
    looks_right(screen, "event-passing-on")
    screen.get_by_role("button", name="Pass it on").click()
    expect(screen.get_by_text("Your ticket is passed on.")).to_be_visible()
    assert registration.event.registrations.live().get().user == mallory


def test_a_ticket_is_passed_on_to_somebody_without_an_account(
    screen: Page, registration: Registration
) -> None:
    open_event(screen, registration.event)
    screen.get_by_role("button", name="Pass my ticket on").click()
    screen.get_by_label("Their e-mail").fill("new@example.org")
    screen.get_by_role("button", name="Pass it on").click()
    screen.get_by_label("Their name").fill("Charles Babbage")
    screen.get_by_role("button", name="Pass it on").click()
    expect(screen.get_by_text("Your ticket is passed on.")).to_be_visible()
    assert registration.event.registrations.live().get().user.is_guest


# --- The link by e-mail ----------------------------------------------------------------------


@pytest.fixture
def invited(event: Event) -> User:
    """Return a guest whom a manager registered under Ada's e-mail."""
    guest = Guest("ada@example.org", "Ada")
    made = registrations.register(
        event_id=event.pk, user=guest, now=timezone.now(), by_manager=True
    )
    return made.user


def test_the_link_makes_the_guests_ticket_the_accounts(
    phone: Page, ada: User, invited: User, looks_right: LooksRight
) -> None:
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    token = claims.claim_token(invited)
    phone.goto(f"/claim/#{token}")
    expect(phone.get_by_text("Sign in, or sign up")).to_be_visible()
    looks_right(phone, "claim-signed-out")
    phone.get_by_role("main").get_by_role("link", name="Sign in").click()
    phone.get_by_label("E-mail").fill(ada.email)
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Sign in").click()
    expect(phone.get_by_text("The ticket is in your account.")).to_be_visible()
    looks_right(phone, "claim-done")
    assert Registration.objects.get().user == ada
    assert [address for address in asked if token in address.partition("#")[0]] == []


def test_a_link_for_another_e_mail_says_so(
    open_phone: OpenPhone, mallory: User, invited: User, looks_right: LooksRight
) -> None:
    page = open_phone(mallory)
    page.goto(f"/claim/#{claims.claim_token(invited)}")
    expect(page.get_by_role("alert")).to_contain_text("This link was sent to another e-mail.")
    looks_right(page, "claim-wrong-account")


# --- Languages, and where there is nothing ---------------------------------------------------


def test_the_pages_speak_german(
    open_phone: OpenPhone, ada: User, registration: Registration, looks_right: LooksRight
) -> None:
    page = open_phone(ada, locale="de-DE")
    page.goto(f"/tickets/{registration.pk}/")
    code_shown(page)
    expect(page.get_by_text("Auf diesem Telefon gespeichert")).to_be_visible()
    page.get_by_text("Verhindert?").click()
    expect(page.get_by_role("button", name="Platz absagen")).to_be_visible()
    looks_right(page, "ticket-german")


def test_another_language_is_one_touch_away_and_stays(phone: Page, event: Event) -> None:
    phone.goto("/")
    phone.get_by_role("button", name="Deutsch").click()
    expect(phone.get_by_role("heading", name="Veranstaltungen")).to_be_visible()
    phone.goto("/sign-in/")
    expect(phone.get_by_role("button", name="Einloggen")).to_be_visible()


def test_the_ticket_of_somebody_else_is_not_there(
    open_phone: OpenPhone, mallory: User, registration: Registration, looks_right: LooksRight
) -> None:
    page = open_phone(mallory)
    page.goto(f"/tickets/{registration.pk}/")
    expect(page.get_by_role("alert")).to_contain_text("There is nothing here")
    looks_right(page, "ticket-none")


def test_a_ticket_asks_a_stranger_to_sign_in(phone: Page, registration: Registration) -> None:
    phone.goto(f"/tickets/{registration.pk}/")
    expect(phone.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_address_without_a_page_says_so(phone: Page, db: None, looks_right: LooksRight) -> None:
    phone.goto("/nowhere/")
    expect(phone.get_by_role("heading", name="There is no such page")).to_be_visible()
    looks_right(phone, "not-found")
    phone.get_by_role("link", name="Events").click()
    expect(phone.get_by_text("No events are announced.")).to_be_visible()
