"""Compares JSON with the fields that Google publishes, in google_wallet_fields.json."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PUBLISHED = json.loads(Path(__file__).with_suffix(".json").read_text())["schemas"]
INTEGERS = {"int32": 2**31, "int64": 2**63}


def complaints(value: Any, schema: str) -> list[str]:
    """Return what Google's published schema of that name says against a value; empty for nothing.

    Stricter than Google where that is the safe side: deprecated fields and words are complaints.
    """
    return list(_against(value, {"$ref": schema}, schema))


def _against(value: Any, rule: dict[str, Any], path: str) -> Iterator[str]:
    if "$ref" in rule:
        yield from _against_schema(value, rule["$ref"], path)
    elif rule["type"] == "array":
        if not isinstance(value, list):
            yield f"{path}: no list"
            return
        for index, item in enumerate(value):
            yield from _against(item, rule["items"], f"{path}[{index}]")
    elif not _has_type(value, rule):
        yield f"{path}: {value!r} is no {rule['type']} {rule.get('format', '')}"
    elif "enum" in rule and value not in _words(rule):
        yield f"{path}: {value!r} is not one of {_words(rule)}"


def _against_schema(value: Any, name: str, path: str) -> Iterator[str]:
    if name not in PUBLISHED or not isinstance(value, dict):
        yield f"{path}: no {name}, or one of which we keep no copy"
        return
    rules = PUBLISHED[name]["properties"]
    for field, rule in rules.items():
        if rule.get("description", "").startswith("Required") and field not in value:
            yield f"{path}.{field}: required"
    for field, inner in value.items():
        if field not in rules or rules[field].get("deprecated"):
            yield f"{path}.{field}: not published, or deprecated"
        else:
            yield from _against(inner, rules[field], f"{path}.{field}")


def _has_type(value: Any, rule: dict[str, Any]) -> bool:
    # Google's JSON writes an int64 as a string of digits.
    if rule["type"] == "string" and rule.get("format") == "int64":
        return isinstance(value, str) and value.isdigit() and int(value) < INTEGERS["int64"]
    if rule["type"] == "integer":
        return type(value) is int and abs(value) < INTEGERS[rule["format"]]
    return isinstance(value, {"string": str, "boolean": bool}[rule["type"]])


def _words(rule: dict[str, Any]) -> list[str]:
    return [
        word
        for word, old in zip(rule["enum"], rule.get("enumDeprecated", []), strict=False)
        if not old
    ] or list(rule["enum"])
