"""The closed list of what a scan can come to, and what HTTP says of each.

A client that looks at nothing but the status can never open the door wrongly: it is 2xx if and
only if the person may pass.
"""

from dataclasses import dataclass

from django.db import models


class Outcome(models.TextChoices):
    """What a scan came to; these words are the API's and the audit's."""

    ADMITTED = "admitted"
    EXITED = "exited"
    WRONG_CODE = "wrong_code"
    NOT_REGISTERED = "not_registered"
    NOT_CONFIRMED = "not_confirmed"
    CANCELLED = "cancelled"
    EVENT_CANCELLED = "event_cancelled"
    ADMISSION_CLOSED = "admission_closed"
    WRONG_EVENT = "wrong_event"
    ALREADY_ADMITTED = "already_admitted"
    NOT_INSIDE = "not_inside"
    CODE_REUSED = "code_reused"
    THROTTLED = "throttled"
    # A correction by a manager; no scan of a code ever comes to this.
    UNDONE = "undone"


class Direction(models.TextChoices):
    """Explicit, never a toggle: a retried toggle would check people out."""

    ENTRY = "entry"
    EXIT = "exit"


# The person passes, in or out; everything else is a refusal or a correction.
PASSED = frozenset({Outcome.ADMITTED, Outcome.EXITED})


@dataclass(frozen=True, slots=True)
class Refusal:
    """What HTTP says of a refused scan."""

    status: int
    title: str


REFUSALS = {
    Outcome.WRONG_CODE: Refusal(403, "The code is wrong or too old; show the current one."),
    Outcome.NOT_REGISTERED: Refusal(403, "This person is not registered for the event."),
    Outcome.NOT_CONFIRMED: Refusal(403, "The registration is not confirmed."),
    Outcome.CANCELLED: Refusal(403, "The registration was cancelled."),
    Outcome.EVENT_CANCELLED: Refusal(403, "The event was cancelled."),
    Outcome.ADMISSION_CLOSED: Refusal(403, "The doors are not open."),
    Outcome.WRONG_EVENT: Refusal(403, "The ticket is for another event."),
    Outcome.ALREADY_ADMITTED: Refusal(409, "This ticket was used already."),
    Outcome.NOT_INSIDE: Refusal(409, "Nobody is inside on this ticket."),
    Outcome.CODE_REUSED: Refusal(409, "This code was used already; wait for the next one."),
    Outcome.THROTTLED: Refusal(429, "Too many wrong codes; wait before the next attempt."),
}
