"""POST /scans/batch/: scans that were made while the network was away."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from entityhandler.models import Event, User
from entityhandler.services import events
from otphandler.models import Scan, Scanner, Ticket
from otphandler.services import gates, tickets
from tests.conftest import client_of, client_with, code

HOUR = timedelta(hours=1)


@pytest.fixture
def device(scanner_and_token: tuple[Scanner, str]) -> APIClient:
    return client_with(scanner_and_token[1])


@pytest.fixture
def item(ticket: tickets.TicketSecret) -> Callable[..., dict[str, Any]]:
    """Return a maker of Ada's scans at a moment, with the code of that moment."""

    def make(at: datetime, **fields: Any) -> dict[str, Any]:
        registration = ticket.registration
        return {
            "user": str(registration.user_id),
            "event": str(registration.event_id),
            "otp": code(ticket, at),
            "scan_id": str(uuid4()),
            "scanned_at": at.isoformat(),
            **fields,
        }

    return make


Item = Callable[..., dict[str, Any]]


def hand_in(device: APIClient, *scans: Any) -> list[dict[str, Any]]:
    answer = device.post("/api/v1/scans/batch/", {"scans": scans})
    assert answer.status_code == 200, answer.content
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def words(results: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [
        (result["status"], result["body"].get("outcome") or result["body"]["code"])
        for result in results
    ]


def test_a_late_scan_is_judged_by_the_time_it_claims(device: APIClient, item: Item) -> None:
    at = timezone.now() - HOUR
    result = hand_in(device, item(at))[0]
    assert words([result]) == [(201, "admitted")]
    assert Ticket.objects.get().first_admitted_at == at


def test_the_audit_keeps_both_clocks(device: APIClient, item: Item) -> None:
    at = timezone.now() - HOUR
    hand_in(device, item(at))
    scan = Scan.objects.get()
    assert scan.claimed_at == at
    assert timezone.now() - scan.scanned_at < HOUR


def test_the_code_of_another_time_than_claimed_is_wrong(
    device: APIClient, item: Item, ticket: tickets.TicketSecret
) -> None:
    at = timezone.now() - HOUR
    assert words(hand_in(device, item(at, otp=code(ticket, timezone.now())))) == [
        (403, "wrong_code")
    ]


@pytest.mark.parametrize(
    ("offset", "code_of_problem"),
    [(timedelta(minutes=1), "in_the_future"), (-timedelta(minutes=721), "lease_expired")],
)
def test_a_claim_outside_the_lease_is_refused_and_not_recorded(
    device: APIClient, item: Item, offset: timedelta, code_of_problem: str
) -> None:
    result = hand_in(device, item(timezone.now() + offset))[0]
    assert result["status"] == 400
    assert result["body"]["errors"][0]["code"] == code_of_problem
    assert not Scan.objects.exists()


def test_a_claim_just_inside_the_lease_is_judged(device: APIClient, item: Item) -> None:
    at = timezone.now() - timedelta(minutes=719)
    assert words(hand_in(device, item(at))) == [(201, "admitted")]


def test_the_doors_are_those_of_the_claimed_time(
    device: APIClient, item: Item, event: Event
) -> None:
    now = timezone.now()
    opens = {"admission_opens_at": now - HOUR / 2}
    events.update_event(event_id=event.pk, changes=opens, now=now)
    assert words(hand_in(device, item(now - HOUR))) == [(403, "admission_closed")]


def test_a_bad_item_blocks_no_other(device: APIClient, item: Item) -> None:
    at = timezone.now() - HOUR
    bad: list[Any] = [{}, {"otp": 1}, item(at, scan_id=None), item(at, user="nobody")]
    results = hand_in(device, *bad, item(at))
    assert [result["status"] for result in results] == [400, 400, 400, 400, 201]


def test_items_are_judged_in_the_order_of_their_times(
    device: APIClient, item: Item, event: Event
) -> None:
    at = timezone.now() - HOUR
    left = item(at + timedelta(minutes=5), direction="exit")
    assert words(hand_in(device, left, item(at))) == [(201, "exited"), (201, "admitted")]


def test_handing_in_twice_changes_nothing(device: APIClient, item: Item) -> None:
    scan = item(timezone.now() - HOUR)
    first, second = hand_in(device, scan)[0], hand_in(device, scan)[0]
    assert (first["replayed"], second["replayed"]) == (False, True)
    assert second["body"] == first["body"]
    assert Scan.objects.count() == 1


def test_a_scan_that_was_posted_is_found_again_in_a_batch(device: APIClient, item: Item) -> None:
    scan = item(timezone.now())
    assert device.post("/api/v1/scans/", scan).status_code == 201
    assert hand_in(device, scan)[0]["replayed"] is True


def test_a_late_duplicate_is_a_conflict_that_staff_see_and_takes_nothing_back(
    device: APIClient, item: Item, grace: User
) -> None:
    now = timezone.now()
    device.post("/api/v1/scans/", item(now))
    before = Ticket.objects.get().attendance
    result = hand_in(device, item(now - HOUR))[0]
    assert words([result]) == [(409, "already_admitted")]
    assert result["body"]["conflict"] is True
    seen = client_of(grace).get("/api/v1/scans/?conflict=true").json()["results"]
    assert [scan["outcome"] for scan in seen] == ["already_admitted"]
    assert Ticket.objects.get().attendance == before


def test_a_duplicate_that_is_not_late_is_no_conflict(device: APIClient, item: Item) -> None:
    now = timezone.now()
    device.post("/api/v1/scans/", item(now))
    assert "conflict" not in device.post("/api/v1/scans/", item(now)).json()


def test_two_devices_that_were_away_admit_once(
    device: APIClient, item: Item, scanner_and_token: tuple[Scanner, str]
) -> None:
    _, token = gates.create_scanner(
        gate=scanner_and_token[0].gate, name="Phone 2", now=timezone.now()
    )
    at = timezone.now() - HOUR
    first = hand_in(device, item(at))
    second = hand_in(client_with(token), item(at + timedelta(minutes=1)))
    assert words(first + second) == [(201, "admitted"), (409, "already_admitted")]


def test_a_claimed_time_does_not_outwait_a_throttle(device: APIClient, item: Item) -> None:
    now = timezone.now()
    wrong = [item(now - HOUR + timedelta(minutes=n), otp="000000") for n in range(8)]
    outcomes = [result["body"]["code"] for result in hand_in(device, *wrong)]
    assert outcomes == ["wrong_code"] * 5 + ["throttled"] * 3


def test_a_throttle_that_is_over_is_over_for_late_scans_too(device: APIClient, item: Item) -> None:
    now = timezone.now()
    late = item(now - HOUR)
    Ticket.objects.update(failures=9, blocked_until=now - HOUR / 2)
    assert words(hand_in(device, late)) == [(201, "admitted")]


@pytest.mark.parametrize("scans", [[], [{}] * 501, "all", None, [1], [[]]])
def test_a_batch_is_1_to_500_objects(device: APIClient, scans: Any) -> None:
    answer = device.post("/api/v1/scans/batch/", {"scans": scans})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_five_hundred_scans_are_one_batch(
    device: APIClient, event: Event, make_user: Callable[..., User]
) -> None:
    at = timezone.now() - HOUR
    stranger = make_user("stranger")
    scan = {"user": str(stranger.pk), "event": str(event.pk), "otp": "123456"}
    scan["scanned_at"] = at.isoformat()
    results = hand_in(device, *[{**scan, "scan_id": str(uuid4())} for _ in range(500)])
    assert {result["body"]["code"] for result in results} == {"not_registered"}
    assert Scan.objects.count() == 500


def test_people_hand_in_no_batches(grace: User) -> None:
    assert client_of(grace).post("/api/v1/scans/batch/", {"scans": [{}]}).status_code == 403
