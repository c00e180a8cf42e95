"""How the codes of an event look, in the admin."""

from django.contrib import admin
from django.http import HttpRequest

from entityhandler.admin.filters import EventFilter
from entityhandler.admin.service_admin import Form, ServiceAdmin
from otphandler.models import OtpPolicy
from otphandler.services import policies


@admin.register(OtpPolicy)
class OtpPolicyAdmin(ServiceAdmin[OtpPolicy]):
    """One per event; an event without one has the defaults that the empty form shows."""

    services = frozenset({"add", "change"})
    list_display = (
        "event",
        "profile",
        "algorithm",
        "digits",
        "period_s",
        "past_tolerance_s",
        "future_tolerance_s",
        "secret_available_from",
    )
    list_select_related = ("event",)
    list_filter = (EventFilter, "profile", "algorithm", "digits")
    search_fields = ("event__name",)
    autocomplete_fields = ("event",)
    ordering = ("-updated_at", "event")
    readonly_fields = ("updated_at",)
    fields = (*list_display, "updated_at")

    def get_readonly_fields(
        self, request: HttpRequest, obj: OtpPolicy | None = None
    ) -> tuple[str, ...]:
        """Return what cannot be set: the event of a policy that exists, for one."""
        return (*self.readonly_fields, "event") if obj else self.readonly_fields

    def write(self, request: HttpRequest, obj: OtpPolicy, form: Form, *, change: bool) -> OtpPolicy:
        """Set what was changed on the form; a profile fills the rest."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        return policies.set_policy(event_id=obj.event_id, changes=changes)
