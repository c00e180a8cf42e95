"""`/registrations/{id}/ticket/google-wallet/`: what Google is given, and who is given the link."""

import base64
import copy
import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from entityhandler.models import Event, Registration, User
from entityhandler.services import events, registrations
from otphandler.google_wallet.event_ticket import shortened
from otphandler.google_wallet.issuer import configured_issuer, parse_service_account
from otphandler.models import Scanner
from otphandler.services import policies, tickets
from otphandler.services.google_wallet import make_save_link
from tests.conftest import client_of, client_with, pem_of
from tests.otphandler.google_wallet_fields import complaints

pytestmark = pytest.mark.usefixtures("google_wallet")
ADDRESS = "https://pay.google.com/gp/v/save/"
# Google's documentation: "The safe length of an encoded JWT is 1800 characters."
SAFE_JWT_CHARS = 1800


def ask(registration: Registration) -> Any:
    path = f"/api/v1/registrations/{registration.pk}/ticket/google-wallet/"
    return client_of(registration.user).get(path)


@pytest.fixture
def claims(service_account: str) -> Callable[[Registration], dict[str, Any]]:
    """Return a reader of links: the claims, once the signature was proven with the public key."""
    pem = json.loads(service_account)["private_key"].encode()
    public = load_pem_private_key(pem, password=None).public_key()

    def read(registration: Registration) -> dict[str, Any]:
        token = ask(registration).json()["url"].removeprefix(ADDRESS)
        return dict(jwt.decode(token, public, algorithms=["RS256"], audience="google"))  # type: ignore[arg-type]

    return read


Claims = Callable[[Registration], dict[str, Any]]


def class_of(claims: dict[str, Any]) -> dict[str, Any]:
    return dict(claims["payload"]["eventTicketClasses"][0])


def object_of(claims: dict[str, Any]) -> dict[str, Any]:
    return dict(claims["payload"]["eventTicketObjects"][0])


def shown_by_a_wallet(rotating: dict[str, Any]) -> str:
    """Return the text of the QR code now, by RFC 6238 and RFC 4226 §5.3 and nothing of ours."""
    details = rotating["totpDetails"]
    (parameters,) = details["parameters"]
    step = int(timezone.now().timestamp() * 1000) // int(details["periodMillis"])
    key = base64.b16decode(parameters["key"])
    digest = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    length = parameters["valueLength"]
    code = str(number % 10**length).zfill(length)
    return str(rotating["valuePattern"].replace("{totp_value_0}", code))


def scan(token: str, text: str) -> Any:
    return client_with(token).post("/api/v1/scans/", {"payload": text})


# --- What Google is given -----------------------------------------------------------------------


def test_the_answer_is_a_link_and_the_version_it_is_for(registration: Registration) -> None:
    answer = ask(registration).json()
    assert answer.keys() == {"url", "version"}
    assert (answer["url"].startswith(ADDRESS), answer["version"]) == (True, 1)


def test_the_link_is_signed_by_the_service_account(
    registration: Registration, claims: Claims
) -> None:
    assert claims(registration)["iss"] == "wallet@tickets.iam.gserviceaccount.com"


def test_the_claims_are_those_of_googles_jwt_reference(
    registration: Registration, claims: Claims
) -> None:
    found = claims(registration)
    assert found.keys() == {"iss", "aud", "typ", "iat", "origins", "payload"}
    assert (found["aud"], found["typ"], found["origins"]) == ("google", "savetowallet", [])
    assert found["payload"].keys() == {"eventTicketClasses", "eventTicketObjects"}
    assert abs(found["iat"] - timezone.now().timestamp()) < 60


@pytest.mark.parametrize("venue", ["", "Dorset Street, London"])
def test_every_field_is_one_that_google_publishes(
    make_event: Callable[..., Event], ada: User, claims: Claims, venue: str
) -> None:
    event = make_event(venue=venue)
    registration = registrations.register(event_id=event.pk, user=ada, now=timezone.now())
    found = claims(registration)
    assert complaints(class_of(found), "EventTicketClass") == []
    assert complaints(object_of(found), "EventTicketObject") == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["rotatingBarcode", "totpDetail"], {}),
        (["rotatingBarcode", "type"], "qrCode"),
        (["rotatingBarcode", "totpDetails", "algorithm"], "TOTP_SHA256"),
        (["rotatingBarcode", "totpDetails", "periodMillis"], 30_000),
        (["rotatingBarcode", "totpDetails", "parameters", 0, "valueLength"], "6"),
        (["rotatingBarcode", "totpDetails", "parameters"], {}),
        (["state"], "VALID"),
        (["classId"], None),
        (["barcode"], {"type": "QR_CODE", "value": "x"}),
    ],
)
def test_the_comparison_with_googles_fields_notices(
    registration: Registration, claims: Claims, path: list[Any], value: Any
) -> None:
    spoiled = copy.deepcopy(object_of(claims(registration)))
    place: Any = spoiled
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert len(complaints(spoiled, "EventTicketObject")) == 1


