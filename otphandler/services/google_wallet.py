"""A ticket as a link that puts it into Google Wallet."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from otphandler import totp
from otphandler.google_wallet.event_ticket import event_ticket_class, event_ticket_object
from otphandler.google_wallet.issuer import Issuer, configured_issuer
from otphandler.services.tickets import TicketSecret, hand_out_secret
from ticketmgr.errors import DomainError


class GoogleWalletNotConfigured(DomainError):
    """The settings name no issuer and no service account."""

    code = "google_wallet_not_configured"
    status = 404
    title = "This server gives out no passes for Google Wallet."


class GoogleWalletNeedsSha1(DomainError):
    """The ticket was issued with another algorithm, which the wallet cannot compute."""

    code = "google_wallet_needs_sha1"
    title = "Google Wallet shows codes made with SHA1 alone."


@dataclass(frozen=True)
class SaveLink:
    """The link, which carries the secret, and the ticket's version; never shown by `repr`."""

    url: str
    version: int

    def __repr__(self) -> str:
        return f"<SaveLink of version {self.version}>"


def make_save_link(*, registration_id: UUID, now: datetime) -> SaveLink:
    """Return the link for the holder, issuing the ticket on the first request.

    Raises GoogleWalletNotConfigured and GoogleWalletNeedsSha1, and what hand_out_secret raises, in
    whose transaction the registration is locked and checked.
    """
    issuer = configured_issuer()
    if issuer is None:
        raise GoogleWalletNotConfigured
    found = hand_out_secret(registration_id=registration_id, now=now)
    if found.ticket.parameters.algorithm != totp.Algorithm.SHA1:
        raise GoogleWalletNeedsSha1(
            f"The codes of this ticket are made with {found.ticket.algorithm}, and Google Wallet "
            "knows SHA1 alone. Where the event's policy says SHA1 by now, reissue the ticket."
        )
    return SaveLink(_save_url(issuer, found, now), found.ticket.version)


def _save_url(issuer: Issuer, found: TicketSecret, now: datetime) -> str:
    pass_class = event_ticket_class(issuer, found.registration.event)
    pass_object = event_ticket_object(
        issuer,
        found.ticket,
        class_id=pass_class["id"],
        payload_prefix=found.payload_prefix,
        secret=found.secret,
    )
    payload = {"eventTicketClasses": [pass_class], "eventTicketObjects": [pass_object]}
    return issuer.save_url(payload, issued_at_s=totp.unix_seconds(now))
