"""How lists are cut: numbered pages everywhere, a cursor for the scans."""

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.views import APIView

PAGE_SIZE = 50
# A larger page would hold a worker for longer than a gate is willing to wait behind it.
MAX_PAGE_SIZE = 200


def _checked_size(request: Request) -> None:
    """Raise ValidationError unless `page_size` is a number from 1 up; large ones are capped."""
    text = request.query_params.get("page_size", "1")
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise ValidationError({"page_size": "A whole number from 1 up."})


class Pages(PageNumberPagination):
    """`?page=` and `?page_size=`; answers `count`, `next`, `previous`, `results`."""

    page_size = PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE

    def get_page_size(self, request: Request) -> int | None:
        """Return the size asked for, 200 at the most; raises ValidationError."""
        _checked_size(request)
        return super().get_page_size(request)

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        """Cut a page; a list without a total order would repeat and skip rows, so it is refused."""
        if not queryset.ordered:
            raise AssertionError(f"{queryset.model.__name__} is paged without an order.")
        return super().paginate_queryset(queryset, request, view=view)


class NewestFirst(CursorPagination):
    """A cursor over an append-only table: stable while rows are added, as cheap at any depth."""

    page_size = PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE
    ordering = ("-scanned_at", "-id")

    def get_page_size(self, request: Request) -> int | None:
        """Return the size asked for, 200 at the most; raises ValidationError."""
        _checked_size(request)
        return super().get_page_size(request)

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        """Cut a page; a cursor that this server did not make is a 404, not a failure."""
        try:
            return super().paginate_queryset(queryset, request, view=view)
        except (DjangoValidationError, ValueError, OverflowError) as error:
            raise NotFound("Invalid cursor") from error
