"""The admin of admission, and what holds for every model in the admin: no page tells a secret."""

import base64
from collections.abc import Callable, Iterator

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import BinaryField, Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from entityhandler.models import (
    Event,
    EventManager,
    Question,
    Registration,
    RegistrationCount,
    RegistrationImport,
    TicketType,
    User,
    UserToken,
)
from entityhandler.services import questions, registrations, ticket_types, tokens
from otphandler.models import Gate, GuessBudget, KeyCanary, OtpPolicy, Scan, Scanner, Ticket
from otphandler.services import gates, pairing, policies, throttle
from otphandler.services.admission import Attempt, submit_scan
from otphandler.services.canary import check_canary
from otphandler.services.tickets import TicketSecret, hand_out_secret
from tests.conftest import PASSWORD
from tests.entityhandler.test_admin import act, allow, errors_of, page, queries_of
from tests.spreadsheets import people, run

OURS = ("entityhandler", "otphandler")
MODELS = [model for model in apps.get_models() if model._meta.app_label in OURS]
# What there is a service for, beyond looking.
SERVICES: dict[type[Model], set[str]] = {
    User: {"add", "change"},
    UserToken: set(),
    Event: {"add", "change", "delete"},
    EventManager: {"add", "delete"},
    TicketType: {"add", "change", "delete"},
    Question: {"add", "change", "delete"},
    RegistrationCount: set(),
    RegistrationImport: set(),
    Registration: {"add", "change"},
    Gate: {"add", "change", "delete"},
    Scanner: {"add"},
    OtpPolicy: {"add", "change"},
    Ticket: set(),
    Scan: set(),
    GuessBudget: set(),
    KeyCanary: set(),
}

every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)


pytestmark = pytest.mark.usefixtures("plain_static_files")


@pytest.fixture
def _one_of_each(ada: User, event: Event, gate: Scanner, attempt: Callable[..., Attempt]) -> None:
    """Put a row into every table of ours."""
    now = timezone.now()
    submit_scan(scanner=gate, attempt=attempt(now), now=now)
    tokens.sign_in(email=ada.email, password=PASSWORD, label="phone", now=now)
    policies.set_policy(event_id=event.pk, changes={"profile": "gate"})
    throttle.count_guess(event.pk, gate.pk, now)
    pairing.start_pairing(scanner_id=gate.pk, now=now)
    check_canary()
    ticket_types.create_ticket_type(event_id=event.pk, fields={"name": "Balcony"})
    questions.create_question(event_id=event.pk, fields={"kind": "text", "prompt": "Diet?"})
    run(event, people(("bob@example.org", "Bob")))


# --- Every model --------------------------------------------------------------------------------


@every_model
def test_every_model_is_registered_with_search_and_filters(model: type[Model]) -> None:
    found = admin.site.get_model_admin(model)
    links = {field.name for field in model._meta.fields if field.remote_field}
    assert found.search_fields
    assert found.list_filter
    assert links <= {*found.autocomplete_fields, *found.raw_id_fields}
    assert not found.show_full_result_count


@every_model
@pytest.mark.usefixtures("_one_of_each")
def test_every_page_of_a_model_opens(boss: Client, model: type[Model]) -> None:
    for address in addresses(model):
        assert boss.get(address).status_code == 200, address


@every_model
@pytest.mark.usefixtures("_one_of_each")
def test_what_has_no_service_is_refused_to_a_superuser(boss: Client, model: type[Model]) -> None:
    row = str(model._default_manager.values_list("pk", flat=True)[0])
    posts = {
        "add": page(model, "add"),
        "change": page(model, "change", row),
        "delete": page(model, "delete", row),
    }
    for name in posts.keys() - SERVICES[model]:
        assert boss.post(posts[name], {"post": "yes"}).status_code == 403, name
    assert model._default_manager.filter(pk=row).exists()


