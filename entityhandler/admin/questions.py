"""Questions in the admin."""

from django.contrib import admin
from django.http import HttpRequest

from entityhandler.admin.filters import EventFilter
from entityhandler.admin.service_admin import Form, ServiceAdmin
from entityhandler.models import Question
from entityhandler.services import questions


@admin.register(Question)
class QuestionAdmin(ServiceAdmin[Question]):
    """What events ask; a question keeps its event and its kind."""

    services = frozenset({"add", "change", "delete"})
    list_display = ("prompt", "event", "kind", "required", "place")
    list_select_related = ("event",)
    list_filter = ("kind", EventFilter)
    search_fields = ("prompt", "event__name", "id__exact")
    autocomplete_fields = ("event",)
    ordering = ("-created_at", "-id")
    readonly_fields = ("id", "created_at", "updated_at")
    fields = ("event", "prompt", "kind", "required", "choices", "place", *readonly_fields)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Question | None = None
    ) -> tuple[str, ...]:
        """Keep event and kind of a question that is there."""
        return (*self.readonly_fields, "event", "kind") if obj else self.readonly_fields

    def write(self, request: HttpRequest, obj: Question, form: Form, *, change: bool) -> Question:
        """Ask a question, or change what was changed on the form."""
        if not change:
            return questions.create_question(event_id=obj.event_id, fields=form.cleaned_data)
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        return questions.update_question(question=obj, changes=changes)

    def remove(self, obj: Question) -> None:
        """Ask no more."""
        questions.delete_question(question=obj)
