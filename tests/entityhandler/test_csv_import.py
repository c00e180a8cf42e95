"""What rows do: each describes the wished state of one person at the event."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from entityhandler.models import Event, Registration, RegistrationImport, TicketType, User
from entityhandler.services import events, questions, registrations, ticket_types, users
from entityhandler.services.registrations import EventNotPublished
from entityhandler.services.spreadsheets import imports
from entityhandler.services.spreadsheets.columns import ColumnsNotUnderstood
from entityhandler.services.spreadsheets.imports import ImportIdConflict
from entityhandler.services.spreadsheets.wishes import TooManyRows
from tests.entityhandler.test_registration_services import counted, true_count
from tests.spreadsheets import csv_file, outcomes, people, run
from tests.threads import run_behind, run_in_threads

MakeEvent = Callable[..., Event]
ADA, BOB, CY = (("a@x.org", "Ada"), ("b@x.org", "Bob"), ("c@x.org", "Cy"))


def statuses(event: Event) -> dict[str, str]:
    """Return the status of each live registration, by the first letter of the e-mail."""
    rows = event.registrations.live().values_list("user__email", "status")
    return {email[0]: status for email, status in rows}


def ask(event: Event, kind: str, prompt: str, **fields: Any) -> str:
    asked = {"kind": kind, "prompt": prompt, **fields}
    return str(questions.create_question(event_id=event.pk, fields=asked).pk)


def sell(event: Event, name: str, **fields: Any) -> TicketType:
    return ticket_types.create_ticket_type(event_id=event.pk, fields={"name": name, **fields})


# --- Whom a row means -------------------------------------------------------------------------


def test_an_email_without_an_account_becomes_a_guest(event: Event) -> None:
    assert outcomes(event, people(ADA)) == ["created"]
    guest = event.registrations.get().user
    assert (guest.email, guest.full_name, guest.is_guest) == ("a@x.org", "Ada", True)


def test_a_new_guest_needs_a_name(event: Event) -> None:
    assert outcomes(event, people(("a@x.org",))) == ["required"]
    assert not User.objects.filter(is_guest=True).exists()


def test_an_account_is_found_whatever_the_case_and_keeps_its_name(event: Event, ada: User) -> None:
    assert outcomes(event, people(("ADA@example.ORG ", "Somebody"))) == ["created"]
    ada.refresh_from_db()
    assert (event.registrations.get().user, ada.full_name) == (ada, "Ada")


def test_a_guest_gets_another_name(event: Event) -> None:
    run(event, people(ADA))
    before = User.objects.get(is_guest=True)
    assert outcomes(event, people(("a@x.org", "Ada King"))) == ["updated"]
    guest = User.objects.get(is_guest=True)
    assert (guest.full_name, guest.updated_at > before.updated_at) == ("Ada King", True)


def test_somebody_who_signed_up_meanwhile_is_not_registered_twice(event: Event) -> None:
    run(event, people(ADA))
    users.sign_up(email="a@x.org", full_name="Ada", password="analytical engine")
    assert outcomes(event, people(ADA)) == ["unchanged"]


def test_the_database_says_which_emails_are_the_same(event: Event) -> None:
    """Python takes these for one e-mail; where the database does not, they are two people."""
    emails = ["a@x.İorg", "a@x.i̇org"]
    second = "created" if len({*User.objects.lowered(emails)}) == 2 else "duplicate"
    assert outcomes(event, people(*((email, "Ada") for email in emails))) == ["created", second]


# --- No live registration ---------------------------------------------------------------------


def test_a_blank_status_is_what_registering_gives(make_event: MakeEvent) -> None:
    event = make_event(capacity=1, waitlist_enabled=True, requires_approval=True)
    assert outcomes(event, people(ADA, BOB)) == ["created", "created"]
    assert statuses(event) == {"a": "pending", "b": "waitlisted"}


def test_managers_are_not_bound_by_windows(make_event: MakeEvent) -> None:
    event = make_event(registration_closes_at=timezone.now() - timedelta(hours=1))
    assert outcomes(event, people(ADA)) == ["created"]


@pytest.mark.parametrize("status", ["confirmed", "pending", ""])
def test_a_full_event_takes_nobody_more(make_event: MakeEvent, status: str) -> None:
    event = make_event(capacity=1)
    assert outcomes(event, people((*ADA, status), (*BOB, status))) == ["created", "event_full"]
    assert counted(event) == true_count(event) == (1, 0)


@pytest.mark.parametrize("status", ["confirmed", "pending", "waitlisted"])
def test_a_status_that_is_named_is_what_comes_out(make_event: MakeEvent, status: str) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    run(event, people((*ADA, "confirmed"), (*BOB, "waitlisted")))
    registrations.cancel_registration(
        registration_id=event.registrations.get(user__email="a@x.org").pk, now=timezone.now()
    )
    events.update_event(event_id=event.pk, changes={"capacity": 2}, now=timezone.now())
    wanted = {"confirmed": "confirmed", "pending": "pending", "waitlisted": "confirmed"}
    assert outcomes(event, people((*CY, status.title()))) == ["created"]
    assert statuses(event)["c"] == wanted[status]


def test_whoever_is_to_wait_where_a_seat_is_free_gets_it(make_event: MakeEvent) -> None:
    event = make_event(capacity=2, waitlist_enabled=True)
    wish = people((*ADA, "waitlisted"), (*BOB, "waitlisted"), (*CY, "waitlisted"))
    assert outcomes(event, wish) == ["created"] * 3
    assert statuses(event) == {"a": "confirmed", "b": "confirmed", "c": "waitlisted"}
    assert outcomes(event, wish) == ["unchanged"] * 3


def test_nobody_waits_where_there_is_no_waitlist(event: Event) -> None:
    assert outcomes(event, people((*ADA, "waitlisted"))) == ["no_waitlist"]


def test_a_cancelled_one_is_noted_once(event: Event) -> None:
    assert outcomes(event, people((*ADA, "cancelled"))) == ["created"]
    assert outcomes(event, people((*ADA, "cancelled"))) == ["unchanged"]
    assert (counted(event), event.registrations.get().status) == ((0, 0), "cancelled")


# --- A live registration ----------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(make_event: MakeEvent) -> None:
    event = make_event(capacity=2, waitlist_enabled=True)
    wish = people(ADA, (*BOB, "confirmed"), CY, ("d@x.org", "Di", "cancelled"))
    assert outcomes(event, wish) == ["created"] * 4
    before = list(Event.objects.values()), list(Registration.objects.values())
    assert outcomes(event, wish) == ["unchanged"] * 4
    assert (list(Event.objects.values()), list(Registration.objects.values())) == before


TRANSITIONS = [
    ("pending", "confirmed", "updated", "confirmed"),
    ("pending", "cancelled", "updated", None),
    ("pending", "waitlisted", "unchanged", "pending"),
    ("confirmed", "pending", "transition_not_allowed", "confirmed"),
    ("confirmed", "cancelled", "updated", None),
    ("confirmed", "waitlisted", "unchanged", "confirmed"),
    ("confirmed", "", "unchanged", "confirmed"),
]


@pytest.mark.parametrize(("before", "wished", "outcome", "after"), TRANSITIONS)
def test_a_status_changes_as_the_table_of_transitions_allows(
    make_event: MakeEvent, before: str, wished: str, outcome: str, after: str | None
) -> None:
    event = make_event(waitlist_enabled=True)
    run(event, people((*ADA, before)))
    moved_at = event.registrations.get().updated_at
    assert outcomes(event, people((*ADA, wished))) == [outcome]
    assert statuses(event).get("a") == after
    assert (event.registrations.get().updated_at > moved_at) == (outcome == "updated")
    assert counted(event) == true_count(event)


@pytest.mark.parametrize("status", ["confirmed", "pending"])
def test_whoever_waits_gets_a_seat_only_where_one_is_free(
    make_event: MakeEvent, status: str
) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    run(event, people(ADA, BOB))
    assert outcomes(event, people((*BOB, status))) == ["event_full"]
    assert outcomes(event, people((*ADA, "cancelled"), (*BOB, status))) == ["updated"] * 2
    assert statuses(event) == {"b": status}


def test_a_cancelled_seat_goes_to_the_file_before_the_waitlist(make_event: MakeEvent) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    run(event, people(ADA, BOB))
    run(event, people((*CY, "confirmed"), (*ADA, "cancelled")))
    assert statuses(event) == {"b": "waitlisted", "c": "confirmed"}


def test_a_cancelled_seat_that_the_file_leaves_goes_to_the_waitlist(make_event: MakeEvent) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    run(event, people(ADA, BOB))
    run(event, people((*ADA, "cancelled")))
    assert statuses(event) == {"b": "confirmed"}


def test_the_waitlist_stands_in_the_order_of_the_file(make_event: MakeEvent) -> None:
    event = make_event(capacity=1, waitlist_enabled=True)
    run(event, people(*((f"{n}@x.org", "N") for n in range(9))))
    waiting = event.registrations.waiting().values_list("user__email", flat=True)
    assert [email[0] for email in waiting] == list("12345678")


# --- One person, several rows -----------------------------------------------------------------


def test_a_second_row_of_one_person_is_an_error_that_names_the_first(event: Event) -> None:
    _, results = run(event, people(ADA, BOB, ("A@X.org", "Ada", "confirmed")))
    (error,) = results[2].errors
    assert (error.column, error.code, error.detail) == (
        "email",
        "duplicate",
        "Row 2 has this e-mail already.",
    )


def test_cancelled_rows_beside_a_live_one_are_history(event: Event) -> None:
    cancelled = (*ADA, "cancelled")
    wish = people(cancelled, cancelled, (*ADA, "confirmed"), cancelled)
    assert outcomes(event, wish) == ["unchanged", "unchanged", "created", "unchanged"]
    assert event.registrations.count() == 1


def test_a_row_that_is_wrong_by_itself_contradicts_nothing(event: Event) -> None:
    assert outcomes(event, people((*ADA, "lost"), (*ADA, "confirmed"))) == ["invalid", "created"]


# --- Cells ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "errors"),
    [
        (("", "Ada", "", ""), {"email": "required"}),
        (("ada", "Ada", "", ""), {"email": "invalid"}),
        ((f"{'a' * 250}@x.org", "Ada", "", ""), {"email": "max_length"}),
        (("a@x.org", "A" * 201, "", ""), {"full_name": "max_length"}),
        (("a@x.org", "Ada", "there", ""), {"status": "invalid"}),
        (("a@x.org", "Ada", "", "n" * 201), {"attention_note": "max_length"}),
        (("x", "Ada", "y", ""), {"email": "invalid", "status": "invalid"}),
        (("a@x.org", "Ada", "", "", "slipped"), {None: "extra_cell"}),
    ],
)
def test_a_wrong_cell_is_told_with_its_column(
    event: Event, row: tuple[str, ...], errors: dict[str | None, str]
) -> None:
    content = csv_file(("email", "full_name", "status", "attention_note"), row, ("b@x.org", "Bob"))
    _, (first, second) = run(event, content)
    assert {error.column: error.code for error in first.errors} == errors
    assert second.status == "created"


def test_columns_are_found_in_any_order_and_case(event: Event) -> None:
    content = csv_file((" Full Name", "ID", "", "EMAIL "), ("Ada", "7", "", "a@x.org"))
    assert outcomes(event, content) == ["created"]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (["full_name"], ["email"]),
        (["email", "seat", "answer:Diet?"], ["seat", "answer:Diet?"]),
        (["email", "status", "Status"], ["status", "Status"]),
        (["email"] * 1001, None),
    ],
)
def test_columns_that_are_not_understood_are_named(
    event: Event, header: list[str], columns: list[str] | None
) -> None:
    with pytest.raises(ColumnsNotUnderstood) as refused:
        run(event, csv_file(header, ["a@x.org"]))
    assert refused.value.members.get("columns") == columns
    assert not RegistrationImport.objects.exists()


def test_a_note_is_kept_changed_and_not_erased(event: Event) -> None:
    def note(text: str) -> str:
        (outcome,) = outcomes(
            event, csv_file(("email", "full_name", "attention_note"), (*ADA, text))
        )
        return outcome

    assert [note("lift"), note("lift "), note(""), note("dog")] == [
        "created",
        "unchanged",
        "unchanged",
        "updated",
    ]
    assert event.registrations.get().attention_note == "dog"


def test_answers_of_every_kind_are_read(event: Event) -> None:
    ids = [
        ask(event, "text", "Diet, allergies"),
        ask(event, "choice", "Size", choices=["S", "M"]),
        ask(event, "multiple_choice", "Days", choices=["Fri", "Sat; Sun"]),
        ask(event, "number", "Age"),
        ask(event, "consent", "Photos"),
    ]
    prompts = ("Diet, allergies", "size ", "Days", "Age", "Photos")
    header = ("email", "full_name", *(f"answer:{prompt}" for prompt in prompts))
    row = (*ADA, "none", "M", "Sat\\; Sun; Fri", "36.5", "Yes")
    assert outcomes(event, csv_file(header, row)) == ["created"]
    answers = ["none", "M", ["Fri", "Sat; Sun"], 36.5, True]
    assert event.registrations.get().answers == dict(zip(ids, answers, strict=True))


def test_a_wrong_answer_is_told_with_its_column_and_nothing_is_written(event: Event) -> None:
    ask(event, "number", "Age")
    _, (result,) = run(event, csv_file(("email", "full_name", "answer:Age"), (*ADA, "old")))
    assert [(error.column, error.code) for error in result.errors] == [("answer:Age", "invalid")]
    assert not event.registrations.exists()


def test_a_decimal_comma_is_read_where_semicolons_part_the_cells(event: Event) -> None:
    key = ask(event, "number", "Age")
    run(event, b"email;full_name;answer:Age\na@x.org;Ada;36,5\n")
    assert event.registrations.get().answers == {key: 36.5}


def test_answers_that_are_left_out_stay_and_required_ones_may_be_missing(event: Event) -> None:
    first = ask(event, "text", "Diet", required=True)
    second = ask(event, "text", "Shoes")
    run(event, csv_file(("email", "full_name", "answer:Shoes"), (*ADA, "red")))
    assert outcomes(event, csv_file(("email", "answer:Diet"), ("a@x.org", "none"))) == ["updated"]
    assert event.registrations.get().answers == {first: "none", second: "red"}


def test_an_answer_that_is_no_choice_any_more_may_be_repeated(event: Event) -> None:
    key = ask(event, "choice", "Size", choices=["S", "M"])
    content = csv_file(("email", "full_name", "answer:Size"), (*ADA, "S"))
    run(event, content)
    questions.update_question(question=event.questions.get(pk=key), changes={"choices": ["M", "L"]})
    assert outcomes(event, content) == ["unchanged"]


# --- Ticket types -----------------------------------------------------------------------------

TYPED = ("email", "full_name", "ticket_type", "status")


def test_ticket_types_are_named_hidden_ones_too(event: Event) -> None:
    kind = sell(event, "VIP", visibility="hidden")
    assert outcomes(event, csv_file(TYPED, (*ADA, "VIP"))) == ["created"]
    assert event.registrations.get().ticket_type == kind


@pytest.mark.parametrize(("name", "code"), [("", "required"), ("Balcony", "does_not_exist")])
def test_a_ticket_type_must_be_one_of_the_events(event: Event, name: str, code: str) -> None:
    sell(event, "VIP")
    assert outcomes(event, csv_file(TYPED, (*ADA, name))) == [code]


def test_an_event_without_types_has_none(event: Event) -> None:
    assert outcomes(event, csv_file(TYPED, (*ADA, "VIP"))) == ["does_not_exist"]


def test_a_full_type_takes_nobody_more(event: Event) -> None:
    sell(event, "VIP", capacity=1)
    sell(event, "Other")
    rows = csv_file(TYPED, (*ADA, "VIP"), (*BOB, "VIP"), (*CY, "Other"))
    _, results = run(event, rows)
    assert [result.status for result in results] == ["created", "error", "created"]
    assert [(e.column, e.code) for e in results[1].errors] == [("ticket_type", "ticket_type_full")]


def test_the_type_of_a_registration_is_not_changed(event: Event) -> None:
    for name in ("VIP", "Other"):
        sell(event, name)
    run(event, csv_file(TYPED, (*ADA, "VIP")))
    assert outcomes(event, csv_file(TYPED, (*ADA, "Other"))) == ["another_ticket_type"]
    assert outcomes(event, people(ADA)) == ["unchanged"]


# --- The import as a whole --------------------------------------------------------------------


def test_a_record_tells_what_was_done(event: Event) -> None:
    run(event, people(ADA))
    record, _ = run(event, people((*ADA, "cancelled"), BOB, ("x", "X"), ("y", "Y"), (*BOB, "")))
    counts = (record.created, record.updated, record.unchanged, record.failed)
    assert (record.rows_total, record.rows_done, counts) == (5, 5, (1, 1, 0, 3))
    assert (record.state, [row["row"] for row in record.refused_rows]) == ("finished", [4, 5, 6])
    assert record.finished_at is not None


def test_so_many_refused_rows_are_kept(event: Event) -> None:
    record, results = run(event, people(*((f"x{n}", "X") for n in range(1_002))))
    assert (record.failed, len(record.refused_rows), len(results)) == (1_002, 1_000, 1_002)


def test_a_draft_takes_no_file(make_event: MakeEvent) -> None:
    with pytest.raises(EventNotPublished):
        run(make_event(publish=False), people(ADA))


def test_an_event_that_is_called_off_meanwhile_takes_no_more(event: Event) -> None:
    begun = imports.begin_import(
        event_id=event.pk, by=None, content=people(ADA), dry_run=False, now=timezone.now()
    )
    Event.objects.update(status="cancelled")
    batches = list(imports.run_import(begun=begun, clock=timezone.now))
    codes = [error.code for batch in batches for row in batch for error in row.errors]
    assert codes == ["event_not_published"]


def test_one_request_takes_so_many_rows(event: Event) -> None:
    assert len(run(event, people(ADA, BOB), at_most=2)[1]) == 2
    with pytest.raises(TooManyRows):
        run(event, people(ADA, BOB, CY), at_most=2)


def test_an_import_id_that_is_repeated_answers_what_was_done(event: Event) -> None:
    record, _ = run(event, people(ADA))
    Registration.objects.all().delete()
    again, results = run(event, people(ADA), import_id=record.pk)
    assert (again, again.created, results) == (record, 1, [])
    assert not event.registrations.exists()


def test_an_import_id_belongs_to_one_import(event: Event, make_event: MakeEvent) -> None:
    record, _ = run(event, people(ADA))
    for changed in (
        partial(run, event, people(BOB)),
        partial(run, event, people(ADA), dry_run=True),
        partial(run, make_event(), people(ADA)),
    ):
        with pytest.raises(ImportIdConflict):
            changed(import_id=record.pk)


def test_an_import_that_failed_is_sent_again(event: Event) -> None:
    begun = imports.begin_import(
        event_id=event.pk, by=None, content=people(ADA, BOB), dry_run=False, now=timezone.now()
    )
    with closing(imports.run_import(begun=begun, clock=timezone.now)) as running:
        next(running)
    record = RegistrationImport.objects.get()
    assert (record.state, record.created) == ("stopped", 0)
    again, _ = run(event, people(ADA, BOB), import_id=record.pk)
    assert (again.state, again.rows_done, again.created) == ("finished", 2, 2)


@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_sent_again_many_times_at_once_runs_once(event: Event) -> None:
    record, _ = run(event, people(ADA))
    RegistrationImport.objects.update(state="stopped", finished_at=None)
    again = run_in_threads([partial(run, event, people(ADA), import_id=record.pk)] * 6)
    assert [len(results) for _, results in again].count(1) == 1


def test_an_import_that_is_silent_for_long_has_died(event: Event) -> None:
    record, _ = run(event, people(ADA))
    RegistrationImport.objects.update(state="running", finished_at=None)
    assert run(event, people(ADA), import_id=record.pk)[0].state == "running"
    RegistrationImport.objects.update(updated_at=timezone.now() - timedelta(minutes=3))
    assert run(event, people(ADA), import_id=record.pk)[0].state == "finished"


@pytest.mark.django_db(transaction=True)
def test_links_are_sent_on_request_alone(event: Event, ada: User) -> None:
    rows = people(ADA, ("ada@example.org",), (*BOB, "cancelled"))
    run(event, rows)
    assert mail.outbox == []
    Registration.objects.all().delete()
    run(event, rows, send_links=True)
    assert [message.to for message in mail.outbox] == [["a@x.org"]]


# --- Many rows and many people ----------------------------------------------------------------


def test_a_batch_of_500_costs_the_queries_of_a_batch_of_5(event: Event) -> None:
    def queries(count: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            run(event, people(*((f"{n}@{count}.org", "N") for n in range(count))))
        return len(captured)

    assert queries(5) == queries(500)


def test_batches_follow_each_other_to_the_end(make_event: MakeEvent) -> None:
    event = make_event(capacity=700, waitlist_enabled=True)
    rows = [(f"{n}@x.org", "N") for n in range(1_201)]
    record, results = run(event, people(*rows))
    assert (record.created, record.rows_done, len(results)) == (1_201, 1_201, 1_201)
    assert counted(event) == true_count(event) == (700, 501)
    order = event.registrations.order_by("created_at", "id").values_list("user__email", flat=True)
    assert list(order) == [email for email, _ in rows]


@pytest.mark.django_db(transaction=True)
def test_the_same_file_many_times_at_once_registers_everybody_once(
    make_event: MakeEvent, make_user: Callable[..., User]
) -> None:
    event = make_event(capacity=30, waitlist_enabled=True)
    content = people(*((f"{n}@x.org", "N") for n in range(40)))
    walk_ins = [make_user(f"w{n}") for n in range(6)]
    everybody: list[Callable[[], Any]] = [
        *[partial(run, event, content) for _ in range(6)],
        *[
            partial(registrations.register, event_id=event.pk, user=user, now=timezone.now())
            for user in walk_ins
        ],
    ]
    failures = [result for result in run_in_threads(everybody) if isinstance(result, Exception)]
    assert failures == []
    assert event.registrations.count() == 46
    assert User.objects.filter(is_guest=True).count() == 40
    assert counted(event) == true_count(event) == (30, 16)


@pytest.mark.django_db(transaction=True)
def test_what_is_changed_while_a_file_waits_is_kept(event: Event) -> None:
    key = ask(event, "text", "Diet")
    run(event, people(ADA))
    registration = event.registrations.get()

    def answer() -> None:
        locked = Registration.objects.select_for_update(no_key=True).get(pk=registration.pk)
        locked.answers = {key: "none"}
        locked.save(update_fields=["answers"])

    content = csv_file(("email", "attention_note"), ("a@x.org", "lift"))
    run_behind(answer, [partial(run, event, content)])
    registration.refresh_from_db()
    assert (registration.answers, registration.attention_note) == ({key: "none"}, "lift")


@pytest.mark.django_db(transaction=True)
def test_files_with_the_same_new_guests_for_two_events_do_not_stand_in_each_others_way(
    make_event: MakeEvent,
) -> None:
    both = [make_event(), make_event()]
    rows = [(f"{n}@x.org", "N") for n in range(60)]
    jobs = [partial(run, both[0], people(*rows)), partial(run, both[1], people(*reversed(rows)))]
    failures = [result for result in run_in_threads(jobs * 2) if isinstance(result, Exception)]
    assert failures == []
    assert [event.registrations.count() for event in both] == [60, 60]
    assert User.objects.filter(is_guest=True).count() == 60
