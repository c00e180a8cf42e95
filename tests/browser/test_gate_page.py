"""The gate page itself: its states, camera, header, log, kiosk mode, sizes and weight."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from entityhandler.models import Event, User
from otphandler.models import Scanner
from otphandler.services.tickets import TicketSecret
from tests.browser.camera import FakeCamera
from tests.browser.chromium import launched
from tests.browser.gate_page import (
    add_a_note,
    answer_with,
    expect_queue,
    expect_verdict,
    find_network,
    lose_network,
    pair,
    payload,
    scan,
)
from tests.browser.test_gate_queue import admit_elsewhere, south  # noqa: F401

MakeTicket = Callable[[], TicketSecret]
LooksRight = Callable[[Page, str], None]
# Compressed bytes of everything that a first visit loads, the reader of QR codes included.
GATE_PAGE_BYTES = 60 * 1024
TORCH = """
  window.torch = [];
  MediaStreamTrack.prototype.getCapabilities = () => ({ torch: true });
  MediaStreamTrack.prototype.applyConstraints = async function ({ advanced }) {
    window.torch.push(advanced[0].torch);
  };
"""
NOTE_WAKE_LOCKS = """
  window.wakeLocks = [];
  Object.defineProperty(navigator, "wakeLock", {
    value: { request: async (kind) => window.wakeLocks.push(kind) },
  });
