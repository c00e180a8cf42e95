"""`/events/{id}/registrations/import/`, `…/imports/` and `…/export/`."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from django_filters.utils import translate_validation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import viewsets
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from entityhandler.filters import ExportFilter
from entityhandler.models import Event, Registration, RegistrationImport, User
from entityhandler.permissions import IsUser, ManagesEvent
from entityhandler.serializers.imports import (
    ImportParametersSerializer,
    ImportReportSerializer,
    ImportSerializer,
)
from entityhandler.services.spreadsheets.export import export_registrations
from entityhandler.services.spreadsheets.imports import (
    MOST_ROWS_PER_REQUEST,
    begin_import,
    run_import,
)
from ticketmgr.downloads import csv_download
from ticketmgr.serializers import validated
from ticketmgr.uploads import CSVParser, uploaded

FORM = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}},
    "required": ["file"],
    "additionalProperties": False,
}


class CSVRenderer(BaseRenderer):
    """Lets a client ask for CSV; the stream itself needs no renderer."""

    media_type = "text/csv"
    format = "csv"


class EventRegistrationsViewSet(viewsets.GenericViewSet[Event]):
    """All registrations of an event as one file, there and back; for its managers."""

    queryset = Event.objects.none()
    serializer_class = ImportSerializer
    permission_classes = [IsUser, ManagesEvent]

    def get_queryset(self) -> QuerySet[Any]:
        """Return the events that the caller may see."""
        return Event.objects.visible_to(self.request.user)


class ImportViewSet(EventRegistrationsViewSet):
    """Imports: begun by a file, looked at while and after they run."""

    parser_classes = [CSVParser, MultiPartParser]

    @extend_schema(
        summary="Import registrations from a CSV file",
        parameters=[ImportParametersSerializer],
        request={"text/csv": OpenApiTypes.BINARY, "multipart/form-data": FORM},
        responses={200: ImportReportSerializer},
    )
    def create(self, request: Request, pk: UUID) -> Response:
        """Import a file; the answer lists the refused rows, that of a dry run every row."""
        event = self.get_object()
        asked = validated(ImportParametersSerializer(data=request.query_params.dict()))
        assert isinstance(request.user, User)
        begun = begin_import(
            event_id=event.pk,
            by=request.user,
            content=uploaded(request),
            now=timezone.now(),
            at_most=MOST_ROWS_PER_REQUEST,
            **asked,
        )
        batches = run_import(begun=begun, clock=timezone.now)
        results = [row for batch in batches for row in batch if asked["dry_run"] or row.errors]
        report = ImportReportSerializer(begun.record).data
        if begun.plan is not None:
            results.sort(key=lambda result: result.row)
            report["rows"] = [result.to_json() for result in results]
        return Response(report)

    @extend_schema(summary="List the imports of an event", responses=ImportSerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        """List imports, the newest first."""
        imports = RegistrationImport.objects.filter(event=self.get_object())
        page = self.paginate_queryset(imports.order_by("-started_at", "id"))  # type: ignore[arg-type]
        return self.get_paginated_response(ImportSerializer(page, many=True).data)

    @extend_schema(summary="Read how far an import is", responses=ImportReportSerializer)
    def retrieve(self, request: Request, pk: UUID, import_id: UUID) -> Response:
        """Read one import, with its first 1,000 refused rows."""
        found = RegistrationImport.objects.get(event=self.get_object(), pk=import_id)
        return Response(ImportReportSerializer(found).data, headers={"Cache-Control": "no-store"})


class ExportViewSet(EventRegistrationsViewSet):
    """The export."""

    renderer_classes = [CSVRenderer]
    # OPTIONS would look for a renderer of what it tells.
    metadata_class = None

    @extend_schema(
        summary="Export the registrations of an event as CSV",
        parameters=[
            OpenApiParameter("status", str, enum=Registration.Status.values, required=False)
        ],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def retrieve(self, request: Request, pk: UUID) -> StreamingHttpResponse:
        """Stream the file; it imports back."""
        event = self.get_object()
        chosen = ExportFilter(request.query_params, queryset=event.registrations.all())
        if not chosen.is_valid():
            raise translate_validation(chosen.errors)
        pieces = export_registrations(event=event, registrations=chosen.qs)
        return csv_download(pieces, about=event.name)
