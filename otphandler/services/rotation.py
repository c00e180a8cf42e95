"""Moving every ticket secret under the active key, while scanning goes on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Func, IntegerField, QuerySet, Value, When

from otphandler.keyring import CannotOpen, Keyring, keyring
from otphandler.models import KeyCanary, Ticket
from otphandler.services.canary import check_canary
from ticketmgr.transactions import write_use_case

# A batch holds its ticket rows for a few milliseconds; a scan of one of them waits no longer.
BATCH_ROWS = 100
# The byte of a sealed secret that holds its key id, counted from 0; see otphandler.keyring.
KEY_ID_BYTE = 1


@dataclass(slots=True)
class Batch:
    """What one batch did: how many rows it moved, how many do not open, and where it stopped."""

    moved: int
    unreadable: int
    last: UUID


def tickets_under_other_keys() -> int:
    """Return how many sealed secrets are not under the active key."""
    return _waiting(keyring()).count()


def rotate() -> Iterator[Batch]:
    """Re-encrypt batch after batch until every secret that opens is under the active key.

    Resumable: a run that was cut off is continued by the next one, for what is done is no longer
    waiting. A secret that does not open is counted, logged as an alarm and left as it is.
    """
    ring = keyring()
    last = UUID(int=0)
    while (batch := _rotate_batch(ring=ring, after=last)) is not None:
        last = batch.last
        yield batch


def retire_unused_keys() -> list[int]:
    """Forget the canaries of keys that seal nothing any more; return the ids to drop."""
    ring = keyring()
    check_canary()
    unused = sorted(set(ring.keys) - {ring.active_id} - _key_ids_in_use())
    KeyCanary.objects.filter(key_id__in=unused).delete()
    return unused


@write_use_case
def _rotate_batch(*, ring: Keyring, after: UUID) -> Batch | None:
    """Move the next batch by id, None when there is none. Locks its ticket rows."""
    waiting = _waiting(ring).filter(id__gt=after).order_by("id")
    rows = list(waiting.select_for_update(no_key=True)[:BATCH_ROWS])
    if not rows:
        return None
    batch = Batch(moved=0, unreadable=0, last=rows[-1].pk)
    for ticket in rows:
        if _reseal(ring, ticket):
            batch.moved += 1
        else:
            batch.unreadable += 1
    return batch


def _reseal(ring: Keyring, ticket: Ticket) -> bool:
    bound_to = ticket.binding.associated_data()
    try:
        secret = ring.open(bytes(ticket.sealed_secret), bound_to)
    except CannotOpen:
        return False
    ticket.sealed_secret = ring.seal(secret, bound_to)
    ticket.save(update_fields=["sealed_secret"])
    return True


def _waiting(ring: Keyring) -> QuerySet[Any]:
    """Return the tickets whose secret is sealed under another key."""
    return _live().exclude(key_id=ring.active_id)


def _key_ids_in_use() -> set[int]:
    return set(_live().order_by().values_list("key_id", flat=True).distinct())


def _live() -> QuerySet[Any]:
    """Return the tickets that hold a secret, with its key id; revoked ones hold none."""
    byte = Func(
        "sealed_secret", Value(KEY_ID_BYTE), function="get_byte", output_field=IntegerField()
    )
    # CASE, because a filter beside it does not keep PostgreSQL from reading a byte of nothing.
    key_id = Case(When(revoked_at__isnull=True, then=byte))
    return Ticket.objects.filter(revoked_at__isnull=True).annotate(key_id=key_id)
