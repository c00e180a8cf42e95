"""What makes the pages an application of the phone: the service worker and the manifest."""

import hashlib
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from web.modules import modules_of
from web.script_json import script_json

# What the tickets need without a network; any ticket's page is the same page.
OFFLINE_ENTRIES = ("web/pages/tickets.js", "web/pages/ticket.js")
OFFLINE_FILES = ("web/app.css", "web/icons/ticket.svg")
ANY_TICKET = UUID(int=0)


def _precache() -> dict[str, Any]:
    files = {file: None for entry in OFFLINE_ENTRIES for file in modules_of(entry).now}
    addresses = [static(file) for file in (*OFFLINE_FILES, *files)]
    version = hashlib.sha256("\n".join(addresses).encode()).hexdigest()[:16]
    return {
        "version": version,
        "files": addresses,
        "staticPrefix": settings.STATIC_URL,
        # Only names with a hash in them are the same for ever.
        "immutable": not settings.DEBUG,
        "list": reverse("web:tickets"),
        "ticket": reverse("web:ticket", args=[ANY_TICKET]),
        "gate": reverse("web:gate"),
        "nothingKept": render_to_string("web/nothing_kept.html"),
    }


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """Answer the worker; at the root, because a worker serves what is below its own address."""
    context = {"precache": script_json(_precache())}
    return render(request, "web/sw.js", context, content_type="text/javascript; charset=utf-8")


@require_safe
@cache_control(no_cache=True)
def manifest(request: HttpRequest) -> JsonResponse:
    """Answer how the pages look once they are installed."""
    icons = [
        {"src": static(f"web/icons/{name}.png"), "sizes": size, "type": "image/png", "purpose": use}
        for name, size, use in [
            ("ticket-192", "192x192", "any"),
            ("ticket-512", "512x512", "any"),
            ("ticket-maskable-512", "512x512", "maskable"),
        ]
    ]
    answer = {
        "id": reverse("web:tickets"),
        "name": gettext("Tickets"),
        "short_name": gettext("Tickets"),
        "start_url": reverse("web:tickets"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#f5f6f4",
        "theme_color": "#0b5c5f",
        "icons": icons,
    }
    return JsonResponse(answer, content_type="application/manifest+json")
