"""What all pages stand on: the policy, codes by WebCrypto, QR codes drawn and read."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from entityhandler.models import Event, User
from otphandler.services.tickets import TicketSecret
from otphandler.totp import Algorithm, to_base32
from tests.browser.camera import FakeCamera
from tests.browser.conftest import Watch
from tests.browser.ticket_page import code_shown, open_ticket, wait_until_kept
from tests.otphandler.test_totp import RFC_6238, SEEDS

CODE_AT = """async ([secret, algorithm, unixS]) => {
  const { codeAt, importKey, stepAt } = await import("/static/web/totp.js");
  return codeAt(await importKey(secret, algorithm), stepAt(unixS * 1000, 30), 8);
}"""
EXPORT_KEY = """async () => {
  const { importKey } = await import("/static/web/totp.js");
  const key = await importKey("GEZDGNBVGY3TQOJQ", "SHA1");
  return crypto.subtle.exportKey("raw", key).then(() => "exported", (error) => error.name);
}"""
DRAW = """async (text) => {
  const { draw } = await import("/static/web/qr.js");
  const { size, path } = draw(text);
  document.body.innerHTML =
    `<svg viewBox="0 0 ${size} ${size}" width="296"><rect width="${size}" height="${size}"
      fill="#fff"/><path d="${path}"/></svg>`;
  return size;
}"""
READ_CAMERA = """async () => {
  const { decode } = await import("/static/web/qr_decode.js");
  const video = document.createElement("video");
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
  await video.play();
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight).getContext("2d");
  canvas.drawImage(video, 0, 0);
  const text = await decode(canvas.getImageData(0, 0, video.videoWidth, video.videoHeight));
  video.srcObject.getTracks().forEach((track) => track.stop());
  return text;
}"""
# 61 characters, as a ticket's QR code has them.
PAYLOAD = "TM1" + "A" * 26 + "7" * 26 + "123456"


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_the_browser_makes_the_codes_of_rfc_6238(phone: Page, algorithm: Algorithm) -> None:
    phone.goto("/")
    secret = to_base32(SEEDS[algorithm])
    made = [phone.evaluate(CODE_AT, [secret, algorithm.value, unix_s]) for unix_s, *_ in RFC_6238]
    column = 1 + list(Algorithm).index(algorithm)
    assert made == [vector[column] for vector in RFC_6238]


def test_no_script_reads_the_key_back(phone: Page) -> None:
    phone.goto("/")
    assert phone.evaluate(EXPORT_KEY) == "InvalidAccessError"


def test_a_ticket_fits_a_version_3_symbol_with_its_quiet_zone(phone: Page) -> None:
    phone.goto("/")
    assert phone.evaluate(DRAW, PAYLOAD) == 29 + 2 * 4


def test_a_code_drawn_on_one_screen_is_read_by_the_camera_of_another(
    open_phone: Callable[..., Page], chromium_with_camera: Browser, camera: FakeCamera
) -> None:
    shown = open_phone()
    shown.goto("/")
    shown.evaluate(DRAW, PAYLOAD)
    camera.show_picture(shown.screenshot())
    scanner = open_phone(browser=chromium_with_camera, permissions=["camera"])
    scanner.goto("/")
    assert scanner.evaluate(READ_CAMERA) == PAYLOAD


def test_a_camera_that_sees_a_wall_reads_nothing(
    open_phone: Callable[..., Page], chromium_with_camera: Browser, camera: FakeCamera
) -> None:
    camera.show_nothing()
    scanner = open_phone(browser=chromium_with_camera, permissions=["camera"])
    scanner.goto("/")
    assert scanner.evaluate(READ_CAMERA) is None


def test_a_module_is_fetched_once(phone: Page, event: Event) -> None:
    fetched: list[str] = []
    phone.on("request", lambda request: fetched.append(request.url))
    phone.goto("/")
    expect(phone.get_by_text(event.name)).to_be_visible()
    scripts = [address for address in fetched if address.endswith(".js")]
    assert scripts and len(scripts) == len(set(scripts))


def test_an_inline_script_does_not_run(phone: Page, watch: Watch) -> None:
    phone.goto("/")
    phone.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      document.body.append(script);
    }""")
    assert phone.evaluate("window.ran") is None
    assert "Content Security Policy" in watch.errors.pop()


def test_the_policy_stops_a_request_to_another_host(phone: Page, watch: Watch) -> None:
    phone.goto("/")
    assert (
        phone.evaluate("fetch('http://127.0.0.1:9/').catch((error) => error.name)") == "TypeError"
    )
    assert "Content Security Policy" in watch.errors.pop()
    watch.errors.clear()


def test_the_watch_sees_a_request_to_another_host(phone: Page, watch: Watch) -> None:
    with pytest.raises(Error, match="ERR_"):
        phone.goto("http://127.0.0.1:9/")
    assert watch.foreign_requests == ["http://127.0.0.1:9/"]
    watch.foreign_requests.clear()


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("/admin/", "Recent actions"),
        ("/admin/entityhandler/event/add/", "Add event"),
        ("/api/v1/docs/", "List events"),
    ],
)
def test_the_pages_of_others_work_under_their_policies(
    open_phone: Callable[..., Page], staff: User, address: str, text: str
) -> None:
    page = open_phone(staff)
    page.goto(address)
    expect(page.get_by_text(text).first).to_be_visible()


@pytest.fixture
def debug(settings: Any, plain_static_files: None) -> None:
    """Run as a developer does: plain names, files read anew with each request."""
    settings.DEBUG = True


def test_the_pages_work_with_debug_too(
    debug: None, open_phone: Callable[..., Page], ada: User, ticket: TicketSecret
) -> None:
    page = open_phone(ada)
    open_ticket(page, ticket)
    wait_until_kept(page)
    assert page.locator("script[type=module]").get_attribute("src") == (
        "/static/web/pages/ticket.js"
    )
    page.context.set_offline(True)
    page.reload()
    assert code_shown(page)
