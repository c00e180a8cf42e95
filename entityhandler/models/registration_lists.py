"""A list of registrations as one reader sees it: counted and cut at any size of the table.

docs/lists.md tells what PostgreSQL does with each of these queries, and how long it takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db.models import Q, Sum

from entityhandler.models.events import EventManager
from entityhandler.models.registration_counts import RegistrationCount
from entityhandler.models.registrations import Registration, RegistrationQuerySet
from entityhandler.models.users import User
from entityhandler.models.waitlist_positions import show_positions


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader asks for."""

    event: UUID | None = None
    user: UUID | None = None
    status: str | None = None
    ticket_type: UUID | None = None
    updated_since: datetime | None = None
    search: str = ""
    ordering: Sequence[str] = ()

    def narrow(self, rows: RegistrationQuerySet) -> RegistrationQuerySet:
        """Return those of the rows that are asked for, in no order."""
        named = {
            "event": self.event,
            "user": self.user,
            "status": self.status,
            "ticket_type": self.ticket_type,
            "updated_at__gte": self.updated_since,
        }
        rows = rows.filter(**{name: value for name, value in named.items() if value})
        return rows.matching(self.search) if self.search else rows

    @property
    def is_counted(self) -> bool:
        """Whether `RegistrationCount` knows how many there are."""
        return not (self.user or self.ticket_type or self.updated_since or self.search)

    @property
    def order(self) -> tuple[str, ...]:
        """A total order, in one direction, as an index has it: `status` is followed by the time."""
        first = tuple(self.ordering) or ("created_at",)
        sign = "-" if first[-1].startswith("-") else ""
        rest = ("created_at", "id") if first[-1].endswith("status") else ("id",)
        return first + tuple(f"{sign}{name}" for name in rest)


@dataclass(slots=True)
class Scope:
    """The registrations that a reader may see, without a condition on two columns where one does.

    Every event, for staff; else the events that the reader manages, and of the others the reader's
    own registrations, by their ids: those are few, and PostgreSQL finds no index for
    `user = … OR event IN (SELECT …)`.
    """

    every_event: bool
    events: list[UUID] = field(default_factory=list)
    own: list[UUID] = field(default_factory=list)

    @classmethod
    def of(cls, reader: User, event: UUID | None) -> "Scope":
        """Return what this reader may see, of one event or of all; two queries, none for staff."""
        if reader.is_staff:
            return cls(every_event=True)
        managed = EventManager.objects.filter(user=reader)
        own = Registration.objects.filter(user=reader)
        if event is not None:
            managed, own = managed.filter(event=event), own.filter(event=event)
        events = list(managed.values_list("event_id", flat=True))
        return cls(False, events, list(own.exclude(event__in=events).values_list("pk", flat=True)))

    @property
    def condition(self) -> Q:
        """The rows, as PostgreSQL is asked for them."""
        if self.every_event:
            return Q()
        if not self.own and len(self.events) == 1:
            return Q(event=self.events[0])
        return Q(event__in=self.events) | Q(pk__in=self.own)


class RegistrationList:
    """What `Pages` cuts: a number of rows, and any slice of them."""

    model: ClassVar = Registration
    # There is no list without an order.
    ordered = True

    def __init__(self, reader: User, wanted: Wanted) -> None:
        self.reader = reader
        self.wanted = wanted
        self.scope = Scope.of(reader, wanted.event)

    def count(self) -> int:
        """Return how many there are, exactly."""
        if not self.wanted.is_counted:
            return self._rows().count()
        return self._kept_count() + self._matching(self.scope.own)

    def __getitem__(self, cut: slice) -> list[Registration]:
        """Return a page, each row with its place on the waitlist.

        The ids alone are read up to where the page begins, from an index that has all it takes;
        the rows only of the page itself.
        """
        ids = self._rows().order_by(*self.wanted.order).values("pk")[cut]
        rows = Registration.objects.filter(pk__in=ids).for_reader(self.reader)
        return show_positions(rows.order_by(*self.wanted.order))

    def _rows(self) -> RegistrationQuerySet:
        return self.wanted.narrow(Registration.objects.filter(self.scope.condition))

    def _kept_count(self) -> int:
        """Return what is counted already."""
        counts = RegistrationCount.objects.order_by()
        if not self.scope.every_event:
            counts = counts.filter(event__in=self.scope.events)
        elif self.wanted.event:
            counts = counts.filter(event=self.wanted.event)
        if self.wanted.status:
            counts = counts.filter(status=self.wanted.status)
        return counts.aggregate(total=Sum("count"))["total"] or 0

    def _matching(self, own: list[UUID]) -> int:
        """Return how many of the reader's own registrations are wanted as well."""
        if self.scope.every_event:
            return 0
        return self.wanted.narrow(Registration.objects.filter(pk__in=own)).count()
