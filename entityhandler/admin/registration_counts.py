"""How many registrations of each status an event has, to look at: PostgreSQL keeps them."""

from django.contrib import admin

from entityhandler.admin.filters import EventFilter
from entityhandler.admin.service_admin import ServiceAdmin
from entityhandler.models import RegistrationCount


@admin.register(RegistrationCount)
class RegistrationCountAdmin(ServiceAdmin[RegistrationCount]):
    """The counts by which lists tell how long they are."""

    list_display = ("event", "status", "count")
    list_select_related = ("event",)
    list_filter = ("status", EventFilter)
    search_fields = ("event__name",)
    ordering = ("event", "status", "id")
    autocomplete_fields = ("event",)
    fields = ("event", "status", "count")
