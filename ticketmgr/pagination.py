"""How lists are cut: numbered pages everywhere, a cursor for the scans."""

from typing import Any, Protocol

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.paginator import EmptyPage, Page, PageNotAnInteger, Paginator
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.views import APIView

PAGE_SIZE = 50
# A larger page would hold a worker for longer than a gate is willing to wait behind it.
MAX_PAGE_SIZE = 200
# Whoever asks for a page beyond has mistyped it; PostgreSQL skips no more than 2⁶³ rows.
MOST_PAGES = 1_000_000_000


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


class LongList(Protocol):
    """What `LongPages` cuts: it tells a page and the number of rows at once."""

    def cut(self, start: int, stop: int) -> tuple[list[Any], int]:
        """Return a page, empty behind the end, and how many rows there are."""


class LongListPaginator(Paginator):  # type: ignore[type-arg]
    """Asks for the page first: where it is not the first one and empty, there is no such page."""

    object_list: LongList  # type: ignore[assignment]

    def page(self, number: int | str) -> Page:  # type: ignore[type-arg]
        """Return a page; raises InvalidPage."""
        try:
            place = int(number)
        except ValueError as error:
            raise PageNotAnInteger(number) from error
        if not 1 <= place <= MOST_PAGES:
            raise EmptyPage(number)
        start = (place - 1) * self.per_page
        rows, self.__dict__["count"] = self.object_list.cut(start, start + self.per_page)
        if not rows and place > 1:
            raise EmptyPage(number)
        return Page(rows, place, self)


class LongPages(Pages):
    """Pages of a list of millions, which knows how it is cut."""

    django_paginator_class = LongListPaginator


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
