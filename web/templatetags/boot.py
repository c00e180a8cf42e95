"""`{% boot data %}`: what the modules of a page start with, as a JSON block."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from web.script_json import script_json

register = template.Library()


@register.simple_tag
def boot(data: dict[str, Any]) -> SafeString:
    """Print the block that `boot.js` reads; the browser runs nothing of it."""
    block = mark_safe(script_json(data))  # noqa: S308
    return format_html('<script id="boot" type="application/json">{}</script>', block)
