"""Scanning at the gate page while the server answers. G numbers are those of the pages' design."""

from collections.abc import Callable
from statistics import median
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from entityhandler.models import Event, User
from entityhandler.services import registrations
from otphandler.models import Scan, Scanner
from otphandler.services import tickets
from otphandler.services.tickets import TicketSecret
from tests.browser.camera import FakeCamera
from tests.browser.gate_page import add_a_note, expect_verdict, payload, scan, verdict

MakeTicket = Callable[[], TicketSecret]

# What a verdict is to be heard and felt by, noted instead of being played.
LISTEN = """
  window.heard = [];
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) {
    window.heard.push(`tone ${this.frequency.value}`);
    return start.apply(this, when);
  };
  navigator.vibrate = (pattern) => window.heard.push(`buzz ${pattern}`);
"""
# WCAG 2.2, relative luminance, of what is painted behind and in the verdict.
CONTRAST = """() => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = luminance(getComputedStyle(document.querySelector(".gate")).backgroundColor);
  const ink = luminance(getComputedStyle(document.querySelector(".verdict-word")).color);
  return (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
}"""


@pytest.fixture
def refuse(gate_page: Page, ticket: TicketSecret) -> Callable[[], None]:
    """Return a scan that is refused."""
    return lambda: scan(gate_page, ticket.payload_prefix + "000000")


def test_g4_a_right_code_floods_green_with_the_name(gate_page: Page, ticket: TicketSecret) -> None:
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "admit", "ADMIT", "Ada")


def test_g4_the_same_ticket_again_is_amber_with_the_first_time_and_gate(
    gate_page: Page, ticket: TicketSecret
) -> None:
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "admit")
    scan(gate_page, payload(ticket))
    first = Scan.objects.get(outcome="admitted").first_admitted_at
    assert first is not None
    expect_verdict(gate_page, "already", "ALREADY IN", "Ada", f"{first:%H:%M}", "North")


def test_g4_an_expired_code_is_red_with_the_reason(gate_page: Page, ticket: TicketSecret) -> None:
    scan(gate_page, payload(ticket, steps=-3))
    expect_verdict(gate_page, "no", "NO", "too old")


def test_g4_another_event_is_named(
    gate_page: Page, make_event: Callable[..., Event], ada: User
) -> None:
    elsewhere = make_event(name="Difference Engines")
    registration = registrations.register(event_id=elsewhere.pk, user=ada, now=timezone.now())
    ticket = tickets.hand_out_secret(registration_id=registration.pk, now=timezone.now())
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "no", "This ticket is for Difference Engines.")


def test_g4_a_note_for_the_gate_is_shown_and_keeps_the_screen(
    gate_page: Page, ticket: TicketSecret
) -> None:
    add_a_note(ticket, "Wheelchair: open the side door.")
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "admit", "Wheelchair: open the side door.")
    gate_page.wait_for_timeout(2_300)
    expect_verdict(gate_page, "admit")


@pytest.mark.parametrize("kind", ["admit", "already", "no", "saved"])
def test_g4_every_verdict_is_readable(gate_page: Page, ticket: TicketSecret, kind: str) -> None:
    show(gate_page, ticket, kind)
    assert gate_page.evaluate(CONTRAST) >= 4.5


def show(page: Page, ticket: TicketSecret, kind: str) -> None:
    """Bring a verdict of that kind about."""
    if kind == "saved":
        page.context.set_offline(True)
    elif kind == "already":
        scan(page, payload(ticket))
        expect_verdict(page, "admit")
    scan(page, ticket.payload_prefix + "000000" if kind == "no" else payload(ticket))
    expect_verdict(page, kind)


@pytest.mark.parametrize(
    ("kind", "buzz"),
    [("admit", "60"), ("already", "120,60,120"), ("no", "400"), ("saved", "60,60,60")],
)
def test_g5_each_verdict_has_a_tone_and_a_buzz_of_its_own(
    open_gate: Callable[..., Page],
    chromium_with_camera: Browser,
    camera: FakeCamera,
    ticket: TicketSecret,
    kind: str,
    buzz: str,
) -> None:
    page = listening(open_gate, chromium_with_camera, camera)
    show(page, ticket, kind)
    heard = page.evaluate("window.heard")
    assert f"buzz {buzz}" in heard
    assert [sound for sound in heard if sound.startswith("tone")]


