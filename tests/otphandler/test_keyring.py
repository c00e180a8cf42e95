"""Secrets at rest: only the right key, the right row and the right parameters open them."""

import base64
import dataclasses
import logging
import uuid

import pytest
from django.core.exceptions import ImproperlyConfigured

from otphandler.keyring import Binding, CannotOpen, Keyring, parse_keys
from otphandler.totp import Algorithm, Parameters

OLD = "1:" + base64.b64encode(b"o" * 32).decode()
NEW = "2:" + base64.b64encode(b"n" * 32).decode()
SECRET = b"twenty secret bytes!"
BINDING = Binding(uuid.uuid4(), uuid.uuid4(), 1, Parameters(Algorithm.SHA1, 6, 30))


@pytest.fixture
def ring() -> Keyring:
    return parse_keys(OLD)


@pytest.fixture
def blob(ring: Keyring) -> bytes:
    return ring.seal(SECRET, BINDING.associated_data())


def test_what_was_sealed_opens(ring: Keyring, blob: bytes) -> None:
    assert ring.open(blob, BINDING.associated_data()) == SECRET


def test_the_secret_does_not_stand_in_the_blob(blob: bytes) -> None:
    assert SECRET not in blob


def test_two_seals_of_one_secret_differ(ring: Keyring, blob: bytes) -> None:
    assert ring.seal(SECRET, BINDING.associated_data()) != blob


def test_a_new_active_key_still_opens_what_the_old_one_sealed(blob: bytes) -> None:
    assert parse_keys(f"{NEW},{OLD}").open(blob, BINDING.associated_data()) == SECRET


def test_the_first_key_seals() -> None:
    assert parse_keys(f"{NEW},{OLD}").seal(SECRET, b"")[1] == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"registration": uuid.uuid4()},
        {"event": uuid.uuid4()},
        {"version": 2},
        {"parameters": Parameters(Algorithm.SHA256, 6, 30)},
        {"parameters": Parameters(Algorithm.SHA1, 8, 30)},
        {"parameters": Parameters(Algorithm.SHA1, 6, 15)},
    ],
)
def test_another_row_or_edited_parameters_do_not_open_it(
    ring: Keyring, blob: bytes, changes: dict[str, object]
) -> None:
    other = dataclasses.replace(BINDING, **changes)  # type: ignore[arg-type]
    with pytest.raises(CannotOpen):
        ring.open(blob, other.associated_data())


@pytest.mark.parametrize("keep", [0, 1, 2, 13, 14, 29])
def test_a_truncated_blob_does_not_open(ring: Keyring, blob: bytes, keep: int) -> None:
    with pytest.raises(CannotOpen):
        ring.open(blob[:keep], BINDING.associated_data())


def test_every_flipped_bit_is_noticed(ring: Keyring, blob: bytes) -> None:
    for position in range(len(blob)):
        flipped = bytearray(blob)
        flipped[position] ^= 1
        with pytest.raises(CannotOpen):
            ring.open(bytes(flipped), BINDING.associated_data())


def test_a_missing_key_is_an_alarm_that_names_the_key_and_nothing_else(
    blob: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(CannotOpen) as refusal:
        parse_keys(NEW).open(blob, BINDING.associated_data())
    assert caplog.records[0].levelno == logging.CRITICAL
    assert "key id 1 is not in OTP_KEYS" in caplog.text
    assert "key" not in refusal.value.detail


def test_a_wrong_key_of_the_same_id_is_an_alarm(
    blob: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = parse_keys("1:" + base64.b64encode(b"w" * 32).decode())
    with pytest.raises(CannotOpen):
        wrong.open(blob, BINDING.associated_data())
    assert "wrong key 1" in caplog.text


def test_no_key_shows_in_the_repr(ring: Keyring) -> None:
    assert repr(ring) == "<Keyring active=1 ids=[1]>"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "item 1: begin with a key id"),
        ("0:" + OLD[2:], "item 1: begin with a key id"),
        ("256:" + OLD[2:], "item 1: begin with a key id"),
        ("١:" + OLD[2:], "item 1: begin with a key id"),
        (f"{OLD},x", "item 2: begin with a key id"),
        ("1:c2hvcnQ=", "item 1: after the colon comes base64 of 32 random bytes"),
        ("1:not base64", "item 1: after the colon comes base64 of 32 random bytes"),
        (f"{OLD},{OLD}", "names the key id 1 twice"),
    ],
)
def test_malformed_keys_are_refused_in_one_sentence(text: str, complaint: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=complaint) as refusal:
        parse_keys(text)
    assert OLD[2:] not in str(refusal.value)
