"""Signing in to the pages: a session, which no other site can begin or use."""

from typing import Any

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.test import Client

from entityhandler.models import User
from entityhandler.services import users
from tests.conftest import PASSWORD

ADDRESS = "/api/v1/session/"


@pytest.fixture
def browser() -> Client:
    """Return a browser that has opened a page, and so holds a CSRF token."""
    browser = Client(enforce_csrf_checks=True)
    browser.cookies["csrftoken"] = "a" * 32
    return browser


def sign_in(browser: Client, password: str = PASSWORD, token: str = "a" * 32) -> Any:
    body = {"email": "ADA@example.org", "password": password}
    return browser.post(
        ADDRESS, body, content_type="application/json", headers={"X-CSRFToken": token}
    )


def test_a_session_knows_whose_it_is(browser: Client, ada: User) -> None:
    answer = sign_in(browser)
    assert (answer.status_code, answer.json()["id"]) == (201, str(ada.pk))
    assert browser.get("/api/v1/users/me/").json()["email"] == ada.email


def test_a_wrong_password_begins_no_session(browser: Client, ada: User) -> None:
    answer = sign_in(browser, password="wrong")
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")
    assert "sessionid" not in browser.cookies


def test_nobody_is_signed_in_without_the_csrf_token(browser: Client, ada: User) -> None:
    answer = sign_in(browser, token="b" * 32)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert "sessionid" not in browser.cookies


def test_signing_out_ends_the_session_on_the_server(browser: Client, ada: User) -> None:
    sign_in(browser)
    stolen = browser.cookies["sessionid"].value
    token = browser.cookies["csrftoken"].value
    answer = browser.delete(ADDRESS, headers={"X-CSRFToken": token})
    assert answer.status_code == 204
    browser.cookies["sessionid"] = stolen
    assert browser.get("/api/v1/users/me/").status_code == 401


def test_a_session_alone_changes_nothing(browser: Client, ada: User) -> None:
    sign_in(browser)
    answer = browser.delete(ADDRESS)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_a_new_password_ends_the_sessions(browser: Client, ada: User) -> None:
    sign_in(browser)
    users.reset_password(user=ada, new_password="another battery staple")
    assert browser.get("/api/v1/users/me/").status_code == 401


def test_passwords_are_hashed_with_argon2(settings: Any, ada: User) -> None:
    settings.PASSWORD_HASHERS = ["entityhandler.hashers.Argon2"]
    ada.set_password(PASSWORD)
    assert identify_hasher(ada.password).algorithm == "argon2"
    assert ada.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_an_older_hash_opens_the_account_and_is_renewed(
    settings: Any, browser: Client, ada: User
) -> None:
    settings.PASSWORD_HASHERS = [
        "entityhandler.hashers.Argon2",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    assert sign_in(browser).status_code == 201
    assert User.objects.get(pk=ada.pk).password.startswith("argon2$")
