"""`/registrations/{id}/ticket/…`."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from entityhandler.models import Registration, User
from entityhandler.permissions import HoldsOrManages, IsUser, ManagesEvent
from otphandler import totp
from otphandler.answers import scan_response
from otphandler.models import Gate, Ticket
from otphandler.outcomes import Direction
from otphandler.permissions import HoldsRegistration
from otphandler.serializers.scans import (
    ByHandSerializer,
    PassedScanSerializer,
    ReasonSerializer,
    ScanSerializer,
)
from otphandler.serializers.tickets import (
    GoogleWalletLinkSerializer,
    TicketSecretSerializer,
    TicketSerializer,
)
from otphandler.services import google_wallet, manual, throttle, tickets
from otphandler.services.admission import Verdict
from ticketmgr.errors import InvalidField
from ticketmgr.serializers import validated

# Of answers that carry a secret.
NOT_STORED = {"Cache-Control": "no-store"}


class TicketViewSet(viewsets.GenericViewSet[Registration]):
    """The ticket of one registration."""

    queryset = Registration.objects.none()
    serializer_class = TicketSerializer

    def get_queryset(self) -> QuerySet[Registration]:
        """Return the registrations that the caller may see."""
        return Registration.objects.visible_to(self.request.user).select_related("event")

    def get_permissions(self) -> list[Any]:
        """Return who may do what with a ticket."""
        if self.action in ("secret", "google_wallet"):
            return [IsUser(), HoldsRegistration()]
        if self.action in ("admit", "undo", "unblock"):
            return [IsUser(), ManagesEvent()]
        return [IsUser(), HoldsOrManages()]

    @extend_schema(summary="Read a ticket, never its secret")
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read the ticket's parameters and attendance."""
        registration = self.get_object()
        ticket = (
            Ticket.objects.select_related("first_gate")
            .filter(event=registration.event_id, registration=registration)
            .first()
        )
        if ticket is None:
            raise tickets.NoTicket
        return Response(TicketSerializer(ticket).data)

    @extend_schema(summary="Fetch my secret", request=None, responses={200: TicketSecretSerializer})
    def secret(self, request: Request, pk: UUID) -> Response:
        """Hand the secret to its holder, issuing the ticket on the first request."""
        now = timezone.now()
        found = tickets.hand_out_secret(registration_id=self.get_object().pk, now=now)
        answer = {
            "secret": totp.to_base32(found.secret),
            "algorithm": found.ticket.algorithm,
            "digits": found.ticket.digits,
            "period_s": found.ticket.period_s,
            "otpauth_uri": found.otpauth_uri,
            "payload_prefix": found.payload_prefix,
            "version": found.ticket.version,
            "server_time": now,
        }
        return Response(TicketSecretSerializer(answer).data, headers=NOT_STORED)

    @extend_schema(
        summary="Add my ticket to Google Wallet", responses={200: GoogleWalletLinkSerializer}
    )
    def google_wallet(self, request: Request, pk: UUID) -> Response:
        """Hand the link to the ticket's holder; it carries the secret, as `secret/` does."""
        # GET is safe here: all that the first request changes is that the ticket is issued, which
        # binds nobody, and a page of another site that makes a browser send it reads no answer.
        link = google_wallet.make_save_link(
            registration_id=self.get_object().pk, now=timezone.now()
        )
        return Response(GoogleWalletLinkSerializer(link).data, headers=NOT_STORED)

    @extend_schema(summary="Replace the secret; the old one is dead", request=None)
    def reissue(self, request: Request, pk: UUID) -> Response:
        """Replace the secret."""
        ticket = tickets.reissue_ticket(registration_id=self.get_object().pk, now=timezone.now())
        return Response(TicketSerializer(ticket).data)

    @extend_schema(
        summary="Admit by hand", request=ByHandSerializer, responses={201: PassedScanSerializer}
    )
    def admit(self, request: Request, pk: UUID) -> Response:
        """Let the person pass at a manager's word."""
        registration = self.get_object()
        word = validated(ByHandSerializer(data=request.data))
        scan = manual.admit_by_hand(
            registration_id=registration.pk,
            by=_user(request),
            reason=word["reason"],
            direction=Direction(word["direction"]),
            gate=_gate(registration.event_id, word.get("gate")),
            now=timezone.now(),
        )
        return scan_response(Verdict(scan))

    @extend_schema(
        summary="Take the last admission back",
        request=ReasonSerializer,
        responses={200: ScanSerializer},
    )
    def undo(self, request: Request, pk: UUID) -> Response:
        """Take the last admission back."""
        registration = self.get_object()
        scan = manual.undo_admission(
            registration_id=registration.pk,
            by=_user(request),
            reason=validated(ReasonSerializer(data=request.data))["reason"],
            now=timezone.now(),
        )
        return Response(ScanSerializer(scan).data)

    @extend_schema(
        summary="Forget the wrong codes of a ticket", request=None, responses={204: None}
    )
    def unblock(self, request: Request, pk: UUID) -> Response:
        """Open at once a ticket that too many wrong codes had closed."""
        throttle.unblock_ticket(registration_id=self.get_object().pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _user(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


def _gate(event_id: UUID, gate_id: UUID | None) -> Gate | None:
    if gate_id is None:
        return None
    gate = Gate.objects.filter(event=event_id, pk=gate_id).first()
    if gate is None:
        raise InvalidField(
            pointer="gate", code="does_not_exist", detail="The event has no such gate."
        )
    return gate
