"""Registrations in the admin: made, confirmed and cancelled as a manager of the event would."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from entityhandler.admin.filters import EventFilter
from entityhandler.admin.service_admin import Form, ServiceAdmin
from entityhandler.models import Registration, User
from entityhandler.services import claims, registrations
from entityhandler.services.users import Guest, find_addressee

CHANGEABLE = frozenset({"attention_note", "answers"})


class RegistrationForm(forms.ModelForm):  # type: ignore[type-arg]
    """A registration; an e-mail names who gets it, with or without an account."""

    email = forms.EmailField(required=False, max_length=254)
    full_name = forms.CharField(
        required=False, max_length=200, help_text="For somebody without an account."
    )

    class Meta:
        model = Registration
        fields = ("event", "user", "ticket_type", "attention_note", "answers")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_new = "user" in self.fields
        if is_new:
            self.fields["user"].required = False
        if "email" in self.fields:
            self.fields["email"].help_text = (
                "Instead of a user." if is_new else "Hands the seat to this person, for good."
            )

    def clean(self) -> dict[str, Any]:
        """Refuse two names for one person, and none."""
        said = super().clean() or {}
        if "user" in self.fields and bool(said.get("user")) == bool(said.get("email")):
            raise forms.ValidationError("Name a user or an e-mail.", code="one_of")
        return said


@admin.register(Registration)
class RegistrationAdmin(ServiceAdmin[Registration]):
    """One person's place at one event; its status moves by actions alone."""

    services = frozenset({"add", "change"})
    form = RegistrationForm
    list_display = ("user", "event", "status", "created_at", "waitlisted_at")
    list_select_related = ("user", "event")
    list_filter = ("status", EventFilter, "created_at")
    search_fields = ("user__email", "user__full_name", "id__exact")
    autocomplete_fields = ("event", "user", "ticket_type", "transferred_from")
    ordering = ("-created_at", "-id")
    readonly_fields = (
        "id",
        "event",
        "user",
        "ticket_type",
        "status",
        "transferred_from",
        "created_at",
        "updated_at",
        "waitlisted_at",
        "cancelled_at",
    )
    actions = ("confirm", "cancel", "send_link")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Registration], search_term: str
    ) -> tuple[QuerySet[Registration], bool]:
        """Find registrations as the API does, and by their whole id."""
        if not search_term.strip():
            return queryset, False
        with suppress(ValueError):
            return queryset.filter(pk=UUID(search_term.strip())), False
        return queryset.filter(
            pk__in=Registration.objects.matching(search_term).values("pk")
        ), False

    def name_of(self, obj: Registration) -> str:
        """Return who goes where."""
        return f"{obj.user} at {obj.event}"

    def get_readonly_fields(
        self, request: HttpRequest, obj: Registration | None = None
    ) -> tuple[str, ...]:
        """Keep what a registration is; a new one is still to be said."""
        return self.readonly_fields if obj else ()

    def get_fields(self, request: HttpRequest, obj: Registration | None = None) -> tuple[str, ...]:
        """Return what a new one needs, or what the services change of one that is there."""
        if obj is None:
            return ("event", "user", "email", "full_name", "ticket_type", "attention_note")
        changing = ("attention_note", "answers", "email", "full_name")
        writable = changing if self.has_change_permission(request, obj) else changing[:2]
        return ("event", "user", "ticket_type", "status", *writable, *self.readonly_fields[5:])

    def write(
        self,
        request: HttpRequest,
        obj: Registration,
        form: Form,
        *,
        change: bool,
    ) -> Registration:
        """Register the person, in or out of the window; or hand the seat on; or change it."""
        said = form.cleaned_data
        if not change:
            return registrations.register(
                event_id=obj.event_id,
                user=obj.user if said["user"] else _addressee(said),
                now=timezone.now(),
                by_manager=True,
                ticket_type_id=obj.ticket_type_id,
                attention_note=said["attention_note"],
            )
        if said["email"]:
            return registrations.transfer_registration(
                registration_id=obj.pk, to=_addressee(said), now=timezone.now()
            )
        return registrations.change_registration(
            registration_id=obj.pk,
            changes={name: said[name] for name in form.changed_data if name in CHANGEABLE},
            now=timezone.now(),
            by_manager=True,
        )

    @admin.action(description="Confirm", permissions=["act"])
    def confirm(
        self, request: HttpRequest, queryset: QuerySet[Registration]
    ) -> HttpResponse | None:
        """Approve pending ones, or take waitlisted ones ahead of the queue."""
        return self.act(
            request,
            queryset,
            lambda row: registrations.confirm_registration(
                registration_id=row.pk, now=timezone.now()
            ),
            done="confirmed.",
        )

    @admin.action(description="Cancel for good", permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Registration]) -> HttpResponse | None:
        """Give the seats back; the waitlist moves up."""
        return self.act(
            request,
            queryset,
            lambda row: registrations.cancel_registration(
                registration_id=row.pk, now=timezone.now()
            ),
            done="cancelled.",
            question="Cancel these registrations for good? Their tickets will open nothing more.",
        )

    @admin.action(description="Send guests their link", permissions=["act"])
    def send_link(
        self, request: HttpRequest, queryset: QuerySet[Registration]
    ) -> HttpResponse | None:
        """Send the link by which a registration becomes an account's."""
        return self.act(
            request,
            queryset.select_related("user", "event"),
            lambda row: claims.send_link(registration=row),
            done="sent a link.",
        )


def _addressee(said: dict[str, Any]) -> User | Guest:
    return find_addressee(email=said["email"], full_name=said["full_name"])
