"""G8: what the gate page does when the server does not answer, and what never gets lost."""

import os
import re
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Playwright, expect

from otphandler.models import Scan, Scanner
from otphandler.services import gates
from otphandler.services.admission import Attempt, submit_scan
from otphandler.services.throttle import FREE_FAILURES
from otphandler.services.tickets import TicketSecret
from tests.browser.chromium import executable
from tests.browser.conftest import Watch
from tests.browser.gate_page import (
    answer_with,
    expect_queue,
    expect_verdict,
    find_network,
    lose_network,
    pair,
    payload,
    queue,
    scan,
    verdict,
)

MakeTicket = Callable[[], TicketSecret]
LATE_MS = 15_000
TEN_MINUTES_MS = 600_000


def admit_elsewhere(ticket: TicketSecret, scanner: Scanner, *, steps: int = 0) -> None:
    """Let the ticket in at another device."""
    registration, now = ticket.registration, timezone.now()
    text = payload(ticket, steps=steps)
    attempt = Attempt(registration.user_id, registration.event_id, text[55:])
    assert submit_scan(scanner=scanner, attempt=attempt, now=now).scan.passed


@pytest.fixture
def south(gate: Scanner) -> Scanner:
    """Return another device of the event."""
    return gates.create_scanner(gate=gate.gate, name="Phone 2", now=timezone.now())[0]


def test_g8_without_a_network_a_scan_is_saved_and_says_so(
    gate_page: Page, ticket: TicketSecret
) -> None:
    lose_network(gate_page)
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "saved", "SAVED, NOT VERIFIED")
    expect_queue(gate_page, 1)


def test_g8_a_scan_is_on_the_disk_before_it_is_posted(
    gate_page: Page, ticket: TicketSecret
) -> None:
    waiting: list[list[dict[str, Any]]] = []
    posted: list[Any] = []

    def look(route: Any) -> None:
        posted.append(route.request.post_data_json)
        route.abort()

    gate_page.route("**/api/v1/scans/**", look)
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "saved")
    waiting.append(queue(gate_page))
    assert [kept["body"] for kept in waiting[0]] == posted[:1]


def test_g8_a_saved_scan_is_flushed_with_its_scan_id_once_the_network_is_back(
    gate_page: Page, ticket: TicketSecret
) -> None:
    lose_network(gate_page)
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "saved")
    kept = queue(gate_page)[0]
    find_network(gate_page)
    expect_queue(gate_page, 0)
    recorded = Scan.objects.get()
    assert (str(recorded.scan_id), recorded.outcome) == (kept["scan_id"], "admitted")


def test_g8_a_late_admission_is_never_shown_as_green(gate_page: Page, ticket: TicketSecret) -> None:
    lose_network(gate_page)
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "saved")
    gate_page.evaluate("""() => {
      window.kinds = [];
      const gate = document.querySelector(".gate");
      new MutationObserver(() => window.kinds.push(gate.dataset.kind))
        .observe(gate, { attributeFilter: ["data-kind"] });
    }""")
    find_network(gate_page)
    expect_queue(gate_page, 0)
    gate_page.get_by_role("button", name="Scans").click()
    expect(gate_page.locator(".gate-log li")).to_contain_text("Ada")
    expect(gate_page.locator(".gate-log li")).to_contain_text("late")
    assert gate_page.evaluate("window.kinds") == []


def test_g8_a_late_refusal_raises_an_alert_of_its_own_with_name_and_time(
    gate_page: Page, ticket: TicketSecret, south: Scanner
) -> None:
    lose_network(gate_page)
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "saved")
    admit_elsewhere(ticket, south)
    find_network(gate_page)
    alert = gate_page.get_by_role("alert").filter(has_text="Refused late")
    expect(alert).to_contain_text(
        re.compile(r"Refused late: Ada, scanned \d+:\d\d"), timeout=LATE_MS
    )
    expect_verdict(gate_page, "saved")
    gate_page.get_by_role("button", name="Seen").click()
    expect(alert).to_have_count(0)


def test_g8_an_alert_survives_a_reload_until_it_was_seen(
    gate_page: Page, ticket: TicketSecret, south: Scanner
) -> None:
    lose_network(gate_page)
    scan(gate_page, payload(ticket))
    admit_elsewhere(ticket, south)
    expect_verdict(gate_page, "saved")
    find_network(gate_page)
    expect(gate_page.get_by_text("Refused late")).to_be_visible(timeout=LATE_MS)
    gate_page.reload()
    expect(gate_page.get_by_text("Refused late: Ada")).to_be_visible()


def test_g8_an_answer_that_was_lost_is_found_again_by_its_scan_id(
    gate_page: Page, ticket: TicketSecret
) -> None:
    def record_and_lose(route: Any) -> None:
        route.fetch()
        route.abort()

    gate_page.route("**/api/v1/scans/", record_and_lose)
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "saved")
    assert Scan.objects.get().outcome == "admitted"
    expect_queue(gate_page, 0)
    assert Scan.objects.count() == 1
    expect(gate_page.get_by_text("Refused late")).to_have_count(0)


