"""The query parameters of the lists; one that is not valid is a 400, never ignored."""

from datetime import UTC
from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from entityhandler.models import Event, Question, Registration, TicketType, User
from entityhandler.models.people_search import MAX_QUERY_LENGTH, prefix_query
from entityhandler.models.registration_lists import Wanted
from entityhandler.models.registrations import RegistrationQuerySet


class MomentField(forms.DateTimeField):
    """An RFC 3339 time with its offset; nobody can know which moment another one means."""

    def to_python(self, value: Any) -> Any:
        """Return the moment, None for none; raises ValidationError."""
        if value in self.empty_values:
            return None
        try:
            moment = parse_datetime(str(value).strip())
        except ValueError:
            moment = None
        if moment is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if moment.tzinfo is None:
            raise ValidationError("The time has no offset.", code="no_offset")
        try:
            # PostgreSQL refuses offsets beyond ±15:59, which ISO 8601 and Python allow.
            return moment.astimezone(UTC)
        except OverflowError as error:
            raise ValidationError(self.error_messages["invalid"], code="overflow") from error


class MomentFilter(filters.IsoDateTimeFilter):
    """Compares with a moment; a `+` in the query string is written `%2B`."""

    field_class = MomentField


class UserFilter(filters.FilterSet):
    """`?search=` over names and e-mails."""

    search = filters.CharFilter(method="search_people", max_length=MAX_QUERY_LENGTH)

    class Meta:
        model = User
        fields: list[str] = []

    def search_people(self, queryset: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        """Keep people of whom each word of the text begins a word of name or e-mail."""
        return queryset.filter(search_words__matches=prefix_query(value))


class EventFilter(filters.FilterSet):
    """`?managed= &status= &starts_after= &starts_before= &search= &ordering=`."""

    status = filters.ChoiceFilter(choices=Event.Status.choices)
    starts_after = MomentFilter(field_name="starts_at", lookup_expr="gte")
    starts_before = MomentFilter(field_name="starts_at", lookup_expr="lt")
    search = filters.CharFilter(method="search_text")
    managed = filters.BooleanFilter(method="keep_managed")
    ordering = filters.OrderingFilter(fields=["starts_at", "name", "created_at", "updated_at"])

    class Meta:
        model = Event
        fields: list[str] = []

    def keep_managed(self, queryset: QuerySet[Event], name: str, value: bool) -> QuerySet[Event]:
        """Keep events that the caller manages, or those of others."""
        mine = Event.objects.managed_by(self.request.user).values("pk")
        return queryset.filter(pk__in=mine) if value else queryset.exclude(pk__in=mine)

    def search_text(self, queryset: QuerySet[Event], name: str, value: str) -> QuerySet[Event]:
        """Keep events whose name or venue contains the text."""
        return queryset.filter(Q(name__icontains=value) | Q(venue__icontains=value))

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Filter, then end the order in `id`, so that pages never repeat a row."""
        return _total_order(super().filter_queryset(queryset))


class TicketTypeFilter(filters.FilterSet):
    """`?event=`."""

    event = filters.UUIDFilter(field_name="event_id")

    class Meta:
        model = TicketType
        fields: list[str] = []


class QuestionFilter(filters.FilterSet):
    """`?event=`."""

    event = filters.UUIDFilter(field_name="event_id")

    class Meta:
        model = Question
        fields: list[str] = []


class ExportFilter(filters.FilterSet):
    """`?status=`."""

    status = filters.ChoiceFilter(choices=Registration.Status.choices)

    class Meta:
        model = Registration
        fields: list[str] = []


class RegistrationFilter(filters.FilterSet):
    """`?event= &user= &status= &ticket_type= &search= &updated_since= &ordering=`."""

    event = filters.UUIDFilter(field_name="event_id")
    user = filters.UUIDFilter(field_name="user_id")
    status = filters.ChoiceFilter(choices=Registration.Status.choices)
    ticket_type = filters.UUIDFilter(field_name="ticket_type_id")
    updated_since = MomentFilter(field_name="updated_at", lookup_expr="gte")
    search = filters.CharFilter(max_length=MAX_QUERY_LENGTH)
    ordering = filters.OrderingFilter(fields=["created_at", "updated_at", "status"])

    class Meta:
        model = Registration
        fields: list[str] = []

    @property
    def wanted(self) -> Wanted:
        """What the query asks for, which is valid."""
        return Wanted(**{name: value for name, value in self.form.cleaned_data.items() if value})

    def filter_queryset(self, queryset: RegistrationQuerySet) -> RegistrationQuerySet:
        """Keep what is asked for."""
        return self.wanted.narrow(queryset)


def _total_order(queryset: QuerySet[Any]) -> QuerySet[Any]:
    # Empty after `?ordering=,`, which asks for no order at all.
    ordering = tuple(queryset.query.order_by) or tuple(queryset.model._meta.ordering)
    return queryset.order_by(*ordering, *(() if "id" in ordering else ("id",)))
