"""The admin of users, events and registrations: every write goes through its service."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.messages import get_messages
from django.db import connection
from django.db.models import Model
from django.forms import Form
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from entityhandler.models import Event, EventManager, Registration, User, UserToken
from entityhandler.services import registrations, tokens
from tests.conftest import PASSWORD, browser_of

NEW_PASSWORD = "a horse of another colour"


pytestmark = pytest.mark.usefixtures("plain_static_files")


def allow(user: User, *codenames: str) -> Client:
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return browser_of(user)


def page(model: type[Model] | Model, name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def act(browser: Client, name: str, *rows: Model, confirmed: bool = True) -> str:
    """Run an action on rows of one model; return what the messages said."""
    ids = [str(row.pk) for row in rows]
    body = {"action": name, "_selected_action": ids, **({"confirmed": "yes"} if confirmed else {})}
    answer = browser.post(page(rows[0], "changelist"), body)
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def filled(browser: Client, address: str, **changes: Any) -> dict[str, Any]:
    """Return what a browser posts from a form after those changes."""
    form: Form = browser.get(address).context["adminform"].form
    body: dict[str, Any] = {}
    for bound in form:
        value = bound.value()
        names = [f"{bound.html_name}_0", f"{bound.html_name}_1"]
        if len(getattr(bound.field.widget, "widgets", [])) == 2:
            body |= (
                dict(zip(names, value.strftime("%Y-%m-%d %H:%M:%S").split(), strict=True))
                if value
                else dict.fromkeys(names, "")
            )
        elif value is not None and value is not False:
            body[bound.html_name] = value
    return {**body, **changes}


def errors_of(answer: Any) -> str:
    return str(answer.context["errors"])


# --- Events -------------------------------------------------------------------------------------


def new_event(**fields: str) -> dict[str, str]:
    return {
        "name": "Difference Engines",
        "time_zone": "UTC",
        "entry_policy": "once",
        "starts_at_0": "2027-01-01",
        "starts_at_1": "10:00:00",
        "ends_at_0": "2027-01-02",
        "ends_at_1": "10:00:00",
        **fields,
    }


def test_whoever_adds_an_event_manages_it(boss: Client, staff: User) -> None:
    boss.post(page(Event, "add"), new_event())
    event = Event.objects.get()
    assert (event.status, event.managers.get().user) == ("draft", staff)


def test_an_added_event_is_the_one_that_history_and_redirect_name(boss: Client) -> None:
    answer = boss.post(page(Event, "add"), {**new_event(), "_continue": "1"})
    event = Event.objects.get()
    assert LogEntry.objects.get().object_id == str(event.pk)
    assert answer["Location"] == page(Event, "change", event.pk)


def test_more_capacity_promotes_the_waitlist(
    boss: Client, make_event: Callable[..., Event], ada: User, mallory: User
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    for user in (ada, mallory):
        registrations.register(event_id=event.pk, user=user, now=timezone.now())
    address = page(Event, "change", event.pk)
    boss.post(address, filled(boss, address, capacity="2"))
    assert Registration.objects.get(user=mallory).status == "confirmed"


def test_a_refusal_of_the_service_is_an_error_of_the_form(
    boss: Client, make_event: Callable[..., Event], ada: User, mallory: User
) -> None:
    event = make_event()
    for user in (ada, mallory):
        registrations.register(event_id=event.pk, user=user, now=timezone.now())
    address = page(Event, "change", event.pk)
    answer = boss.post(address, filled(boss, address, capacity="1", venue="Hall"))
    assert "2 seats are taken; the capacity cannot be 1." in errors_of(answer)
    assert answer.context["adminform"].form["venue"].value() == "Hall"
    assert not LogEntry.objects.exists()


def test_a_form_that_is_wrong_by_itself_says_where(boss: Client) -> None:
    answer = boss.post(page(Event, "add"), new_event(time_zone="Middle/Earth"))
    assert "is no IANA time zone" in errors_of(answer)


def test_publishing_opens_a_draft(boss: Client, make_event: Callable[..., Event]) -> None:
    event = make_event(publish=False)
    assert "published." in act(boss, "publish", event)
    event.refresh_from_db()
    assert event.status == "published"
    assert LogEntry.objects.get().change_message == "published."


def test_publishing_twice_is_refused_in_words(boss: Client, event: Event) -> None:
    assert "The event is published already." in act(boss, "publish", event)


def test_one_refused_row_stops_none_of_the_others(
    boss: Client, event: Event, make_event: Callable[..., Event]
) -> None:
    draft = make_event(publish=False)
    act(boss, "publish", event, draft)
    draft.refresh_from_db()
    assert draft.status == "published"


def test_cancelling_an_event_asks_first(boss: Client, event: Event) -> None:
    act(boss, "cancel", event, confirmed=False)
    event.refresh_from_db()
    assert event.status == "published"
    act(boss, "cancel", event)
    event.refresh_from_db()
    assert event.status == "cancelled"


def test_a_draft_is_deleted_with_a_line_of_history(
    boss: Client, make_event: Callable[..., Event]
) -> None:
    draft = make_event(publish=False)
    boss.post(page(draft, "delete", draft.pk), {"post": "yes"})
    assert not Event.objects.exists()
    entry = LogEntry.objects.get()
    assert (entry.action_flag, entry.object_id) == (DELETION, str(draft.pk))


def test_a_published_event_is_not_deleted_and_history_says_nothing(
    boss: Client, event: Event
) -> None:
    answer = boss.post(page(event, "delete", event.pk), {"post": "yes"}, follow=True)
    assert "cancel it instead" in answer.content.decode()
    assert Event.objects.exists()
    assert not LogEntry.objects.exists()


# --- Managers of events -------------------------------------------------------------------------


def test_managers_are_added_and_removed(boss: Client, event: Event, ada: User) -> None:
    boss.post(page(EventManager, "add"), {"event": event.pk, "user": ada.pk})
    manager = EventManager.objects.get(user=ada)
    boss.post(page(manager, "delete", manager.pk), {"post": "yes"})
    assert not event.is_managed_by(ada)


def test_a_second_time_the_same_manager_is_an_error_of_the_form(
    boss: Client, event: Event, grace: User
) -> None:
    answer = boss.post(page(EventManager, "add"), {"event": event.pk, "user": grace.pk})
    assert "This person manages the event already." in errors_of(answer)


# --- Registrations ------------------------------------------------------------------------------


def test_staff_registers_people_after_registration_closed(
    boss: Client, make_event: Callable[..., Event], ada: User
) -> None:
    event = make_event(registration_closes_at=timezone.now() - timedelta(hours=1))
    boss.post(page(Registration, "add"), {"event": event.pk, "user": ada.pk})
    assert Registration.objects.get().status == "confirmed"


def test_a_full_event_is_an_error_of_the_registration_form(
    boss: Client, make_event: Callable[..., Event], ada: User, mallory: User
) -> None:
    event = make_event(capacity=1)
    registrations.register(event_id=event.pk, user=ada, now=timezone.now())
    answer = boss.post(page(Registration, "add"), {"event": event.pk, "user": mallory.pk})
    assert "Every seat is taken." in errors_of(answer)


def test_cancelling_a_registration_promotes_the_waitlist(
    boss: Client, make_event: Callable[..., Event], ada: User, mallory: User
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    first = registrations.register(event_id=event.pk, user=ada, now=timezone.now())
    second = registrations.register(event_id=event.pk, user=mallory, now=timezone.now())
    assert "cancelled." in act(boss, "cancel", first)
    second.refresh_from_db()
    assert second.status == "confirmed"


def test_confirming_approves_a_pending_registration(
    boss: Client, make_event: Callable[..., Event], ada: User
) -> None:
    event = make_event(requires_approval=True)
    pending = registrations.register(event_id=event.pk, user=ada, now=timezone.now())
    act(boss, "confirm", pending)
    pending.refresh_from_db()
    assert pending.status == "confirmed"


def test_confirming_twice_is_refused_in_words(boss: Client, registration: Registration) -> None:
    said = act(boss, "confirm", registration)
    assert said.endswith("The registration is confirmed already.")


# --- Tokens -------------------------------------------------------------------------------------


def test_a_revoked_token_opens_nothing(boss: Client, ada: User) -> None:
    now = timezone.now()
    token, text = tokens.sign_in(email=ada.email, password=PASSWORD, label="phone", now=now)
    act(boss, "revoke", token)
    assert tokens.find_token(text, now=now) is None


# --- Users and who may give rights --------------------------------------------------------------


def new_user(**fields: str) -> dict[str, str]:
    return {
        "email": "lin@example.org",
        "full_name": "Lin",
        "password1": NEW_PASSWORD,
        "password2": NEW_PASSWORD,
        **fields,
    }


def test_an_added_user_signs_in_with_the_email(boss: Client) -> None:
    boss.post(page(User, "add"), new_user())
    assert Client().login(username="lin@example.org", password=NEW_PASSWORD)


def test_an_email_of_any_case_is_taken_once(boss: Client, ada: User) -> None:
    answer = boss.post(page(User, "add"), new_user(email="ADA@example.org"))
    assert "This e-mail belongs to an account already." in errors_of(answer)


def test_two_different_passwords_make_no_user(boss: Client) -> None:
    boss.post(page(User, "add"), new_user(password2="something else entirely"))
    assert not User.objects.filter(full_name="Lin").exists()


def test_another_password_set_by_staff_revokes_the_tokens(boss: Client, ada: User) -> None:
    tokens.sign_in(email=ada.email, password=PASSWORD, label="", now=timezone.now())
    address = reverse("admin:auth_user_password_change", args=[ada.pk])
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    boss.post(address, new)
    assert Client().login(username=ada.email, password=NEW_PASSWORD)
    assert not UserToken.objects.exists()


def test_a_superuser_gives_every_right(boss: Client, ada: User) -> None:
    group = Group.objects.create(name="Door")
    address = page(ada, "change", ada.pk)
    rights = {"is_staff": "on", "is_superuser": "on", "groups": [group.pk]}
    boss.post(address, filled(boss, address, **rights))
    ada.refresh_from_db()
    assert (ada.is_staff, ada.is_superuser, *ada.groups.all()) == (True, True, group)


def test_other_staff_changes_profiles_and_gives_no_rights(clerk: User, ada: User) -> None:
    browser = allow(clerk, "change_user")
    address = page(ada, "change", ada.pk)
    rights = {"is_staff": "on", "is_superuser": "on", "user_permissions": ["1"]}
    browser.post(address, filled(browser, address, full_name="Countess", **rights))
    ada.refresh_from_db()
    assert (ada.full_name, ada.is_staff, ada.is_superuser) == ("Countess", False, False)
    assert not ada.user_permissions.exists()


def test_other_staff_does_not_touch_accounts_with_rights(clerk: User, staff: User) -> None:
    browser = allow(clerk, "change_user")
    password = reverse("admin:auth_user_password_change", args=[staff.pk])
    assert browser.post(page(staff, "change", staff.pk), {}).status_code == 403
    assert browser.post(password, {"password1": NEW_PASSWORD}).status_code == 403


def test_other_staff_makes_no_groups(clerk: User) -> None:
    browser = allow(clerk, "add_group", "change_group")
    assert browser.post(page(Group, "add"), {"name": "Mine"}).status_code == 403


def test_staff_sees_what_its_permissions_name(clerk: User, event: Event) -> None:
    browser = allow(clerk, "view_event")
    assert browser.get(page(Event, "changelist")).status_code == 200
    assert browser.get(page(User, "changelist")).status_code == 403


def test_an_action_needs_the_permission_to_change(clerk: User, registration: Registration) -> None:
    act(allow(clerk, "view_registration"), "cancel", registration)
    registration.refresh_from_db()
    assert registration.status == "confirmed"
    act(allow(clerk, "change_registration"), "cancel", registration)
    registration.refresh_from_db()
    assert registration.status == "cancelled"


def test_nobody_without_staff_sees_the_admin(grace: User) -> None:
    answer = browser_of(grace).get(page(Event, "changelist"))
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]


# --- Many rows ----------------------------------------------------------------------------------


def queries_of(browser: Client, address: str) -> int:
    browser.get(address)  # fills Django's cache of content types
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


def test_a_list_of_fifty_costs_the_queries_of_a_list_of_five(
    boss: Client, make_event: Callable[..., Event], make_user: Callable[..., User]
) -> None:
    def fill(numbers: range) -> None:
        for number in numbers:
            event, user, now = make_event(), make_user(f"u{number}"), timezone.now()
            registrations.register(event_id=event.pk, user=user, now=now)
            tokens.sign_in(email=user.email, password=PASSWORD, label="", now=now)

    models = (Event, EventManager, Registration, User, UserToken)
    fill(range(5))
    few = [queries_of(boss, page(model, "changelist")) for model in models]
    fill(range(5, 50))
    assert [queries_of(boss, page(model, "changelist")) for model in models] == few


def test_an_action_takes_so_many_rows_at_once(boss: Client, event: Event) -> None:
    now = timezone.now()
    User.objects.bulk_create(User(email=f"{n}@example.org", full_name="N") for n in range(201))
    rows = Registration.objects.bulk_create(
        Registration(event=event, user=user, status="pending", created_at=now, updated_at=now)
        for user in User.objects.filter(full_name="N")
    )
    assert act(boss, "confirm", *rows) == "Choose 200 at most."


@pytest.mark.parametrize("address", ["?event=nonsense", "?user__password__startswith=m"])
def test_no_address_of_a_list_fails_or_tells_secrets(boss: Client, address: str) -> None:
    answer = boss.get(page(Registration, "changelist") + address)
    assert answer.status_code in (302, 400)


def test_ones_own_new_password_revokes_ones_tokens_and_keeps_the_session(
    boss: Client, staff: User
) -> None:
    tokens.sign_in(email=staff.email, password=PASSWORD, label="phone", now=timezone.now())
    new = "another battery staple"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    answer = boss.post(reverse("admin:password_change"), form, follow=True)
    staff.refresh_from_db()
    assert answer.redirect_chain == [(reverse("admin:password_change_done"), 302)]
    assert answer.status_code == 200
    assert (staff.check_password(new), staff.tokens.count()) == (True, 0)
