"""Accounts: signing up and changing one's profile; and guests, who have none yet."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from entityhandler.models import User, UserToken
from entityhandler.services import claims
from ticketmgr.errors import DomainError, InvalidField
from ticketmgr.transactions import violated_constraint, write_use_case

EDITABLE_FIELDS = frozenset({"email", "full_name", "is_active", "is_staff"})
GUEST_FIELDS = frozenset({"email", "full_name"})


class NoAccount(DomainError):
    """A guest has a name and an e-mail; rights, a password and a state belong to accounts."""

    code = "no_account"
    title = "A guest has no account; only the name and the e-mail can be changed."


class EmailTaken(DomainError):
    """Another account has this e-mail, whatever its case."""

    code = "email_taken"
    title = "This e-mail belongs to an account already."


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody whom a manager names by e-mail, for whom there is no account."""

    email: str
    full_name: str = ""


def find_person(*, user: UUID | None = None, email: str | None = None) -> User:
    """Return the account named by id or by e-mail; raises InvalidField where there is none."""
    found = User.objects.by_email(email) if email else _by_id(user)
    if found is None:
        raise InvalidField(
            pointer="email" if email else "user",
            code="does_not_exist",
            detail="Nobody has an account with this e-mail." if email else "No such user.",
        )
    return found


def find_addressee(
    *, user: UUID | None = None, email: str | None = None, full_name: str = ""
) -> User | Guest:
    """Return the account that is named, or a guest where an e-mail belongs to none.

    Raises InvalidField where there is neither an account nor a name for a new guest.
    """
    if email is None:
        return find_person(user=user)
    found = User.objects.by_email(email) or User.objects.guest_by_email(email)
    if found is not None:
        return found
    if not full_name:
        raise InvalidField(
            pointer="email",
            code="does_not_exist",
            detail="Nobody has an account with this e-mail; name their `full_name` as well.",
        )
    return Guest(email.strip(), full_name)


def resolve(person: User | Guest) -> User:
    """Return the row of a guest, made now if there is none, inside the caller's transaction.

    Two transactions that make the same guest meet at the unique index: the second one waits for the
    first and then finds its row.
    """
    if isinstance(person, User):
        return person
    User.objects.bulk_create([new_guest(person)], ignore_conflicts=True)
    found = User.objects.guest_by_email(person.email)
    assert found is not None
    return found


def new_guest(person: Guest) -> User:
    """Return the row of a new guest, not yet inserted; raises ValidationError."""
    guest = User(email=person.email, full_name=person.full_name, is_guest=True)
    guest.set_unusable_password()
    guest.full_clean(validate_unique=False, validate_constraints=False)
    return guest


def _by_id(user_id: UUID | None) -> User | None:
    return User.objects.filter(pk=user_id, is_guest=False).first() if user_id else None


@write_use_case
def sign_up(*, email: str, full_name: str, password: str) -> User:
    """Make an account; raises EmailTaken, or ValidationError for a password that is too weak.

    Where a guest has this e-mail, a link goes to it by which the guest's registrations become the
    account's: signing up proves nothing about an e-mail.
    """
    user = User(email=email.strip(), full_name=full_name)
    _set_password(user, password)
    _save(user)
    claims.send_links_on_commit(user)
    return user


@write_use_case
def update_user(
    *,
    user: User,
    changes: dict[str, Any],
    current_password: str | None = None,
    new_password: str | None = None,
    keep_token: UserToken | None = None,
) -> User:
    """Change a profile, and the password where a new one is given with the current one.

    A new password revokes every token but `keep_token`: whoever knew the old one is out. Locks the
    user row. Raises EmailTaken, InvalidField, and NoAccount for a guest's rank or password.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.is_guest and (new_password is not None or not changes.keys() <= GUEST_FIELDS):
        raise NoAccount
    for field in EDITABLE_FIELDS & changes.keys():
        setattr(user, field, changes[field])
    if new_password is not None:
        _check_current_password(user, current_password)
        _set_password(user, new_password)
        kept = [keep_token.pk] if keep_token else []
        user.tokens.exclude(pk__in=kept).delete()
    _save(user)
    return user


@write_use_case
def reset_password(*, user: User, new_password: str) -> User:
    """Set another password for somebody who cannot tell the present one, and revoke every token.

    Locks the user row. Raises NoAccount, or ValidationError for a password that is too weak.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.is_guest:
        raise NoAccount
    _set_password(user, new_password)
    user.save(update_fields=["password", "updated_at"])
    user.tokens.all().delete()
    return user


def _check_current_password(user: User, current_password: str | None) -> None:
    if current_password is None or not user.check_password(current_password):
        raise InvalidField(
            pointer="current_password",
            code="wrong_password",
            detail="A new password needs the current one.",
        )


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.error_list}) from error
    user.set_password(password)


def _save(user: User) -> None:
    user.full_clean(validate_unique=False, validate_constraints=False)
    try:
        user.save()
    except IntegrityError as error:
        if violated_constraint(error) not in ("user_email_unique", "user_guest_email_unique"):
            raise
        raise EmailTaken from error
