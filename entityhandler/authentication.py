"""Who is asking: bearer tokens of users, and the demo password that works in the demo alone."""

import hmac
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from entityhandler.models import User, UserToken
from entityhandler.services import tokens

PUBLISHED_DEMO_PASSWORD = "ticket-demo"  # noqa: S105  # published on purpose


def bearer_token(request: Request) -> str | None:
    """Return the text after `Authorization: Bearer`, None without such a header.

    Raises AuthenticationFailed for a header that is no bearer token, so that a typing error is
    told instead of being treated as nobody asking.
    """
    header = get_authorization_header(request)
    if not header:
        return None
    scheme, _, token = header.partition(b" ")
    if scheme.lower() != b"bearer" or not token.strip():
        raise AuthenticationFailed("Write the header as: Authorization: Bearer <token>")
    return token.strip().decode("latin-1")


class UserTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer tmu_…`; sets `request.user` and, as `request.auth`, the token."""

    def authenticate(self, request: Request) -> tuple[User, UserToken] | None:
        """Return the user and the token, None where the header names no user token."""
        text = bearer_token(request)
        if text is None or not text.startswith(tokens.PREFIX):
            return None
        token = tokens.find_token(text, now=timezone.now())
        if token is None:
            raise AuthenticationFailed("The token is unknown, revoked or expired.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return 'Bearer realm="ticketmgr"'


class RefuseDemoPassword:
    """A Django backend that stops the published demo password wherever DEMO is off.

    A database that once held the demo data must not stay open to whoever read the README.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, **credentials: Any
    ) -> None:
        """Raise PermissionDenied, which ends the search, for that password; else step aside."""
        password = str(credentials.get("password") or "")
        published = hmac.compare_digest(password.encode(), PUBLISHED_DEMO_PASSWORD.encode())
        if published and not settings.DEMO:
            raise PermissionDenied
