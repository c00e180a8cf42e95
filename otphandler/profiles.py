"""Profiles of OTP policies: what each one fills in, and how long a code may live under it. Pure."""

from dataclasses import dataclass
from typing import Any

from django.db import models


class Profile(models.TextChoices):
    """The promise that a policy makes."""

    AUTHENTICATOR = "authenticator", "authenticator: every app and wallet can show it"
    GATE = "gate", "gate: a code lives 30 seconds at most"
    STRICT = "strict", "strict: as gate, with SHA-256"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a profile fills in, and the longest life of a code that it allows, in seconds."""

    algorithm: str
    digits: int
    period_s: int
    past_tolerance_s: int
    future_tolerance_s: int
    max_lifetime_s: int

    def values(self) -> dict[str, Any]:
        """Return what the profile fills in, by field."""
        return {
            "algorithm": self.algorithm,
            "digits": self.digits,
            "period_s": self.period_s,
            "past_tolerance_s": self.past_tolerance_s,
            "future_tolerance_s": self.future_tolerance_s,
        }


TERMS = {
    # An app's 30 s, one step either way (RFC 6238 §5.2); up to 60 s steps with 30 s either way.
    Profile.AUTHENTICATOR: Terms("SHA1", 6, 30, 30, 30, max_lifetime_s=120),
    # OWASP ASVS 5.0 V6.5.5: 15 s of its own, 12 s late and 3 s early are 30 s.
    Profile.GATE: Terms("SHA1", 8, 15, 12, 3, max_lifetime_s=30),
    Profile.STRICT: Terms("SHA256", 8, 15, 12, 3, max_lifetime_s=30),
}


def lifetime_s(period_s: int, past_tolerance_s: int, future_tolerance_s: int) -> int:
    """Return for how many seconds a gate accepts one code: its own time and both tolerances."""
    return period_s + past_tolerance_s + future_tolerance_s
