"""Serves docs/problems.md, to which the `type` of every problem document points."""

from django.conf import settings
from django.http import FileResponse, HttpRequest
from django.views.decorators.http import require_safe

CATALOGUE = settings.BASE_DIR / "docs" / "problems.md"


@require_safe
def problem_catalogue(request: HttpRequest) -> FileResponse:
    """Answer the catalogue of problem codes as Markdown."""
    return FileResponse(CATALOGUE.open("rb"), content_type="text/markdown; charset=utf-8")
