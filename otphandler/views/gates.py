"""`/gates/` and `/scanners/`."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from entityhandler.models import Event
from entityhandler.permissions import IsUser, ManagesEvent, require_manager
from otphandler.filters import GateFilter, ScannerFilter
from otphandler.models import Gate, Scanner
from otphandler.serializers.gates import (
    GateSerializer,
    NewGateSerializer,
    NewScannerSerializer,
    PairingLinkSerializer,
    ScannerChangesSerializer,
    ScannerSerializer,
    ScannerWithTokenSerializer,
)
from otphandler.services import gates, throttle
from otphandler.services.pairing import start_pairing
from ticketmgr.errors import InvalidField
from ticketmgr.serializers import validated

# The page that exchanges the token; a test of the pages compares the two.
PAIRING_PAGE = "/gate/pair/"


@extend_schema_view(
    list=extend_schema(summary="List the gates of events I manage"),
    retrieve=extend_schema(summary="Read a gate"),
    partial_update=extend_schema(summary="Rename a gate"),
    destroy=extend_schema(summary="Delete a gate that was never used"),
)
class GateViewSet(viewsets.ModelViewSet[Gate]):
    """Gates, for managers of their event."""

    queryset = Gate.objects.none()
    serializer_class = GateSerializer
    permission_classes = [IsUser, ManagesEvent]
    filterset_class = GateFilter
    lookup_value_converter = "uuid"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[Gate]:
        """Return the gates of the events that the caller manages."""
        return Gate.objects.visible_to(self.request.user).select_related("event")

    @extend_schema(
        summary="Create a gate", request=NewGateSerializer, responses={201: GateSerializer}
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a gate at an event that the caller manages."""
        data = validated(NewGateSerializer(data=request.data))
        event = Event.objects.visible_to(request.user).filter(pk=data["event"]).first()
        if event is None:
            raise InvalidField(pointer="event", code="does_not_exist", detail="No such event.")
        require_manager(request, event)
        gate = gates.create_gate(event=event, name=data["name"])
        return Response(GateSerializer(gate).data, status=status.HTTP_201_CREATED)

    def perform_update(self, serializer: Any) -> None:
        """Rename the gate."""
        name = serializer.validated_data.get("name", serializer.instance.name)
        serializer.instance = gates.rename_gate(gate=serializer.instance, name=name)

    def perform_destroy(self, instance: Gate) -> None:
        """Delete the gate."""
        gates.delete_gate(gate=instance)


@extend_schema_view(
    list=extend_schema(summary="List the scanners of events I manage"),
    retrieve=extend_schema(summary="Read a scanner"),
)
class ScannerViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Scanner]
):
    """Devices, for managers of their event."""

    queryset = Scanner.objects.none()
    serializer_class = ScannerSerializer
    permission_classes = [IsUser, ManagesEvent]
    filterset_class = ScannerFilter
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Scanner]:
        """Return the scanners of the events that the caller manages."""
        return Scanner.objects.visible_to(self.request.user).select_related("event")

    @extend_schema(
        summary="Create a scanner; its token is shown this once",
        request=NewScannerSerializer,
        responses={201: ScannerWithTokenSerializer},
    )
    def create(self, request: Request) -> Response:
        """Make a device at a gate that the caller manages."""
        data = validated(NewScannerSerializer(data=request.data))
        gate = Gate.objects.visible_to(request.user).filter(pk=data["gate"]).first()
        if gate is None:
            raise InvalidField(pointer="gate", code="does_not_exist", detail="No such gate.")
        scanner, token = gates.create_scanner(gate=gate, name=data["name"], now=timezone.now())
        return _with_token(scanner, token, status.HTTP_201_CREATED)

    @extend_schema(
        summary="Rename a scanner, or let it admit by hand",
        request=ScannerChangesSerializer,
        responses=ScannerSerializer,
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change a device."""
        scanner = self.get_object()
        changes = validated(ScannerChangesSerializer(data=request.data))
        if "name" in changes:
            scanner = gates.rename_scanner(scanner_id=scanner.pk, name=changes["name"])
        if "may_override" in changes:
            allowed = changes["may_override"]
            scanner = gates.permit_override(scanner_id=scanner.pk, allowed=allowed)
        return Response(ScannerSerializer(scanner).data)

    @extend_schema(
        summary="Take a scanner out of service", request=None, responses=ScannerSerializer
    )
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: UUID) -> Response:
        """Take the device out of service for good."""
        scanner = gates.revoke_scanner(scanner_id=self.get_object().pk, now=timezone.now())
        return Response(ScannerSerializer(scanner).data)

    @extend_schema(
        summary="Give a scanner a new token", request=None, responses=ScannerWithTokenSerializer
    )
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: UUID) -> Response:
        """Give the device a new token; the old one is dead."""
        scanner, token = gates.rotate_scanner(scanner_id=self.get_object().pk)
        return _with_token(scanner, token, status.HTTP_200_OK)

    @extend_schema(
        summary="Forget the wrong codes of a scanner", request=None, responses={204: None}
    )
    @action(detail=True, methods=["post"])
    def unblock(self, request: Request, pk: UUID) -> Response:
        """Open at once a device that too many wrong codes had closed."""
        scanner = self.get_object()
        throttle.unblock(event_id=scanner.event_id, owner=scanner.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Make a link that pairs a device with this scanner, once",
        request=None,
        responses={201: PairingLinkSerializer},
    )
    @action(detail=True, methods=["post"])
    def pairing(self, request: Request, pk: UUID) -> Response:
        """Make a link for the device; an earlier one that was not used is dead."""
        scanner, token = start_pairing(scanner_id=self.get_object().pk, now=timezone.now())
        link = {
            "scanner": scanner.pk,
            # The fragment of an address reaches no server and no log.
            "url": request.build_absolute_uri(f"{PAIRING_PAGE}#{token}"),
            "expires_at": scanner.pairing_expires_at,
        }
        return Response(
            PairingLinkSerializer(link).data,
            status=status.HTTP_201_CREATED,
            headers={"Cache-Control": "no-store"},
        )


def _with_token(scanner: Scanner, token: str, code: int) -> Response:
    scanner.token = token  # type: ignore[attr-defined]
    return Response(
        ScannerWithTokenSerializer(scanner).data,
        status=code,
        headers={"Cache-Control": "no-store"},
    )
