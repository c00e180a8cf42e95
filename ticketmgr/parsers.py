"""Reads JSON bodies within bounds: nesting, whole characters, and nothing but JSON."""

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.utils.json import strict_constant

# Nothing we accept nests deeper than 3. Far below Python's own limit, so that whoever shows a value
# in a message never meets that.
MAX_DEPTH = 20


class BoundedJSONParser(JSONParser):
    """A JSON parser that answers whatever it cannot read with a ParseError.

    REST framework's own parser answers a deeply nested document with a RecursionError, and lets
    half of a surrogate pair through, which fails wherever it is written next. The size is bounded
    before: Django reads no more than DATA_UPLOAD_MAX_MEMORY_SIZE bytes.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the document; raises ParseError."""
        return read_json(stream.read())


def read_json(body: bytes) -> Any:
    """Return the document that the bytes are; raises ParseError."""
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=strict_constant)
        if b"\\ud" in body.lower():
            # RFC 7493 §2.1: no lone surrogates; they come by escapes alone.
            json.dumps(document, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ParseError("The JSON is nested too deeply.") from error
    except UnicodeEncodeError as error:
        raise ParseError("A string of the JSON has half of a surrogate pair.") from error
    except ValueError as error:
        raise ParseError(f"The body is not JSON: {error}") from error
    if _is_deeper_than(MAX_DEPTH, document):
        raise ParseError("The JSON is nested too deeply.")
    return document


def _is_deeper_than(depth: int, document: Any) -> bool:
    level = [document]
    for _ in range(depth):
        level = [inner for outer in level for inner in _inside(outer)]
    return bool(level)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
