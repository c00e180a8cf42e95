"""How the codes of an event look: profiles, and changing a policy."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from entityhandler.models import Event
from otphandler.models import OtpPolicy
from otphandler.profiles import TERMS, Profile
from ticketmgr.transactions import settled, write_use_case

EDITABLE_FIELDS = frozenset(
    {*TERMS[Profile.AUTHENTICATOR].values(), "profile", "secret_available_from"}
)


@settled
@write_use_case
def set_policy(*, event_id: UUID, changes: Mapping[str, Any]) -> OtpPolicy:
    """Change how the event's codes look; a profile fills what `changes` leaves out.

    Tickets keep what they were issued with; tolerances apply from the next scan on. Locks the
    event row. Raises ValidationError and NotSettled.
    """
    Event.objects.select_for_update(no_key=True).get(pk=event_id)
    policy = OtpPolicy.of(event_id)
    wanted = dict(changes)
    if "profile" in changes:
        wanted = {**TERMS[Profile(changes["profile"])].values(), **changes}
    for field in EDITABLE_FIELDS & wanted.keys():
        setattr(policy, field, wanted[field])
    policy.full_clean()
    policy.save()
    return policy
