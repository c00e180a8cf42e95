"""What tests do with a gate page: pair it, scan with it, read its verdict."""

import re
from typing import Any

from django.utils import timezone
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from entityhandler.services import registrations
from otphandler.models import Scanner
from otphandler.services import pairing, tickets
from tests.conftest import code

# A scanner on a wire: keys faster than any hand, and Enter.
TYPE_LIKE_A_SCANNER = """(text) => {
  const target = document.activeElement ?? document.body;
  for (const key of [...text, "Enter"]) {
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  }
}"""
QUEUE = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open("gate");
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const asking = opening.result.transaction("queue").objectStore("queue").getAll();
    asking.onsuccess = () => { opening.result.close(); resolve(asking.result); };
  };
})"""


def pair(context: BrowserContext, scanner: Scanner, site: str) -> None:
    """Give the browser the cookie of a pairing, as `POST /scanners/pair/` does."""
    now = timezone.now()
    _, link = pairing.start_pairing(scanner_id=scanner.pk, now=now)
    _, token = pairing.pair_device(text=link, now=now)
    context.add_cookies(
        [
            {
                "name": "gate",
                "value": token,
                "url": site,
                "httpOnly": True,
                "sameSite": "Strict",
            }
        ]
    )


def payload(ticket: tickets.TicketSecret, *, steps: int = 0) -> str:
    """Return the text of a ticket's QR code now, or so many steps later."""
    return ticket.payload_prefix + code(ticket, timezone.now(), steps=steps)


def scan(page: Page, text: str) -> None:
    """Scan a text as a USB scanner does."""
    page.evaluate(TYPE_LIKE_A_SCANNER, text)


def verdict(page: Page) -> Locator:
    """Return the verdict on the screen."""
    return page.locator(".verdict-body")


def expect_verdict(page: Page, kind: str, *texts: str, timeout_ms: float = 8_000) -> None:
    """Wait for a verdict of that kind that says all of the texts."""
    expect(page.locator(".gate")).to_have_attribute("data-kind", kind, timeout=timeout_ms)
    if kind != "idle":
        expect(page.locator(f".verdict-body .sign[data-sign={kind}]")).to_be_visible()
    for text in texts:
        expect(verdict(page)).to_contain_text(text)


def queue(page: Page) -> list[dict[str, Any]]:
    """Return what waits on the disk of the device."""
    found: list[dict[str, Any]] = page.evaluate(QUEUE)
    return found


def expect_queue(page: Page, count: int) -> None:
    """Wait until the header says that so many scans wait."""
    label = page.locator(".gate-queue")
    if count:
        expect(label).to_have_text(re.compile(rf"^{count} scans? waits?$"))
    else:
        expect(label).to_have_count(0, timeout=15_000)


def answer_with(page: Page, status: int, path: str = "scans/", **problem: Any) -> None:
    """Let the server answer calls of a path with a problem; `scans/` is the live one alone."""

    def answer(route: Route) -> None:
        body = {"status": status, "code": "internal_error", "detail": "Trouble.", **problem}
        route.fulfill(status=status, json=body, content_type="application/problem+json")

    page.route(f"**/api/v1/{path}", answer)


def lose_network(page: Page) -> None:
    """Take the network away, as a hall of concrete does."""
    page.context.set_offline(True)


def find_network(page: Page) -> None:
    """Give it back."""
    page.context.set_offline(False)


def add_a_note(ticket: tickets.TicketSecret, note: str) -> None:
    """Note something for the gate about the holder of a ticket, as a manager does."""
    registrations.change_registration(
        registration_id=ticket.registration.pk,
        changes={"attention_note": note},
        now=timezone.now(),
        by_manager=True,
    )
