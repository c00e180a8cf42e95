"""JSON that may stand inside a script element."""

import json
from typing import Any

# What could end the element or begin a comment in it; JSON allows the escapes in every string.
ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def script_json(value: Any) -> str:
    """Return compact JSON in which nothing can end the script element that holds it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).translate(ESCAPES)
