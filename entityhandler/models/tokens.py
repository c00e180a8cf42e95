"""Bearer tokens of users: shown once, kept as a digest."""

import uuid
from datetime import datetime

from django.db import models

from entityhandler.models.users import User


class UserTokenQuerySet(models.QuerySet["UserToken"]):
    """Named subsets of tokens."""

    def valid_at(self, now: datetime) -> "UserTokenQuerySet":
        """Return the tokens that still open something at that moment."""
        return self.filter(expires_at__gt=now, user__is_active=True)


class UserToken(models.Model):
    """A 256-bit random token of one user; the table holds its SHA-256 alone.

    A fast hash is right here: there is nothing to guess in 256 random bits, and each request pays.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    label = models.CharField(max_length=100, blank=True)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = UserTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return self.label or f"token {self.id}"