@every_model
@pytest.mark.usefixtures("_one_of_each")
def test_no_page_of_a_model_tells_what_is_sealed_or_digested(
    boss: Client, model: type[Model]
) -> None:
    secrets = {*everything_binary()}
    assert len(secrets) > 10
    for address in addresses(model):
        text = boss.get(address).content.decode()
        assert not [secret for secret in secrets if secret in text], address
        assert "&lt;memory at" not in text


@every_model
def test_no_list_is_filtered_by_what_is_sealed_or_digested(
    boss: Client, model: type[Model]
) -> None:
    for field in model._meta.fields:
        if isinstance(field, BinaryField):
            answer = boss.get(page(model, "changelist"), {f"{field.name}__gt": "x"})
            assert answer.status_code == 400


def addresses(model: type[Model]) -> list[str]:
    """Return the pages of a model that somebody may open, its one row's among them."""
    row = str(model._default_manager.values_list("pk", flat=True)[0])
    search = page(model, "changelist") + "?q=ada"
    found = [page(model, "changelist"), search]
    found += [page(model, name, row) for name in ("change", "history")]
    found += [page(model, "add")] if "add" in SERVICES[model] else []
    return found + ([page(model, "delete", row)] if "delete" in SERVICES[model] else [])


def everything_binary() -> Iterator[str]:
    """Return each value of each binary column the ways that it could be written on a page."""
    for model in MODELS:
        for field in model._meta.fields:
            if isinstance(field, BinaryField):
                for value in model._default_manager.values_list(field.attname, flat=True):
                    raw = bytes(value or b"")
                    yield from (raw.hex(), base64.b64encode(raw).decode(), repr(raw)[2:-1])


def test_fields_are_filled_in_by_autocompletion(boss: Client, event: Event) -> None:
    field = {"app_label": "otphandler", "model_name": "gate", "field_name": "event"}
    answer = boss.get(reverse("admin:autocomplete"), {**field, "term": "analytical"})
    assert [found["id"] for found in answer.json()["results"]] == [str(event.pk)]


# --- Gates and scanners -------------------------------------------------------------------------


def test_a_gate_is_made_renamed_and_deleted(boss: Client, event: Event) -> None:
    boss.post(page(Gate, "add"), {"event": event.pk, "name": "Nroth"})
    gate = Gate.objects.get()
    boss.post(page(gate, "change", gate.pk), {"name": "North"})
    gate.refresh_from_db()
    assert (gate.name, gate.event) == ("North", event)
    boss.post(page(gate, "delete", gate.pk), {"post": "yes"})
    assert not Gate.objects.exists()


def test_a_gate_with_a_scanner_stays(boss: Client, gate: Scanner) -> None:
    north = gate.gate
    answer = boss.post(page(north, "delete", north.pk), {"post": "yes"}, follow=True)
    assert "has scanners or scans and cannot be deleted" in answer.content.decode()
    assert not LogEntry.objects.exists()


def test_a_second_gate_of_the_same_name_is_an_error_of_the_form(boss: Client, north: Gate) -> None:
    south = gates.create_gate(event=north.event, name="South")
    answer = boss.post(page(south, "change", south.pk), {"name": "North"})
    assert "The event has a gate of this name already." in errors_of(answer)


def shown_token(text: str) -> str:
    return next(word for word in text.replace("<", " ").split() if word.startswith("tms_"))


def test_a_new_scanner_tells_its_token_once(boss: Client, north: Gate) -> None:
    body = {"gate": north.pk, "name": "Phone 2", "_continue": "1"}
    first = boss.post(page(Scanner, "add"), body, follow=True)
    token = shown_token(first.content.decode())
    scanner = gates.find_scanner(token)
    assert scanner is not None
    again = boss.get(page(scanner, "change", scanner.pk))
    assert token not in again.content.decode()
    assert token not in str(LogEntry.objects.values_list())


