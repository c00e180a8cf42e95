"""The query parameters of the lists; one that is not valid is a 400, never ignored."""

import django_filters as filters

from entityhandler.filters import MomentFilter
from otphandler.models import Gate, Scan, Scanner
from otphandler.outcomes import Outcome


class GateFilter(filters.FilterSet):
    """`?event=`."""

    event = filters.UUIDFilter(field_name="event_id")

    class Meta:
        model = Gate
        fields: list[str] = []


class ScannerFilter(filters.FilterSet):
    """`?event= &gate=`."""

    event = filters.UUIDFilter(field_name="event_id")
    gate = filters.UUIDFilter(field_name="gate_id")

    class Meta:
        model = Scanner
        fields: list[str] = []


class ScanFilter(filters.FilterSet):
    """`?event= &gate= &outcome= &conflict= &registration= &after=`."""

    event = filters.UUIDFilter(field_name="event_id")
    gate = filters.UUIDFilter(field_name="gate_id")
    registration = filters.UUIDFilter(field_name="registration_id")
    outcome = filters.ChoiceFilter(choices=Outcome.choices)
    conflict = filters.BooleanFilter()
    after = MomentFilter(field_name="scanned_at", lookup_expr="gt")

    class Meta:
        model = Scan
        fields: list[str] = []
