"""People: whoever signs in, registers or manages."""

import uuid
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import connections, models
from django.db.models import Q, Value
from django.db.models.functions import Lower

from entityhandler.models.people_search import words_of_a_person


class UserManager(BaseUserManager["User"]):
    """Finds and makes users by e-mail, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user who signs in with this e-mail; case does not matter."""
        return self.get(email__lower=Lower(Value(username or "")), is_guest=False)

    def by_email(self, email: str) -> "User | None":
        """Return the account with this e-mail, or None; served by `user_email_unique`."""
        return self._with_email(email).filter(is_guest=False).first()

    def guest_by_email(self, email: str) -> "User | None":
        """Return the guest with this e-mail, or None; served by `user_guest_email_unique`."""
        return self._with_email(email).filter(is_guest=True).first()

    def lowered(self, emails: Sequence[str]) -> list[str]:
        """Return the e-mails as they are compared; PostgreSQL's lower case is not Python's."""
        with connections[self.db].cursor() as cursor:
            cursor.execute(
                "SELECT lower(email) FROM unnest(%s::text[]) WITH ORDINALITY AS given(email, place)"
                " ORDER BY place",
                [list(emails)],
            )
            return [row[0] for row in cursor.fetchall()]

    def by_lowered(self, emails: Collection[str], *, guests: bool) -> "dict[str, User]":
        """Return accounts or guests by their e-mail, as `lowered` gives it; one query."""
        found = self.annotate(lowered=Lower("email")).filter(lowered__in=emails, is_guest=guests)
        return {user.lowered: user for user in found}

    def _with_email(self, email: str) -> "models.QuerySet[User]":
        # PostgreSQL lowers both sides: its idea of lower case is the index's, Python's is another.
        return self.filter(email__lower=Lower(Value(email.strip())))

    def create_superuser(self, email: str, password: str, **fields: Any) -> "User":
        """Make a user with every permission; called by `manage.py createsuperuser`."""
        user = self.model(email=email, is_staff=True, is_superuser=True, **fields)
        user.set_password(password)
        user.full_clean()
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account; the e-mail, compared without case, is the login.

    Or a guest: somebody whom a manager registered by e-mail. A guest signs in nowhere, and may
    share the e-mail with an account; who proves that e-mail takes the guest's registrations over.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField("e-mail", max_length=254)
    full_name = models.CharField("full name", max_length=200)
    is_active = models.BooleanField("may sign in", default=True)
    is_staff = models.BooleanField("staff", default=False)
    is_guest = models.BooleanField("guest, without an account", default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # Kept by PostgreSQL; whoever wants to search asks with `prefix_query`.
    search_words = models.GeneratedField(
        expression=words_of_a_person(), output_field=SearchVectorField(), db_persist=True
    )

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [
            # GET /users/
            models.Index(fields=["created_at", "id"], name="user_by_creation"),
            # GET /users/?search= and /registrations/?search=. Without fastupdate: its list of
            # entries to be sorted in later is read by every search and emptied by some sign-up.
            GinIndex(fields=["search_words"], fastupdate=False, name="user_search"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=Q(is_guest=False),
                name="user_email_unique",
                violation_error_code="email_taken",
                violation_error_message="This e-mail belongs to an account already.",
            ),
            models.UniqueConstraint(
                Lower("email"), condition=Q(is_guest=True), name="user_guest_email_unique"
            ),
            models.CheckConstraint(
                condition=Q(is_guest=False) | Q(is_staff=False, is_superuser=False),
                name="user_guest_has_no_rank",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.full_name} <{self.email}>"

    def get_full_name(self) -> str:
        """Return the name as the person writes it."""
        return self.full_name

    def get_short_name(self) -> str:
        """Return the name that the admin greets with."""
        return self.full_name


models.EmailField.register_lookup(Lower)
