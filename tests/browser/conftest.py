"""A server with the pages, and phones that open them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.test.testcases import LiveServerThread
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from entityhandler.models import User
from otphandler.models import Scanner
from tests.browser import axe
from tests.browser.camera import FakeCamera
from tests.browser.chromium import executable, launched
from tests.browser.gate_page import pair
from tests.conftest import browser_of

HERE = Path(__file__).parent
SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"
# The narrowest phone that the pages promise to fit, in CSS pixels.
PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "has_touch": True}
# Nothing here waits for longer than this in milliseconds, unless it says so.
PATIENCE_MS = 8_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one browser run at a time, and try again what a busy machine was too slow for.

    The pages promise things within milliseconds by a real clock. A promise that is broken fails
    each time.
    """
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Return Playwright, whose event loop runs in this thread from now on."""
    executable()
    # Django refuses its ORM in a thread with an event loop, for nothing async runs there by itself.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Return a browser."""
    with launched(playwright) as browser:
        yield browser


@pytest.fixture(scope="session")
def camera(tmp_path_factory: pytest.TempPathFactory) -> FakeCamera:
    """Return the camera of `chromium_with_camera`."""
    return FakeCamera(tmp_path_factory.mktemp("camera"))


@pytest.fixture(scope="session")
def chromium_with_camera(playwright: Playwright, camera: FakeCamera) -> Iterator[Browser]:
    """Return a browser whose camera sees what the test shows it."""
    with launched(playwright, *camera.arguments) as browser:
        yield browser


@pytest.fixture(scope="session")
def collected_files(static_root: Path) -> None:
    """Collect the static files as `make run` does: hashed and compressed."""
    call_command("collectstatic", "--noinput", verbosity=0)


def _as_it_is(application: Any) -> Any:
    """Stand where Django's test server would put its own static files before ours."""
    return application


@pytest.fixture
def site(transactional_db: None, collected_files: None) -> Iterator[str]:
    """Return the address of a server; WhiteNoise serves its static files, as in production."""
    server = LiveServerThread("localhost", static_handler=cast("Any", _as_it_is))
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    yield f"http://localhost:{server.port}"
    server.terminate()


class Watch:
    """What a browser must never do on our pages; looked at when the test ends."""

    def __init__(self, site: str) -> None:
        self.host = urlsplit(site).netloc
        self.foreign_requests: list[str] = []
        self.errors: list[str] = []

    def over(self, context: BrowserContext) -> None:
        """Watch every page of the context, and its service workers."""
        context.on("request", lambda request: self._see(request.url))
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("console", lambda message: self._hear(message.text))

    def _see(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.foreign_requests.append(address)

    def _hear(self, said: str) -> None:
        if "Content Security Policy" in said:
            self.errors.append(said)


@pytest.fixture
def watch(site: str) -> Iterator[Watch]:
    """Fail the test on a request to another host, an uncaught error or a breach of the policy."""
    watch = Watch(site)
    yield watch
    assert watch.foreign_requests == []
    assert watch.errors == []


@pytest.fixture
def open_phone(chromium: Browser, site: str, watch: Watch) -> Iterator[Callable[..., Page]]:
    """Return a maker of phones, each with storage of its own, signed in as `user` where named."""
    contexts: list[BrowserContext] = []

    def open_one(user: User | None = None, *, browser: Browser = chromium, **options: Any) -> Page:
        context = browser.new_context(base_url=site, **{**PHONE, "locale": "en-GB", **options})
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        watch.over(context)
        if user is not None:
            sign_in(context, user, site)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


def sign_in(context: BrowserContext, user: User, site: str) -> None:
    """Give the browser a session of that user."""
    session = browser_of(user).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": site, "httpOnly": True}])


@pytest.fixture
def phone(open_phone: Callable[..., Page]) -> Page:
    """Return a phone on which nobody is signed in."""
    return open_phone()


@pytest.fixture
def looks_right() -> Callable[[Page, str], None]:
    """Return a check of one state of a page: axe finds nothing, nothing is wider than the screen.

    The state's picture goes to var/screenshots, under the name given.
    """

    def check(page: Page, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
        assert axe.violations(page) == []
        too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert too_wide <= 0, f"{name} is {too_wide} px wider than the screen"

    return check


@pytest.fixture
def open_gate(open_phone: Callable[..., Page], site: str, gate: Scanner) -> Callable[..., Page]:
    """Return a maker of phones that are paired with the north gate, its page open."""

    def open_one(**options: Any) -> Page:
        page = open_phone(**options)
        pair(page.context, gate, site)
        page.goto("/gate/")
        expect(page.locator(".gate")).to_be_visible()
        return page

    return open_one


@pytest.fixture
def gate_page(open_gate: Callable[..., Page]) -> Page:
    """Return a gate without a camera, as a USB scanner's computer is."""
    return open_gate()


@pytest.fixture
def gate_with_camera(
    open_gate: Callable[..., Page], chromium_with_camera: Browser, camera: FakeCamera
) -> Page:
    """Return a gate whose camera is on and sees a wall."""
    camera.show_nothing()
    page = open_gate(browser=chromium_with_camera, permissions=["camera"])
    page.get_by_role("button", name="Start scanning").click()
    expect(page.locator("video")).to_be_visible()
    return page
