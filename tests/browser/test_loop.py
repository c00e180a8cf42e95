"""The whole loop: a ticket on one screen, photographed by the camera of another."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from entityhandler.models import Event, User
from otphandler.models import Scan, Scanner
from otphandler.services import gates, policies
from otphandler.services.tickets import TicketSecret
from otphandler.totp import step_at, unix_seconds
from tests.browser.camera import FakeCamera
from tests.browser.gate_page import (
    expect_queue,
    expect_verdict,
    find_network,
    lose_network,
    payload,
    queue,
)


@pytest.fixture
def quick_codes(event: Event) -> None:
    """Let codes live for their step of 15 seconds alone, so that a test need not wait a minute."""
    changes = {"period_s": 15, "past_tolerance_s": 0, "future_tolerance_s": 0}
    policies.set_policy(event_id=event.pk, changes=changes)


@pytest.fixture
def adas_phone(open_phone: Callable[..., Page], ada: User, ticket: TicketSecret) -> Page:
    """Return Ada's phone, which shows her ticket."""
    phone = open_phone(ada)
    phone.goto(f"/tickets/{ticket.registration.pk}/")
    expect(phone.locator("svg.qr")).to_be_visible()
    return phone


def photograph(phone: Page) -> bytes:
    """Return what a camera sees that is held before a phone."""
    return phone.screenshot()


@pytest.fixture
def gate_phone(
    open_gate: Callable[..., Page], chromium_with_camera: Browser, camera: FakeCamera
) -> Callable[[bytes], Page]:
    """Return a gate that looks at a photograph once it is started."""
    pages: list[Page] = []

    def look(photograph: bytes) -> Page:
        camera.show_picture(photograph)
        if not pages:
            pages.append(open_gate(browser=chromium_with_camera, permissions=["camera"]))
        else:
            # Chromium looks at a new scene when the camera is started anew.
            pages[0].reload()
        pages[0].get_by_role("button", name="Start scanning").click()
        return pages[0]

    return look


def test_a_ticket_is_photographed_admitted_and_is_amber_the_second_time(
    adas_phone: Page, gate_phone: Callable[[bytes], Page]
) -> None:
    picture = photograph(adas_phone)
    expect_verdict(gate_phone(picture), "admit", "Ada")
    first = Scan.objects.get().first_admitted_at
    assert first is not None
    # The design's T7: the ticket knows it as well.
    expect(adas_phone.get_by_text("North gate")).to_be_visible(timeout=10_000)
    expect_verdict(gate_phone(picture), "already", "Ada", f"{first:%H:%M}", "North")


def test_a_code_that_was_photographed_and_has_expired_is_red(
    quick_codes: None,
    adas_phone: Page,
    ticket: TicketSecret,
    gate_phone: Callable[[bytes], Page],
) -> None:
    taken = step_at(unix_seconds(timezone.now()), ticket.ticket.period_s)
    picture = photograph(adas_phone)
    over_ms = (taken + 2) * ticket.ticket.period_s * 1000
    adas_phone.wait_for_function("(ms) => Date.now() > ms", arg=over_ms, timeout=40_000)
    expect_verdict(gate_phone(picture), "no", "too old")


def test_without_a_network_a_photographed_ticket_is_saved_flushed_and_never_late_green(
    open_gate: Callable[..., Page],
    chromium_with_camera: Browser,
    camera: FakeCamera,
    ticket: TicketSecret,
) -> None:
    page = start_before_the_ticket_comes(open_gate, chromium_with_camera, camera, ticket)
    expect_verdict(page, "saved", timeout_ms=10_000)
    camera.show_nothing()
    scan_id = queue(page)[0]["scan_id"]
    find_network(page)
    expect_queue(page, 0)
    assert str(Scan.objects.get(outcome="admitted").scan_id) == scan_id
    expect(page.locator(".gate")).not_to_have_attribute("data-kind", "admit")


def start_before_the_ticket_comes(
    open_gate: Callable[..., Page], browser: Browser, camera: FakeCamera, ticket: TicketSecret
) -> Page:
    """Return a started gate that lost the network just before it sees a ticket."""
    camera.show_in_turn(None, payload(ticket, steps=1), seconds=3)
    page = open_gate(browser=browser, permissions=["camera"])
    page.get_by_role("button", name="Start scanning").click()
    expect(page.locator("video")).to_be_visible()
    lose_network(page)
    return page


def test_a_gate_that_is_revoked_meanwhile_is_unpaired_and_keeps_what_it_saved(
    open_gate: Callable[..., Page],
    chromium_with_camera: Browser,
    camera: FakeCamera,
    ticket: TicketSecret,
    gate: Scanner,
) -> None:
    page = start_before_the_ticket_comes(open_gate, chromium_with_camera, camera, ticket)
    expect_verdict(page, "saved", timeout_ms=10_000)
    gates.revoke_scanner(scanner_id=gate.pk, now=timezone.now())
    find_network(page)
    expect(page.get_by_role("heading", name="Unpaired")).to_be_visible(timeout=10_000)
    assert [kept["body"]["payload"][:55] for kept in queue(page)] == [ticket.payload_prefix]
