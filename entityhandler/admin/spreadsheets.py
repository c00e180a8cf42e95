"""Files of registrations in the admin: a form for the import, a link to the export."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from entityhandler.admin.filters import EventFilter
from entityhandler.admin.service_admin import REFUSALS, ServiceAdmin, sentence, who
from entityhandler.models import Event, RegistrationImport
from entityhandler.services.spreadsheets.export import export_registrations
from entityhandler.services.spreadsheets.imports import (
    MOST_REFUSED_ROWS_KEPT,
    MOST_ROWS_PER_REQUEST,
    begin_import,
    run_import,
)
from entityhandler.services.spreadsheets.results import RowResult
from ticketmgr.downloads import csv_download
from ticketmgr.uploads import content_of

if TYPE_CHECKING:
    Base = ServiceAdmin[Event]
else:
    Base = object


class UploadForm(forms.Form):
    """A file, and whether to try it only."""

    file = forms.FileField(
        label="CSV file",
        help_text=f"In UTF-8, {MOST_ROWS_PER_REQUEST:,} rows at most; the first row names the "
        "columns. What an export writes can be imported.",
    )
    dry_run = forms.BooleanField(
        required=False,
        initial=True,
        label="Dry run",
        help_text="Report what the file would do, and write nothing.",
    )


class WithFiles(Base):
    """Pages below an event: the import of its registrations, and the export."""

    def get_urls(self) -> list[URLPattern]:
        """Add the two pages."""
        view = self.admin_site.admin_view
        ours = [
            path(f"<uuid:pk>/{what}/", view(page), name=f"entityhandler_event_{what}")
            for what, page in (("import", self.import_view), ("export", self.export_view))
        ]
        return [*ours, *super().get_urls()]

    def export_view(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """Stream the export; whoever sees registrations may have it."""
        event = self._event(request, pk, "view")
        pieces = export_registrations(event=event, registrations=event.registrations.all())
        return csv_download(pieces, about=event.name)

    def import_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show the form, or import a file and show what came of it."""
        event = self._event(request, pk, "add", "change")
        is_posted = request.method == "POST"
        form = UploadForm(request.POST, request.FILES) if is_posted else UploadForm()
        report = self._import(request, event, form) if is_posted and form.is_valid() else {}
        context = {
            **self.admin_site.each_context(request),
            "title": "Import registrations",
            "subtitle": event.name,
            "opts": self.opts,
            "event": event,
            "form": form,
            "media": self.media + form.media,
            **report,
        }
        return TemplateResponse(request, "admin/entityhandler/event/import.html", context)

    def _event(self, request: HttpRequest, pk: UUID, *rights: str) -> Event:
        event = Event.objects.filter(pk=pk).first()
        if event is None:
            raise Http404
        names = [f"entityhandler.{right}_registration" for right in rights]
        if not self.has_view_permission(request, event) or not who(request).has_perms(names):
            raise PermissionDenied
        return event

    def _import(self, request: HttpRequest, event: Event, form: UploadForm) -> dict[str, Any]:
        """Import, and return what the page shows of it; a refusal becomes the form's error."""
        said = form.cleaned_data
        try:
            begun = begin_import(
                event_id=event.pk,
                by=who(request),
                content=content_of(said["file"]),
                dry_run=said["dry_run"],
                now=timezone.now(),
                at_most=MOST_ROWS_PER_REQUEST,
            )
            batches = run_import(begun=begun, clock=timezone.now)
            refused = [row for batch in batches for row in batch if row.errors]
        except RequestDataTooBig:
            form.add_error("file", "The file is larger than 10 MB.")
            return {}
        except REFUSALS as error:
            form.add_error("file", sentence(error))
            return {}
        if not begun.record.dry_run:
            self.log_change(request, event, _told(begun.record))
        return {"record": begun.record, "refused": _shown(refused), "told": _told(begun.record)}


def _told(record: RegistrationImport) -> str:
    return (
        f"Registrations imported: {record.created} created, {record.updated} updated, "
        f"{record.unchanged} unchanged, {record.failed} refused."
    )


def _shown(refused: list[RowResult]) -> list[RowResult]:
    """Return the refused rows in the order of the file; a page lists so many at most."""
    return sorted(refused, key=lambda result: result.row)[:MOST_REFUSED_ROWS_KEPT]


@admin.register(RegistrationImport)
class RegistrationImportAdmin(ServiceAdmin[RegistrationImport]):
    """Which files were imported; they are made on the pages of an event."""

    list_display = (
        "event",
        "by",
        "dry_run",
        "state",
        "rows_total",
        "created",
        "updated",
        "unchanged",
        "failed",
        "started_at",
    )
    list_select_related = ("event", "by")
    list_filter = ("state", "dry_run", EventFilter)
    search_fields = ("event__name", "by__email", "id__exact")
    autocomplete_fields = ("event", "by")
    ordering = ("-started_at", "-id")
    fields = ("id", *list_display, "rows_done", "refused_rows", "updated_at", "finished_at")
    readonly_fields = fields
