"""Any page of a list of millions, counted and cut within one moment of the database."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from django.db import connection, transaction
from django.db.models import Count, Model, QuerySet, Window

M = TypeVar("M", bound=Model)


@contextmanager
def one_moment() -> Iterator[None]:
    """Show every query of the block the database as it was at the first of them.

    A page that is read from the end of a list is found by the number of rows, so it must be the
    number of the same moment. Inside another transaction that one decides what is seen.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


class LongList(Generic[M]):
    """Rows in a total order, for `ticketmgr.pagination.LongPages` to cut.

    A page takes a query for the ids and their number where something was searched for, else one for
    the number; and one for the rows.
    """

    ordered = True

    def __init__(self, rows: QuerySet[M], order: Sequence[str], *, is_search: bool) -> None:
        self.rows = rows
        self.model = rows.model
        self.order = order
        self.is_search = is_search

    def count(self) -> int:
        """Return how many rows there are, exactly."""
        return self.rows.count()

    def cut(self, start: int, stop: int) -> tuple[list[M], int]:
        """Return a page, empty behind the end, and how many rows there are."""
        with one_moment():
            if self.is_search:
                found, total = self._found(start, stop)
                return self.shown(found), total
            total = self.count()
            return (self.shown(self._ids(total, start, stop)) if start < total else []), total

    def shown(self, ids: Any) -> list[M]:
        """Return the rows with these ids, as they are shown."""
        return list(self.model._default_manager.filter(pk__in=ids).order_by(*self.order))

    def _ids(self, total: int, start: int, stop: int) -> QuerySet[M, Any]:
        """Return the ids of a page as a subquery, read from whichever end of the list is nearer.

        Ids alone, so that an index answers for the rows that are skipped.
        """
        stop = min(stop, total)
        if start <= total - stop:
            return self.rows.order_by(*self.order).values("pk")[start:stop]
        backwards = self.rows.order_by(*map(reversed_key, self.order)).values("pk")
        return backwards[total - stop : total - start]

    def _found(self, start: int, stop: int) -> tuple[list[Any], int]:
        """Return the ids of a page of what was found, and how much was found, by one query.

        A search costs what it finds, so it is not made twice. And PostgreSQL, asked for 50 rows
        alone, may hope to meet them soon along the order of the list, and then read all of it.
        """
        cut = self.rows.annotate(total=Window(Count("*"))).order_by(*self.order)
        found = list(cut.values_list("pk", "total")[start:stop])
        return [pk for pk, _ in found], found[0][1] if found else 0


def reversed_key(key: str) -> str:
    """Return the key of the opposite direction."""
    return key.removeprefix("-") if key.startswith("-") else f"-{key}"


def count_part(part: QuerySet[M], rest: QuerySet[M], total: int) -> int:
    """Return how many rows the part has, which is `total` with the rest.

    The smaller of the two is counted, as far as PostgreSQL's statistics tell which one that is.
    """
    plan = json.loads(part.order_by().values("pk").explain(format="json"))
    if plan[0]["Plan"]["Plan Rows"] <= total // 2:
        return part.count()
    return total - rest.count()
