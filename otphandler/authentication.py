"""Who is asking: bearer tokens of scanners."""

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from entityhandler.authentication import bearer_token
from otphandler.models import Scanner
from otphandler.services import gates


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
        return 'Bearer realm="ticketmgr"'