"""
# The page, its files and the worker that hands them out are on the device.
UNTIL_KEPT = """async () => {
  await navigator.serviceWorker.ready;
  const isKept = async () => (await (await caches.open("gate")).match("/gate/")) !== undefined;
  while (!(await isKept()) || navigator.serviceWorker.controller?.state !== "activated") {
    await new Promise((done) => setTimeout(done, 50));
  }
}"""


def start(page: Page) -> None:
    """Tap the one button."""
    page.get_by_role("button", name="Start scanning").click()


def open_with(
    open_gate: Callable[..., Page], browser: Browser, script: str, **options: Any
) -> Page:
    """Return a gate whose page finds what the script arranges."""
    page = open_gate(browser=browser, **options)
    page.add_init_script(script)
    page.reload()
    expect(page.locator(".gate")).to_be_visible()
    return page


# --- G2 and G3: the camera ---------------------------------------------------------------


def test_g2_one_tap_starts_camera_sound_and_wake_lock(
    open_gate: Callable[..., Page], chromium_with_camera: Browser, camera: FakeCamera
) -> None:
    camera.show_nothing()
    script = (
        NOTE_WAKE_LOCKS
        + """
      window.audio = [];
      const resume = AudioContext.prototype.resume;
      AudioContext.prototype.resume = function () {
        window.audio.push(this);
        return resume.call(this);
      };
    """
    )
    page = open_with(open_gate, chromium_with_camera, script, permissions=["camera"])
    start(page)
    expect(page.locator("video")).to_be_visible()
    assert page.evaluate("window.wakeLocks") == ["screen"]
    page.wait_for_function("() => window.audio[0].state === 'running'")


def test_g2_the_wake_lock_comes_back_with_the_page(
    open_gate: Callable[..., Page], chromium_with_camera: Browser, camera: FakeCamera
) -> None:
    camera.show_nothing()
    page = open_with(open_gate, chromium_with_camera, NOTE_WAKE_LOCKS, permissions=["camera"])
    start(page)
    expect(page.locator("video")).to_be_visible()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function("() => window.wakeLocks.length === 2")


def test_g2_a_device_without_a_camera_is_told_so(gate_page: Page, looks_right: LooksRight) -> None:
    start(gate_page)
    expect(gate_page.get_by_role("alert").get_by_text("no camera")).to_be_visible()
    looks_right(gate_page, "gate-no-camera")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("NotAllowedError", "The camera is blocked."),
        ("NotReadableError", "Another app holds the camera."),
        ("SecurityError", "HTTPS"),
    ],
)
def test_g2_what_keeps_the_camera_away_is_told_in_clear_words(
    open_gate: Callable[..., Page], chromium: Browser, error: str, words: str
) -> None:
    refuse = f"""MediaDevices.prototype.getUserMedia = async () => {{
      throw new DOMException("", "{error}");
    }}"""
    page = open_with(open_gate, chromium, refuse)
    start(page)
    expect(page.get_by_role("alert").get_by_text(words)).to_be_visible()


def test_g2_a_page_without_https_is_told_so(
    open_gate: Callable[..., Page], chromium: Browser
) -> None:
    script = "Object.defineProperty(Navigator.prototype, 'mediaDevices', { value: undefined });"
    page = open_with(open_gate, chromium, script)
    start(page)
    expect(page.get_by_text("Open this page with https://")).to_be_visible()


def test_g3_the_torch_is_remembered(
    open_gate: Callable[..., Page], chromium_with_camera: Browser, camera: FakeCamera
) -> None:
    camera.show_nothing()
    page = open_with(open_gate, chromium_with_camera, TORCH, permissions=["camera"])
    start(page)
    page.get_by_role("button", name="Torch").click()
    expect(page.get_by_role("button", name="Torch")).to_have_attribute("aria-pressed", "true")
    page.reload()
    start(page)
    page.wait_for_function("() => window.torch.length === 1")
    assert page.evaluate("window.torch") == [True]


def test_g3_the_chosen_camera_is_remembered(
    playwright: Playwright, open_gate: Callable[..., Page]
) -> None:
    two = ["--use-fake-device-for-media-stream=device-count=2", "--use-fake-ui-for-media-stream"]
    used = "document.querySelector('video').srcObject.getVideoTracks()[0].getSettings().deviceId"
    with launched(playwright, *two) as browser:
        page = open_gate(browser=browser, permissions=["camera"])
        start(page)
        expect(page.get_by_role("button", name="Switch camera")).to_be_visible()
        first = page.evaluate(used)
        page.get_by_role("button", name="Switch camera").click()
        page.wait_for_function(f"(first) => {used} !== first", arg=first)
        second = page.evaluate(used)
        page.reload()
        start(page)
        expect(page.locator("video")).to_be_visible()
        assert page.evaluate(used) == second
        page.context.close()


# --- G10 to G13 ---------------------------------------------------------------


def test_g10_the_header_tells_event_gate_connection_and_how_many_are_inside(
    gate_page: Page, ticket: TicketSecret
) -> None:
    head = gate_page.locator(".gate-head")
    expect(head).to_contain_text("Analytical Engines")
    expect(head).to_contain_text("North")
    expect(head).to_contain_text("Online")
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "admit")
    gate_page.reload()
    expect(head).to_contain_text("1 of 1 inside")
    expect(head).to_contain_text("s ago")


def test_g10_the_header_tells_since_when_the_network_is_away_and_what_waits(
    gate_page: Page, ticket: TicketSecret
) -> None:
    lose_network(gate_page)
    scan(gate_page, payload(ticket))
    expect(gate_page.locator(".gate-net")).to_contain_text("No connection since")
    expect_queue(gate_page, 1)


def test_g10_the_age_of_the_count_grows(gate_page: Page) -> None:
    lose_network(gate_page)
    expect(gate_page.locator(".gate-count")).to_contain_text("3 s ago")


def test_g11_the_last_twenty_scans_are_listed_the_newest_first_and_kept(
    gate_page: Page, ticket: TicketSecret
) -> None:
    for number in range(21):
        scan(gate_page, f"NO TICKET {number:02}")
        expect(gate_page.locator(".verdict-body")).to_have_attribute("data-turn", str(number + 1))
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "admit")
    gate_page.reload()
    gate_page.get_by_role("button", name="Scans").click()
    entries = gate_page.locator(".gate-log li")
    expect(entries).to_have_count(20)
    expect(entries.first).to_contain_text("Ada")


def test_g12_kiosk_mode_hides_names_and_settings_and_survives_a_reload(
    gate_page: Page, ticket: TicketSecret, looks_right: LooksRight
) -> None:
    gate_page.get_by_role("button", name="Settings").click()
    gate_page.get_by_role("button", name="Kiosk mode").click()
    gate_page.reload()
    expect(gate_page.get_by_role("button", name="Name")).to_have_count(0)
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "admit")
    expect(gate_page.locator(".verdict-name")).to_be_hidden()
    looks_right(gate_page, "gate-kiosk")
    gate_page.get_by_role("button", name="Staff").click()
    gate_page.get_by_role("button", name="Leave").click()
    expect(gate_page.get_by_role("button", name="Name")).to_be_visible()


SIZES = [(360, 640), (390, 844), (640, 360), (768, 1024), (1280, 800)]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_g13_everything_fits_from_a_small_phone_to_a_tablet(
    open_gate: Callable[..., Page],
    chromium_with_camera: Browser,
    camera: FakeCamera,
    ticket: TicketSecret,
    looks_right: LooksRight,
    width: int,
    height: int,
) -> None:
    camera.show_text("TM1 is no ticket")
    size = {"width": width, "height": height}
    page = open_gate(browser=chromium_with_camera, permissions=["camera"], viewport=size)
    start(page)
    expect_verdict(page, "no")
    looks_right(page, f"gate-no-{width}x{height}")
    for part in (".gate-head", ".verdict-word", "video", ".gate-tools"):
        box = page.locator(part).bounding_box()
        assert box is not None
        assert box["y"] >= 0 and box["y"] + box["height"] <= height + 1, part
        assert box["x"] >= 0 and box["x"] + box["width"] <= width + 1, part


# --- Every state, looked at ---------------------------------------------------------------


@pytest.mark.parametrize("kind", ["admit", "already", "no", "saved"])
def test_every_verdict_looks_right(
    gate_with_camera: Page, ticket: TicketSecret, looks_right: LooksRight, kind: str
) -> None:
    page = gate_with_camera
    if kind == "already":
        scan(page, payload(ticket))
        expect_verdict(page, "admit")
    if kind == "saved":
        lose_network(page)
    if kind == "admit":
        # With a note it stays long enough to be looked at.
        add_a_note(ticket, "VIP: table 4")
    scan(page, payload(ticket, steps=-3 if kind == "no" else 0))
    expect_verdict(page, kind)
    looks_right(page, f"gate-{kind}")


def test_the_longest_words_of_the_other_language_fit(
    open_gate: Callable[..., Page], ticket: TicketSecret, looks_right: LooksRight
) -> None:
    page = open_gate(locale="de-DE")
    lose_network(page)
    scan(page, payload(ticket))
    expect_verdict(page, "saved", "GESPEICHERT, NICHT GEPRÜFT")
    looks_right(page, "gate-saved-de")


def test_the_gate_before_and_after_the_tap_looks_right(
    open_gate: Callable[..., Page],
    chromium_with_camera: Browser,
    camera: FakeCamera,
    looks_right: LooksRight,
) -> None:
    camera.show_nothing()
    page = open_gate(browser=chromium_with_camera, permissions=["camera"])
    looks_right(page, "gate-start")
    start(page)
    expect(page.locator("video")).to_be_visible()
    looks_right(page, "gate-ready")


def test_a_late_refusal_looks_right(
    gate_with_camera: Page,
    ticket: TicketSecret,
    south: Scanner,  # noqa: F811
    looks_right: LooksRight,
) -> None:
    lose_network(gate_with_camera)
    scan(gate_with_camera, payload(ticket))
    expect_verdict(gate_with_camera, "saved")
    admit_elsewhere(ticket, south)
    find_network(gate_with_camera)
    expect(gate_with_camera.get_by_text("Refused late")).to_be_visible(timeout=15_000)
    looks_right(gate_with_camera, "gate-refused-late")


@pytest.mark.parametrize(
    ("button", "name"), [("Name", "manual"), ("Scans", "log"), ("Settings", "settings")]
)
def test_every_panel_looks_right(
    gate_page: Page, ticket: TicketSecret, looks_right: LooksRight, button: str, name: str
) -> None:
    scan(gate_page, payload(ticket, steps=-3))
    expect_verdict(gate_page, "no")
    gate_page.get_by_role("button", name=button).click()
    expect(gate_page.get_by_role("dialog")).to_be_visible()
    looks_right(gate_page, f"gate-panel-{name}")


def test_a_guest_looks_right(
    gate_page: Page, ticket: TicketSecret, gate: Scanner, looks_right: LooksRight
) -> None:
    Scanner.objects.filter(pk=gate.pk).update(may_override=True)
    gate_page.reload()
    gate_page.get_by_role("button", name="Name").click()
    gate_page.get_by_label("Name, e-mail, reference, or the ticket's text").fill("ada")
    expect(gate_page.get_by_role("button", name="Ada")).to_be_visible()
    looks_right(gate_page, "gate-search")
    gate_page.get_by_role("button", name="Ada").click()
    looks_right(gate_page, "gate-guest")


def test_an_unpaired_device_looks_right(phone: Page, looks_right: LooksRight) -> None:
    phone.goto("/gate/")
    expect(phone.get_by_role("heading", name="Unpaired")).to_be_visible()
    looks_right(phone, "gate-unpaired")


def test_the_pairing_page_looks_right(phone: Page, looks_right: LooksRight) -> None:
    phone.goto("/gate/pair/#tmp_unknown")
    looks_right(phone, "gate-pair")
    phone.get_by_role("button", name="Pair this device").click()
    expect(phone.get_by_role("alert")).to_be_visible()
    looks_right(phone, "gate-pair-refused")


def test_the_managers_page_looks_right(
    open_phone: Callable[..., Page],
    grace: User,
    event: Event,
    gate: Scanner,
    looks_right: LooksRight,
) -> None:
    page = open_phone(grace)
    page.goto(f"/gate/devices/?event={event.pk}")
    expect(page.get_by_text("Phone 1")).to_be_visible()
    looks_right(page, "gate-devices")
    page.get_by_role("button", name="Show pairing code").click()
    expect(page.get_by_role("img", name="Pairing code")).to_be_visible()
    looks_right(page, "gate-devices-pairing")


# --- Weight, movement, keyboard ---------------------------------------------------------------


def test_a_first_visit_is_60_kb_up_to_the_first_scan(
    open_phone: Callable[..., Page],
    site: str,
    gate: Scanner,
    chromium_with_camera: Browser,
    camera: FakeCamera,
) -> None:
    camera.show_text("no ticket")  # So that the reader of QR codes is fetched and reads.
    # Without the service worker, which fetches the panels as well, once the page is there.
    page = open_phone(browser=chromium_with_camera, permissions=["camera"], service_workers="block")
    pair(page.context, gate, site)
    loaded: list[Any] = []
    page.on("requestfinished", lambda request: loaded.append(request))
    page.goto("/gate/")
    start(page)
    expect_verdict(page, "no")
    files = {
        request.url.rsplit("/", 1)[-1]: request.sizes()["responseBodySize"]
        for request in loaded
        # The panels come after the first scan.
        if "/api/" not in request.url and "_panel" not in request.url
    }
    assert sum(files.values()) <= GATE_PAGE_BYTES, files


def test_nothing_moves_for_those_who_do_not_like_it(
    open_gate: Callable[..., Page], ticket: TicketSecret
) -> None:
    page = open_gate(reduced_motion="reduce")
    scan(page, payload(ticket))
    expect_verdict(page, "admit")
    assert page.evaluate("document.getAnimations().length") == 0


def test_everything_is_reached_and_left_by_keyboard(gate_page: Page, ticket: TicketSecret) -> None:
    for name in ("Start scanning", "Name", "Scans", "Settings"):
        gate_page.keyboard.press("Tab")
        expect(gate_page.get_by_role("button", name=name)).to_be_focused()
    gate_page.keyboard.press("Enter")
    expect(gate_page.get_by_role("dialog")).to_be_visible()
    gate_page.keyboard.press("Escape")
    expect(gate_page.get_by_role("dialog")).to_have_count(0)
    expect(gate_page.get_by_role("button", name="Settings")).to_be_focused()


def test_the_page_waits_for_a_server_that_does_not_answer_yet(
    open_phone: Callable[..., Page], site: str, gate: Scanner, looks_right: LooksRight
) -> None:
    page = open_phone()
    pair(page.context, gate, site)
    answer_with(page, 503, "scanners/me/")
    page.goto("/gate/")
    expect(page.get_by_text("The server does not answer yet.")).to_be_visible()
    looks_right(page, "gate-no-server")


def test_g8_the_page_itself_opens_without_a_network_after_one_visit(
    gate_page: Page, ticket: TicketSecret
) -> None:
    gate_page.evaluate(UNTIL_KEPT)
    lose_network(gate_page)
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "saved")
    gate_page.reload()
    expect_queue(gate_page, 1)
    expect(gate_page.locator(".gate-head")).to_contain_text("Analytical Engines")
    gate_page.get_by_role("button", name="Scans").click()
    expect(gate_page.locator(".gate-log li")).to_have_count(1)
    find_network(gate_page)
    expect_queue(gate_page, 0)
