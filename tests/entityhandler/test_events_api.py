"""`/events/` over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from rest_framework.test import APIClient

from entityhandler.models import Event, Registration, User
from entityhandler.services import events, registrations
from tests.answers import pointers, refusal
from tests.conftest import client_of

EVENTS = "/api/v1/events/"
NOBODY = "00000000-0000-4000-8000-000000000000"
MakeEvent = Callable[..., Event]
NEW: dict[str, Any] = {
    "name": "Difference Engines",
    "starts_at": "2026-11-22T18:00:00Z",
    "ends_at": "2026-11-22T23:00:00+01:00",
}
FIELDS = {
    "id",
    "name",
    "description",
    "venue",
    "time_zone",
    "starts_at",
    "ends_at",
    "status",
    "capacity",
    "requires_approval",
    "waitlist_enabled",
    "registration_opens_at",
    "registration_closes_at",
    "admission_opens_at",
    "admission_closes_at",
    "entry_policy",
    "seats_taken",
    "seats_left",
    "waitlist_length",
    "created_at",
    "updated_at",
}


def path_of(event: Event, *rest: object) -> str:
    return "/".join([f"{EVENTS}{event.pk}", *map(str, rest), ""])


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json()
    return [event["name"] for event in answer.json()["results"]]


# --- Making ----------------------------------------------------------------------------------


def test_a_new_event_is_a_draft_that_its_creator_manages(staff: User) -> None:
    answer = client_of(staff).post(EVENTS, NEW)
    event = Event.objects.get()
    assert (answer.status_code, answer.json()["status"]) == (201, "draft")
    assert [manager.user for manager in event.managers.all()] == [staff]


def test_an_event_shows_all_its_fields(staff: User) -> None:
    assert client_of(staff).post(EVENTS, NEW).json().keys() == FIELDS


def test_times_come_back_in_utc(staff: User) -> None:
    answer = client_of(staff).post(EVENTS, NEW).json()
    assert (answer["starts_at"], answer["ends_at"]) == (
        "2026-11-22T18:00:00Z",
        "2026-11-22T22:00:00Z",
    )


def test_whoever_has_the_permission_creates_events(ada: User) -> None:
    ada.user_permissions.add(Permission.objects.get(codename="add_event"))
    assert client_of(ada).post(EVENTS, NEW).status_code == 201


def test_status_and_counters_cannot_be_set(staff: User) -> None:
    wishes = {"status": "published", "seats_taken": 9, "seats_left": 9, "waitlist_length": 9}
    answer = client_of(staff).post(EVENTS, {**NEW, **wishes}).json()
    assert (answer["status"], answer["seats_taken"], answer["seats_left"]) == ("draft", 0, None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"starts_at": "2026-11-22T18:00:00"}, {"#/starts_at": "no_offset"}),
        ({"ends_at": "tomorrow"}, {"#/ends_at": "invalid"}),
        ({"starts_at": None}, {"#/starts_at": "null"}),
        ({"time_zone": "Mars/Olympus"}, {"#/time_zone": "unknown_time_zone"}),
        ({"capacity": 0}, {"#/capacity": "min_value"}),
        ({"capacity": 2**31}, {"#/capacity": "max_value"}),
        ({"capacity": "many"}, {"#/capacity": "invalid"}),
        ({"entry_policy": "sometimes"}, {"#/entry_policy": "invalid_choice"}),
        ({"name": ""}, {"#/name": "blank"}),
        ({"name": "x" * 201}, {"#/name": "max_length"}),
    ],
)
def test_a_bad_field_is_pointed_at(
    staff: User, changes: dict[str, Any], expected: dict[str, str]
) -> None:
    assert pointers(client_of(staff).post(EVENTS, {**NEW, **changes})) == expected


def test_an_event_ends_after_it_starts(staff: User) -> None:
    answer = client_of(staff).post(EVENTS, {**NEW, "ends_at": NEW["starts_at"]})
    assert pointers(answer).keys() == {"#"}
    assert answer.json()["detail"] == "The event must end after it starts."


def test_without_a_slash_nothing_is_created(staff: User) -> None:
    answer = client_of(staff).post(EVENTS.rstrip("/"), NEW)
    assert refusal(answer) == (404, "not_found")
    assert not Event.objects.exists()


# --- Reading ---------------------------------------------------------------------------------


def test_strangers_see_published_events_alone(client: APIClient, make_event: MakeEvent) -> None:
    make_event(name="Published")
    draft = make_event(name="Draft", publish=False)
    assert names(client.get(EVENTS)) == ["Published"]
    assert refusal(client.get(path_of(draft))) == (404, "not_found")


def test_a_manager_sees_her_drafts(grace: User, make_event: MakeEvent) -> None:
    make_event(name="Draft", publish=False)
    assert names(client_of(grace).get(EVENTS)) == ["Draft"]


def test_a_holder_still_sees_the_event_that_was_called_off(
    grace: User, ada: User, registration: Registration
) -> None:
    client_of(grace).post(path_of(registration.event, "cancel"))
    answer = client_of(ada).get(path_of(registration.event))
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


def test_seats_are_told(client: APIClient, make_event: MakeEvent, ada: User) -> None:
    event = make_event(capacity=5)
    registrations.register(event_id=event.pk, user=ada, now=timezone.now())
    answer = client.get(path_of(event)).json()
    assert (answer["seats_taken"], answer["seats_left"], answer["waitlist_length"]) == (1, 4, 0)


def test_events_come_by_their_start(client: APIClient, make_event: MakeEvent) -> None:
    now = timezone.now()
    make_event(name="Second", starts_at=now)
    make_event(name="First", starts_at=now - timedelta(hours=1))
    assert names(client.get(EVENTS)) == ["First", "Second"]
    assert names(client.get(EVENTS, {"ordering": "-starts_at"})) == ["Second", "First"]


def test_events_are_found_by_name_and_venue(client: APIClient, make_event: MakeEvent) -> None:
    make_event(name="Ball", venue="Crystal Palace")
    make_event(name="Palace of Numbers")
    make_event(name="Elsewhere")
    found = names(client.get(EVENTS, {"search": "palace", "ordering": "name"}))
    assert found == ["Ball", "Palace of Numbers"]


def test_events_are_found_by_status(grace: User, make_event: MakeEvent) -> None:
    make_event(name="Published")
    make_event(name="Draft", publish=False)
    assert names(client_of(grace).get(EVENTS, {"status": "draft"})) == ["Draft"]


def test_events_are_found_by_their_start(client: APIClient, make_event: MakeEvent) -> None:
    starts_at = timezone.now()
    make_event(starts_at=starts_at, name="Now")
    moment = starts_at.isoformat()
    assert names(client.get(EVENTS, {"starts_after": moment})) == ["Now"]
    assert names(client.get(EVENTS, {"starts_before": moment})) == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"status": "lost"}, "#/status"),
        ({"starts_after": "yesterday"}, "#/starts_after"),
        ({"starts_after": "2026-11-22T18:00:00"}, "#/starts_after"),
        ({"ordering": "capacity"}, "#/ordering"),
        ({"search": "a\x00b"}, "#/search"),
    ],
)
def test_a_bad_filter_is_told_not_ignored(
    client: APIClient, db: None, query: dict[str, str], pointer: str
) -> None:
    assert pointers(client.get(EVENTS, query)).keys() == {pointer}


def test_pages_lead_to_each_other(client: APIClient, make_event: MakeEvent) -> None:
    starts_at = timezone.now()
    for number in range(3):
        make_event(name=str(number), starts_at=starts_at)
    first = client.get(EVENTS, {"page_size": 2}).json()
    second = client.get(first["next"]).json()
    assert (first["count"], first["previous"], second["next"]) == (3, None, None)
    shown = [event["name"] for event in first["results"] + second["results"]]
    assert sorted(shown) == ["0", "1", "2"]


def test_a_page_has_at_most_200_rows(client: APIClient, grace: User) -> None:
    now = timezone.now()
    Event.objects.bulk_create(
        Event(name="x", starts_at=now, ends_at=now + timedelta(hours=1), status="published")
        for _ in range(201)
    )
    answer = client.get(EVENTS, {"page_size": 1000}).json()
    assert (answer["count"], len(answer["results"])) == (201, 200)


# --- Changing --------------------------------------------------------------------------------


def test_a_manager_changes_her_event(grace: User, event: Event) -> None:
    answer = client_of(grace).patch(path_of(event), {"venue": "London", "capacity": 7})
    assert (answer.json()["venue"], answer.json()["seats_left"]) == ("London", 7)


def test_events_are_patched_not_put(grace: User, event: Event) -> None:
    assert refusal(client_of(grace).put(path_of(event), NEW)) == (405, "method_not_allowed")


def test_a_change_cannot_turn_the_times_round(grace: User, event: Event) -> None:
    answer = client_of(grace).patch(path_of(event), {"ends_at": "2001-01-01T00:00:00Z"})
    assert pointers(answer).keys() == {"#"}


def test_the_capacity_stays_above_the_seats_taken(
    grace: User, ada: User, mallory: User, event: Event
) -> None:
    for user in (ada, mallory):
        registrations.register(event_id=event.pk, user=user, now=timezone.now())
    answer = client_of(grace).patch(path_of(event), {"capacity": 1})
    assert refusal(answer) == (409, "capacity_below_seats_taken")
    assert answer.json()["seats_taken"] == 2
    assert answer.json()["detail"] == "2 seats are taken; the capacity cannot be 1."


def test_more_capacity_is_given_to_the_waitlist(
    grace: User, ada: User, mallory: User, make_event: MakeEvent
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    for user in (ada, mallory):
        registrations.register(event_id=event.pk, user=user, now=timezone.now())
    answer = client_of(grace).patch(path_of(event), {"capacity": 2}).json()
    assert (answer["seats_taken"], answer["waitlist_length"]) == (2, 0)


def test_a_draft_is_published_once(grace: User, make_event: MakeEvent) -> None:
    path = path_of(make_event(publish=False), "publish")
    assert client_of(grace).post(path).json()["status"] == "published"
    assert refusal(client_of(grace).post(path)) == (409, "already_published")


def test_cancelling_is_for_good(grace: User, event: Event) -> None:
    client = client_of(grace)
    assert client.post(path_of(event, "cancel")).json()["status"] == "cancelled"
    assert refusal(client.post(path_of(event, "cancel"))) == (409, "event_cancelled")
    assert refusal(client.post(path_of(event, "publish"))) == (409, "event_cancelled")
    assert refusal(client.patch(path_of(event), {"name": "x"})) == (409, "event_cancelled")


def test_a_draft_is_deleted(grace: User, make_event: MakeEvent) -> None:
    draft = make_event(publish=False)
    assert client_of(grace).delete(path_of(draft)).status_code == 204
    assert not Event.objects.exists()


def test_a_published_event_is_not_deleted(grace: User, event: Event) -> None:
    assert refusal(client_of(grace).delete(path_of(event))) == (409, "event_in_use")


def test_a_draft_with_registrations_is_not_deleted(grace: User, registration: Registration) -> None:
    Event.objects.update(status=Event.Status.DRAFT)
    answer = client_of(grace).delete(path_of(registration.event))
    assert refusal(answer) == (409, "event_in_use")


# --- Managers --------------------------------------------------------------------------------


def test_managers_are_listed(grace: User, event: Event) -> None:
    answer = client_of(grace).get(path_of(event, "managers")).json()
    assert (answer["count"], answer["results"][0]["user"]["email"]) == (1, "grace@example.org")


@pytest.mark.parametrize("by", ["user", "email"])
def test_a_manager_adds_another_by_id_or_email(
    grace: User, ada: User, event: Event, by: str
) -> None:
    body = {"user": str(ada.pk)} if by == "user" else {"email": "ADA@example.org"}
    answer = client_of(grace).post(path_of(event, "managers"), body)
    assert (answer.status_code, answer.json()["user"]["id"]) == (201, str(ada.pk))
    assert event.is_managed_by(ada)


def test_a_manager_is_added_once(grace: User, event: Event) -> None:
    answer = client_of(grace).post(path_of(event, "managers"), {"user": str(grace.pk)})
    assert refusal(answer) == (409, "already_manager")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"#": "one_of"}),
        ({"user": NOBODY, "email": "ada@example.org"}, {"#": "one_of"}),
        ({"user": NOBODY}, {"#/user": "does_not_exist"}),
        ({"email": "nobody@example.org"}, {"#/email": "does_not_exist"}),
        ({"user": 7}, {"#/user": "invalid"}),
        ({"user": f"{{{NOBODY}}}"}, {"#/user": "invalid"}),
        ({"user": f"urn:uuid:{NOBODY}"}, {"#/user": "invalid"}),
    ],
)
def test_exactly_one_known_person_is_named(
    grace: User, event: Event, body: dict[str, Any], expected: dict[str, str]
) -> None:
    assert pointers(client_of(grace).post(path_of(event, "managers"), body)) == expected


def test_a_removed_manager_manages_no_more(grace: User, ada: User, event: Event) -> None:
    client = client_of(grace)
    client.post(path_of(event, "managers"), {"user": str(ada.pk)})
    assert client.delete(path_of(event, "managers", ada.pk)).status_code == 204
    assert not event.is_managed_by(ada)


def test_whoever_manages_nothing_is_not_removed(grace: User, ada: User, event: Event) -> None:
    answer = client_of(grace).delete(path_of(event, "managers", ada.pk))
    assert refusal(answer) == (404, "not_a_manager")


@pytest.mark.parametrize(("managed", "seen"), [("true", ["Mine"]), ("false", ["Theirs"])])
def test_events_that_i_manage_are_told_from_those_of_others(
    make_event: Callable[..., Event], make_user: Callable[..., User], managed: str, seen: list[str]
) -> None:
    mine, _ = make_event(name="Mine"), make_event(name="Theirs")
    hedy = make_user("hedy")
    events.add_manager(event=mine, user=hedy)
    answer = client_of(hedy).get(f"/api/v1/events/?managed={managed}").json()
    assert [event["name"] for event in answer["results"]] == seen
