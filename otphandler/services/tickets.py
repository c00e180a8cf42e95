"""Tickets: issuing the secret, handing it to its holder, replacing it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from entityhandler.models import Registration
from otphandler import payload, totp
from otphandler.entry import Attendance
from otphandler.keyring import keyring
from otphandler.models import OtpPolicy, Ticket
from otphandler.models.tickets import ATTENDANCE_FIELDS
from ticketmgr.errors import DomainError
from ticketmgr.transactions import write_use_case


class NotConfirmed(DomainError):
    """Only a confirmed registration has a ticket."""

    code = "registration_not_confirmed"
    title = "The registration is not confirmed, so there is no ticket."


class SecretNotYetAvailable(DomainError):
    """The event holds its secrets back until a moment that the detail names."""

    code = "secret_not_yet_available"
    status = 403
    title = "The ticket is not available yet."


class NoTicket(DomainError):
    """The registration has no ticket yet: nobody asked for its secret."""

    code = "no_ticket"
    status = 404
    title = "The registration has no ticket yet."


@dataclass(frozen=True)
class TicketSecret:
    """A ticket together with its plain secret, on the way to its holder; never shown by `repr`."""

    ticket: Ticket
    registration: Registration
    secret: bytes

    def __repr__(self) -> str:
        return f"<TicketSecret of {self.ticket.registration_id}>"

    @property
    def otpauth_uri(self) -> str:
        """The address that an authenticator app reads; the event is the issuer it shows."""
        return totp.provisioning_uri(
            self.secret,
            self.ticket.parameters,
            account=self.registration.user.email,
            issuer=self.registration.event.name.replace(":", " "),
        )

    @property
    def payload_prefix(self) -> str:
        """The text of the QR code up to the code itself."""
        return payload.prefix(self.registration.user_id, self.registration.event_id)


@write_use_case
def hand_out_secret(*, registration_id: UUID, now: datetime) -> TicketSecret:
    """Return the holder's secret, issuing the ticket on the first request.

    Locks the registration row, as a cancellation does: a cancelled registration never gets a
    working secret. Raises NotConfirmed, SecretNotYetAvailable and CannotOpen.
    """
    registration = lock_confirmed(registration_id)
    policy = OtpPolicy.of(registration.event_id)
    if policy.secret_available_from is not None and now < policy.secret_available_from:
        raise SecretNotYetAvailable(
            f"The ticket can be fetched from {policy.secret_available_from:%Y-%m-%dT%H:%M:%SZ}.",
            available_from=policy.secret_available_from,
        )
    ticket = issue_ticket(registration, policy, now=now)
    secret = keyring().open(bytes(ticket.sealed_secret), ticket.binding.associated_data())
    return TicketSecret(ticket, registration, secret)


@write_use_case
def reissue_ticket(*, registration_id: UUID, now: datetime) -> Ticket:
    """Replace the secret; codes of the old one are dead when this returns.

    The new version takes the event's present policy. What was recorded about coming and going
    stays, so a new code is no second admission. Locks the registration; writing the ticket waits
    for the scan that holds it. Raises NotConfirmed and NoTicket.
    """
    registration = lock_confirmed(registration_id)
    ticket = registration.tickets.filter(event=registration.event_id).first()
    if ticket is None:
        raise NoTicket
    ticket.version += 1
    _renew(ticket, OtpPolicy.of(registration.event_id))
    # The steps of a new secret were never shown; the failures of the old one are not its own.
    ticket.last_step, ticket.failures, ticket.blocked_until = None, 0, None
    ticket.save(
        update_fields=[
            "version",
            "sealed_secret",
            "algorithm",
            "digits",
            "period_s",
            "last_step",
            "failures",
            "blocked_until",
        ]
    )
    return ticket


def lock_confirmed(registration_id: UUID) -> Registration:
    """Return the registration, locked, with its user and event; raises NotConfirmed."""
    registration = Registration.objects.select_for_update(no_key=True).get(pk=registration_id)
    if registration.status != Registration.Status.CONFIRMED:
        raise NotConfirmed
    return registration


def issue_ticket(registration: Registration, policy: OtpPolicy, *, now: datetime) -> Ticket:
    """Return the registration's ticket, made now if there is none.

    The caller holds the lock on the registration row, so nobody else issues it meanwhile.
    """
    found = registration.tickets.filter(event=registration.event_id).first()
    if found is not None:
        return found
    ticket = Ticket(event_id=registration.event_id, registration=registration, created_at=now)
    _renew(ticket, policy)
    _inherit(ticket, registration)
    ticket.save(force_insert=True)
    return ticket


def _inherit(ticket: Ticket, registration: Registration) -> None:
    """Take over the coming and going of the person's, or the seat's, earlier ticket.

    Without it, whoever is inside could cancel and register again, or hand the seat on, and one seat
    would let two people in. The earlier ticket is dead, so what it counted moves and stays counted
    once. Locks that ticket row, which nobody else takes after this registration's.
    """
    earlier = (
        Ticket.objects.select_for_update(no_key=True, of=("self",))
        .filter(
            Q(registration__user=registration.user_id)
            | Q(registration__transferred_to=registration),
            event=registration.event_id,
            entries__gt=0,
            revoked_at__isnull=False,
        )
        .order_by("-last_entry_at", "id")
        .first()
    )
    if earlier is not None:
        ticket.attendance, earlier.attendance = earlier.attendance, Attendance()
        earlier.save(update_fields=ATTENDANCE_FIELDS)


def _renew(ticket: Ticket, policy: OtpPolicy) -> None:
    """Give the ticket a fresh secret under the policy's parameters, in memory."""
    parameters = policy.parameters
    ticket.algorithm = parameters.algorithm.value
    ticket.digits, ticket.period_s = parameters.digits, parameters.period_s
    ticket.sealed_secret = keyring().seal(
        totp.new_secret(parameters.algorithm), ticket.binding.associated_data()
    )
