"""Finding a guest who has no code to show, without a list that could be browsed."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from entityhandler.models import Registration

# Fewer letters would page through everybody who is registered.
MIN_LETTERS = 3
# As many as fit a phone; whoever is not among them needs another letter.
MAX_RESULTS = 10
# The names that are put in order. Three letters may begin the names of 100,000 people, and to find
# the first ten of all those would take half a second; whoever has so many types on.
MAX_SORTED = 200


def search_guests(*, event_id: UUID, text: str) -> QuerySet[Registration, Any]:
    """Return the few registrations of the event whose holder's name or e-mail begins like that.

    Each has `entries`, `inside` and `first_admitted_at` of its ticket, None where there is none.
    """
    found = Registration.objects.filter(event=event_id).matching(text, domains=False)
    return (
        Registration.objects.filter(pk__in=found.values("pk")[:MAX_SORTED])
        .select_related("user")
        .annotate(
            entries=F("tickets__entries"),
            inside=F("tickets__inside"),
            first_admitted_at=F("tickets__first_admitted_at"),
        )
        .order_by("user__full_name", "created_at", "id")[:MAX_RESULTS]
    )


def count_letters(text: str) -> int:
    """Return how many letters and digits a text has: blanks and signs narrow nothing down."""
    return sum(character.isalnum() for character in text)