@pytest.mark.parametrize("field", ["id", "eventName", "issuerName", "reviewStatus"])
def test_the_comparison_with_googles_fields_misses_what_is_required(
    registration: Registration, claims: Claims, field: str
) -> None:
    spoiled = class_of(claims(registration))
    del spoiled[field]
    assert complaints(spoiled, "EventTicketClass") == [f"EventTicketClass.{field}: required"]


def test_the_barcode_rotates_and_has_no_static_twin(ticket: tickets.TicketSecret) -> None:
    found = ask(ticket.registration).json()["url"].removeprefix(ADDRESS)
    sent = object_of(jwt.decode(found, options={"verify_signature": False}))
    assert "barcode" not in sent
    assert sent["rotatingBarcode"] == {
        "type": "QR_CODE",
        "valuePattern": ticket.payload_prefix + "{totp_value_0}",
        "totpDetails": {
            "algorithm": "TOTP_SHA1",
            "periodMillis": "30000",
            "parameters": [{"key": ticket.secret.hex().upper(), "valueLength": 6}],
        },
    }


@pytest.mark.parametrize(("profile", "chars"), [("authenticator", 61), ("gate", 63)])
def test_what_the_wallet_shows_is_admitted(
    registration: Registration,
    claims: Claims,
    scanner_and_token: tuple[Scanner, str],
    profile: str,
    chars: int,
) -> None:
    policies.set_policy(event_id=registration.event_id, changes={"profile": profile})
    text = shown_by_a_wallet(object_of(claims(registration))["rotatingBarcode"])
    answer = scan(scanner_and_token[1], text)
    assert (answer.status_code, answer.json().get("outcome")) == (201, "admitted")
    assert len(text) == chars


def test_times_are_those_of_the_venues_clocks(
    make_event: Callable[..., Event], ada: User, claims: Claims
) -> None:
    event = make_event(time_zone="Asia/Kolkata")
    registration = registrations.register(event_id=event.pk, user=ada, now=timezone.now())
    start = class_of(claims(registration))["dateTime"]["start"]
    kolkata = event.starts_at.astimezone(ZoneInfo("Asia/Kolkata"))
    assert start == f"{kolkata:%Y-%m-%dT%H:%M:%S}+05:30"


def test_tickets_of_one_event_have_one_class(
    ticket: tickets.TicketSecret, make_ticket: Callable[[], tickets.TicketSecret], claims: Claims
) -> None:
    ours, theirs = claims(ticket.registration), claims(make_ticket().registration)
    assert class_of(ours) == class_of(theirs)
    assert object_of(ours)["classId"] == class_of(ours)["id"]
    assert object_of(ours)["id"] != object_of(theirs)["id"]


def test_an_event_that_changed_has_another_class(
    registration: Registration, claims: Claims
) -> None:
    before = class_of(claims(registration))
    changes = {"venue": "Dorset Street"}
    events.update_event(event_id=registration.event_id, changes=changes, now=timezone.now())
    assert class_of(claims(registration))["id"] != before["id"]


def test_nothing_of_the_person_but_the_id_goes_to_google(
    registration: Registration, claims: Claims
) -> None:
    sent = json.dumps(claims(registration))
    assert registration.user.email not in sent
    assert registration.user.full_name not in sent


@pytest.mark.parametrize("letter", ["x", "ß", "楽", "🎫", '"', "\n"])
def test_the_longest_texts_leave_the_link_as_short_as_google_wants_it(
    make_event: Callable[..., Event], ada: User, settings: Any, service_account: str, letter: str
) -> None:
    email = f"wallet@{'p' * 30}.iam.gserviceaccount.com"
    account = {**json.loads(service_account), "client_email": email}
    settings.GOOGLE_WALLET_SERVICE_ACCOUNT = json.dumps(account)
    settings.GOOGLE_WALLET_ISSUER_NAME = letter * 200
    event = make_event(name=letter * 200, venue=letter * 200, time_zone="Asia/Kolkata")
    registration = registrations.register(event_id=event.pk, user=ada, now=timezone.now())
    assert len(ask(registration).json()["url"].removeprefix(ADDRESS)) <= SAFE_JWT_CHARS


@pytest.mark.parametrize("text", ["", "Night", "n" * 10, "ß" * 5])
def test_what_fits_is_not_shortened(text: str) -> None:
    assert shortened(text, 10) == text


