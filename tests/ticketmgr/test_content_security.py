"""The policy of every answer: nothing from elsewhere, no inline script without the nonce."""

import re

import pytest
from django.test import Client

pytestmark = [pytest.mark.usefixtures("plain_static_files"), pytest.mark.django_db]


def policy(path: str) -> str:
    return str(Client().get(path).headers["Content-Security-Policy"])


@pytest.mark.parametrize("path", ["/", "/api/v1/events/", "/admin/login/", "/nowhere", "/healthz"])
def test_every_answer_has_a_strict_policy(path: str) -> None:
    told = policy(path)
    assert told.startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in told


def test_the_documentation_alone_may_write_styles() -> None:
    assert re.findall(r"[\w-]+ [^;]*unsafe[^;]*", policy("/api/v1/docs/")) == [
        "style-src 'self' 'unsafe-inline'"
    ]


def test_the_nonce_of_a_page_is_that_of_its_policy_and_new_each_time() -> None:
    answers = [Client().get("/") for _ in range(2)]
    nonces = [re.findall(r'nonce="([^"]+)"', answer.content.decode()) for answer in answers]
    for answer, found in zip(answers, nonces, strict=True):
        assert set(found) == set(
            re.findall(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
        )
    assert nonces[0] != nonces[1]
