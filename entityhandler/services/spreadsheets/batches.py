"""One batch of an import: wishes decided one after another, then written all at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from entityhandler.models import Event, Question, Registration, RowStatus, TicketType, User
from entityhandler.models.registrations import TICK
from entityhandler.services import claims
from entityhandler.services.questions import check_answers, questions_of
from entityhandler.services.seats import Seats
from entityhandler.services.spreadsheets.columns import ANSWER, answer_from_cell, answer_to_cell
from entityhandler.services.spreadsheets.people import People
from entityhandler.services.spreadsheets.rehearsal import Rehearsal
from entityhandler.services.spreadsheets.results import RowError, RowRefused, RowResult
from entityhandler.services.spreadsheets.wishes import Wish
from ticketmgr.errors import DomainError, FieldError, InvalidFields

Status = Registration.Status
WRITTEN = ["status", "updated_at", "cancelled_at", "answers", "attention_note"]


@dataclass(slots=True)
class Batch:
    """What is known of an event and of the people of some wishes, and what is decided about them.

    All of it is read under the lock of the event row, unless it is rehearsed. A refused wish leaves
    nothing behind: whatever may refuse it is asked before anything is counted or noted.
    """

    seats: Seats
    now: datetime
    people: People
    questions: Sequence[Question]
    live: dict[UUID, Registration]
    # Who has a cancelled registration.
    past: set[UUID]
    new: list[Registration] = field(default_factory=list)
    changed: list[Registration] = field(default_factory=list)

    @classmethod
    def read(cls, seats: Seats, wishes: Sequence[Wish], now: datetime) -> "Batch":
        """Read what is decided on, in as many queries as ever; locks the live registrations."""
        people = People.find({wish.person for wish in wishes})
        theirs = seats.event.registrations.filter(user__in=people.ids())
        live = theirs.live().order_by("pk")
        if isinstance(seats, Rehearsal):
            found = list(live)
            for registration in found:
                seats.see(registration)
        else:
            found = list(live.select_for_update(no_key=True))
        past = theirs.filter(status=Status.CANCELLED).values_list("user_id", flat=True)
        return cls(
            seats=seats,
            now=now,
            people=people,
            questions=questions_of(seats.event.pk),
            live={registration.user_id: registration for registration in found},
            past=set(past),
        )

    def decide(self, wishes: Sequence[Wish]) -> list[RowResult]:
        """Decide every wish, in order; in memory."""
        return [self._result(wish) for wish in wishes]

    def write(self, *, send_links: bool) -> None:
        """Write what was decided, and let the waitlist move up. Nothing, where nothing changed."""
        self.people.write(self.new)
        if not self._changes_seats:
            return
        Registration.objects.bulk_create(self.new)
        # Not `bulk_update`, whose statement weighs every row against every other one.
        Registration.objects.bulk_create(
            self.changed, update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN
        )
        self.seats.promote(self.now)
        self.seats.save()
        for registration in self.new if send_links else []:
            if registration.user.is_guest and registration.status != Status.CANCELLED:
                claims.send_link_on_commit(registration.user, self.seats.event)

    def rehearse(self) -> None:
        """Let the waitlist move up as `write` does, in memory."""
        if self._changes_seats:
            self.seats.promote(self.now)

    @property
    def _changes_seats(self) -> bool:
        return bool(self.new or self.changed)

    # --- One wish -----------------------------------------------------------------------------

    def _result(self, wish: Wish) -> RowResult:
        try:
            return RowResult(wish.row, self._fulfil(wish))
        except RowRefused as refusal:
            return RowResult(wish.row, RowStatus.ERROR, refusal.errors)
        except DomainError as error:
            column = "ticket_type" if "ticket_type" in error.members else None
            reason = RowError(column, error.code, error.detail)
            return RowResult(wish.row, RowStatus.ERROR, [reason])

    def _fulfil(self, wish: Wish) -> RowStatus:
        if self.seats.event.status != Event.Status.PUBLISHED:
            raise RowRefused.because(
                None, "event_not_published", "The event does not take registrations."
            )
        meant = self.people.meant(wish)
        for person in meant:
            if person.pk in self.live:
                return self._adjust(wish, person, self.live[person.pk])
        if wish.status == Status.CANCELLED and any(person.pk in self.past for person in meant):
            return RowStatus.UNCHANGED
        return self._enter(wish, meant[0] if meant else None)

    def _enter(self, wish: Wish, person: User | None) -> RowStatus:
        """Register somebody who is not; a cancellation is noted as what it was."""
        kind = self._kind(wish)
        answers = self._answers(wish, {})
        status = self._first_status(wish, kind)
        if person is None:
            person = self.people.invite(wish)
        elif status != Status.CANCELLED:
            self.people.rename(person, wish)
        now = self._moment()
        registration = Registration(
            event=self.seats.event,
            user=person,
            ticket_type=kind,
            status=status,
            answers=answers,
            attention_note=wish.attention_note,
            created_at=now,
            updated_at=now,
            cancelled_at=now if status == Status.CANCELLED else None,
        )
        if status != Status.CANCELLED:
            self.seats.enter(registration, now)
        self.new.append(registration)
        return RowStatus.CREATED

    def _adjust(self, wish: Wish, person: User, live: Registration) -> RowStatus:
        """Bring a registration to what is wished."""
        self._check_kind(wish, live)
        if wish.status == Status.CANCELLED:
            self.seats.turn(live, Status.CANCELLED, self._moment())
            self.changed.append(live)
            return RowStatus.UPDATED
        status = self._next_status(wish, live)
        edits = self._edits(wish, live)
        if status is not None:
            self.seats.turn(live, status, self._moment())
        elif edits:
            live.touch(self._moment())
        for name, value in edits.items():
            setattr(live, name, value)
        if status is not None or edits:
            self.changed.append(live)
        renamed = self.people.rename(person, wish)
        return RowStatus.UPDATED if status or edits or renamed else RowStatus.UNCHANGED

    def _moment(self) -> datetime:
        """Return a time of its own for each change: the file's order is the order of creation."""
        return self.now + (len(self.new) + len(self.changed)) * TICK

    # --- Status -------------------------------------------------------------------------------

    def _first_status(self, wish: Wish, kind: TicketType | None) -> Registration.Status:
        if wish.status is None:
            return self.seats.first_status(kind)
        if wish.status in Registration.SEAT_HOLDING:
            self.seats.check_free(kind)
        if wish.status == Status.WAITLISTED and not self.seats.event.waitlist_enabled:
            raise RowRefused.because("status", "no_waitlist", "The event has no waitlist.")
        return wish.status

    def _next_status(self, wish: Wish, live: Registration) -> Registration.Status | None:
        """Return what the registration turns to, None where it stays.

        Whoever was to wait and has a seat was promoted since, perhaps by this very file.
        """
        wished = wish.status
        if wished in (None, live.status) or (wished == Status.WAITLISTED and live.holds_a_seat):
            return None
        if wished not in Registration.TRANSITIONS[live.status]:
            raise RowRefused.because(
                "status",
                "transition_not_allowed",
                f"The registration is {live.status} and cannot become {wished}.",
            )
        if live.status == Status.WAITLISTED:
            self.seats.check_free(self.seats.type_of(live))
        return wished

    # --- Ticket type --------------------------------------------------------------------------

    def _kind(self, wish: Wish) -> TicketType | None:
        """Return the type that a row names; raises RowRefused where that is none, or missing."""
        kinds = {kind.name.strip(): kind for kind in self.seats.types.values()}
        if not wish.ticket_type and not kinds:
            return None
        if not wish.ticket_type:
            raise RowRefused.because(
                "ticket_type", "required", f"The event has ticket types: {', '.join(kinds)}."
            )
        if wish.ticket_type not in kinds:
            known = f"One of: {', '.join(kinds)}." if kinds else "The event has no ticket types."
            raise RowRefused.because("ticket_type", "does_not_exist", known)
        return kinds[wish.ticket_type]

    def _check_kind(self, wish: Wish, live: Registration) -> None:
        """Refuse another type than the registration has: its seat is of that one."""
        if wish.ticket_type and self._kind(wish) != self.seats.type_of(live):
            raise RowRefused.because(
                "ticket_type",
                "another_ticket_type",
                "The person has another ticket type; cancel that registration first.",
            )

    # --- Note and answers ---------------------------------------------------------------------

    def _edits(self, wish: Wish, live: Registration) -> dict[str, Any]:
        """Return what a row changes of note and answers; blank cells leave them as they are."""
        edits: dict[str, Any] = {}
        if wish.attention_note and wish.attention_note != live.attention_note.strip():
            edits["attention_note"] = wish.attention_note
        answers = self._answers(wish, live.answers)
        if answers != live.answers:
            edits["answers"] = answers
        return edits

    def _answers(self, wish: Wish, kept: dict[str, Any]) -> dict[str, Any]:
        """Return all answers; those that a row repeats need not be valid any more."""
        given = {
            key: self._answer(key, cell)
            for key, cell in wish.answers.items()
            if cell != answer_to_cell(kept.get(key))
        }
        try:
            return check_answers(self.questions, given, kept=kept, required=False)
        except InvalidFields as error:
            raise RowRefused([self._answer_error(wrong) for wrong in error.errors]) from error

    def _answer(self, key: str, cell: str) -> Any:
        question = self._question(key)
        return cell if question is None else answer_from_cell(question, cell)

    def _answer_error(self, wrong: FieldError) -> RowError:
        question = self._question(wrong.pointer.rpartition("/")[2])
        column = None if question is None else f"{ANSWER}{question.prompt}"
        return RowError(column, wrong.code, wrong.detail)

    def _question(self, key: str) -> Question | None:
        """Return a question by id, None where it was deleted while the import was under way."""
        return next((question for question in self.questions if str(question.pk) == key), None)
