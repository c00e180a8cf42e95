"""The pages: a shell each, which its module fills from the API."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from django.views.generic import View

from entityhandler.models import User
from otphandler.google_wallet.issuer import configured_issuer
from web.messages import all_texts, texts_for
from web.modules import modules_of


def boot_data(request: HttpRequest, entry: str) -> dict[str, Any]:
    """Return what the modules of a page start with: who is signed in, and the words they need."""
    language = get_language() or "en"
    return {
        "language": language,
        "texts": texts_for(modules_of(entry), language),
        "allTexts": None if language == "en" else reverse("web:texts", args=[language]),
        "user": _person(request),
        "googleWallet": configured_issuer() is not None,
    }


def _person(request: HttpRequest) -> dict[str, str] | None:
    user = request.user
    if not isinstance(user, User):
        return None
    return {"id": str(user.pk), "full_name": user.full_name, "email": user.email}


# The session's CSRF token travels in a cookie, which `api.js` reads: no page holds it.
@method_decorator(ensure_csrf_cookie, name="dispatch")
# Nothing here is secret and repeats what a request said, so compressing it tells nobody anything.
@method_decorator(gzip_page, name="dispatch")
# It names whoever is signed in, so no cache in between may keep it.
@method_decorator(cache_control(private=True, no_cache=True), name="dispatch")
class Page(View):
    """One page; `entry` is the static name of the module that fills it."""

    entry = ""
    template_name = "web/page.html"
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, **names: Any) -> HttpResponse:
        """Answer the shell; the module reads the rest of the address itself."""
        context = {"entry": self.entry, "boot": boot_data(request, self.entry)}
        return render(request, self.template_name, context)


# Seconds; a translation that was mended may be an hour old.
TEXTS_MAX_AGE = 3600


@require_safe
@cache_control(max_age=TEXTS_MAX_AGE)
@gzip_page
def texts(request: HttpRequest, language: str) -> JsonResponse:
    """Answer the words of modules that a page fetches on demand."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    return JsonResponse(all_texts(language))
