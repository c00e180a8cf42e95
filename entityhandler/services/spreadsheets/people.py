"""Whom the e-mails of a file mean, many at once."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from entityhandler.models import Registration, User
from entityhandler.services.spreadsheets.results import RowRefused
from entityhandler.services.spreadsheets.wishes import Wish
from entityhandler.services.users import Guest, new_guest


@dataclass(slots=True)
class People:
    """Accounts and guests by e-mail, the guests that are new, and those that get another name."""

    accounts: Mapping[str, User]
    guests: Mapping[str, User]
    _new: dict[str, User] = field(default_factory=dict)
    _renamed: list[User] = field(default_factory=list)

    @classmethod
    def find(cls, emails: Collection[str]) -> "People":
        """Find whoever has one of these e-mails, as the database compares them; two queries."""
        return cls(
            User.objects.by_lowered(emails, guests=False),
            User.objects.by_lowered(emails, guests=True),
        )

    def ids(self) -> list[UUID]:
        """Return the ids of everybody who was found."""
        return [user.pk for user in (*self.accounts.values(), *self.guests.values())]

    def meant(self, wish: Wish) -> list[User]:
        """Return who has the e-mail of a row, the account before the guest."""
        account = None if wish.as_guest else self.accounts.get(wish.person)
        found = (account, self.guests.get(wish.person))
        return [user for user in found if user is not None]

    def invite(self, wish: Wish) -> User:
        """Return a new guest; raises RowRefused where the row has no name for one."""
        if not wish.full_name:
            raise RowRefused.because(
                "full_name", "required", "Nobody has this e-mail yet: a name is needed."
            )
        self._new[wish.person] = new_guest(Guest(wish.email, wish.full_name))
        return self._new[wish.person]

    def rename(self, person: User, wish: Wish) -> bool:
        """Take over a guest's other name and tell whether there is one; accounts keep theirs."""
        if not person.is_guest or wish.full_name in ("", person.full_name.strip()):
            return False
        person.full_name = wish.full_name
        self._renamed.append(person)
        return True

    def write(self, registrations: Iterable[Registration]) -> None:
        """Write guests and names; registrations of new guests get the rows that there are then.

        Another transaction may have made the same guest meanwhile, as in `users.resolve`. Both go
        by the order of ids and e-mails, so that they wait for each other in one direction alone.
        """
        User.objects.bulk_create(
            sorted(self._renamed, key=lambda user: user.pk),
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["full_name", "updated_at"],
        )
        if not self._new:
            return
        User.objects.bulk_create(
            [guest for _, guest in sorted(self._new.items())], ignore_conflicts=True
        )
        rows = User.objects.by_lowered(self._new.keys(), guests=True)
        there = {guest.pk: rows[email] for email, guest in self._new.items()}
        for registration in registrations:
            registration.user = there.get(registration.user_id, registration.user)
