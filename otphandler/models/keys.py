"""The canary that proves a key before a ticket depends on it."""

from django.db import models


class KeyCanary(models.Model):
    """A known text sealed under one key; a key of that id that cannot open it is the wrong key."""

    key_id = models.PositiveSmallIntegerField(primary_key=True)
    blob = models.BinaryField()

    class Meta:
        verbose_name_plural = "key canaries"

    def __str__(self) -> str:
        return f"canary of key {self.key_id}"
