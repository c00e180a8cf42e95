"""Bearer tokens of users: signing in, finding out who asks, signing out."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest

from entityhandler.models import User, UserToken
from ticketmgr.errors import DomainError
from ticketmgr.transactions import write_use_case

PREFIX = "tmu_"
# 256 bits: nothing to guess, so a digest without salt or stretching is enough.
RANDOM_BYTES = 32


class WrongCredentials(DomainError):
    """The e-mail and password open no account; which of them was wrong is not told."""

    code = "wrong_credentials"
    status = 401
    title = "The e-mail or the password is wrong."


def new_token(prefix: str) -> str:
    """Return a fresh token: the prefix, by which kinds are told apart, and chance."""
    return prefix + secrets.token_urlsafe(RANDOM_BYTES)


def digest(token: str) -> bytes:
    """Return what a table holds of a token: its SHA-256."""
    return hashlib.sha256(token.encode()).digest()


@write_use_case
def sign_in(
    *, email: str, password: str, label: str, now: datetime, request: HttpRequest | None = None
) -> tuple[UserToken, str]:
    """Return a new token of the user and its text, which nobody sees again.

    `request` is handed to Django's authentication backends alone. Locks the user row, as a change
    of the password does: an old password opens nothing once the change was answered. Raises
    WrongCredentials.
    """
    user = recognise(email=email, password=password, request=request)
    return _issue(user=user, label=label, now=now)


def recognise(*, email: str, password: str, request: HttpRequest | None) -> User:
    """Return the account that these open, its row locked, in the caller's transaction.

    Raises WrongCredentials.
    """
    found = authenticate(request, username=email.strip(), password=password)
    if not isinstance(found, User):
        raise WrongCredentials
    user = User.objects.select_for_update(no_key=True).get(pk=found.pk)
    if user.password != found.password or not user.is_active:
        raise WrongCredentials
    return user


def _issue(*, user: User, label: str, now: datetime) -> tuple[UserToken, str]:
    text = new_token(PREFIX)
    token = UserToken.objects.create(
        user=user,
        label=label,
        digest=digest(text),
        created_at=now,
        expires_at=now + timedelta(days=settings.USER_TOKEN_DAYS),
    )
    return token, text


def find_token(text: str, *, now: datetime) -> UserToken | None:
    """Return the valid token with this text, its user loaded, or None; one query."""
    return (
        UserToken.objects.valid_at(now).select_related("user").filter(digest=digest(text)).first()
    )


@write_use_case
def revoke_token(*, token: UserToken) -> None:
    """Forget a token; it opens nothing from the next request on."""
    token.delete()
