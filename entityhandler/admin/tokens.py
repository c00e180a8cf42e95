"""The tokens of users in the admin: seen and revoked."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from entityhandler.admin.service_admin import ServiceAdmin
from entityhandler.models import UserToken
from entityhandler.services import tokens


@admin.register(UserToken)
class UserTokenAdmin(ServiceAdmin[UserToken]):
    """Whoever signs in makes a token; here it is only taken away."""

    list_display = ("__str__", "user", "created_at", "expires_at")
    list_select_related = ("user",)
    list_filter = ("created_at", "expires_at")
    search_fields = ("label", "user__email", "user__full_name")
    autocomplete_fields = ("user",)
    fields = ("user", "label", "created_at", "expires_at")
    actions = ("revoke",)

    def name_of(self, obj: UserToken) -> str:
        """Return the token with its owner."""
        return f"{obj} of {obj.user}"

    @admin.action(description="Revoke", permissions=["act"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[UserToken]) -> HttpResponse | None:
        """Sign these devices out."""
        return self.act(
            request,
            queryset,
            lambda token: tokens.revoke_token(token=token),
            done="revoked.",
            question="Revoke these tokens?",
        )
