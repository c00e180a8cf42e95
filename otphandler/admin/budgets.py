"""The wrong codes that scanners and events have seen, in the admin."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from entityhandler.admin.filters import EventFilter
from entityhandler.admin.service_admin import ServiceAdmin
from otphandler.models import GuessBudget
from otphandler.services import throttle


@admin.register(GuessBudget)
class GuessBudgetAdmin(ServiceAdmin[GuessBudget]):
    """Counted by the gate; a manager may forget them."""

    list_display = ("event", "owner", "failures", "level", "updated_at", "blocked_until")
    list_select_related = ("event",)
    list_filter = (EventFilter,)
    search_fields = ("event__name",)
    autocomplete_fields = ("event",)
    ordering = ("-updated_at", "-id")
    actions = ("unblock",)

    @admin.action(description="Forget the wrong codes", permissions=["act"])
    def unblock(self, request: HttpRequest, queryset: QuerySet[GuessBudget]) -> HttpResponse | None:
        """Open at once what too many wrong codes had closed."""
        return self.act(
            request,
            queryset,
            lambda budget: throttle.unblock(event_id=budget.event_id, owner=budget.owner),
            done="is open again.",
        )
