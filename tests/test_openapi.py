"""docs/openapi.yaml is what the code says, and valid OpenAPI 3.1."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from openapi_spec_validator import OpenAPIV31SpecValidator
from rest_framework.test import APIClient

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "openapi.yaml"


@pytest.fixture
def document() -> dict[str, Any]:
    return dict(yaml.safe_load(DOCUMENT.read_text()))


def test_the_document_is_up_to_date(tmp_path: Path) -> None:
    fresh = tmp_path / "openapi.yaml"
    call_command("spectacular", "--file", str(fresh), "--validate", "--fail-on-warn")
    assert DOCUMENT.read_text() == fresh.read_text(), "run `make openapi`"


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_scanners_alone_scan(document: dict[str, Any]) -> None:
    credentials = document["paths"]["/api/v1/scans/"]["post"]["security"]
    assert credentials == [{"scannerToken": []}, {"deviceCookie": []}]


def test_the_server_serves_the_document(client: APIClient) -> None:
    answer = client.get("/api/v1/schema/")
    assert answer.status_code == 200
    assert yaml.safe_load(answer.content)["info"]["title"] == "Ticket Manager"


def test_the_docs_page_reaches_no_other_host(client: APIClient, static_root: Path) -> None:
    call_command("collectstatic", "--noinput", verbosity=0)
    page = client.get("/api/v1/docs/").content.decode()
    assert "swagger-ui-bundle" in page
    assert re.findall(r"""["'(](?:https?:)?//[^"')]*""", page) == []
