"""Forms whose times are wall time at the event, not UTC."""

from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils import timezone

from entityhandler.admin.service_admin import ServiceAdmin
from entityhandler.models import Event
from entityhandler.models.events import time_zone_names

if TYPE_CHECKING:
    Base = ServiceAdmin[Any]
else:
    Base = object


class InEventsZone(Base):
    """Reads and shows the times of a form in the event's time zone, as the form itself names it."""

    def _changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None,
        form_url: str,
        extra_context: dict[str, Any] | None,
    ) -> HttpResponse:
        """Show or save the form; a page is rendered here, while the zone is in force."""
        with timezone.override(self._zone(request, object_id)):
            answer = super()._changeform_view(request, object_id, form_url, extra_context)
            if isinstance(answer, SimpleTemplateResponse):
                answer.render()
            return answer

    def _zone(self, request: HttpRequest, object_id: str | None) -> tzinfo:
        name = request.POST.get("time_zone") or self._saved_zone(request, object_id)
        return ZoneInfo(name) if name in time_zone_names() else UTC

    def _saved_zone(self, request: HttpRequest, object_id: str | None) -> str | None:
        """Return the zone of the event that is changed, or whose ticket type is."""
        try:
            row = self.get_object(request, object_id, None) if object_id else None
            event = row if row is None or isinstance(row, Event) else row.event
            chosen = UUID(request.POST["event"]) if "event" in request.POST else None
        except ValueError:
            return None
        event = event or (chosen and Event.objects.filter(pk=chosen).first())
        return event.time_zone if event else None
