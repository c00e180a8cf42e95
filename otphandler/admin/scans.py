"""The audit in the admin: read, never written."""

from django.contrib import admin

from entityhandler.admin.filters import EventFilter
from entityhandler.admin.service_admin import ServiceAdmin
from entityhandler.models import User
from otphandler.models import Scan


@admin.register(Scan)
class ScanAdmin(ServiceAdmin[Scan]):
    """Every attempt; PostgreSQL itself refuses to change one."""

    list_display = ("scanned_at", "outcome", "direction", "method", "person", "event", "gate")
    list_select_related = ("event", "registration__user", "gate")
    list_filter = ("outcome", "conflict", EventFilter, "method", "direction", "scanned_at")
    search_fields = ("registration__user__email", "registration__user__full_name", "id__exact")
    autocomplete_fields = ("event", "registration", "gate", "scanner", "actor", "first_gate")
    raw_id_fields = ("undoes",)
    readonly_fields = ("id", "person")
    fieldsets = (
        (
            None,
            {"fields": ("id", "event", "person", "registration", "outcome", "conflict", "reason")},
        ),
        ("Where and how", {"fields": ("method", "direction", "gate", "scanner", "actor")}),
        ("When", {"fields": ("scanned_at", "claimed_at", "matched_step", "skew_s")}),
        ("What was sent", {"fields": ("claimed_user", "claimed_event", "scan_id")}),
        (
            "The ticket after it",
            {
                "fields": (
                    "ticket_version",
                    "movement",
                    "entries",
                    "first_admitted_at",
                    "first_gate",
                    "undoes",
                )
            },
        ),
    )

    @admin.display(ordering="registration__user__email", empty_value="nobody known")
    def person(self, scan: Scan) -> User | None:
        """Return whose ticket was shown."""
        return scan.registration.user if scan.registration else None
