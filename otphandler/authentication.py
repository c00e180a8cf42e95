"""Who is asking: bearer tokens of scanners."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from entityhandler.authentication import bearer_token
from otphandler.models import Scanner
from otphandler.services import gates

CHALLENGE = 'Bearer realm="ticketmgr"'


class ScannerTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer tms_…`; `request.auth` is the scanner, `request.user` nobody."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Scanner] | None:
        """Return the scanner; None without a header. Any other bearer token is refused here.

        This is the last of the bearer schemes, so a token of no known kind ends with it.
        """
        text = bearer_token(request)
        if text is None:
            return None
        scanner = gates.find_scanner(text) if text.startswith(gates.PREFIX) else None
        if scanner is None:
            raise AuthenticationFailed("The token is unknown or revoked.")
        return AnonymousUser(), scanner

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return CHALLENGE


def scanner_asking(request: HttpRequest) -> Scanner | None:
    """Return the scanner whose credential a plain scan carries, one query; None for a doubt.

    Every credential that may scan the short way is looked for here and nowhere else; who is in
    doubt is told why by the classes that REST framework tries. A credential that a browser sends by
    itself must be checked against forged requests here: Django's own check comes later, as sessions
    do.
    """
    scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme != "Bearer" or not text.startswith(gates.PREFIX):
        return None
    return gates.find_scanner(text)
