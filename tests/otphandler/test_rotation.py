"""`manage.py rotate_otp_keys`: a new key under live scanning, and holders notice nothing."""

import base64
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from entityhandler.services import registrations
from otphandler.keyring import keyring
from otphandler.models import KeyCanary, Scanner, Ticket
from otphandler.outcomes import Outcome
from otphandler.services import rotation, tickets
from otphandler.services.admission import Attempt, Verdict, submit_scan
from otphandler.services.canary import check_canary
from tests.conftest import code
from tests.threads import run_behind, run_in_threads

NOW = timezone.now()
NEW_KEY = "9:" + base64.b64encode(b"n" * 32).decode()


@pytest.fixture
def guests(make_ticket: Callable[[], tickets.TicketSecret]) -> list[tickets.TicketSecret]:
    """Return the tickets of 12 guests, under the key that the tests start with."""
    return [make_ticket() for _ in range(12)]


@pytest.fixture
def old_keys(settings: Any, guests: list[tickets.TicketSecret]) -> str:
    """Put a new key in front and return the old ones."""
    check_canary()
    old: str = settings.OTP_KEYS
    settings.OTP_KEYS = f"{NEW_KEY},{old}"
    return old


def rotate() -> str:
    told = StringIO()
    call_command("rotate_otp_keys", stdout=told, stderr=StringIO())
    return told.getvalue()


def key_ids() -> set[int]:
    return {bytes(blob)[1] for blob in Ticket.objects.values_list("sealed_secret", flat=True)}


def test_every_secret_moves_and_stays_the_same(
    guests: list[tickets.TicketSecret], old_keys: str, settings: Any
) -> None:
    rotate()
    settings.OTP_KEYS = NEW_KEY
    for guest in guests:
        again = tickets.hand_out_secret(registration_id=guest.registration.pk, now=NOW)
        assert (again.secret, again.ticket.version) == (guest.secret, 1)


def test_it_says_which_key_may_be_dropped(old_keys: str) -> None:
    told = rotate()
    old_id = old_keys.split(":")[0]
    assert "Every ticket secret is under key 9." in told
    assert f"Key {old_id} seals nothing any more: drop it" in told
    assert list(KeyCanary.objects.values_list("key_id", flat=True)) == [9]


def test_a_run_that_was_cut_off_is_continued(
    old_keys: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH_ROWS", 5)
    next(rotation.rotate())
    assert rotation.tickets_under_other_keys() == 7
    rotate()
    assert key_ids() == {9}


def test_a_secret_that_does_not_open_is_left_and_told(
    old_keys: str, guests: list[tickets.TicketSecret], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH_ROWS", 5)
    Ticket.objects.filter(pk=guests[3].ticket.pk).update(digits=8)
    with pytest.raises(CommandError, match="1 secrets do not open"):
        rotate()
    assert rotation.tickets_under_other_keys() == 1


def test_the_secrets_of_cancelled_registrations_are_gone_and_in_no_way(
    old_keys: str, guests: list[tickets.TicketSecret]
) -> None:
    registrations.cancel_registration(registration_id=guests[0].registration.pk, now=NOW)
    assert "Every ticket secret is under key 9." in rotate()


def test_without_the_old_key_nothing_is_lost(
    old_keys: str, settings: Any, guests: list[tickets.TicketSecret]
) -> None:
    settings.OTP_KEYS = NEW_KEY
    with pytest.raises(CommandError, match="12 secrets do not open"):
        rotate()
    settings.OTP_KEYS = f"{NEW_KEY},{old_keys}"
    assert "Every ticket secret" in rotate()


@pytest.mark.django_db(transaction=True)
def test_a_secret_that_is_replaced_meanwhile_is_not_overwritten_with_the_old_one(
    old_keys: str, guests: list[tickets.TicketSecret]
) -> None:
    ticket = guests[0].ticket

    def replace() -> None:
        ticket.version += 1
        ticket.sealed_secret = keyring().seal(b"replaced", ticket.binding.associated_data())
        ticket.save(update_fields=["version", "sealed_secret"])

    run_behind(replace, [rotate])
    again = Ticket.objects.get(pk=ticket.pk)
    bound_to = again.binding.associated_data()
    assert keyring().open(bytes(again.sealed_secret), bound_to) == b"replaced"


@pytest.mark.django_db(transaction=True)
def test_guests_are_admitted_while_the_keys_rotate(
    gate: Scanner,
    old_keys: str,
    guests: list[tickets.TicketSecret],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rotation, "BATCH_ROWS", 2)

    def scan(guest: tickets.TicketSecret) -> str:
        registration = guest.registration
        right = Attempt(registration.user_id, registration.event_id, code(guest, NOW))
        verdict: Verdict = submit_scan(scanner=gate, attempt=right, now=NOW)
        return verdict.scan.outcome

    scans = [lambda guest=guest: scan(guest) for guest in guests]
    results = run_in_threads([rotate, *scans])
    assert results[1:] == [Outcome.ADMITTED] * len(guests)
    assert key_ids() == {9}
