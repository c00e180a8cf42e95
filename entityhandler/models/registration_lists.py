"""A list of registrations as one reader sees it: counted and cut at any size of the table.

docs/lists.md tells what PostgreSQL does with each of these queries, and how long it takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, Sum

from entityhandler.models.events import EventManager
from entityhandler.models.long_lists import LongList, count_part
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


class RegistrationList(LongList[Registration]):
    """What one reader asked for, of what that reader may see."""

    def __init__(self, reader: User, wanted: Wanted) -> None:
        self.reader = reader
        self.wanted = wanted
        self.scope = Scope.of(reader, wanted.event)
        super().__init__(self._of(wanted), wanted.order, is_search=bool(wanted.search))

    def count(self) -> int:
        """Return how many there are, exactly."""
        if self.wanted.is_counted:
            return self._counted(self.wanted)
        ever = replace(self.wanted, updated_since=None)
        if not ever.is_counted:
            return super().count()
        before = self._of(ever).filter(updated_at__lt=self.wanted.updated_since)
        return count_part(self.rows, before, self._counted(ever))

    def shown(self, ids: Any) -> list[Registration]:
        """Return the rows with these ids, each with its place on the waitlist."""
        rows = Registration.objects.filter(pk__in=ids).for_reader(self.reader)
        return show_positions(rows.order_by(*self.order))

    def _of(self, wanted: Wanted) -> RegistrationQuerySet:
        return wanted.narrow(Registration.objects.filter(self.scope.condition))

    def _counted(self, wanted: Wanted) -> int:
        """Return how many there are by what is counted already, and the reader's few own ones."""
        counts = RegistrationCount.objects.order_by()
        if not self.scope.every_event:
            counts = counts.filter(event__in=self.scope.events)
        elif wanted.event:
            counts = counts.filter(event=wanted.event)
        if wanted.status:
            counts = counts.filter(status=wanted.status)
        counted = counts.aggregate(total=Sum("count"))["total"] or 0
        own = wanted.narrow(Registration.objects.filter(pk__in=self.scope.own))
        return counted if self.scope.every_event else counted + own.count()
