"""G1: a manager shows a link, a phone becomes a gate's scanner."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from entityhandler.models import Event, User
from otphandler.models import Gate, Scanner
from otphandler.services.pairing import LASTS, start_pairing
from tests.browser.camera import FakeCamera
from tests.browser.test_stack import READ_CAMERA


@pytest.fixture
def desk(open_phone: Callable[..., Page], grace: User, event: Event, north: Gate) -> Page:
    """Return the manager's page of gates and devices."""
    page = open_phone(grace)
    page.goto(f"/gate/devices/?event={event.pk}")
    expect(page.get_by_role("heading", name="North")).to_be_visible()
    return page


def show_link(desk: Page, name: str) -> str:
    """Add a device at the gate, and return the link that is shown for it."""
    desk.get_by_label("Another device, by a name").fill(name)
    desk.get_by_role("button", name="Add and pair").click()
    expect(desk.get_by_role("img", name="Pairing code")).to_be_visible()
    return desk.locator(".pairing-link").inner_text()


def test_g1_a_phone_is_paired_by_the_link_and_the_manager_sees_it(
    desk: Page, open_phone: Callable[..., Page]
) -> None:
    link = show_link(desk, "Ann's phone")
    phone = open_phone()
    phone.goto(link)
    phone.get_by_role("button", name="Pair this device").click()
    expect(phone.get_by_role("heading", name="Analytical Engines")).to_be_visible()
    expect(phone.get_by_text("North · Entry")).to_be_visible()
    assert "#" not in phone.url
    expect(desk.get_by_text("Paired. The device is ready.")).to_be_visible()


def test_g1_the_qr_code_on_the_managers_screen_is_the_link(
    desk: Page, open_phone: Callable[..., Page], chromium_with_camera: Browser, camera: FakeCamera
) -> None:
    link = show_link(desk, "Ann's phone")
    camera.show_picture(desk.get_by_role("img", name="Pairing code").screenshot())
    phone = open_phone(browser=chromium_with_camera, permissions=["camera"])
    phone.goto("/")
    read = phone.evaluate(READ_CAMERA)
    assert read == link


def test_g1_opening_a_link_alone_uses_it_up_for_nobody(
    desk: Page, open_phone: Callable[..., Page]
) -> None:
    link = show_link(desk, "Ann's phone")
    open_phone().goto(link)
    phone = open_phone()
    phone.goto(link)
    phone.get_by_role("button", name="Pair this device").click()
    expect(phone.locator(".gate")).to_be_visible()


def test_g1_a_used_link_says_what_to_do(desk: Page, open_phone: Callable[..., Page]) -> None:
    link = show_link(desk, "Ann's phone")
    for words in ("Analytical Engines", "used or is too old"):
        phone = open_phone()
        phone.goto(link)
        phone.get_by_role("button", name="Pair this device").click()
        expect(phone.get_by_text(words)).to_be_visible()


def test_g1_a_link_is_shown_again_for_the_same_device(
    desk: Page, open_phone: Callable[..., Page]
) -> None:
    old = show_link(desk, "Ann's phone")
    desk.get_by_role("button", name="Show a new code").click()
    expect(desk.locator(".pairing-link")).not_to_have_text(old)
    phone = open_phone()
    phone.goto(desk.locator(".pairing-link").inner_text())
    phone.get_by_role("button", name="Pair this device").click()
    expect(phone.locator(".gate")).to_be_visible()
    assert Scanner.objects.count() == 1


def test_g1_a_link_can_be_pasted_on_a_device_without_a_camera(
    phone: Page, gate: Scanner, site: str
) -> None:
    phone.goto("/gate/")
    expect(phone.get_by_role("heading", name="Unpaired")).to_be_visible()
    phone.get_by_label("Or paste the pairing link").fill("hello")
    phone.get_by_role("button", name="Go on").click()
    expect(phone.get_by_text("This is no pairing link.")).to_be_visible()
    _, token = start_pairing(scanner_id=gate.pk, now=timezone.now())
    phone.get_by_label("Or paste the pairing link").fill(f"{site}/gate/pair/#{token}")
    phone.get_by_role("button", name="Go on").click()
    phone.get_by_role("button", name="Pair this device").click()
    expect(phone.locator(".gate")).to_be_visible()


def test_g1_a_link_that_is_too_old_says_so(phone: Page, gate: Scanner) -> None:
    _, token = start_pairing(scanner_id=gate.pk, now=timezone.now() - LASTS)
    phone.goto(f"/gate/pair/#{token}")
    phone.get_by_role("button", name="Pair this device").click()
    expect(phone.get_by_text("used or is too old")).to_be_visible()


def test_g1_no_script_of_the_page_sees_the_cookie(gate_page: Page) -> None:
    assert "gate" not in gate_page.evaluate("document.cookie").replace("csrftoken", "")


def test_g1_a_device_gives_itself_back(gate_page: Page, gate: Scanner) -> None:
    gate_page.get_by_role("button", name="Settings").click()
    gate_page.get_by_role("button", name="Unpair this device").click()
    gate_page.get_by_role("button", name="Unpair", exact=True).click()
    expect(gate_page.get_by_role("heading", name="Unpaired")).to_be_visible()
    gate_page.reload()
    expect(gate_page.get_by_role("heading", name="Unpaired")).to_be_visible()


# --- The manager's page ---------------------------------------------------------------


def test_a_manager_finds_the_event_and_adds_a_gate(
    open_phone: Callable[..., Page], grace: User, event: Event
) -> None:
    page = open_phone(grace)
    page.goto("/gate/devices/")
    page.get_by_role("button", name="Analytical Engines").click()
    page.get_by_label("Another gate").fill("South")
    page.get_by_role("button", name="Add gate").click()
    expect(page.get_by_role("heading", name="South")).to_be_visible()


def test_a_gate_that_exists_is_refused_at_its_field(desk: Page) -> None:
    desk.get_by_label("Another gate").fill("North")
    desk.get_by_role("button", name="Add gate").click()
    expect(desk.get_by_text("The event has a gate of this name already.")).to_be_visible()


def test_a_manager_revokes_a_device_after_a_second_thought(gate: Scanner, desk: Page) -> None:
    device = desk.get_by_role("listitem").filter(has_text="Phone 1")
    device.get_by_role("button", name="Revoke").click()
    device.get_by_role("button", name="Revoke for good").click()
    expect(device).to_have_count(0)
    assert Scanner.objects.get(pk=gate.pk).revoked_at is not None


def test_a_manager_lets_a_device_admit_by_hand(gate: Scanner, desk: Page) -> None:
    box = desk.get_by_label("May admit by hand, with a reason")
    with desk.expect_response(lambda answer: answer.request.method == "PATCH"):
        box.check()
    assert Scanner.objects.get(pk=gate.pk).may_override is True


def test_a_manager_sees_what_waits_in_a_device(gate: Scanner, desk: Page) -> None:
    Scanner.objects.filter(pk=gate.pk).update(queue_length=3, last_seen_at=timezone.now())
    expect(desk.get_by_text("3 scans wait")).to_be_visible(timeout=10_000)


def test_others_manage_no_event(
    open_phone: Callable[..., Page], mallory: User, event: Event
) -> None:
    page = open_phone(mallory)
    page.goto("/gate/devices/")
    expect(page.get_by_text("You manage no event.")).to_be_visible()
