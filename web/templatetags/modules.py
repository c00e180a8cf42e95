"""`{% modules "web/pages/events.js" %}`: what a page's modules need in its head."""

from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from web.modules import import_map, modules_of
from web.script_json import script_json

register = template.Library()


@register.simple_tag(takes_context=True)
def modules(context: dict[str, Any], entry: str) -> SafeString:
    """Print the import map, a `modulepreload` per module of the page, and the entry module.

    The map has no `integrity`: with it, Chromium fetches preloaded modules a second time.
    """
    found = modules_of(entry)
    nonce = context["request"].csp_nonce
    # Escaped for a script element; format_html would escape it for text.
    mapping = mark_safe(script_json(import_map(found)))  # noqa: S308
    imports = format_html('<script type="importmap" nonce="{}">{}</script>\n', nonce, mapping)
    preloads = format_html_join(
        "\n",
        '<link rel="modulepreload" href="{}" nonce="{}">',
        ((static(file), nonce) for file in found.now),
    )
    start = format_html(
        '\n<script type="module" src="{}" nonce="{}"></script>', static(entry), nonce
    )
    return imports + preloads + start
