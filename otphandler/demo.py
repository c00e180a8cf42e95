"""The demo: three people, one event that is on now, one gate, one scanner. Loading is idempotent.

Its password is published, so nothing here runs unless DEMO is on.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings

from entityhandler.models import Event, Registration, User
from entityhandler.services import events, registrations
from otphandler import totp
from otphandler.models import Gate, OtpPolicy, Scanner
from otphandler.services import gates, manual, pairing, tickets

STAFF, MANAGER, GUEST = "staff@example.org", "grace@example.org", "ada@example.org"
EVENT_NAME, GATE_NAME, SCANNER_NAME = "Analytical Engine Night", "North", "Demo phone"
# The device that opens the gate page: a pairing of it leaves the other's token alone.
PAGE_SCANNER_NAME = "Gate page"
# The event stays open for this long after each start of the demo.
OPEN_FOR = timedelta(days=30)
# The scanner's token is shown once by the server, so the demo keeps its own copy, for its owner.
TOKEN_FILE = Path(settings.BASE_DIR) / "var" / "demo-scanner-token"


class DemoIsOff(Exception):
    """DEMO is not on, so neither the accounts nor their password may exist here."""


@dataclass(frozen=True)
class ReadyScan:
    """A scan that is admitted now: the body to post and the token to post it with."""

    token: str
    user: UUID
    event: UUID
    otp: str
    valid_for_s: int

    def body(self) -> str:
        """Return the JSON to post."""
        return json.dumps({"user": str(self.user), "event": str(self.event), "otp": self.otp})


def load(*, now: datetime) -> Event:
    """Make what is missing of the demo and return its event; raises DemoIsOff."""
    if not settings.DEMO:
        raise DemoIsOff
    _person(STAFF, "Staff Superuser", is_staff=True, is_superuser=True)
    grace = _person(MANAGER, "Grace Hopper")
    ada = _person(GUEST, "Ada Lovelace")
    event = _event(grace, now)
    registration = _registration(event, ada, now)
    tickets.hand_out_secret(registration_id=registration.pk, now=now)
    _scanner_token(_gate(event), now)
    return event


def ready_scan(*, now: datetime) -> ReadyScan:
    """Return a scan of Ada's ticket that is admitted now, taking back an earlier admission."""
    event = load(now=now)
    grace, ada = User.objects.get(email=MANAGER), User.objects.get(email=GUEST)
    registration = _registration(event, ada, now)
    ticket = tickets.hand_out_secret(registration_id=registration.pk, now=now).ticket
    if ticket.entries:
        manual.undo_admission(
            registration_id=registration.pk, by=grace, reason="Ready for another try", now=now
        )
    unix_s = totp.unix_seconds(now)
    # The newest code that is accepted already is the one that stays good for longest.
    tolerance = OtpPolicy.of(event.pk).tolerance
    step = totp.accepted_steps(unix_s, ticket.parameters, tolerance)[-1]
    if ticket.last_step is not None and ticket.last_step >= step:
        tickets.reissue_ticket(registration_id=registration.pk, now=now)
    found = tickets.hand_out_secret(registration_id=registration.pk, now=now)
    parameters = found.ticket.parameters
    expires_s = (step + 1) * parameters.period_s + tolerance.past_s
    return ReadyScan(
        token=_scanner_token(_gate(event), now),
        user=ada.pk,
        event=event.pk,
        otp=totp.code_at(found.secret, step, parameters),
        valid_for_s=expires_s - unix_s,
    )


def pairing_token(*, now: datetime) -> str:
    """Return the one-time token that pairs a browser with the demo gate; raises DemoIsOff."""
    gate = _gate(load(now=now))
    scanner = Scanner.objects.active().filter(gate=gate, name=PAGE_SCANNER_NAME).first()
    if scanner is None:
        scanner, _ = gates.create_scanner(gate=gate, name=PAGE_SCANNER_NAME, now=now)
        gates.permit_override(scanner_id=scanner.pk, allowed=True)
    _, token = pairing.start_pairing(scanner_id=scanner.pk, now=now)
    return token


def _person(email: str, full_name: str, **rank: bool) -> User:
    """Return a demo account as it should be, whatever somebody made of it meanwhile."""
    user = User.objects.by_email(email) or User(email=email, full_name=full_name)
    wanted = {"is_active": True, "is_staff": False, "is_superuser": False, **rank}
    if {name: getattr(user, name) for name in wanted} != wanted or not user.check_password(
        settings.DEMO_PASSWORD
    ):
        for name, value in wanted.items():
            setattr(user, name, value)
        user.set_password(settings.DEMO_PASSWORD)
        user.save()
    return user


def _event(manager: User, now: datetime) -> Event:
    """Return the demo event, published and on now."""
    event = Event.objects.filter(
        name=EVENT_NAME, managers__user=manager, status=Event.Status.PUBLISHED
    ).first()
    if event is None:
        fields = {
            "name": EVENT_NAME,
            "venue": "Dorset Street, London",
            "time_zone": "Europe/London",
            "starts_at": now - timedelta(hours=1),
            "ends_at": now + OPEN_FOR,
            "capacity": 500,
            "waitlist_enabled": True,
        }
        draft = events.create_event(by=manager, fields=fields)
        return events.publish_event(event_id=draft.pk)
    if event.ends_at < now + timedelta(days=1):
        return events.update_event(event_id=event.pk, changes={"ends_at": now + OPEN_FOR}, now=now)
    return event


def _registration(event: Event, user: User, now: datetime) -> Registration:
    found = event.registrations.live().filter(user=user).first()
    return found or registrations.register(event_id=event.pk, user=user, now=now, by_manager=True)


def _gate(event: Event) -> Gate:
    found = event.gates.filter(name=GATE_NAME).first()
    return found or gates.create_gate(event=event, name=GATE_NAME)


def _scanner_token(gate: Gate, now: datetime) -> str:
    """Return the token of the demo scanner: the kept one as long as it works."""
    kept = TOKEN_FILE.read_text() if TOKEN_FILE.exists() else ""
    known = gates.find_scanner(kept)
    if known is not None and known.gate_id == gate.pk:
        return kept
    scanner = Scanner.objects.active().filter(gate=gate, name=SCANNER_NAME).first()
    if scanner is None:
        _, token = gates.create_scanner(gate=gate, name=SCANNER_NAME, now=now)
    else:
        _, token = gates.rotate_scanner(scanner_id=scanner.pk)
    TOKEN_FILE.parent.mkdir(exist_ok=True)
    TOKEN_FILE.touch(mode=0o600)
    TOKEN_FILE.write_text(token)
    return token
