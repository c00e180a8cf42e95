"""Serves docs/problems.md, to which the `type` of every problem document points."""

from django.conf import settings
from django.http import FileResponse
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request

CATALOGUE = settings.BASE_DIR / "docs" / "problems.md"


@extend_schema(exclude=True)
@api_view(["GET", "HEAD"])
@authentication_classes([])
@permission_classes([])
def problem_catalogue(request: Request) -> FileResponse:
    """Answer the catalogue of problem codes as Markdown."""
    return FileResponse(CATALOGUE.open("rb"), content_type="text/markdown; charset=utf-8")
