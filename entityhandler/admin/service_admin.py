"""Admin pages that write through services; every admin of both apps is one of these.

Django opens a transaction around the change form and the deletion. A service is one durable
transaction of its own and refuses to run inside another, so both views are entered below it, at
`_changeform_view` and `_delete_view`. Nothing is lost: one service is all that such a page writes,
and the line of history follows once the service has committed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_permission_codename
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import OperationalError
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from entityhandler.models import User
from ticketmgr.errors import DomainError, InvalidFields, TryAgain

M = TypeVar("M", bound=Model)
Written = TypeVar("Written")

if TYPE_CHECKING:
    PlainAdmin = admin.ModelAdmin
    Form = ModelForm[Any]
else:
    Form = ModelForm

    class PlainAdmin(admin.ModelAdmin):
        """Django's own; only its stubs take a type argument."""

        def __class_getitem__(cls, model: object) -> type:
            return cls


# What a service may answer instead of writing; OperationalError is a lock that came too late.
REFUSALS = (DomainError, ValidationError, ObjectDoesNotExist, OperationalError)
# Digests and sealed secrets are neither shown nor searched: `?digest__gt=…` would tell them too.
HIDDEN_FIELDS = frozenset(
    {"digest", "pairing_digest", "request_digest", "sealed_secret", "blob", "password"}
)
# One request runs a service for so many rows at most: each is a transaction of its own.
MOST_ROWS_PER_ACTION = 200


class Refused(Exception):
    """A service did not write; its error is the cause."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause


def sentence(error: Exception) -> str:
    """Return what a refusal says to people."""
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, InvalidFields):
        return " ".join(part.detail for part in error.errors)
    return TryAgain.title if isinstance(error, OperationalError) else str(error)


def who(request: HttpRequest) -> User:
    """Return the user behind the request; the admin lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user


