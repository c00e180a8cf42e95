"""Imports of registrations: what came of a file, and how far the server is with it."""

import uuid

from django.db import models
from django.db.models import Q

from entityhandler.models.events import Event
from entityhandler.models.users import User


class RowStatus(models.TextChoices):
    """What came of one row of a file."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    ERROR = "error"


class RegistrationImport(models.Model):
    """One file that was imported, or of which it was tried what importing it would do."""

    class State(models.TextChoices):
        """A stopped one met a failure of the server; the same file may be sent again."""

        RUNNING = "running"
        FINISHED = "finished"
        STOPPED = "stopped"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="registration_imports")
    # None for the command line.
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    dry_run = models.BooleanField()
    # SHA-256 of the file, by which a repetition is told from another file under the same id.
    digest = models.CharField(max_length=64, editable=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    rows_total = models.PositiveIntegerField()
    rows_done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    # The first 1,000 rows that were refused, each with its errors.
    refused_rows = models.JSONField(default=list)
    started_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started_at", "id"]
        indexes = [
            # GET /events/{id}/registrations/imports/
            models.Index(
                fields=["event", "-started_at", "id"], name="registration_import_by_event"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="finished", finished_at__isnull=False)
                | (~Q(state="finished") & Q(finished_at__isnull=True)),
                name="registration_import_finished_at_matches_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rows_total} rows for {self.event_id} ({self.state})"
