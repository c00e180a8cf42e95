"""How the codes of an event look: profiles, and changing a policy."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from entityhandler.models import Event
from otphandler.models import OtpPolicy
from ticketmgr.transactions import write_use_case

# `authenticator` works with every app and wallet; `gate` keeps a code's whole life within 30 s
# (OWASP ASVS 5.0 V6.5.5): 15 s of its own, 12 s late, 3 s early; `strict` does so with SHA-256.
PROFILES: dict[str, dict[str, Any]] = {
    "authenticator": {
        "algorithm": "SHA1",
        "digits": 6,
        "period_s": 30,
        "past_tolerance_s": 30,
        "future_tolerance_s": 30,
    },
    "gate": {
        "algorithm": "SHA1",
        "digits": 8,
        "period_s": 15,
        "past_tolerance_s": 12,
        "future_tolerance_s": 3,
    },
    "strict": {
        "algorithm": "SHA256",
        "digits": 8,
        "period_s": 15,
        "past_tolerance_s": 12,
        "future_tolerance_s": 3,
    },
}
EDITABLE_FIELDS = frozenset({*PROFILES["authenticator"], "secret_available_from"})


@write_use_case
def set_policy(*, event_id: UUID, profile: str | None, changes: Mapping[str, Any]) -> OtpPolicy:
    """Change how the event's codes look; a profile fills what `changes` leaves out.

    Tickets keep what they were issued with; tolerances apply from the next scan on. Locks the
    event row FOR UPDATE and so waits for scans under way. Raises ValidationError.
    """
    Event.objects.select_for_update().get(pk=event_id)
    policy = OtpPolicy.of(event_id)
    wanted = {**PROFILES.get(profile or "", {}), **changes}
    for field in EDITABLE_FIELDS & wanted.keys():
        setattr(policy, field, wanted[field])
    policy.full_clean()
    policy.save()
    return policy


def profile_of(policy: OtpPolicy) -> str | None:
    """Return the name of the profile that the policy equals, None for one of its own."""
    for name, values in PROFILES.items():
        if all(getattr(policy, field) == value for field, value in values.items()):
            return name
    return None
