"""The life of a registration: the diagram, the table and what the services refuse."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from entityhandler.models import Event, Registration, User
from entityhandler.services import registrations
from ticketmgr.errors import DomainError

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "registrations.md"
Status = Registration.Status
MakeEvent = Callable[..., Event]


def test_the_diagram_shows_the_table() -> None:
    arrows = re.findall(r"^ +(\S+) --> (\w+):", DOCUMENT.read_text(), re.MULTILINE)
    table = {
        ("[*]" if before is None else str(before), str(after))
        for before, possible in Registration.TRANSITIONS.items()
        for after in possible
    }
    assert set(arrows) == table
    assert len(arrows) == len(table)


def test_every_status_has_its_row() -> None:
    assert Registration.TRANSITIONS.keys() == {None, *Status}


def in_status(event: Event, user: User, status: str) -> Registration:
    """Return a registration that came into that status as people do."""
    now = timezone.now()
    row = registrations.register(event_id=event.pk, user=user, now=now)
    if status == Status.CONFIRMED:
        return registrations.confirm_registration(registration_id=row.pk, now=now)
    if status == Status.CANCELLED:
        return registrations.cancel_registration(registration_id=row.pk, now=now)
    return row


@pytest.mark.parametrize(
    ("status", "act", "code"),
    [
        ("confirmed", "confirm", "already_confirmed"),
        ("cancelled", "confirm", "already_cancelled"),
        ("cancelled", "cancel", "already_cancelled"),
        ("cancelled", "transfer", "already_cancelled"),
        ("waitlisted", "transfer", "no_seat_to_transfer"),
        ("waitlisted", "confirm", "event_full"),
    ],
)
def test_what_the_table_does_not_allow_has_a_code(
    make_event: MakeEvent, ada: User, mallory: User, grace: User, status: str, act: str, code: str
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True, requires_approval=True)
    if status == "waitlisted":
        in_status(event, mallory, "pending")
    row, to = in_status(event, ada, status), {"to": grace} if act == "transfer" else {}
    service = getattr(registrations, f"{act}_registration")
    with pytest.raises(DomainError) as refused:
        service(registration_id=row.pk, now=timezone.now(), **to)
    assert refused.value.code == code
    row.refresh_from_db()
    assert row.status == status


def test_every_transition_moves_updated_at(make_event: MakeEvent, ada: User, mallory: User) -> None:
    event = make_event(requires_approval=True)
    row = in_status(event, ada, "pending")
    seen = [row.updated_at]
    for act in ("confirm", "cancel"):
        service = getattr(registrations, f"{act}_registration")
        seen.append(service(registration_id=row.pk, now=timezone.now()).updated_at)
    assert seen == sorted({*seen})


# --- Windows ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opens_at", "told"),
    [
        # Berlin leaves summer time at 01:00 UTC: 02:30 comes twice, and each is its own moment.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25 02:30 (Europe/Berlin)"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25 02:30 (Europe/Berlin)"),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "2026-03-29 01:59 (Europe/Berlin)"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "2026-03-29 03:00 (Europe/Berlin)"),
    ],
)
def test_a_window_opens_at_its_moment_whatever_clocks_do_there(
    make_event: MakeEvent, ada: User, opens_at: datetime, told: str
) -> None:
    event = make_event(time_zone="Europe/Berlin", registration_opens_at=opens_at)
    with pytest.raises(registrations.RegistrationClosed, match=re.escape(told)):
        registrations.register(
            event_id=event.pk, user=ada, now=opens_at - timedelta(microseconds=1)
        )
    assert registrations.register(event_id=event.pk, user=ada, now=opens_at).status == "confirmed"


def test_a_closed_window_says_when_it_closed(make_event: MakeEvent, ada: User) -> None:
    closed_at = datetime(2026, 7, 1, 10, tzinfo=UTC)
    event = make_event(time_zone="America/New_York", registration_closes_at=closed_at)
    refusal: Any
    with pytest.raises(registrations.RegistrationClosed) as refusal:
        registrations.register(event_id=event.pk, user=ada, now=closed_at)
    assert refusal.value.members == {"closed_at": closed_at}
    assert str(refusal.value) == "Registration closed on 2026-07-01 06:00 (America/New_York)."
