"""Who is asking: bearer tokens of scanners, and the cookie of a device that was paired."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response

from entityhandler.authentication import bearer_token
from otphandler.models import Scanner
from otphandler.services import gates

CHALLENGE = 'Bearer realm="ticketmgr"'
# The gate page says by this header that a device asks. No form or link sends it, and a script of
# another origin needs a preflight for it, which nothing here answers.
DEVICE_HEADER = "Gate-Device"
# Browsers keep no cookie for longer (RFC 6265bis §5.5); a pairing ends by revocation, not by age.
COOKIE_AGE = timedelta(days=400)


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


class DeviceCookieAuthentication(BaseAuthentication):
    """The cookie of a paired device, which counts beside the header of the gate page alone."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Scanner] | None:
        """Return the scanner; None without the header, however good the cookie."""
        if DEVICE_HEADER not in request.headers:
            return None
        scanner = gates.find_scanner(request.COOKIES.get(cookie_name(), ""))
        if scanner is None:
            raise AuthenticationFailed("This device is not paired, or was revoked.")
        return AnonymousUser(), scanner


def cookie_name() -> str:
    """Return the cookie's name; `__Host-` keeps other hosts of the site from planting one."""
    return "__Host-gate" if settings.HTTPS_ONLY else "gate"


def give_cookie(response: Response, token: str) -> None:
    """Let the device carry its token where no script reads it and no other site sends it."""
    response.set_cookie(
        cookie_name(),
        token,
        max_age=COOKIE_AGE,
        secure=settings.HTTPS_ONLY,
        httponly=True,
        samesite="Strict",
    )


def take_cookie(response: Response) -> None:
    """Let the device forget its token."""
    response.delete_cookie(cookie_name(), samesite="Strict")


def scanner_asking(request: HttpRequest) -> Scanner | None:
    """Return the scanner whose credential a plain scan carries, one query; None for a doubt.

    Every credential that may scan the short way is looked for here and nowhere else; who is in
    doubt is told why by the classes that REST framework tries. The cookie, which a browser sends by
    itself, counts beside the header alone, as in `DeviceCookieAuthentication`: Django's own check
    against forged requests comes later, as sessions do.
    """
    authorization = request.META.get("HTTP_AUTHORIZATION", "")
    if not authorization and DEVICE_HEADER in request.headers:
        return gates.find_scanner(request.COOKIES.get(cookie_name(), ""))
    scheme, _, text = authorization.partition(" ")
    if scheme != "Bearer" or not text.startswith(gates.PREFIX):
        return None
    return gates.find_scanner(text)
