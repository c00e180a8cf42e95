"""The canaries of the keys in the admin: which keys this database has met."""

from django.contrib import admin

from entityhandler.admin.service_admin import ServiceAdmin
from otphandler.models import KeyCanary


@admin.register(KeyCanary)
class KeyCanaryAdmin(ServiceAdmin[KeyCanary]):
    """Read alone; the check of the keys writes them."""

    list_display = ("key_id",)
    list_filter = ("key_id",)
    search_fields = ("key_id__exact",)
    ordering = ("key_id",)
    fields = ("key_id",)
