"""`/tokens/` over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework.throttling import ScopedRateThrottle

from entityhandler.authentication import PUBLISHED_DEMO_PASSWORD
from entityhandler.models import User, UserToken
from entityhandler.services import tokens
from tests.conftest import PASSWORD, client_of, client_with

TOKENS = "/api/v1/tokens/"
ME = "/api/v1/users/me/"


def sign_in(client: APIClient, **changes: Any) -> Any:
    return client.post(TOKENS, {"email": "ada@example.org", "password": PASSWORD, **changes})


@pytest.fixture
def token(ada: User) -> str:
    """Return the text of a token of Ada's."""
    _, text = tokens.sign_in(email=ada.email, password=PASSWORD, label="", now=timezone.now())
    return text


def test_signing_in_gives_a_token_that_works(client: APIClient, ada: User) -> None:
    answer = sign_in(client)
    assert answer.status_code == 201
    assert client_with(answer.json()["token"]).get(ME).json()["id"] == str(ada.pk)


def test_a_token_comes_with_its_owner_label_and_end(client: APIClient, ada: User) -> None:
    answer = sign_in(client, label="my phone").json()
    assert answer.keys() == {"id", "token", "label", "expires_at", "user"}
    assert answer["label"] == "my phone"
    assert answer["user"] == {"id": str(ada.pk), "email": "ada@example.org", "full_name": "Ada"}


def test_a_token_is_never_stored_by_caches(client: APIClient, ada: User) -> None:
    assert sign_in(client)["Cache-Control"] == "no-store"


def test_a_token_has_its_prefix_and_256_random_bits(client: APIClient, ada: User) -> None:
    text = sign_in(client).json()["token"]
    assert text.startswith("tmu_")
    assert len(text) == len("tmu_") + 43


def test_the_table_holds_a_digest_alone(client: APIClient, ada: User) -> None:
    text = sign_in(client).json()["token"]
    assert bytes(UserToken.objects.get().digest) == tokens.digest(text)


def test_a_token_ends_after_the_days_of_the_settings(
    client: APIClient, ada: User, settings: Any
) -> None:
    settings.USER_TOKEN_DAYS = 3
    sign_in(client)
    token = UserToken.objects.get()
    assert token.expires_at - token.created_at == timedelta(days=3)


@pytest.mark.parametrize("email", ["ADA@EXAMPLE.ORG", " ada@example.org "])
def test_the_email_is_recognised_however_it_is_typed(
    client: APIClient, ada: User, email: str
) -> None:
    assert sign_in(client, email=email).status_code == 201


def test_a_letter_of_another_alphabet_opens_no_account_of_somebody_else(
    client: APIClient, ada: User
) -> None:
    # Python lowers the Turkish capital İ to an i and a combining dot, which is another address.
    User.objects.filter(pk=ada.pk).update(email="ada@i\u0307stanbul.example")
    assert sign_in(client, email="ada@\u0130stanbul.example").status_code == 401


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong"}, {"email": "nobody@example.org"}, {"email": "ada"}]
)
def test_wrong_credentials_are_not_told_apart(
    client: APIClient, ada: User, wrong: dict[str, str]
) -> None:
    answer = sign_in(client, **wrong)
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")
    assert answer.json()["detail"] == "The e-mail or the password is wrong."
    assert "Bearer" in answer["WWW-Authenticate"]


def test_a_switched_off_account_does_not_sign_in(client: APIClient, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert sign_in(client).json()["code"] == "wrong_credentials"


def test_the_demo_password_is_refused_outside_the_demo(
    client: APIClient, ada: User, settings: Any
) -> None:
    settings.DEMO = False
    ada.set_password(PUBLISHED_DEMO_PASSWORD)
    ada.save()
    answer = sign_in(client, password=PUBLISHED_DEMO_PASSWORD)
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")


def test_the_demo_password_works_in_the_demo(client: APIClient, ada: User, settings: Any) -> None:
    settings.DEMO = True
    ada.set_password(PUBLISHED_DEMO_PASSWORD)
    ada.save()
    assert sign_in(client, password=PUBLISHED_DEMO_PASSWORD).status_code == 201


def test_floods_of_guesses_are_slowed_down(
    client: APIClient, monkeypatch: pytest.MonkeyPatch, ada: User
) -> None:
    monkeypatch.setitem(ScopedRateThrottle.THROTTLE_RATES, "sign-in", "5/min")
    answers = [sign_in(client, password="wrong") for _ in range(6)]
    assert [answer.status_code for answer in answers[-2:]] == [401, 429]
    assert int(answers[-1]["Retry-After"]) > 0


# --- Using one -------------------------------------------------------------------------------


def test_an_expired_token_opens_nothing(token: str) -> None:
    UserToken.objects.update(expires_at=timezone.now())
    answer = client_with(token).get(ME)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert "Bearer" in answer["WWW-Authenticate"]


@pytest.mark.parametrize(
    "header",
    ["Bearer tmu_unknown", "Bearer", "Bearer ", "Basic YWRhOmFkYQ==", "Bearer x", "Bearer tmu_é"],
)
def test_a_bad_credential_is_told_even_where_none_is_needed(
    client: APIClient, db: None, header: str
) -> None:
    client.credentials(HTTP_AUTHORIZATION=header)
    answer = client.get("/api/v1/events/")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert "Bearer" in answer["WWW-Authenticate"]


def test_the_scheme_is_recognised_in_any_case(client: APIClient, token: str) -> None:
    client.credentials(HTTP_AUTHORIZATION=f"bearer {token}")
    assert client.get(ME).status_code == 200


# --- Finding and revoking --------------------------------------------------------------------


def test_the_list_shows_everything_but_the_text(ada: User, token: str) -> None:
    answer = client_of(ada).get(TOKENS)
    assert answer.json()["results"][0].keys() == {"id", "label", "created_at", "expires_at"}
    assert token not in answer.content.decode()


def test_the_list_shows_one_s_own_alone(mallory: User, token: str) -> None:
    assert client_of(mallory).get(TOKENS).json()["results"] == []


def test_a_revoked_token_opens_nothing(ada: User, token: str) -> None:
    answer = client_of(ada).delete(f"{TOKENS}{UserToken.objects.get().pk}/")
    assert answer.status_code == 204
    assert client_with(token).get(ME).status_code == 401


def test_nobody_revokes_the_token_of_somebody_else(mallory: User, token: str) -> None:
    answer = client_of(mallory).delete(f"{TOKENS}{UserToken.objects.get().pk}/")
    assert answer.status_code == 404
    assert client_with(token).get(ME).status_code == 200


def test_current_revokes_the_token_of_the_request_and_no_other(ada: User, token: str) -> None:
    _, other = tokens.sign_in(email=ada.email, password=PASSWORD, label="", now=timezone.now())
    assert client_with(token).delete(f"{TOKENS}current/").status_code == 204
    assert client_with(token).get(ME).status_code == 401
    assert client_with(other).get(ME).status_code == 200


def test_a_session_has_no_current_token(ada: User) -> None:
    client = APIClient()
    client.login(username=ada.email, password=PASSWORD)
    answer = client.delete(f"{TOKENS}current/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