def test_g8_a_server_that_hangs_is_given_up_after_two_and_a_half_seconds(
    gate_page: Page, ticket: TicketSecret
) -> None:
    hung: list[Any] = []
    gate_page.route("**/api/v1/scans/", lambda route: hung.append(route))
    scan(gate_page, payload(ticket))
    gate_page.wait_for_timeout(2_000)
    expect(gate_page.get_by_text("Checking…")).to_be_visible()
    expect_verdict(gate_page, "saved", timeout_ms=1_500)
    expect_queue(gate_page, 0)  # The batch gets through.
    assert Scan.objects.get().outcome == "admitted"


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_g8_a_server_in_trouble_loses_nothing(
    gate_page: Page, ticket: TicketSecret, status: int
) -> None:
    answer_with(gate_page, status)
    answer_with(gate_page, status, "scans/batch/")
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "saved")
    expect_queue(gate_page, 1)
    gate_page.unroute_all()
    find_by_hurrying(gate_page)
    expect_queue(gate_page, 0)
    assert Scan.objects.get().outcome == "admitted"


def find_by_hurrying(page: Page) -> None:
    """Let the network come back, which ends every wait."""
    lose_network(page)
    find_network(page)


def test_g8_a_server_in_trouble_is_asked_less_and_less_often(
    gate_page: Page, ticket: TicketSecret
) -> None:
    asked: list[float] = []
    gate_page.on("request", lambda request: asked.append(0) if "batch" in request.url else None)
    answer_with(gate_page, 500)
    answer_with(gate_page, 500, "scans/batch/")
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "saved")
    gate_page.wait_for_timeout(21_000)
    # Every five seconds would be four times or more; waits of 5 s and 10 s allow three.
    assert 1 <= len(asked) <= 3


def test_g8_throttled_is_saved_with_its_reason_and_judged_anew(
    gate_page: Page, ticket: TicketSecret
) -> None:
    for _ in range(FREE_FAILURES):
        scan(gate_page, ticket.payload_prefix + "000000")
        expect_verdict(gate_page, "no")
        verdict(gate_page).click()
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "saved", "Too many wrong codes")
    expect_queue(gate_page, 0)
    assert Scan.objects.filter(outcome="admitted").count() == 1


def test_g8_any_other_4xx_is_final(gate_page: Page, ticket: TicketSecret) -> None:
    scan(gate_page, ticket.payload_prefix + "00000000")  # Eight digits where six are right.
    expect_verdict(gate_page, "no")
    assert queue(gate_page) == []


def test_g8_one_scan_that_the_server_cannot_read_holds_up_no_other(
    gate_page: Page, ticket: TicketSecret, make_ticket: MakeTicket
) -> None:
    lose_network(gate_page)
    scan(gate_page, ticket.payload_prefix + "00000000")
    expect_verdict(gate_page, "saved")
    scan(gate_page, payload(make_ticket()))
    expect_queue(gate_page, 2)
    find_network(gate_page)
    expect_queue(gate_page, 0)
    assert Scan.objects.get().outcome == "admitted"
    expect(gate_page.get_by_text("Refused late: A ticket")).to_be_visible()


def test_g8_the_queue_survives_a_reload(gate_page: Page, ticket: TicketSecret) -> None:
    answer_with(gate_page, 503)
    answer_with(gate_page, 503, "scans/batch/")
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "saved")
    gate_page.reload()
    expect_queue(gate_page, 1)
    gate_page.unroute_all()
    find_by_hurrying(gate_page)
    expect_queue(gate_page, 0)
    assert Scan.objects.get().outcome == "admitted"


def test_g8_the_queue_survives_a_killed_browser(
    playwright: Playwright, site: str, gate: Scanner, ticket: TicketSecret, tmp_path: Path
) -> None:
    profile = tmp_path / "profile"
    first = open_profile(playwright, profile, site, gate)
    lose_network(first)
    scan(first, payload(ticket))
    expect_verdict(first, "saved")
    os.kill(browser_process(profile), signal.SIGKILL)
    assert not Scan.objects.exists()
    # Browsers write cookies to the disk every 30 seconds; this one had no time to.
    second = open_profile(playwright, profile, site, gate)
    wait_for_scan()
    expect_queue(second, 0)
    assert Scan.objects.get().outcome == "admitted"
    second.context.close()


def open_profile(playwright: Playwright, profile: Path, site: str, scanner: Scanner) -> Page:
    """Return the gate page in a browser that keeps what it stores, as a phone does."""
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=executable(),
        args=["--no-sandbox", "--disable-dev-shm-usage"],
        base_url=site,
    )
    pair(context, scanner, site)
    page = context.pages[0]
    page.goto("/gate/")
    expect(page.locator(".gate")).to_be_visible()
    return page


def browser_process(profile: Path) -> int:
    """Return the id of the browser that was started for this test, by the folder it was given."""
    mine = f"--user-data-dir={profile}"
    for folder in Path("/proc").glob("[0-9]*"):
        words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        if mine in words and not any(word.startswith("--type=") for word in words):
            return int(folder.name)
    raise AssertionError("The browser does not run.")


