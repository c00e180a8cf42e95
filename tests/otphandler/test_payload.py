"""The text of the QR code has one spelling per triple."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otphandler import payload

USER = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
EVENT = uuid.UUID("ffeeddcc-bbaa-9988-7766-554433221100")
TEXT = payload.prefix(USER, EVENT) + "123456"


def test_a_payload_of_six_digits_has_61_characters() -> None:
    assert len(TEXT) == 61


def test_a_payload_fits_the_alphanumeric_mode_of_a_qr_code() -> None:
    assert set(TEXT) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


@given(user=st.uuids(), event=st.uuids(), code=st.from_regex(r"\A[0-9]{6,8}\Z"))
def test_what_was_spelled_is_read(user: uuid.UUID, event: uuid.UUID, code: str) -> None:
    assert payload.parse(payload.prefix(user, event) + code) == (user, event, code)


@pytest.mark.parametrize(
    "text",
    ["", "TM1", TEXT[:55], TEXT.lower(), "TM2" + TEXT[3:], " " + TEXT, TEXT[:28] + "B" + TEXT[29:]],
)
def test_another_spelling_is_malformed(text: str) -> None:
    with pytest.raises(payload.MalformedPayload):
        payload.parse(text)
