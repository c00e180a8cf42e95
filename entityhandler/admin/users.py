"""Accounts in the admin, and the groups that give them rights."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from entityhandler.admin.service_admin import Form, ServiceAdmin, who
from entityhandler.models import User
from entityhandler.models.people_search import prefix_query
from entityhandler.services import users

# Whoever sets one of these decides what others may do.
RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")

if TYPE_CHECKING:
    AuthUserAdmin = auth_admin.UserAdmin[User]
else:
    AuthUserAdmin = auth_admin.UserAdmin


class SignUpForm(UserCreationForm):  # type: ignore[type-arg]
    """A new account: the e-mail is the login."""

    class Meta:
        model = User
        fields = ("email", "full_name")


class ProfileForm(UserChangeForm):  # type: ignore[type-arg]
    """An account as staff sees it, with the link that sets another password."""

    class Meta:
        model = User
        fields = "__all__"


class NewPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """Another password, set by staff who cannot know the present one."""

    def save(self, commit: bool = True) -> User:
        """Set it and revoke the user's tokens: whoever knew the old one is out."""
        return users.reset_password(user=self.user, new_password=self.cleaned_data["password1"])


@admin.register(User)
class UserAdmin(ServiceAdmin[User], AuthUserAdmin):
    """Accounts are made, changed and switched off here, never deleted: the audit names them.

    Rights are a superuser's to give. Other staff therefore change no account that has any: with a
    new password for it they would have them.
    """

    services = frozenset({"add", "change"})
    _add_view: Callable[..., HttpResponse]
    form = ProfileForm
    add_form = SignUpForm
    change_password_form = NewPasswordForm
    list_display = ("email", "full_name", "is_active", "is_staff", "is_guest", "created_at")
    list_filter = ("is_active", "is_staff", "is_superuser", "is_guest")
    search_fields = ("email", "full_name")
    ordering = ("-created_at", "-id")
    readonly_fields = ("is_guest", "last_login", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("email", "full_name", "password", "is_active", "is_guest")}),
        ("Rights", {"fields": RIGHTS}),
        ("Times (UTC)", {"fields": ("last_login", "created_at", "updated_at")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("email", "full_name", "password1", "password2")}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """Find people as the API does."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(search_words__matches=prefix_query(search_term)), False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Keep accounts with rights for superusers."""
        if obj is not None and (obj.is_staff or obj.is_superuser) and not who(request).is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Keep the giving of rights for superusers."""
        return self.readonly_fields + (() if who(request).is_superuser else RIGHTS)

    @method_decorator(sensitive_post_parameters())
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add without the transaction that Django opens here as well."""
        return self._add_view(request, form_url, extra_context)

    def write(self, request: HttpRequest, obj: User, form: Form, *, change: bool) -> User:
        """Sign up, or change the profile and, for superusers, the rights."""
        data = form.cleaned_data
        if not change:
            return users.sign_up(
                email=data["email"], full_name=data["full_name"], password=data["password1"]
            )
        changes = {name: data[name] for name in form.changed_data}
        user = users.update_user(user=obj, changes=changes)
        if who(request).is_superuser:
            _grant(user, changes)
        return user


@transaction.atomic
def _grant(user: User, changes: dict[str, Any]) -> None:
    """Set the rights that exist for this admin alone, and so have no service."""
    if "is_superuser" in changes:
        user.is_superuser = changes["is_superuser"]
        user.save(update_fields=["is_superuser", "updated_at"])
    for field in {"groups", "user_permissions"} & changes.keys():
        getattr(user, field).set(changes[field])


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(auth_admin.GroupAdmin):
    """A group is a bundle of permissions, so only superusers make and change them."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether this is a superuser."""
        return who(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Whether this is a superuser."""
        return who(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Whether this is a superuser."""
        return who(request).is_superuser
