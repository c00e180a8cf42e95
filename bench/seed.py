"""Guests by the thousand: rows by COPY, with secrets that the load client knows.

The id of guest number n ends in n, and starts with what it is the id of: pgbench, whose variables
are numbers, can so name the rows of any guest.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Model
from django.utils import timezone

from bench.load import Guest
from entityhandler.models import Event, Registration, User
from entityhandler.services import events
from otphandler.keyring import Binding, keyring
from otphandler.models import OtpPolicy, Scanner, Ticket
from otphandler.services import gates

# Twelve digits, so that a number is the last group of a UUID as it stands.
FIRST_NUMBER = 100_000_000_000
USER, REGISTRATION, TICKET = "11111111", "22222222", "33333333"


@dataclass(frozen=True, slots=True)
class Gate:
    """An event with guests and a scanner."""

    event: Event
    scanner: Scanner
    token: str

    def guest(self, number: int) -> Guest:
        """Return one of the guests, counted from 0."""
        return Guest(str(identifier(USER, number)), str(self.event.pk), secret(number))

    def slice(self, first: int, count: int) -> list[Guest]:
        """Return some of the guests."""
        return [self.guest(number) for number in range(first, first + count)]


def identifier(kind: str, number: int) -> UUID:
    """Return the id of a guest's user, registration or ticket."""
    return UUID(f"{kind}-0000-4000-8000-{FIRST_NUMBER + number}")


def secret(number: int) -> bytes:
    """Return the secret of a guest: 20 bytes, as SHA-1 wants them."""
    return hashlib.sha1(b"bench %d" % number).digest()  # noqa: S324 - nothing is protected here


def seed_gate(guests: int) -> Gate:
    """Make an event whose guests have numbers from 0 on, all confirmed, all with a ticket."""
    manager = User.objects.create(email="manager@example.org", full_name="Manager")
    gate = open_gate(manager)
    copy_guests(gate.event, range(guests))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    return gate


def open_gate(manager: User) -> Gate:
    """Make a published event with a scanner; its guests are still to come."""
    now = timezone.now()
    fields = {
        "name": "Bench",
        "starts_at": now - timedelta(days=1),
        "ends_at": now + timedelta(days=1),
    }
    event = events.publish_event(event_id=events.create_event(by=manager, fields=fields).pk)
    gate = gates.create_gate(event=event, name="North")
    scanner, token = gates.create_scanner(gate=gate, name="Phone", now=now)
    return Gate(event, scanner, token)


def copy_guests(event: Event, numbers: Sequence[int]) -> None:
    """Add accounts, registrations and tickets of guests to an event."""
    copy_users(numbers)
    now = timezone.now()
    times = {"created_at": now, "updated_at": now}
    confirmed = times | {"event_id": event.pk, "status": Registration.Status.CONFIRMED}
    copy(Registration, (_registration(n) | confirmed for n in numbers))
    terms = {"event_id": event.pk, "algorithm": "SHA1", "digits": 6, "period_s": 30}
    copy(Ticket, (_ticket(event, n) | terms | {"created_at": now} for n in numbers))
    Event.objects.filter(pk=event.pk).update(seats_taken=F("seats_taken") + len(numbers))


def copy_users(numbers: Sequence[int]) -> None:
    """Add accounts."""
    now = timezone.now()
    copy(User, (_user(n) | {"created_at": now, "updated_at": now} for n in numbers))


def copy(model: type[Model], rows: Iterable[dict[str, Any]]) -> None:
    """Add rows by COPY; what a row does not name has the model's default."""
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    defaults = {field.attname: field.get_default() for field in fields}
    text = io.StringIO()
    for row in rows:
        values = (defaults | row).values()
        text.write("\t".join(map(_spelled, values)) + "\n")
    text.seek(0)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        cursor.copy_expert(f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN', text)


def _spelled(value: Any) -> str:
    """Return a value as COPY reads it."""
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _user(number: int) -> dict[str, Any]:
    return {
        "id": identifier(USER, number),
        "email": f"guest-{number}@example.org",
        "full_name": f"Guest {number}",
        "password": "!",
    }


def _registration(number: int) -> dict[str, Any]:
    return {"id": identifier(REGISTRATION, number), "user_id": identifier(USER, number)}


def _ticket(event: Event, number: int) -> dict[str, Any]:
    return {
        "id": identifier(TICKET, number),
        "registration_id": identifier(REGISTRATION, number),
        "sealed_secret": sealed(event, number),
    }


def sealed(event: Event, number: int) -> bytes:
    """Return a guest's secret as the table holds it."""
    parameters = OtpPolicy().parameters
    binding = Binding(identifier(REGISTRATION, number), event.pk, 1, parameters)
    return keyring().seal(secret(number), binding.associated_data())
