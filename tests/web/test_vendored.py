"""Vendored files are what npm published, byte by byte: vendor.lock says what that was."""

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCK = json.loads((ROOT / "vendor.lock").read_text())
FILES = {file: entry for package in LOCK.values() for file, entry in package["files"].items()}
FOLDERS = [ROOT / "web" / "static" / "web" / "vendor", ROOT / "tests" / "browser" / "vendor"]


@pytest.mark.parametrize("file", FILES)
def test_a_vendored_file_is_unchanged(file: str) -> None:
    assert hashlib.sha256((ROOT / file).read_bytes()).hexdigest() == FILES[file]["sha256"]


def test_no_vendored_file_is_without_its_hash() -> None:
    there = {
        str(path.relative_to(ROOT))
        for folder in FOLDERS
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert there == set(FILES)


def test_every_package_has_its_version_integrity_and_licence() -> None:
    for name, package in LOCK.items():
        assert package["version"] and package["integrity"].startswith("sha512-"), name
        assert any("LICENSE" in file for file in package["files"]), name
