"""Reads settings from the environment and explains what is missing or malformed."""

import os
from collections.abc import Iterable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})


def flag(name: str, *, default: bool) -> bool:
    """Return a yes/no variable; anything but the usual words raises ImproperlyConfigured."""
    word = os.environ.get(name, "").strip().lower()
    if not word:
        return default
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {word!r}.")


def number(name: str, *, default: int, at_least: int = 0) -> int:
    """Return a whole-number variable that is not below `at_least`."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < at_least:
        raise ImproperlyConfigured(
            f"{name} must be a whole number from {at_least} up, not {text!r}."
        )
    return int(text)


def text(name: str, *, default: str = "") -> str:
    """Return a text variable without surrounding white space; empty counts as absent."""
    return os.environ.get(name, "").strip() or default


def words(name: str) -> list[str]:
    """Return a comma-separated variable as a list without empty items."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def secret(name: str, *, default: str = "") -> str:
    """Return a variable, or the content of the file that NAME_FILE names; never both."""
    value, file = text(name), text(f"{name}_FILE")
    if value and file:
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    if not file:
        return value or default
    try:
        return Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}.") from error


def require(names: Iterable[str]) -> None:
    """Raise ImproperlyConfigured with one sentence naming every variable that is not set."""
    missing = [name for name in names if not secret(name)]
    if missing:
        raise ImproperlyConfigured(
            f"Set {', '.join(missing)} in the environment or in .env (see .env.example): "
            "without DEBUG=true there are no defaults for them."
        )
