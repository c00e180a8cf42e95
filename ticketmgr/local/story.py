"""`make demo`: the whole story over HTTP, as a client written from the contract would play it.

Knows nothing of the server but its address: codes are computed here, with pyotp.
"""

import argparse
import json
import secrets
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp

from ticketmgr.local.environment import configured

# A server that needs longer than this for one answer has failed the story.
TIMEOUT_S = 30
# Digits of a secret or token that a transcript shows.
SHOWN_CHARS = 8
SECRETS = frozenset({"password", "token", "secret", "otpauth_uri"})


class Different(Exception):
    """A step was answered with something else than the story says."""


@dataclass
class Story:
    """A conversation with one server, printed as it goes."""

    base_url: str
    steps: int = field(default=0)

    def step(self, title: str) -> None:
        """Begin the next step."""
        self.steps += 1
        print(f"\n{self.steps}. {title}", flush=True)

    def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        token: str = "",
        expect: tuple[int, str],
        shows: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """Send a request, print both sides, and raise Different unless the answer is expected.

        `expect` is the status and, for an answer that has one, its `code` or `outcome`.
        """
        print(f"   > {method} /api/v1{path} {told(body) if body else ''}".rstrip())
        status, answer = self._send(method, path, body, token)
        word = str(answer.get("code", answer.get("outcome", "")))
        shown = {name: answer[name] for name in shows if name in answer}
        print(f"   < {status} {word} {told(shown) if shown else ''}".rstrip())
        if (status, word) != expect:
            raise Different(f"expected {expect[0]} {expect[1]}, got {status} {word}: {answer}")
        return answer

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None, token: str
    ) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(  # noqa: S310  # the address is the operator's own
            f"{self.base_url}/api/v1{path}",
            method=method,
            headers=headers,
            data=json.dumps(body).encode() if body is not None else None,
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:  # noqa: S310
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.load(refusal)


def told(body: dict[str, Any]) -> str:
    """Return a body as a transcript shows it: secrets cut short."""
    shown = {
        name: f"{value[:SHOWN_CHARS]}…" if name in SECRETS else value
        for name, value in body.items()
    }
    return json.dumps(shown, ensure_ascii=False)


def play(story: Story, *, staff_password: str) -> None:
    """Play it; raises Different at the first answer that differs."""
    story.step("Two people sign up.")
    ada, password = sign_up(story, "Ada Lovelace")
    mallory, _ = sign_up(story, "Mallory Malone")

    story.step("Staff creates an event and publishes it.")
    staff = sign_in(story, "staff@example.org", staff_password)
    now = datetime.now(UTC)
    event = story.call(
        "POST",
        "/events/",
        {
            "name": f"Demo {secrets.token_hex(2)}",
            "starts_at": (now - timedelta(hours=1)).isoformat(),
            "ends_at": (now + timedelta(hours=8)).isoformat(),
            "capacity": 100,
        },
        token=staff,
        expect=(201, ""),
        shows=("id", "status"),
    )["id"]
    story.call(
        "POST", f"/events/{event}/publish/", token=staff, expect=(200, ""), shows=("status",)
    )

    story.step("Ada registers and fetches the secret of her ticket.")
    token = sign_in(story, ada["email"], password)
    registration = story.call(
        "POST",
        "/registrations/",
        {"event": event},
        token=token,
        expect=(201, ""),
        shows=("id", "status"),
    )["id"]
    ticket = story.call(
        "POST",
        f"/registrations/{registration}/ticket/secret/",
        token=token,
        expect=(200, ""),
        shows=("secret", "algorithm", "digits", "period_s"),
    )

    story.step("Staff puts a scanner at the north gate.")
    gate = story.call(
        "POST",
        "/gates/",
        {"event": event, "name": "North"},
        token=staff,
        expect=(201, ""),
        shows=("id",),
    )["id"]
    scanner = story.call(
        "POST",
        "/scanners/",
        {"gate": gate, "name": "Phone 1"},
        token=staff,
        expect=(201, ""),
        shows=("token",),
    )["token"]

    good, bad = codes(ticket)
    triple = {"user": ada["id"], "event": event, "otp": good}

    story.step("Ada shows her code: she is admitted.")
    story.call(
        "POST", "/scans/", triple, token=scanner, expect=(201, "admitted"), shows=("attendee",)
    )
    story.step("The same code again: a screenshot does not get in.")
    story.call(
        "POST",
        "/scans/",
        triple,
        token=scanner,
        expect=(409, "already_admitted"),
        shows=("first_admitted_at", "gate"),
    )
    story.step("A wrong code.")
    story.call("POST", "/scans/", {**triple, "otp": bad}, token=scanner, expect=(403, "wrong_code"))
    story.step("Somebody who never registered.")
    story.call(
        "POST",
        "/scans/",
        {**triple, "user": mallory["id"]},
        token=scanner,
        expect=(403, "not_registered"),
    )


def sign_up(story: Story, full_name: str) -> tuple[dict[str, Any], str]:
    """Make an account under a fresh e-mail; return it and its password."""
    first_name, password = full_name.split()[0].lower(), secrets.token_urlsafe(12)
    account = story.call(
        "POST",
        "/users/",
        {
            "email": f"{first_name}-{secrets.token_hex(4)}@example.org",
            "full_name": full_name,
            "password": password,
        },
        expect=(201, ""),
        shows=("id",),
    )
    return account, password


def sign_in(story: Story, email: str, password: str) -> str:
    """Return a token of that account."""
    body = {"email": email, "password": password, "label": "make demo"}
    answer = story.call("POST", "/tokens/", body, expect=(201, ""), shows=("token",))
    return str(answer["token"])


def codes(ticket: dict[str, Any]) -> tuple[str, str]:
    """Return the code of this moment and one that is wrong now, computed as a phone would."""
    generator = pyotp.TOTP(ticket["secret"], digits=ticket["digits"], interval=ticket["period_s"])
    period_s = ticket["period_s"]
    now = time.time()
    near = {generator.at(int(now) + steps * period_s) for steps in range(-2, 3)}
    wrong = next(code for code in map(str, range(10**5, 10**6)) if code not in near)
    return generator.at(int(now)), wrong


def main() -> int:
    """Play the story against a running server; 0 if every answer was the expected one."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--base-url", default="http://127.0.0.1:8000")
    base_url = parser.parse_args().base_url.rstrip("/")
    password = configured().get("DEMO_PASSWORD") or "ticket-demo"
    try:
        play(Story(base_url), staff_password=password)
    except Different as difference:
        print(f"\nThe story went differently: {difference}", file=sys.stderr)
        return 1
    except (urllib.error.URLError, TimeoutError) as error:
        print(f"No server answers at {base_url} ({error}); start one: make run", file=sys.stderr)
        return 1
    print("\nEvery answer was the expected one.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
