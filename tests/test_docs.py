"""What the documents name exists: files, tests and commands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
THREATS = (ROOT / "docs" / "threat-model.md").read_text()
# Where the threat model says that its paths begin.
PLACES = [ROOT, ROOT / "otphandler", ROOT / "tests" / "otphandler"]
TESTS = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+)`", THREATS))))
def test_a_test_that_the_threat_model_names_exists(name: str) -> None:
    assert f"def {name}(" in TESTS


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([\w/]+\.py|[\w/]+/)`", THREATS))))
def test_a_file_that_the_threat_model_names_exists(path: str) -> None:
    assert any((place / path).exists() for place in PLACES)


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_every_link_between_documents_leads_somewhere(document: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / document).read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_management_command_that_is_documented_exists() -> None:
    told = "".join(path.read_text() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
    ours = {path.stem for path in ROOT.glob("*handler/management/commands/*.py")}
    djangos = {"migrate", "collectstatic", "createsuperuser"}
    assert set(re.findall(r"manage\.py (\w+)", told)) <= ours | djangos
