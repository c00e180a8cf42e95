"""Guests' registrations become an account's that proves the e-mail by a signed, expiring link."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet

from entityhandler.models import Event, Registration, User
from entityhandler.services.seats import Seats
from ticketmgr.errors import DomainError
from ticketmgr.transactions import write_use_case

# Names what a signature is for, so that no other signed text of this server passes as a link.
SALT = "entityhandler.claims"
# Long enough for a mail that is read after a holiday; an expired link is sent again on request.
LINK_LIFETIME = timedelta(days=14)

Status = Registration.Status
# Of two registrations of one person for one event the better one is kept.
RANK = {Status.WAITLISTED: 1, Status.PENDING: 2, Status.CONFIRMED: 3}


class ClaimLinkInvalid(DomainError):
    """The link was not made by this server, or was damaged on its way."""

    code = "claim_link_invalid"
    status = 400
    title = "This link is not valid; open it exactly as it was sent."


class ClaimLinkExpired(DomainError):
    """The link is older than two weeks."""

    code = "claim_link_expired"
    status = 410
    title = "This link has expired; ask the organiser for a new one."


class ClaimForAnotherEmail(DomainError):
    """The link proves an e-mail that is not the account's."""

    code = "claim_for_another_email"
    status = 403
    title = "This link belongs to another e-mail; sign in with the account that has it."


class NotAGuest(DomainError):
    """The registration belongs to an account already."""

    code = "not_a_guest"
    title = "This registration belongs to an account already."


class Claim(NamedTuple):
    """What a link says: which guest, and the e-mail that it was sent to."""

    guest_id: UUID
    email: str


def claim_token(guest: User) -> str:
    """Return the signed text of a link that proves whoever opens it reads the guest's mail."""
    return signing.dumps({"guest": str(guest.pk), "email": guest.email}, salt=SALT)


def claim_link(guest: User) -> str:
    """Return the address; the token is its fragment, which no server and no log ever sees."""
    return f"{settings.PUBLIC_URL}/claim/#{claim_token(guest)}"


@write_use_case
def claim_registrations(*, token: str, user: User, now: datetime) -> list[Registration]:
    """Make the registrations of the guest who is named by the link the account's; return them.

    Where both are registered for an event the better one is kept and the other one cancelled, which
    frees its seat. Opening a link twice changes nothing more. Locks the rows of the events, in the
    order of their ids. Raises ClaimLinkInvalid, ClaimLinkExpired and ClaimForAnotherEmail.
    """
    claim = _read(token)
    if claim.email.lower() != user.email.lower():
        raise ClaimForAnotherEmail
    theirs = Registration.objects.filter(user=claim.guest_id, user__is_guest=True)
    event_ids = sorted({*theirs.values_list("event_id", flat=True)})
    claimed: list[Registration] = []
    for event_id in event_ids:
        claimed += _claim_at(Seats.lock(event_id), theirs, user, now)
    return claimed


@write_use_case
def send_link(*, registration: Registration) -> None:
    """Send the guest of this registration another link; raises NotAGuest."""
    if not registration.user.is_guest:
        raise NotAGuest
    send_link_on_commit(registration.user, registration.event)


def send_links_on_commit(user: User) -> None:
    """Send a link where a guest has the e-mail of this new account and is registered somewhere."""
    guest = User.objects.guest_by_email(user.email)
    latest = guest and guest.registrations.live().select_related("event").last()
    if guest and latest:
        send_link_on_commit(guest, latest.event)


def send_link_on_commit(guest: User, event: Event) -> None:
    """Send the link once the caller's transaction is committed.

    A mail server that fails must not fail what was committed already: it is logged, and the link
    can be sent again.
    """
    transaction.on_commit(lambda: _send(guest, event), robust=True)


def _claim_at(
    seats: Seats, theirs: QuerySet[Registration], user: User, now: datetime
) -> list[Registration]:
    rows = list(theirs.filter(event=seats.event.pk).select_for_update(no_key=True, of=("self",)))
    live = next((row for row in rows if row.status != Status.CANCELLED), None)
    own = seats.event.registrations.live().filter(user=user).first()
    if live is not None and own is not None:
        worse = own if RANK[Status(live.status)] > RANK[Status(own.status)] else live
        worse.event = seats.event
        seats.move(worse, Status.CANCELLED, now)
        seats.promote(now)
        seats.save()
    for row in rows:
        row.user = user
        row.touch(now)
        row.save(update_fields=["user", "updated_at"])
    return rows


def _read(token: str) -> Claim:
    try:
        said = signing.loads(token, salt=SALT, max_age=LINK_LIFETIME)
        return Claim(UUID(said["guest"]), said["email"])
    except signing.SignatureExpired as error:
        raise ClaimLinkExpired from error
    except (signing.BadSignature, KeyError, TypeError, ValueError) as error:
        raise ClaimLinkInvalid from error


def _send(guest: User, event: Event) -> None:
    send_mail(
        subject=f"Your registration for {' '.join(event.name.split())}",
        message=MESSAGE.format(
            name=guest.full_name,
            event=event.name,
            email=guest.email,
            days=LINK_LIFETIME.days,
            link=claim_link(guest),
        ),
        from_email=None,
        recipient_list=[guest.email],
    )


MESSAGE = """\
Hello {name},

you are registered for {event}.

Your ticket is on your phone, in an account of your own. Sign up, or sign in, with this
e-mail address ({email}) and open this link within {days} days:

{link}

If you do not know what this is about, ignore it: nothing happens without you.
"""