def listening(open_gate: Callable[..., Page], browser: Browser, camera: FakeCamera) -> Page:
    """Return a started gate that notes its sounds."""
    camera.show_nothing()
    page = open_gate(browser=browser, permissions=["camera"])
    page.add_init_script(LISTEN)
    page.reload()
    page.get_by_role("button", name="Start scanning").click()
    expect(page.locator("video")).to_be_visible()
    return page


def test_g5_mute_is_remembered(
    open_gate: Callable[..., Page],
    chromium_with_camera: Browser,
    camera: FakeCamera,
    ticket: TicketSecret,
) -> None:
    page = listening(open_gate, chromium_with_camera, camera)
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("No sound").check()
    page.reload()
    page.get_by_role("button", name="Start scanning").click()
    scan(page, payload(ticket))
    expect_verdict(page, "admit")
    assert page.evaluate("window.heard") == ["buzz 60"]


def test_g6_from_code_to_verdict_takes_300_ms_at_most(
    gate_page: Page, make_ticket: MakeTicket
) -> None:
    for _ in range(15):
        scan(gate_page, payload(make_ticket()))
        expect_verdict(gate_page, "admit")
        verdict(gate_page).click()
        expect(verdict(gate_page)).to_have_count(0)
    took = gate_page.evaluate(
        "performance.getEntriesByName('gate:verdict').map((measure) => measure.duration)"
    )
    assert len(took) == 15
    assert median(took) <= 300


def test_g6_green_clears_after_two_seconds(gate_page: Page, ticket: TicketSecret) -> None:
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "admit")
    expect(gate_page.locator(".gate")).to_have_attribute("data-kind", "idle", timeout=3_000)


def test_g6_red_stays_until_somebody_taps(gate_page: Page, refuse: Callable[[], None]) -> None:
    refuse()
    expect_verdict(gate_page, "no")
    gate_page.wait_for_timeout(2_500)
    expect_verdict(gate_page, "no")
    verdict(gate_page).click()
    expect(gate_page.locator(".gate")).to_have_attribute("data-kind", "idle")


def test_g6_red_goes_by_the_escape_key_as_well(gate_page: Page, refuse: Callable[[], None]) -> None:
    refuse()
    expect_verdict(gate_page, "no")
    gate_page.keyboard.press("Escape")
    expect_verdict(gate_page, "idle")


def test_g6_the_camera_never_stops(gate_with_camera: Page, ticket: TicketSecret) -> None:
    scan(gate_with_camera, ticket.payload_prefix + "000000")
    expect_verdict(gate_with_camera, "no")
    before = gate_with_camera.evaluate("document.querySelector('video').currentTime")
    gate_with_camera.wait_for_function(
        "(before) => document.querySelector('video').currentTime > before", arg=before
    )


def test_g7_a_code_in_view_is_one_request_and_answers_again_after_it_left(
    open_gate: Callable[..., Page],
    chromium_with_camera: Browser,
    camera: FakeCamera,
    ticket: TicketSecret,
) -> None:
    # Four seconds in view, four of the wall: out of view for more than three.
    camera.show_in_turn(payload(ticket, steps=1), None, seconds=4)
    page = open_gate(browser=chromium_with_camera, permissions=["camera"])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="Start scanning").click()
    expect_verdict(page, "admit", "Ada")
    expect_verdict(page, "idle")
    assert len([url for url in asked if url.endswith("/scans/")]) == 1
    expect_verdict(page, "already", "Ada", timeout_ms=12_000)
    assert len([url for url in asked if url.endswith("/scans/")]) == 2