@pytest.mark.parametrize(
    ("text", "shown"), [("n" * 11, "n" * 7 + "…"), ("ß" * 6, "ßßß…"), ('"' * 6, '"""…')]
)
def test_what_does_not_fit_ends_in_an_ellipsis(text: str, shown: str) -> None:
    assert shortened(text, 10) == shown


# --- Who is given the link ----------------------------------------------------------------------


def test_the_link_is_not_to_be_stored_on_the_way(registration: Registration) -> None:
    assert ask(registration)["Cache-Control"] == "no-store"


def test_the_link_is_in_no_log_and_no_repr(
    ticket: tickets.TicketSecret, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        link = make_save_link(registration_id=ticket.registration.pk, now=timezone.now())
        ask(ticket.registration)
    told = f"{caplog.text} {link!r} {configured_issuer()!r}"
    secrets = (ADDRESS, "PRIVATE KEY", "RSAPrivateKey", ticket.secret.hex().upper())
    assert [secret for secret in secrets if secret in told] == []


def test_a_server_without_service_account_says_so(
    registration: Registration, settings: Any
) -> None:
    settings.GOOGLE_WALLET_ISSUER_ID = settings.GOOGLE_WALLET_SERVICE_ACCOUNT = ""
    answer = ask(registration)
    assert (answer.status_code, answer.json()["code"]) == (404, "google_wallet_not_configured")


def test_a_secret_that_is_held_back_is_held_back_from_the_wallet(
    registration: Registration,
) -> None:
    later = timezone.now() + timedelta(hours=1)
    policies.set_policy(event_id=registration.event_id, changes={"secret_available_from": later})
    answer = ask(registration)
    assert (answer.status_code, answer.json()["code"]) == (403, "secret_not_yet_available")


def test_a_cancelled_registration_gets_no_link(ticket: tickets.TicketSecret) -> None:
    registrations.cancel_registration(registration_id=ticket.registration.pk, now=timezone.now())
    answer = ask(ticket.registration)
    assert (answer.status_code, answer.json()["code"]) == (409, "registration_not_confirmed")


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA512"])
def test_a_ticket_that_the_wallet_cannot_show_is_refused_by_name(
    registration: Registration, algorithm: str
) -> None:
    policies.set_policy(event_id=registration.event_id, changes={"algorithm": algorithm})
    answer = ask(registration)
    assert (answer.status_code, answer.json()["code"]) == (409, "google_wallet_needs_sha1")
    assert algorithm in answer.json()["detail"]


def test_the_ticket_decides_and_not_a_later_policy(ticket: tickets.TicketSecret) -> None:
    registration = ticket.registration
    policies.set_policy(event_id=registration.event_id, changes={"profile": "strict"})
    assert ask(registration).status_code == 200
    tickets.reissue_ticket(registration_id=registration.pk, now=timezone.now())
    assert ask(registration).status_code == 409


def test_a_reissue_makes_another_pass_and_kills_the_saved_one(
    registration: Registration, claims: Claims, scanner_and_token: tuple[Scanner, str]
) -> None:
    saved = object_of(claims(registration))
    tickets.reissue_ticket(registration_id=registration.pk, now=timezone.now())
    fresh = object_of(claims(registration))
    assert saved["id"] != fresh["id"]
    answer = scan(scanner_and_token[1], shown_by_a_wallet(saved["rotatingBarcode"]))
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_code")
    answer = scan(scanner_and_token[1], shown_by_a_wallet(fresh["rotatingBarcode"]))
    assert answer.status_code == 201


# --- The service account ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": "authorized_user"}, 'its "type" is not'),
        ({"client_email": None}, 'its "client_email" is no address'),
        ({"private_key": None}, 'its "private_key" is no RSA key'),
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n"}, 'its "private_key" is no RSA key'),
    ],
)
def test_a_service_account_that_cannot_sign_is_refused_with_the_reason(
    service_account: str, changes: dict[str, Any], reason: str
) -> None:
    spoiled = json.dumps({**json.loads(service_account), **changes})
    with pytest.raises(ImproperlyConfigured, match=reason):
        parse_service_account(spoiled)


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(public_exponent=65537, key_size=1024),  # noqa: S505 - is refused
        ec.generate_private_key(ec.SECP256R1()),
    ],
    ids=["a short RSA key", "a key on a curve"],
)
def test_a_key_that_rs256_does_not_take_is_refused(service_account: str, key: Any) -> None:
    account = {**json.loads(service_account), "private_key": pem_of(key)}
    with pytest.raises(ImproperlyConfigured, match="no RSA key of 2048 bits or more"):
        parse_service_account(json.dumps(account))


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '"service_account"'])
def test_what_is_no_json_object_is_no_service_account(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="is not the key file of a service account"):
        parse_service_account(text)
