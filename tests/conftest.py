"""The people of every test: ada attends, grace manages, gate scans, mallory may do nothing."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from entityhandler.models import Event, Registration, User
from entityhandler.services import events, registrations
from otphandler.models import Gate, Scanner
from otphandler.services import gates, tickets
from otphandler.services.admission import Attempt
from otphandler.totp import code_at, step_at, unix_seconds

# A slow machine is no failure; and what CI looks at is the same in each run.
hypothesis.settings.register_profile(
    "project", deadline=None, derandomize=bool(os.environ.get("CI"))
)
hypothesis.settings.load_profile("project")

PASSWORD = "correct horse battery staple"
# A known moment in the middle of a 30-second step, so that ±10 s stay inside it.
NOON = datetime(2026, 11, 22, 12, 0, 15, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def static_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of static files of this run, empty until a test collects them."""
    root = tmp_path_factory.mktemp("static")
    django_settings.STATIC_ROOT = str(root)
    return root


@pytest.fixture(autouse=True)
def _quick_passwords_and_empty_cache(settings: Any) -> None:
    """Hash passwords cheaply, and let no test feel another one's rate limit."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


@pytest.fixture
def plain_static_files(settings: Any) -> None:
    """Serve pages that name static files, which nobody has collected, without a manifest."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """Return a maker of accounts."""

    def make(name: str, **fields: Any) -> User:
        user = User(email=f"{name}@example.org", full_name=name.capitalize(), **fields)
        user.set_password(PASSWORD)
        user.save()
        return user

    return make


@pytest.fixture
def ada(make_user: Callable[..., User]) -> User:
    """Ada attends."""
    return make_user("ada")


@pytest.fixture
def grace(make_user: Callable[..., User]) -> User:
    """Grace manages the event."""
    return make_user("grace")


@pytest.fixture
def mallory(make_user: Callable[..., User]) -> User:
    """Mallory has an account and no rights."""
    return make_user("mallory")


@pytest.fixture
def staff(make_user: Callable[..., User]) -> User:
    """Sam is staff, and superuser."""
    return make_user("sam", is_staff=True, is_superuser=True)


def browser_of(user: User) -> Client:
    """Return a browser in which that user is signed in."""
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def boss(staff: User) -> Client:
    """Return the browser of Sam, superuser."""
    return browser_of(staff)


@pytest.fixture
def clerk(make_user: Callable[..., User]) -> User:
    """Return staff without any permission."""
    return make_user("clerk", is_staff=True)


@pytest.fixture
def make_event(grace: User) -> Callable[..., Event]:
    """Return a maker of published events that Grace manages, on now for a day either way."""

    def make(*, publish: bool = True, **fields: Any) -> Event:
        now = timezone.now()
        wanted = {
            "name": "Analytical Engines",
            "starts_at": now - timedelta(days=1),
            "ends_at": now + timedelta(days=1),
            **fields,
        }
        event = events.create_event(by=grace, fields=wanted)
        return events.publish_event(event_id=event.pk) if publish else event

    return make


@pytest.fixture
def event(make_event: Callable[..., Event]) -> Event:
    """Return the published event that Grace manages."""
    return make_event()


@pytest.fixture
def registration(event: Event, ada: User) -> Registration:
    """Return Ada's confirmed registration."""
    return registrations.register(event_id=event.pk, user=ada, now=timezone.now())


@pytest.fixture
def ticket(registration: Registration) -> tickets.TicketSecret:
    """Return Ada's ticket with its secret."""
    return tickets.hand_out_secret(registration_id=registration.pk, now=timezone.now())


@pytest.fixture
def make_ticket(event: Event, make_user: Callable[..., User]) -> Callable[[], tickets.TicketSecret]:
    """Return a maker of tickets of further guests, confirmed, each with its secret."""

    def make() -> tickets.TicketSecret:
        now = timezone.now()
        guest = make_user(f"guest-{uuid4().hex}")
        registration = registrations.register(event_id=event.pk, user=guest, now=now)
        return tickets.hand_out_secret(registration_id=registration.pk, now=now)

    return make


@pytest.fixture
def north(event: Event) -> Gate:
    """Return the event's gate."""
    return gates.create_gate(event=event, name="North")


@pytest.fixture
def scanner_and_token(north: Gate) -> tuple[Scanner, str]:
    """Return the scanner at the gate, and its token."""
    return gates.create_scanner(gate=north, name="Phone 1", now=timezone.now())


@pytest.fixture
def gate(scanner_and_token: tuple[Scanner, str]) -> Scanner:
    """Gate scans."""
    return scanner_and_token[0]


@pytest.fixture(scope="session")
def service_account() -> str:
    """Return the JSON of a service account, as Google Cloud hands it out, with a key of its own."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    email = "wallet@tickets.iam.gserviceaccount.com"
    account = {"type": "service_account", "client_email": email, "private_key": pem_of(key)}
    return json.dumps(account, indent=2)


def pem_of(key: Any) -> str:
    """Return a private key as it stands in the JSON of a service account."""
    pem: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()


@pytest.fixture
def google_wallet(settings: Any, service_account: str) -> None:
    """Let the server give out passes for Google Wallet."""
    settings.GOOGLE_WALLET_ISSUER_ID = "3388000000012345678"
    settings.GOOGLE_WALLET_SERVICE_ACCOUNT = service_account


def code(ticket: tickets.TicketSecret, at: datetime, *, steps: int = 0) -> str:
    """Return the code of a ticket at a moment, or so many steps later."""
    step = step_at(unix_seconds(at), ticket.ticket.period_s) + steps
    return code_at(ticket.secret, step, ticket.ticket.parameters)


@pytest.fixture
def attempt(ticket: tickets.TicketSecret) -> Callable[..., Attempt]:
    """Return a maker of Ada's attempts; without a code it is the right one of that moment."""

    def make(at: datetime, *, steps: int = 0, **fields: Any) -> Attempt:
        wanted = {
            "user_id": ticket.registration.user_id,
            "event_id": ticket.registration.event_id,
            "code": code(ticket, at, steps=steps),
            **fields,
        }
        return Attempt(**wanted)

    return make


@pytest.fixture
def client() -> APIClient:
    """Return a client of nobody."""
    return APIClient()


def client_of(user: User) -> APIClient:
    """Return a client of that user."""
    client = APIClient()
    client.force_authenticate(user)
    return client


def client_with(token: str) -> APIClient:
    """Return a client that carries that bearer token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client