def test_g7_a_ticket_whose_code_changes_in_view_is_one_scan(
    open_gate: Callable[..., Page],
    chromium_with_camera: Browser,
    camera: FakeCamera,
    ticket: TicketSecret,
) -> None:
    camera.show_in_turn(payload(ticket), payload(ticket, steps=1), seconds=1)
    page = open_gate(browser=chromium_with_camera, permissions=["camera"])
    page.get_by_role("button", name="Start scanning").click()
    expect_verdict(page, "admit", "Ada")
    page.wait_for_timeout(3_000)  # Both codes are in view again and again.
    assert Scan.objects.count() == 1


def test_g7_after_a_wrong_code_the_next_one_of_the_same_ticket_is_tried_at_once(
    open_gate: Callable[..., Page],
    chromium_with_camera: Browser,
    camera: FakeCamera,
    ticket: TicketSecret,
) -> None:
    camera.show_in_turn(payload(ticket, steps=-4), payload(ticket, steps=1), seconds=1)
    page = open_gate(browser=chromium_with_camera, permissions=["camera"])
    page.get_by_role("button", name="Start scanning").click()
    expect_verdict(page, "admit", "Ada")


def test_g7_one_bad_scan_never_blocks_the_next(
    gate_page: Page, ticket: TicketSecret, make_ticket: MakeTicket
) -> None:
    hung: list[Any] = []

    def hang_once(route: Any) -> None:
        if hung:
            route.fallback()
        else:
            hung.append(route)

    gate_page.route("**/api/v1/scans/", hang_once)
    scan(gate_page, payload(ticket))
    expect(gate_page.get_by_text("Checking…")).to_be_visible()
    scan(gate_page, payload(make_ticket()))
    expect_verdict(gate_page, "admit", "Guest", timeout_ms=2_000)


def test_g7_an_answer_that_a_later_verdict_has_overtaken_is_an_alert(
    gate_page: Page, ticket: TicketSecret, make_ticket: MakeTicket
) -> None:
    held: list[Any] = []

    def hold_once(route: Any) -> None:
        if held:
            route.fallback()
        else:
            held.append(route)

    gate_page.route("**/api/v1/scans/", hold_once)
    scan(gate_page, ticket.payload_prefix + "000000")
    expect(gate_page.get_by_text("Checking…")).to_be_visible()
    scan(gate_page, payload(make_ticket()))
    expect_verdict(gate_page, "admit")
    held[0].continue_()
    expect(gate_page.get_by_text("Refused late")).to_be_visible()
    assert gate_page.locator(".gate").get_attribute("data-kind") in ("admit", "idle")


def test_g14_what_is_no_ticket_is_told_so_without_a_request(gate_page: Page) -> None:
    asked: list[str] = []
    gate_page.on("request", lambda request: asked.append(request.url))
    scan(gate_page, "HTTPS://EXAMPLE.ORG/MENU")
    expect_verdict(gate_page, "no", "This is no ticket of ours.")
    assert [url for url in asked if "/scans/" in url] == []


def test_g14_the_browsers_detector_is_asked_for_qr_codes_alone(
    open_gate: Callable[..., Page], chromium_with_camera: Browser, camera: FakeCamera
) -> None:
    camera.show_nothing()
    page = open_gate(browser=chromium_with_camera, permissions=["camera"])
    page.add_init_script("""
      window.formats = [];
      window.BarcodeDetector = class {
        constructor({ formats }) { window.formats.push(...formats); }
        static async getSupportedFormats() { return ["code_128", "ean_13", "qr_code"]; }
        async detect() { return []; }
      };
    """)
    page.reload()
    page.get_by_role("button", name="Start scanning").click()
    page.wait_for_function("() => window.formats.length > 0")
    assert page.evaluate("window.formats") == ["qr_code"]


def test_a_gate_that_only_exits_says_goodbye(
    gate_page: Page, ticket: TicketSecret, gate: Scanner
) -> None:
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "admit")
    gate_page.get_by_role("button", name="Settings").click()
    gate_page.get_by_label("Exit").check()
    gate_page.get_by_role("button", name="Back").click()
    scan(gate_page, payload(ticket, steps=1))
    expect_verdict(gate_page, "exit", "EXIT", "Ada")
