"""`/scans/`: the gate, and the audit it leaves."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from entityhandler.permissions import IsUser
from otphandler.answers import scan_response
from otphandler.batches import judge_batch
from otphandler.filters import ScanFilter
from otphandler.models import Scan
from otphandler.permissions import IsScanner
from otphandler.serializers.scans import (
    BatchResultSerializer,
    BatchSerializer,
    NewScanSerializer,
    PassedScanSerializer,
    ScanSerializer,
)
from otphandler.services.admission import submit_scan
from ticketmgr.pagination import NewestFirst
from ticketmgr.serializers import validated


@extend_schema_view(
    list=extend_schema(summary="List the scans of events I manage, the newest first"),
    retrieve=extend_schema(summary="Read a scan"),
)
class ScanViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Scan]):
    """Scanners post scans, managers read them."""

    queryset = Scan.objects.none()
    serializer_class = ScanSerializer
    pagination_class = NewestFirst
    filterset_class = ScanFilter
    lookup_value_converter = "uuid"

    def get_permissions(self) -> list[Any]:
        """Let scanners post and people read."""
        if self.action is None:
            return [AllowAny()]  # A method that nobody may use is a 405 for everybody.
        return [IsScanner()] if self.action in ("create", "batch") else [IsUser()]

    def get_queryset(self) -> QuerySet[Scan]:
        """Return the scans of the events that the caller manages."""
        return Scan.objects.visible_to(self.request.user)

    @extend_schema(
        summary="Scan: the status is 2xx if and only if the person may pass",
        request=NewScanSerializer,
        responses={201: PassedScanSerializer},
    )
    def create(self, request: Request) -> Response:
        """Judge a scan."""
        # A plain one was answered before it came here: otphandler/views/gate.py.
        now = timezone.now()
        scanner: Any = request.auth
        scan = NewScanSerializer(data=request.data)
        scan.is_valid(raise_exception=True)
        return scan_response(submit_scan(scanner=scanner, attempt=scan.attempt(), now=now))

    @extend_schema(
        summary="Hand in scans that were made while the network was away",
        request=BatchSerializer,
        responses={200: BatchResultSerializer},
    )
    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> Response:
        """Judge each scan by the time that it claims, in the order of those times."""
        scanner: Any = request.auth
        items = validated(BatchSerializer(data=request.data))["scans"]
        return Response({"results": judge_batch(scanner=scanner, items=items, now=timezone.now())})
