"""The ticket page as the tests use it."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from otphandler.services.tickets import TicketSecret
from tests.browser.conftest import PATIENCE_MS

DIGITS = re.compile(r"^\d{3,4} \d{3,4}$")
# The device's own clock, wrong by so many milliseconds; a test may change it later.
WRONG_CLOCK = """
  window.wrongByMs = Number(sessionStorage.getItem("wrongByMs") ?? %d);
  const right = Date.now;
  Date.now = () => right() + window.wrongByMs;
"""
# What the browser says when another tab or the lock screen comes before the page, and goes again.
SET_HIDDEN = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  Object.defineProperty(document, "visibilityState",
    { configurable: true, get: () => (hidden ? "hidden" : "visible") });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
# Everything that the page's origin keeps on the device.
EVERYTHING_KEPT = """async () => {
  const open = indexedDB.open("tickets");
  const database = await new Promise((done) => { open.onsuccess = () => done(open.result); });
  const all = (store) => new Promise((done) => {
    const rows = database.transaction(store).objectStore(store).getAll();
    rows.onsuccess = () => done(rows.result);
  });
  const stores = [...database.objectStoreNames];
  const rows = (await Promise.all(stores.map(all))).flat();
  database.close();
  const texts = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const answer = await cache.match(request);
      if (!/\\.(png|svg)$/.test(request.url)) texts.push(request.url, await answer.text());
    }
  }
  return {
    rows: rows.map((row) => ({ ...row, key: row.key.extractable })),
    text: JSON.stringify([rows, { ...localStorage }, { ...sessionStorage }, texts]),
    pages: await caches.has("pages"),
  };
}"""


def open_ticket(page: Page, ticket: TicketSecret) -> None:
    """Open the ticket's page and wait for its code."""
    page.goto(f"/tickets/{ticket.registration.pk}/")
    code_shown(page)


def wait_until_kept(page: Page) -> None:
    """Wait until the page says that it works without a network."""
    expect(page.get_by_text("Kept on this phone")).to_be_visible()


def wait_until(page: Page, condition: str, timeout_ms: int = PATIENCE_MS) -> None:
    """Wait until a JavaScript expression is true; Playwright itself would need eval."""
    page.evaluate(f"""() => new Promise((done, fail) => {{
      const giveUpAt = performance.now() + {timeout_ms};
      const look = () => {{
        if ({condition}) done();
        else if (performance.now() > giveUpAt) fail(new Error({condition!r}));
        else setTimeout(look, 20);
      }};
      look();
    }})""")


def code_shown(page: Page) -> str:
    """Return the digits on the screen, once there are any."""
    shown = page.locator(".digits [aria-hidden]")
    expect(shown).to_have_text(DIGITS)
    return shown.inner_text().replace(" ", "")


def kept_on(page: Page) -> dict[str, Any]:
    """Return what the device keeps."""
    return dict(page.evaluate(EVERYTHING_KEPT))


def set_hidden(page: Page, hidden: bool) -> None:
    """Take the page out of view, or bring it back."""
    page.evaluate(SET_HIDDEN, hidden)
