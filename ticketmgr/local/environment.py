"""The environment in which `make` runs its commands: what is not configured is supplied.

The real environment wins over `.env`, and both win over what is supplied here.
"""

import base64
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from ticketmgr.local.console import Refusal
from ticketmgr.local.postgres import shared_server
from ticketmgr.local.sharing import exclusively

CHECKOUT = Path(__file__).resolve().parents[2]
SECRETS = ("SECRET_KEY", "OTP_KEYS")
TRUE_WORDS = {"1", "true", "yes", "on"}
SUPPLIED = {
    "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
    # Errors look as they do in production.
    "DEBUG": "false",
    "HTTPS_ONLY": "false",
    "PORT": "8000",
    # One machine plays all the people of a trial; the defaults are for one person's address.
    "SIGN_IN_RATE": "6000/min",
    "SIGN_UP_RATE": "6000/min",
    # gunicorn does not survive an empty value.
    "WEB_CONCURRENCY": "2",
}


@dataclass(frozen=True)
class Surroundings:
    """What a command is started with: its variables, and descriptors that it must keep open."""

    variables: dict[str, str]
    descriptors: tuple[int, ...] = ()


def configured(checkout: Path = CHECKOUT) -> dict[str, str]:
    """Return the environment and `.env` with all that needs no database and no secret."""
    file = {name: value or "" for name, value in dotenv_values(checkout / ".env").items()}
    variables = file | dict(os.environ)
    _supply(variables, SUPPLIED)
    # Published passwords and HTTPS_ONLY exclude each other.
    https_only = is_true(variables["HTTPS_ONLY"])
    _supply(variables, {"DEMO": "false" if https_only else "true"})
    return variables


@contextmanager
def surroundings(checkout: Path = CHECKOUT) -> Iterator[Surroundings]:
    """Complete the environment for the block, with a running database unless one is configured."""
    variables = configured(checkout)
    if not all(_is_set(variables, name) for name in SECRETS):
        _supply(variables, local_secrets(checkout / "var" / "local.env"))
    if _is_set(variables, "DATABASE_URL"):
        yield Surroundings(variables)
        return
    with shared_server(checkout) as server:
        # PGSERVICE, PGOPTIONS … of the caller are about some other server.
        kept = {name: value for name, value in variables.items() if not name.startswith("PG")}
        # The command inherits the lock: should this process be killed, the database stays for it.
        yield Surroundings(kept | {"DATABASE_URL": server.url}, (server.usage_descriptor,))


def is_true(word: str) -> bool:
    """Is this one of the words by which the settings understand yes?"""
    return word.strip().lower() in TRUE_WORDS


def local_secrets(path: Path) -> dict[str, str]:
    """Return the keys of this checkout, made on first use in a file that only its owner reads."""
    with exclusively(path.with_name("local.env.lock")):
        if not path.exists():
            _write_private(path, f"SECRET_KEY={secrets.token_urlsafe(48)}\nOTP_KEYS={_otp_key()}\n")
    values = dotenv_values(path)
    found = {name: values.get(name) or "" for name in SECRETS}
    if not all(found.values()):
        raise Refusal(
            f"{path} must hold {' and '.join(SECRETS)}. `make reset` makes both anew, together "
            "with an empty database: the tickets in the present one need the lost keys."
        )
    return found


def _otp_key() -> str:
    return "1:" + base64.b64encode(secrets.token_bytes(32)).decode()


def _write_private(path: Path, text: str) -> None:
    # mkstemp makes the file 0600, and after the rename it is there as a whole or not at all.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix="local.env.")
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    os.replace(temporary, path)


def _supply(variables: dict[str, str], defaults: Mapping[str, str]) -> None:
    """Fill in what is absent; an empty value counts as absent, as in .env.example."""
    for name, value in defaults.items():
        if not _is_set(variables, name):
            variables[name] = value


def _is_set(variables: Mapping[str, str], name: str) -> bool:
    # The settings read a secret from the file that NAME_FILE names, and refuse both.
    return any(variables.get(source, "").strip() for source in (name, f"{name}_FILE"))
