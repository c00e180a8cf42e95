"""Tickets in the admin: seen, and replaced when their holder lost the secret."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from entityhandler.admin.filters import EventFilter
from entityhandler.admin.service_admin import ServiceAdmin
from entityhandler.models import User
from otphandler.models import Ticket
from otphandler.services import tickets


@admin.register(Ticket)
class TicketAdmin(ServiceAdmin[Ticket]):
    """What a registration carries to the gate, without the secret: nobody reads that here."""

    list_display = ("holder", "event", "version", "entries", "inside", "created_at", "revoked_at")
    list_select_related = ("event", "registration__user", "first_gate")
    list_filter = (EventFilter, ("revoked_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("registration__user__email", "registration__user__full_name", "id__exact")
    autocomplete_fields = ("event", "registration", "first_gate")
    ordering = ("-created_at", "-id")
    readonly_fields = ("holder",)
    fieldsets = (
        (None, {"fields": ("holder", "event", "registration", "version")}),
        ("Codes", {"fields": ("algorithm", "digits", "period_s", "created_at", "revoked_at")}),
        ("At the gate", {"fields": ("last_step", "failures", "blocked_until")}),
        (
            "Coming and going",
            {
                "fields": (
                    "movements",
                    "entries",
                    "inside",
                    "first_admitted_at",
                    "first_gate",
                    "last_entry_at",
                )
            },
        ),
    )
    actions = ("reissue",)

    @admin.display(ordering="registration__user__email")
    def holder(self, ticket: Ticket) -> User:
        """Return whose ticket it is."""
        return ticket.registration.user

    def name_of(self, obj: Ticket) -> str:
        """Return whose ticket it is, for what."""
        return f"{obj.registration.user} at {obj.event}"

    @admin.action(description="Reissue with a new secret", permissions=["act"])
    def reissue(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> HttpResponse | None:
        """Replace secrets; the holders fetch the new ones."""
        return self.act(
            request,
            queryset,
            lambda ticket: tickets.reissue_ticket(
                registration_id=ticket.registration_id, now=timezone.now()
            ),
            done="has a new secret.",
            question="Replace the secrets of these tickets? Their present codes will be refused.",
        )
