"""`manage.py print_welcome`: what to open and what to paste, once the server answers."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from otphandler import demo
from otphandler.views.gates import PAIRING_PAGE

WELCOME = """
Ticket Manager is ready: {base_url}/

  Events and tickets  {base_url}/
  API documentation   {base_url}/api/v1/docs/
  Administration      {base_url}/admin/
{demo}
Ctrl-C stops everything; the data stays in var/ for the next `make run`.
"""
DEMO = """
Accounts, all with the password {password}:

  {staff:<20} superuser: administration and API
  {manager:<20} manages the demo event
  {guest:<20} is registered for it: sign in and open "My tickets"

The gate, in a second window: one tap pairs it. Hold Ada's ticket up to its camera, or choose Name,
type ada and the code of her ticket. This link is good for 10 minutes, `make gate` prints another:

  {gate}

Scan Ada's ticket as the device at the gate would; paste this in another terminal:

{curl}

It answers 201 "admitted"; pasted twice, 409 "already_admitted". The code in it is good for
{valid_for_s} seconds; after that, `make scan` prints a fresh line. `make demo` plays it all.
"""


class Command(BaseCommand):
    """Prints the addresses, the demo accounts, and a curl line that is admitted now."""

    help = "Print what to try next against a running server."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address of the server."""
        parser.add_argument("--base-url", default="http://127.0.0.1:8000")
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--curl-only", action="store_true", help="print just the curl line")
        only.add_argument("--gate-only", action="store_true", help="print just the gate's link")

    def handle(
        self, *args: Any, base_url: str, curl_only: bool, gate_only: bool, **options: Any
    ) -> None:
        """Print it."""
        base_url = base_url.rstrip("/")
        if curl_only or gate_only:
            self.stdout.write(_curl(base_url, _ready_scan()) if curl_only else _gate(base_url))
            return
        told = _demo(base_url) if settings.DEMO else ""
        self.stdout.write(WELCOME.format(base_url=base_url, demo=told))


def _ready_scan() -> demo.ReadyScan:
    with _demo_is_needed():
        return demo.ready_scan(now=timezone.now())


def _gate(base_url: str) -> str:
    """Return the address that makes a browser the demo gate's scanner, once."""
    with _demo_is_needed():
        return f"{base_url}{PAIRING_PAGE}#{demo.pairing_token(now=timezone.now())}"


@contextmanager
def _demo_is_needed() -> Iterator[None]:
    try:
        yield
    except demo.DemoIsOff as error:
        raise CommandError("There is no demo here: set DEMO=true.") from error


def _demo(base_url: str) -> str:
    scan = _ready_scan()
    return DEMO.format(
        password=settings.DEMO_PASSWORD,
        staff=demo.STAFF,
        manager=demo.MANAGER,
        guest=demo.GUEST,
        gate=_gate(base_url),
        curl=_curl(base_url, scan),
        valid_for_s=scan.valid_for_s,
    )


def _curl(base_url: str, scan: demo.ReadyScan) -> str:
    headers = [f"Authorization: Bearer {scan.token}", "Content-Type: application/json"]
    words = ["curl", "-si", f"{base_url}/api/v1/scans/"]
    for header in headers:
        words += ["-H", header]
    return shlex.join([*words, "-d", scan.body()])
