"""The admin site: Django's own, but that changing one's password goes through the service."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest
from django.urls import reverse

from entityhandler.models import User
from entityhandler.services import users


class OwnPasswordForm(AdminPasswordChangeForm):
    """Another password of one's own, with the present one."""

    def save(self, commit: bool = True) -> User:
        """Set it and revoke every bearer token: whoever knew the old one is out."""
        new_password = self.cleaned_data["new_password1"]
        self.user = users.reset_password(user=self.user, new_password=new_password)
        return self.user


class Site(AdminSite):
    """Django names the form of this page in its code, so the page is named here again."""

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show and save the form of one's own password."""
        request.current_app = self.name
        view = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)