def wait_for_scan() -> None:
    """Wait until a scan was recorded."""
    until = timezone.now() + timedelta(seconds=15)
    while not Scan.objects.exists():
        assert timezone.now() < until, "No scan came in."


def test_g1_g8_a_revoked_device_is_unpaired_and_keeps_its_queue(
    gate_page: Page, ticket: TicketSecret, gate: Scanner, south: Scanner, site: str
) -> None:
    lose_network(gate_page)
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "saved")
    gates.revoke_scanner(scanner_id=gate.pk, now=timezone.now())
    find_network(gate_page)
    expect(gate_page.get_by_role("heading", name="Unpaired")).to_be_visible(timeout=LATE_MS)
    expect(gate_page.get_by_text("1 scan is kept in this device")).to_be_visible()
    pair(gate_page.context, south, site)
    gate_page.reload()
    expect(gate_page.locator(".gate")).to_be_visible()
    wait_for_scan()
    assert Scan.objects.get().scanner == south


def test_g1_a_scan_at_a_revoked_device_is_kept_and_shows_unpaired(
    gate_page: Page, ticket: TicketSecret, gate: Scanner
) -> None:
    gates.revoke_scanner(scanner_id=gate.pk, now=timezone.now())
    scan(gate_page, payload(ticket))
    expect(gate_page.get_by_role("heading", name="Unpaired")).to_be_visible()
    assert len(queue(gate_page)) == 1


def test_g8_scans_for_another_event_wait_for_a_device_of_that_event(
    gate_page: Page, ticket: TicketSecret, make_event: Callable[..., Any], site: str
) -> None:
    lose_network(gate_page)
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "saved")
    elsewhere = gates.create_gate(event=make_event(name="Elsewhere"), name="South")
    other, _ = gates.create_scanner(gate=elsewhere, name="Phone 3", now=timezone.now())
    pair(gate_page.context, other, site)
    find_network(gate_page)
    gate_page.reload()
    expect(gate_page.get_by_text("1 scan waits for another event")).to_be_visible()
    assert not Scan.objects.exists()


@pytest.mark.parametrize("wrong_by_ms", [TEN_MINUTES_MS, -TEN_MINUTES_MS])
def test_g8_a_clock_that_is_ten_minutes_wrong_claims_the_right_time(
    open_gate: Callable[..., Page], ticket: TicketSecret, wrong_by_ms: int
) -> None:
    page = open_gate()
    page.add_init_script(f"const right = Date.now; Date.now = () => right() + {wrong_by_ms};")
    page.reload()
    expect(page.locator(".gate")).to_be_visible()
    expect(page.locator(".gate-count")).to_contain_text("ago")
    page.wait_for_function("() => localStorage.getItem('gate.clock') !== null")
    lose_network(page)
    scan(page, payload(ticket))
    expect_verdict(page, "saved")
    find_network(page)
    expect_queue(page, 0)
    recorded = Scan.objects.get()
    assert recorded.claimed_at is not None
    assert recorded.outcome == "admitted"
    assert abs(timezone.now() - recorded.claimed_at) < timedelta(seconds=20)
    assert recorded.claimed_at < recorded.scanned_at


def test_g8_a_clock_that_is_set_while_the_network_is_away_changes_no_claim(
    gate_page: Page, ticket: TicketSecret
) -> None:
    lose_network(gate_page)
    gate_page.evaluate(f"const right = Date.now; Date.now = () => right() - {TEN_MINUTES_MS};")
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "saved")
    kept = queue(gate_page)[0]["body"]["scanned_at"]
    assert abs(timezone.now() - datetime.fromisoformat(kept)) < timedelta(seconds=20)


def test_g8_a_ticket_that_this_device_saved_before_says_so(
    gate_page: Page, ticket: TicketSecret
) -> None:
    lose_network(gate_page)
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "saved")
    scan(gate_page, payload(ticket))
    expect(verdict(gate_page)).to_contain_text("was scanned here at")


def test_g8_a_ticket_for_another_event_is_told_without_a_network_too(
    gate_page: Page, ticket: TicketSecret
) -> None:
    lose_network(gate_page)
    scan(gate_page, "TM1" + "A" * 26 + "7" * 26 + "123456")
    expect_verdict(gate_page, "no", "This ticket is for another event.")


def test_five_hundred_people_in_a_row_with_the_network_away_in_between(
    gate_page: Page, make_ticket: MakeTicket, watch: Watch
) -> None:
    people = [make_ticket() for _ in range(500)]
    started = timezone.now()
    for number, ticket in enumerate(people):
        if number == 200:
            lose_network(gate_page)
        if number == 260:
            find_network(gate_page)
        scan(gate_page, payload(ticket))
        expect(verdict(gate_page)).to_have_attribute("data-turn", str(number + 1))
    pace_per_minute = 500 / ((timezone.now() - started) / timedelta(minutes=1))
    expect_queue(gate_page, 0)
    assert Scan.objects.filter(outcome="admitted").count() == 500
    assert Scan.objects.count() == 500
    assert queue(gate_page) == []
    assert pace_per_minute >= 150
