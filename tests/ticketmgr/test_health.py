"""`/healthz` and `/readyz`."""

import base64
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from otphandler.models import KeyCanary
from otphandler.services.canary import check_canary

pytestmark = pytest.mark.django_db


def test_the_process_answers(client: APIClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_server_with_tables_and_key_is_ready(client: APIClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.json()["checks"] == {"database": "ok", "migrations": "ok", "otp_keys": "ok"}


def test_another_key_under_the_same_id_is_not_ready(client: APIClient, settings: Any) -> None:
    client.get("/readyz")
    settings.OTP_KEYS = "1:" + base64.b64encode(b"another key, of the same id. 32b").decode()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["otp_keys"].startswith("OTP_KEYS: key 1 is not the key")


def test_a_missing_migration_is_not_ready(client: APIClient) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'otphandler'")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "migrations are not applied" in answer.json()["checks"]["migrations"]


def test_a_new_key_id_gets_a_canary_of_its_own(settings: Any) -> None:
    check_canary()
    settings.OTP_KEYS = "2:" + base64.b64encode(b"another key, of another id. 32b.").decode()
    assert check_canary() == ""
    assert KeyCanary.objects.count() == 2
