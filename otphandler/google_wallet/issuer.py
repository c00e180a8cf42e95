"""Who gives passes out: the issuer's number at Google, and the service account that signs."""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# RFC 7518 §3.3: RS256 takes no shorter key, in bits.
MIN_KEY_BITS = 2048
SAVE_ADDRESS = "https://pay.google.com/gp/v/save/"


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer of passes; `repr` shows no key."""

    issuer_id: str
    name: str
    email: str
    key: RSAPrivateKey = field(repr=False)

    def save_url(self, payload: dict[str, Any], *, issued_at_s: int) -> str:
        """Return the link that offers these passes; `issued_at_s` is Unix time in seconds.

        Its claims are those of Google's JWT reference, which names no expiry. `origins` lists the
        pages that may embed Google's own button; a link needs none.
        """
        claims = {
            "iss": self.email,
            "aud": "google",
            "typ": "savetowallet",
            "iat": issued_at_s,
            "origins": [],
            "payload": payload,
        }
        # Not jwt.encode: it writes each character beyond ASCII as six or twelve.
        text = json.dumps(claims, ensure_ascii=False, separators=(",", ":"))
        return SAVE_ADDRESS + jwt.PyJWS().encode(text.encode(), self.key, algorithm="RS256")


def configured_issuer() -> Issuer | None:
    """Return the issuer of the settings, parsed once per value; None where there is none."""
    return _parsed(
        settings.GOOGLE_WALLET_ISSUER_ID,
        settings.GOOGLE_WALLET_ISSUER_NAME,
        settings.GOOGLE_WALLET_SERVICE_ACCOUNT,
    )


@lru_cache(maxsize=1)
def _parsed(issuer_id: str, name: str, service_account: str) -> Issuer | None:
    if not issuer_id and not service_account:
        return None
    if not issuer_id or not service_account:
        raise ImproperlyConfigured(
            "Set GOOGLE_WALLET_ISSUER_ID and GOOGLE_WALLET_SERVICE_ACCOUNT (or its _FILE) together."
        )
    if not issuer_id.isascii() or not issuer_id.isdigit():
        raise ImproperlyConfigured(
            "GOOGLE_WALLET_ISSUER_ID is the number that Google's console shows, digits alone."
        )
    email, key = parse_service_account(service_account)
    return Issuer(issuer_id, name, email, key)


def parse_service_account(text: str) -> tuple[str, RSAPrivateKey]:
    """Return the e-mail and the key of a service account's JSON, as Google Cloud hands it out.

    Raises ImproperlyConfigured with a sentence that never contains key material.
    """
    try:
        account = json.loads(text)
    except ValueError:
        raise _malformed("it is not JSON") from None
    if not isinstance(account, dict) or account.get("type") != "service_account":
        raise _malformed('its "type" is not "service_account"')
    email = account.get("client_email")
    if not isinstance(email, str) or "@" not in email:
        raise _malformed('its "client_email" is no address')
    return email, _private_key(account.get("private_key"))


def _private_key(pem: object) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(str(pem).encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_KEY_BITS:
        raise _malformed(f'its "private_key" is no RSA key of {MIN_KEY_BITS} bits or more, in PEM')
    return key


def _malformed(reason: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"GOOGLE_WALLET_SERVICE_ACCOUNT is not the key file of a service account: {reason}."
    )
