"""The settings: what a production start refuses, and that every variable is documented."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "SECRET_KEY": "k3y-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "OTP_KEYS": "1:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "ALLOWED_HOSTS": "tickets.example.org",
}


def manage(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run manage.py with these variables alone; an empty value hides the one of a .env."""
    wallet = ("GOOGLE_WALLET_ISSUER_ID", "GOOGLE_WALLET_SERVICE_ACCOUNT")
    hidden = dict.fromkeys((*PRODUCTION, "DEBUG", "DEMO", "HTTPS_ONLY", *wallet), "")
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **hidden, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def last_line(done: "subprocess.CompletedProcess[str]") -> str:
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("name", PRODUCTION)
def test_a_production_start_names_what_is_missing(name: str) -> None:
    done = manage("check", **{**PRODUCTION, name: ""})
    assert done.returncode != 0
    assert f"Set {name} in the environment or in .env" in last_line(done)


def test_all_that_is_missing_is_named_at_once() -> None:
    assert f"Set {', '.join(PRODUCTION)} in" in last_line(manage("check"))


def test_a_production_configuration_passes_djangos_deployment_checks() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_a_key_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(PRODUCTION["SECRET_KEY"] + "\n")
    variables = {**PRODUCTION, "SECRET_KEY": "", "SECRET_KEY_FILE": str(file)}
    assert manage("check", **variables).returncode == 0


def test_a_service_account_in_a_file_is_read(tmp_path: Path, service_account: str) -> None:
    file = tmp_path / "account.json"
    file.write_text(service_account)
    wallet = {"GOOGLE_WALLET_ISSUER_ID": "3388", "GOOGLE_WALLET_SERVICE_ACCOUNT_FILE": str(file)}
    assert manage("check", **PRODUCTION, **wallet).returncode == 0


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"DATABASE_URL": "sqlite:///x.sqlite3"}, "DATABASE_URL must begin with postgresql://"),
        ({"DEBUG": "perhaps"}, "DEBUG must be true or false, not 'perhaps'"),
        ({"USER_TOKEN_DAYS": "0"}, "USER_TOKEN_DAYS must be a whole number from 1 up, not '0'"),
        ({"DEMO": "true"}, "DEMO=true publishes passwords"),
        ({"SECRET_KEY_FILE": "/x"}, "Set SECRET_KEY or SECRET_KEY_FILE, not both"),
        ({"OTP_KEYS": "", "OTP_KEYS_FILE": "/nowhere"}, "OTP_KEYS_FILE cannot be read"),
        ({"OTP_KEYS": "", "OTP_KEYS_FILE": sys.executable}, "OTP_KEYS_FILE cannot be read"),
        ({"OTP_KEYS": "1:short"}, "OTP_KEYS, item 1: after the colon comes base64"),
        (
            {"GOOGLE_WALLET_ISSUER_ID": "3388"},
            "Set GOOGLE_WALLET_ISSUER_ID and GOOGLE_WALLET_SERVICE_ACCOUNT (or its _FILE) together",
        ),
        (
            {"GOOGLE_WALLET_ISSUER_ID": "BCR", "GOOGLE_WALLET_SERVICE_ACCOUNT": "{}"},
            "GOOGLE_WALLET_ISSUER_ID is the number that Google's console shows",
        ),
        (
            {
                "GOOGLE_WALLET_ISSUER_ID": "3388",
                "GOOGLE_WALLET_SERVICE_ACCOUNT_FILE": "README.md",
            },
            "is not the key file of a service account: it is not JSON.",
        ),
    ],
)
def test_a_malformed_variable_is_refused_in_one_sentence(
    variables: dict[str, str], complaint: str
) -> None:
    done = manage("check", **{**PRODUCTION, **variables})
    assert done.returncode != 0
    assert complaint in last_line(done)


def test_the_demo_is_not_loaded_outside_the_demo() -> None:
    done = manage("load_demo", **PRODUCTION)
    assert done.returncode == 1
    assert "set DEMO=true" in done.stderr


def read_variables() -> set[str]:
    """Return every variable that the settings, gunicorn and compose read."""
    settings = (ROOT / "ticketmgr" / "settings.py").read_text()
    names = set(re.findall(r'env\.(?:flag|number|text|words|secret)\(\s*"([A-Z_]+)"', settings))
    names |= {f"{name}_FILE" for name in re.findall(r'env\.secret\("([A-Z_]+)"', settings)}
    gunicorn = (ROOT / "gunicorn.conf.py").read_text()
    names |= set(re.findall(r'environ\.get\("([A-Z_]+)"', gunicorn))
    compose = (ROOT / "docker-compose.yml").read_text()
    return names | set(re.findall(r"\$\{([A-Z_]+)", compose))


def test_the_example_file_names_every_variable() -> None:
    example = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)) == read_variables()


def test_the_readme_has_a_row_for_every_variable() -> None:
    readme = (ROOT / "README.md").read_text()
    assert set(re.findall(r"^\| `([A-Z_]+)`", readme, re.MULTILINE)) == read_variables()
