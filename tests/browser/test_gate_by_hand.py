"""G9: guests without a QR code, and scanners that type."""

from playwright.sync_api import Locator, Page, expect

from entityhandler.models import User
from otphandler.models import Scan, Scanner
from otphandler.services import gates
from otphandler.services.tickets import TicketSecret
from tests.browser.gate_page import answer_with, expect_verdict, lose_network, payload, queue, scan


def open_search(page: Page, text: str) -> Locator:
    """Type a text into the search for guests, and return the field."""
    page.get_by_role("button", name="Name").click()
    field = page.get_by_label("Name, e-mail, reference, or the ticket's text")
    field.fill(text)
    return field


def pick_ada(page: Page) -> None:
    open_search(page, "ada")
    page.get_by_role("button", name="Ada").click()


def test_g9_a_usb_scanner_is_heard_anywhere_on_the_page(
    gate_page: Page, ticket: TicketSecret
) -> None:
    gate_page.get_by_role("button", name="Settings").focus()
    gate_page.keyboard.type(payload(ticket))
    gate_page.keyboard.press("Enter")
    expect_verdict(gate_page, "admit", "Ada")
    expect(gate_page.get_by_role("dialog")).to_have_count(0)


def test_g9_a_usb_scanner_is_heard_while_a_field_has_the_focus_and_leaves_it_empty(
    gate_page: Page, ticket: TicketSecret
) -> None:
    open_search(gate_page, "")
    gate_page.keyboard.type(payload(ticket))
    gate_page.keyboard.press("Enter")
    expect_verdict(gate_page, "admit", "Ada")
    expect(gate_page.get_by_role("dialog")).to_have_count(0)


def test_g9_people_who_type_are_no_scanner(gate_page: Page, ticket: TicketSecret) -> None:
    gate_page.keyboard.type("hello world", delay=60)
    gate_page.keyboard.press("Enter")
    expect(gate_page.locator(".gate")).to_have_attribute("data-kind", "idle")
    assert not Scan.objects.exists()


def test_g9_the_text_of_a_ticket_is_typed(gate_page: Page, ticket: TicketSecret) -> None:
    open_search(gate_page, payload(ticket).lower())
    gate_page.get_by_role("button", name="Check this ticket").click()
    expect_verdict(gate_page, "admit", "Ada")


def test_g9_a_guest_is_found_by_three_letters_and_admitted_by_the_code_they_read_out(
    gate_page: Page, ticket: TicketSecret
) -> None:
    pick_ada(gate_page)
    gate_page.get_by_label("The code on their ticket").fill(payload(ticket)[55:])
    gate_page.get_by_role("button", name="Check this code").click()
    expect_verdict(gate_page, "admit", "Ada")
    assert Scan.objects.get().method == "totp"


def test_g9_a_typed_code_is_saved_without_a_network(gate_page: Page, ticket: TicketSecret) -> None:
    pick_ada(gate_page)
    lose_network(gate_page)
    gate_page.get_by_label("The code on their ticket").fill(payload(ticket)[55:])
    gate_page.get_by_role("button", name="Check this code").click()
    expect_verdict(gate_page, "saved", "Ada")
    assert queue(gate_page)[0]["body"]["user"] == str(ticket.registration.user_id)


def test_g9_two_letters_list_nobody(gate_page: Page, ticket: TicketSecret) -> None:
    asked: list[str] = []
    gate_page.on("request", lambda request: asked.append(request.url))
    open_search(gate_page, "ad")
    expect(gate_page.get_by_text("Type 3 letters or more.")).to_be_visible()
    gate_page.wait_for_timeout(500)  # Longer than the pause after which it would be asked for.
    assert [url for url in asked if "search" in url] == []


def test_g9_names_need_the_network_and_it_says_so(gate_page: Page, ticket: TicketSecret) -> None:
    scan(gate_page, payload(ticket))
    expect_verdict(gate_page, "admit")
    gate_page.wait_for_load_state("networkidle")
    lose_network(gate_page)
    open_search(gate_page, "ada")
    expect(gate_page.get_by_text("there is no connection")).to_be_visible()


def test_g9_a_guest_is_shown_with_a_masked_email(gate_page: Page, ticket: TicketSecret) -> None:
    open_search(gate_page, "ada")
    guest = gate_page.get_by_role("button", name="Ada")
    expect(guest).to_contain_text("a…@example.org")
    expect(guest).to_contain_text("expected")


def test_g9_a_device_that_may_admits_by_hand_with_a_reason(
    gate_page: Page, ticket: TicketSecret, gate: Scanner
) -> None:
    gates.permit_override(scanner_id=gate.pk, allowed=True)
    gate_page.reload()
    pick_ada(gate_page)
    expect(gate_page.get_by_role("button", name="Admit by hand")).to_be_disabled()
    gate_page.get_by_label("Why without a code?").fill("phone is dead")
    gate_page.get_by_role("button", name="Admit by hand").click()
    expect_verdict(gate_page, "admit", "Ada")
    scan = Scan.objects.get()
    assert (scan.method, scan.reason, scan.scanner) == ("manual", "phone is dead", gate)


def test_g9_an_override_that_was_not_answered_says_so(
    gate_page: Page, ticket: TicketSecret, gate: Scanner
) -> None:
    gates.permit_override(scanner_id=gate.pk, allowed=True)
    gate_page.reload()
    pick_ada(gate_page)
    answer_with(gate_page, 503, "scanners/me/admit/")
    gate_page.get_by_label("Why without a code?").fill("phone is dead")
    gate_page.get_by_role("button", name="Admit by hand").click()
    expect(gate_page.get_by_role("alert").get_by_text("That was not done")).to_be_visible()


def test_g9_a_device_that_may_not_admit_by_hand_offers_nothing(
    gate_page: Page, ticket: TicketSecret
) -> None:
    pick_ada(gate_page)
    expect(gate_page.get_by_text("a manager admits this guest")).to_be_visible()
    expect(gate_page.get_by_label("Why without a code?")).to_have_count(0)


def test_g9_a_manager_of_the_event_is_no_guest(gate_page: Page, grace: User) -> None:
    open_search(gate_page, "grace")
    expect(gate_page.get_by_text("Nobody is registered under that name.")).to_be_visible()
