"""One-time codes by time: pure arithmetic over RFC 6238 and RFC 4226, no database, no clock.

The RFC 4226 value of one step is pyotp's; which steps count, how a code must look and how it is
compared are decided here, because pyotp normalises Unicode and stops at the first match.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pyotp

# RFC 6238 §4: T0, the Unix time from which steps are counted, in seconds.
T0_S = 0
EPOCH = datetime.fromtimestamp(T0_S, tz=UTC)


class Algorithm(StrEnum):
    """The HMAC of a code (RFC 6238 §1.2)."""

    SHA1 = "SHA1"
    SHA256 = "SHA256"
    SHA512 = "SHA512"

    @property
    def secret_bytes(self) -> int:
        """Length of a secret in bytes: the length of the HMAC's output (RFC 6238 §5.1)."""
        return hashlib.new(self.value.lower()).digest_size


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a code is made with; `period_s` is the length of a step in seconds."""

    algorithm: Algorithm
    digits: int
    period_s: int


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How long before and after its own step a code is accepted, in seconds (RFC 6238 §5.2)."""

    past_s: int
    future_s: int


def new_secret(algorithm: Algorithm) -> bytes:
    """Return fresh random bytes from the operating system, as long as the HMAC's output."""
    return secrets.token_bytes(algorithm.secret_bytes)


def to_base32(secret: bytes) -> str:
    """Return a secret as authenticator apps take it: base32 without padding (RFC 4648 §6)."""
    return base64.b32encode(secret).decode("ascii").rstrip("=")


def unix_seconds(moment: datetime) -> int:
    """Return whole seconds since the epoch, rounded down, in integer arithmetic."""
    return (moment - EPOCH) // timedelta(seconds=1) + T0_S


def step_at(unix_s: int, period_s: int) -> int:
    """Return the time step of a Unix time in seconds (RFC 6238 §4.2)."""
    return (unix_s - T0_S) // period_s


def accepted_steps(unix_s: int, parameters: Parameters, tolerance: Tolerance) -> range:
    """Return the steps whose codes are accepted at a Unix time, the oldest first."""
    oldest = step_at(unix_s - tolerance.past_s, parameters.period_s)
    newest = step_at(unix_s + tolerance.future_s, parameters.period_s)
    return range(max(oldest, 0), newest + 1)


def code_at(secret: bytes, step: int, parameters: Parameters) -> str:
    """Return the code of one step: RFC 4226 §5.3 with the step as the counter."""
    return _generator(secret, parameters).at(step)


def _generator(secret: bytes, parameters: Parameters) -> pyotp.HOTP:
    return pyotp.HOTP(
        to_base32(secret),
        digits=parameters.digits,
        digest=getattr(hashlib, parameters.algorithm.value.lower()),
    )


def is_well_formed(code: object, digits: int) -> bool:
    """Whether this is a string of exactly so many ASCII digits; nothing is trimmed or converted."""
    return isinstance(code, str) and len(code) == digits and code.isascii() and code.isdigit()


def matching_step(secret: bytes, code: str, steps: range, parameters: Parameters) -> int | None:
    """Return the newest of these steps that has this code, or None.

    Every candidate is computed and compared in constant time, so that the time taken tells neither
    which step matched nor how many digits did (RFC 4226 §7.2).
    """
    found, generator = None, _generator(secret, parameters)
    for step in steps:
        if hmac.compare_digest(generator.at(step), code):
            found = step
    return found


def provisioning_uri(secret: bytes, parameters: Parameters, *, account: str, issuer: str) -> str:
    """Return the otpauth:// address that authenticator apps read (the Key URI format)."""
    generator = pyotp.TOTP(
        to_base32(secret),
        digits=parameters.digits,
        digest=getattr(hashlib, parameters.algorithm.value.lower()),
        interval=parameters.period_s,
    )
    return generator.provisioning_uri(name=account, issuer_name=issuer)