def test_a_new_token_replaces_the_old_one(
    boss: Client, scanner_and_token: tuple[Scanner, str]
) -> None:
    scanner, old = scanner_and_token
    new = shown_token(act(boss, "rotate", scanner))
    assert gates.find_scanner(new) == scanner
    assert gates.find_scanner(old) is None


def test_tokens_are_replaced_one_at_a_time(boss: Client, gate: Scanner, north: Gate) -> None:
    other, token = gates.create_scanner(gate=north, name="Phone 2", now=timezone.now())
    assert act(boss, "rotate", gate, other) == "Choose 1 at most."
    assert gates.find_scanner(token) == other


def test_a_revoked_scanner_stays_revoked(
    boss: Client, scanner_and_token: tuple[Scanner, str]
) -> None:
    scanner, token = scanner_and_token
    act(boss, "revoke", scanner)
    assert gates.find_scanner(token) is None
    assert "The scanner was revoked already." in act(boss, "rotate", scanner)


def test_revoking_needs_the_permission_to_change(clerk: User, gate: Scanner) -> None:
    act(allow(clerk, "view_scanner"), "revoke", gate)
    assert Scanner.objects.active().exists()


# --- Policies and tickets -----------------------------------------------------------------------

POLICY = {
    "profile": "strict",
    "algorithm": "SHA256",
    "digits": "8",
    "period_s": "15",
    "past_tolerance_s": "12",
    "future_tolerance_s": "3",
}


def test_a_policy_is_set_and_changed(boss: Client, event: Event) -> None:
    boss.post(page(OtpPolicy, "add"), {"event": event.pk, **POLICY})
    boss.post(page(OtpPolicy, "change", event.pk), {**POLICY, "digits": "7"})
    policy = OtpPolicy.objects.get()
    assert (policy.event, policy.algorithm, policy.digits) == (event, "SHA256", 7)


def test_a_policy_out_of_bounds_is_an_error_of_the_form(boss: Client, event: Event) -> None:
    answer = boss.post(page(OtpPolicy, "add"), {"event": event.pk, **POLICY, "digits": "5"})
    assert "greater than or equal to 6" in errors_of(answer)


def test_a_reissued_ticket_has_another_secret(boss: Client, ticket: TicketSecret) -> None:
    assert "has a new secret." in act(boss, "reissue", ticket.ticket)
    again = hand_out_secret(registration_id=ticket.registration.pk, now=timezone.now())
    assert again.secret != ticket.secret
    assert again.ticket.version == 2


def test_a_cancelled_ticket_is_not_reissued(boss: Client, ticket: TicketSecret) -> None:
    now = timezone.now()
    registrations.cancel_registration(registration_id=ticket.registration.pk, now=now)
    assert "is not confirmed" in act(boss, "reissue", ticket.ticket)


# --- Many rows ----------------------------------------------------------------------------------


def test_a_list_of_fifty_costs_the_queries_of_a_list_of_five(
    boss: Client, make_event: Callable[..., Event], make_user: Callable[..., User]
) -> None:
    def fill(numbers: range) -> None:
        for number in numbers:
            event, user, now = make_event(), make_user(f"u{number}"), timezone.now()
            registration = registrations.register(event_id=event.pk, user=user, now=now)
            hand_out_secret(registration_id=registration.pk, now=now)
            policies.set_policy(event_id=event.pk, changes={"profile": "gate"})
            gate = gates.create_gate(event=event, name="North")
            scanner, _ = gates.create_scanner(gate=gate, name="Phone", now=now)
            attempt = Attempt(user_id=user.pk, event_id=event.pk, code="000000")
            submit_scan(scanner=scanner, attempt=attempt, now=now)

    models = (Gate, OtpPolicy, Scan, Scanner, Ticket)
    fill(range(5))
    few = [queries_of(boss, page(model, "changelist")) for model in models]
    fill(range(5, 50))
    assert [queries_of(boss, page(model, "changelist")) for model in models] == few
