"""The filter by event, which every list of an event's rows has."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from entityhandler.models import Event

# Events to choose from beside a list; another one is reached from the list of events.
SHOWN = 20


class EventFilter(admin.SimpleListFilter):
    """The latest events, and the one in the address: a list of all of them would have no end."""

    title = "event"
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the events to choose from."""
        latest = Event.objects.order_by("-starts_at", "-id")
        ids = [*latest.values_list("pk", flat=True)[:SHOWN]]
        wanted = latest.filter(Q(pk__in=ids) | Q(pk=self._chosen()))
        return [(str(event.pk), event.name) for event in wanted]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the chosen event."""
        chosen = self._chosen()
        return queryset if chosen is None else queryset.filter(event=chosen)

    def _chosen(self) -> UUID | None:
        value = self.value()
        try:
            return UUID(value) if value else None
        except ValueError as error:
            raise IncorrectLookupParameters from error
