"""`/users/` over HTTP."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework.throttling import ScopedRateThrottle

from entityhandler.models import User
from entityhandler.services import tokens
from tests.conftest import PASSWORD, client_of, client_with
from tests.threads import run_behind, run_in_threads

USERS = "/api/v1/users/"
ME = f"{USERS}me/"
NEW_PASSWORD = "another horse, another battery"
CHARLES: dict[str, Any] = {
    "email": "charles@example.org",
    "full_name": "Charles Babbage",
    "password": PASSWORD,
}


def pointers(answer: Any) -> dict[str, str]:
    """Return the code of each invalid part by its pointer."""
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    return {part["pointer"]: part["code"] for part in answer.json()["errors"]}


def token_of(user: User) -> str:
    _, text = tokens.sign_in(email=user.email, password=PASSWORD, label="", now=timezone.now())
    return text


# --- Signing up ------------------------------------------------------------------------------


def test_anybody_signs_up(client: APIClient, db: None) -> None:
    answer = client.post(USERS, CHARLES)
    user = User.objects.get()
    assert (answer.status_code, answer.json()) == (
        201,
        {"id": str(user.pk), "email": "charles@example.org", "full_name": "Charles Babbage"},
    )


def test_a_new_account_is_nobody_special_whatever_the_body_says(
    client: APIClient, db: None
) -> None:
    ambition = {"is_staff": True, "is_superuser": True, "is_active": False, "id": "0" * 32}
    client.post(USERS, {**CHARLES, **ambition})
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.is_active) == (False, False, True)


def test_a_password_is_kept_as_a_hash(client: APIClient, db: None) -> None:
    client.post(USERS, CHARLES)
    user = User.objects.get()
    assert PASSWORD not in user.password
    assert user.check_password(PASSWORD)


def test_spaces_around_a_password_belong_to_it(client: APIClient, db: None) -> None:
    client.post(USERS, {**CHARLES, "password": f" {PASSWORD} "})
    assert User.objects.get().check_password(f" {PASSWORD} ")


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@example.org", "Ada@Example.ORG"])
def test_an_email_is_taken_in_any_case(client: APIClient, ada: User, email: str) -> None:
    answer = client.post(USERS, {**CHARLES, "email": email})
    assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")
    assert User.objects.count() == 1


def test_what_is_missing_is_pointed_at(client: APIClient, db: None) -> None:
    required = {"#/email": "required", "#/full_name": "required", "#/password": "required"}
    assert pointers(client.post(USERS, {})) == required


def test_no_email_is_pointed_at(client: APIClient, db: None) -> None:
    assert pointers(client.post(USERS, {**CHARLES, "email": "charles"})) == {"#/email": "invalid"}


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_too_short"),
        ("password1234", "password_too_common"),
        ("charles@example.org", "password_too_similar"),
        ("x" * 1001, "max_length"),
    ],
)
def test_a_weak_password_is_pointed_at(
    client: APIClient, db: None, password: str, code: str
) -> None:
    answer = client.post(USERS, {**CHARLES, "password": password})
    assert pointers(answer) == {"#/password": code}


def test_floods_of_sign_ups_are_slowed_down(
    client: APIClient, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setitem(ScopedRateThrottle.THROTTLE_RATES, "sign-up", "5/min")
    answers = [client.post(USERS, {}) for _ in range(6)]
    assert [answer.status_code for answer in answers[-2:]] == [400, 429]
    assert answers[-1].json()["code"] == "too_many_requests"
    assert int(answers[-1]["Retry-After"]) > 0


# --- One's own profile -----------------------------------------------------------------------


def test_everybody_reads_their_own_profile(ada: User) -> None:
    answer = client_of(ada).get(ME)
    assert answer.json() == {
        "id": str(ada.pk),
        "email": "ada@example.org",
        "full_name": "Ada",
        "is_staff": False,
    }


def test_everybody_changes_their_own_name(ada: User) -> None:
    answer = client_of(ada).patch(ME, {"full_name": "Ada Lovelace"})
    ada.refresh_from_db()
    assert (answer.status_code, answer.json()["full_name"]) == (200, "Ada Lovelace")
    assert ada.full_name == "Ada Lovelace"


def test_the_email_of_somebody_else_is_taken(ada: User, mallory: User) -> None:
    answer = client_of(mallory).patch(ME, {"email": "ADA@example.org"})
    assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")


def test_one_s_own_email_in_another_case_is_not_taken(ada: User) -> None:
    answer = client_of(ada).patch(ME, {"email": "Ada@example.org"})
    assert (answer.status_code, answer.json()["email"]) == (200, "Ada@example.org")


def test_nobody_makes_themselves_staff(ada: User) -> None:
    client_of(ada).patch(ME, {"is_staff": True, "is_superuser": True, "is_active": False})
    ada.refresh_from_db()
    assert (ada.is_staff, ada.is_superuser, ada.is_active) == (False, False, True)


def test_a_new_password_needs_the_current_one(ada: User) -> None:
    answer = client_of(ada).patch(ME, {"password": NEW_PASSWORD})
    assert pointers(answer) == {"#/current_password": "wrong_password"}
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


def test_a_new_password_needs_the_right_current_one(ada: User) -> None:
    answer = client_of(ada).patch(ME, {"password": NEW_PASSWORD, "current_password": "wrong"})
    assert pointers(answer) == {"#/current_password": "wrong_password"}


def test_a_new_password_must_be_a_good_one(ada: User) -> None:
    answer = client_of(ada).patch(ME, {"password": "12345678", "current_password": PASSWORD})
    assert "#/password" in pointers(answer)


def test_a_new_password_works_and_the_old_one_does_not(ada: User) -> None:
    answer = client_of(ada).patch(ME, {"password": NEW_PASSWORD, "current_password": PASSWORD})
    ada.refresh_from_db()
    assert answer.status_code == 200
    assert (ada.check_password(NEW_PASSWORD), ada.check_password(PASSWORD)) == (True, False)


def test_a_password_is_never_shown(ada: User) -> None:
    answer = client_of(ada).patch(ME, {"password": NEW_PASSWORD, "current_password": PASSWORD})
    assert NEW_PASSWORD not in answer.content.decode()
    assert PASSWORD not in answer.content.decode()


def test_a_new_password_kills_every_other_token_and_keeps_this_one(ada: User) -> None:
    kept, other = token_of(ada), token_of(ada)
    change = {"password": NEW_PASSWORD, "current_password": PASSWORD}
    client_with(kept).patch(ME, change)
    assert client_with(kept).get(ME).status_code == 200
    assert client_with(other).get(ME).status_code == 401


def test_a_refused_password_kills_no_token(ada: User) -> None:
    kept, other = token_of(ada), token_of(ada)
    client_with(kept).patch(ME, {"password": "12345678", "current_password": PASSWORD})
    assert client_with(other).get(ME).status_code == 200


def test_a_session_changes_nothing_without_its_csrf_token(ada: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.login(username=ada.email, password=PASSWORD)
    answer = browser.patch(ME, {"full_name": "Forged"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_profiles_are_patched_not_put(ada: User) -> None:
    assert client_of(ada).put(ME, {"full_name": "Ada"}).status_code == 405


# --- Staff -----------------------------------------------------------------------------------


def test_staff_finds_people_by_name_and_email(staff: User, ada: User, grace: User) -> None:
    answer = client_of(staff).get(USERS, {"search": "ADA@"})
    assert [user["id"] for user in answer.json()["results"]] == [str(ada.pk)]


def test_staff_reads_an_account(staff: User, ada: User) -> None:
    answer = client_of(staff).get(f"{USERS}{ada.pk}/")
    assert (answer.json()["email"], answer.json()["is_active"]) == ("ada@example.org", True)


def test_no_list_shows_a_password(staff: User) -> None:
    assert "password" not in client_of(staff).get(USERS).content.decode()


def test_a_switched_off_account_is_signed_out_at_once(staff: User, ada: User) -> None:
    token = token_of(ada)
    client_of(staff).patch(f"{USERS}{ada.pk}/", {"is_active": False})
    assert client_with(token).get(ME).status_code == 401


def test_staff_without_superuser_makes_no_staff(make_user: Callable[..., User], ada: User) -> None:
    clerk = make_user("clerk", is_staff=True)
    answer = client_of(clerk).patch(f"{USERS}{ada.pk}/", {"is_staff": True})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_staff_without_superuser_takes_no_superuser_s_email(
    make_user: Callable[..., User], staff: User
) -> None:
    clerk = make_user("clerk", is_staff=True)
    answer = client_of(clerk).patch(f"{USERS}{staff.pk}/", {"email": "clerk2@example.org"})
    assert answer.status_code == 403


def test_an_unknown_account_is_a_404(staff: User) -> None:
    answer = client_of(staff).get(f"{USERS}00000000-0000-4000-8000-000000000000/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


# --- Two at once -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_change_does_not_take_back_another_that_it_waited_for(ada: User) -> None:
    def rename() -> None:
        User.objects.filter(pk=ada.pk).update(full_name="Ada Lovelace")

    run_behind(rename, [lambda: client_of(ada).patch(ME, {"email": "lovelace@example.org"})])
    ada.refresh_from_db()
    assert (ada.full_name, ada.email) == ("Ada Lovelace", "lovelace@example.org")


@pytest.mark.django_db(transaction=True)
def test_one_current_password_buys_one_new_password(ada: User) -> None:
    def change(number: int) -> Any:
        body = {"password": f"{NEW_PASSWORD} {number}", "current_password": PASSWORD}
        return client_of(ada).patch(ME, body)

    answers = run_in_threads([partial(change, number) for number in range(8)])
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7


@pytest.mark.django_db(transaction=True)
def test_one_email_is_taken_once(db: None) -> None:
    answers = run_in_threads([lambda: APIClient().post(USERS, CHARLES)] * 8)
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


@pytest.mark.django_db(transaction=True)
def test_an_old_password_gets_no_token_while_a_new_one_is_set(ada: User) -> None:
    def set_password() -> None:
        User.objects.filter(pk=ada.pk).update(password=make_password(NEW_PASSWORD))

    (result,) = run_behind(set_password, [partial(token_of, ada)])
    assert isinstance(result, tokens.WrongCredentials)
