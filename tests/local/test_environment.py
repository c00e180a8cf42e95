"""What the local commands supply, and what they leave to the person."""

import base64
import stat
from pathlib import Path

import pytest

from ticketmgr.local.console import Refusal
from ticketmgr.local.environment import (
    SECRETS,
    SUPPLIED,
    configured,
    local_secrets,
    surroundings,
)


@pytest.fixture(autouse=True)
def _unconfigured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide what `make test` itself was given."""
    for name in (*SECRETS, *SUPPLIED, "DATABASE_URL", "DEMO"):
        monkeypatch.delenv(name, raising=False)


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "var" / "local.env"
    first = local_secrets(path)

    assert local_secrets(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_otp_key_is_32_random_bytes_under_the_id_1(tmp_path: Path) -> None:
    key_id, _, key = local_secrets(tmp_path / "local.env")["OTP_KEYS"].partition(":")

    assert (key_id, len(base64.b64decode(key, validate=True))) == ("1", 32)


def test_a_damaged_file_of_secrets_is_refused_and_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "local.env"
    path.write_text("SECRET_KEY=only\n")

    with pytest.raises(Refusal, match="OTP_KEYS"):
        local_secrets(path)
    assert path.read_text() == "SECRET_KEY=only\n"


def test_the_real_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PORT=8100\nDEBUG=true\n")
    monkeypatch.setenv("PORT", "8200")

    assert (configured(tmp_path)["PORT"], configured(tmp_path)["DEBUG"]) == ("8200", "true")


def test_an_empty_line_in_the_file_counts_as_absent(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=\nWEB_CONCURRENCY=\n")

    assert configured(tmp_path)["PORT"] == "8000"


def test_errors_look_as_in_production_unless_asked_otherwise(tmp_path: Path) -> None:
    assert configured(tmp_path)["DEBUG"] == "false"


@pytest.mark.parametrize(("https_only", "demo"), [("false", "true"), ("true", "false")])
def test_published_passwords_stay_off_where_https_is_demanded(
    tmp_path: Path, https_only: str, demo: str
) -> None:
    (tmp_path / ".env").write_text(f"HTTPS_ONLY={https_only}\n")

    assert configured(tmp_path)["DEMO"] == demo


def test_a_secret_that_comes_from_a_file_is_not_supplied_as_well(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRET_KEY_FILE=/run/secret\nDATABASE_URL_FILE=/run/url\n")

    with surroundings(tmp_path) as around:
        assert not {"SECRET_KEY", "DATABASE_URL"} & set(around.variables)
        assert "OTP_KEYS" in around.variables


def test_a_configured_database_is_used_and_none_is_started(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://db.example/tickets\n")

    with surroundings(tmp_path) as around:
        assert around.variables["DATABASE_URL"] == "postgresql://db.example/tickets"
    assert not (tmp_path / "var" / "postgres").exists()