class ServiceAdmin(PlainAdmin[M]):
    """Writes with `write` and `remove`, which call one service each; see this file's first lines.

    `services` names what there is a service for: add, change, delete. The rest nobody may do here,
    not even a superuser. Actions that ask for the permission `act` need Django's own `change`.
    """

    services: ClassVar[frozenset[str]] = frozenset()
    # Django's, and missing in its stubs.
    _changeform_view: Callable[..., HttpResponse]
    _delete_view: Callable[..., HttpResponse]
    # Counting all rows beside the ones found would cost a second scan of the table.
    show_full_result_count = False
    actions_selection_counter = False

    def write(self, request: HttpRequest, obj: M, form: Form, *, change: bool) -> M:
        """Call the service behind the form and return what it wrote."""
        raise NotImplementedError

    def remove(self, obj: M) -> None:
        """Call the service that deletes."""
        raise NotImplementedError

    def name_of(self, obj: M) -> str:
        """Return what messages call a row."""
        return str(obj)

    # --- Who may ------------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether there is a service and Django grants it."""
        return "add" in self.services and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Whether there is a service and Django grants it."""
        return "change" in self.services and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Whether there is a service and Django grants it."""
        return "delete" in self.services and super().has_delete_permission(request, obj)

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Whether Django grants `change`, also where no form changes anything."""
        codename = get_permission_codename("change", self.opts)
        return who(request).has_perm(f"{self.opts.app_label}.{codename}")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse to filter by what is never shown."""
        if HIDDEN_FIELDS & set(lookup.split("__")):
            return False
        return super().lookup_allowed(lookup, value, request)

    # --- Forms --------------------------------------------------------------------------------

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show and save without Django's transaction; a refusal comes back as the form's error."""
        try:
            return self._changeform_view(request, object_id, form_url, extra_context)
        except Refused as refused:
            # Once more, with a form that knows: it is invalid now, so Django shows it again.
            request.refusal = refused.cause  # type: ignore[attr-defined]
            return self._changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any
    ) -> type[Form]:
        """Return the form, with the refusal of a service among its errors where there was one."""
        form = super().get_form(request, obj, change=change, **kwargs)
        error = getattr(request, "refusal", None)
        return form if error is None else _form_with(error, form)

    def save_form(self, request: HttpRequest, form: Any, change: Any) -> Any:
        """Call the service; what it wrote is what Django logs and redirects to."""
        return _or_refused(lambda: self.write(request, form.instance, form, change=change))

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: Any) -> None:
        """Do nothing: `save_form` wrote already."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Do nothing: `save_form` wrote already."""

    # --- Deleting -----------------------------------------------------------------------------

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask and delete without Django's transaction; a refusal becomes a message."""
        try:
            return self._delete_view(request, object_id, extra_context)
        except Refused as refused:
            self.message_user(request, sentence(refused.cause), messages.ERROR)
            name = f"{self.opts.app_label}_{self.opts.model_name}_change"
            return redirect(f"{self.admin_site.name}:{name}", object_id)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Return the rows alone: the service decides, and what depends on them has no bound."""
        names = [self.name_of(obj) for obj in objs]
        return names, {str(self.opts.verbose_name_plural): len(names)}, set(), []

    def log_deletions(self, request: HttpRequest, queryset: Any) -> list[LogEntry]:
        """Write nothing yet: Django calls this before it deletes, which may still be refused."""
        return []

    def delete_model(self, request: HttpRequest, obj: M) -> None:
        """Call the service, then write the line of history."""
        deleted = copy(obj)  # Django takes the id off the instance that it deletes.
        _or_refused(lambda: self.remove(obj))
        super().log_deletions(request, [deleted])  # type: ignore[arg-type]

    # --- Actions ------------------------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out Django's deletion of many rows, which knows of no service."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def act(
        self,
        request: HttpRequest,
        queryset: QuerySet[M],
        service: Callable[[M], object],
        *,
        done: str,
        question: str = "",
        at_most: int = MOST_ROWS_PER_ACTION,
    ) -> HttpResponse | None:
        """Run a service for each selected row; one row's refusal stops none of the others.

        A question is asked on a page of its own first; it belongs to what cannot be taken back.
        """
        rows = list(queryset[: at_most + 1])
        if len(rows) > at_most:
            self.message_user(request, f"Choose {at_most} at most.", messages.ERROR)
            return None
        if question and "confirmed" not in request.POST:
            return self._ask(request, question, rows)
        self._act_on(request, rows, service, done)
        return None

    def _act_on(
        self, request: HttpRequest, rows: Iterable[M], service: Callable[[M], object], done: str
    ) -> None:
        names: dict[tuple[int, str], list[str]] = defaultdict(list)
        for row in rows:
            before = copy(row)
            try:
                _or_refused(partial(service, row))
            except Refused as refused:
                names[messages.ERROR, sentence(refused.cause)].append(self.name_of(before))
            else:
                self.log_change(request, before, done)
                names[messages.SUCCESS, done].append(self.name_of(before))
        for (level, text), of in names.items():
            self.message_user(request, f"{', '.join(of)}: {text}", level)

    def _ask(self, request: HttpRequest, question: str, rows: list[M]) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": question,
            "opts": self.opts,
            "media": self.media,
            "action": request.POST["action"],
            "checkbox": ACTION_CHECKBOX_NAME,
            "rows": [(row.pk, self.name_of(row)) for row in rows],
        }
        return TemplateResponse(request, "admin/entityhandler/confirm_action.html", context)


def _or_refused(service: Callable[[], Written]) -> Written:
    """Call a service; only what the service itself raises counts as its refusal."""
    try:
        return service()
    except REFUSALS as error:
        raise Refused(error) from error


def _form_with(error: Exception, form: type[Form]) -> type[Form]:
    """Return a form that says, beside its own errors, why the service refused."""

    class RefusedForm(form):  # type: ignore[valid-type, misc]
        def clean(self) -> Any:
            cleaned = super().clean()
            for field, texts in _by_field(error).items():
                self.add_error(field if field in self.fields else None, texts)
            return cleaned

    return RefusedForm


def _by_field(error: Exception) -> dict[str, list[str]]:
    if isinstance(error, InvalidFields):
        by_field = defaultdict(list)
        for part in error.errors:
            by_field[part.pointer.split("/")[1]].append(part.detail)
        return by_field
    if isinstance(error, ValidationError) and hasattr(error, "error_dict"):
        return error.message_dict
    return {"": [sentence(error)]}
