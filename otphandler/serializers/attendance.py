"""The JSON of an event's attendance."""

from typing import Any

from rest_framework import serializers

from otphandler.serializers.scans import GateNameSerializer
from ticketmgr.serializers import AwareDateTimeField


class GateAttendanceSerializer(serializers.Serializer[Any]):
    """What happened at one gate; null stands for admissions by hand without one."""

    gate = GateNameSerializer(allow_null=True)
    admitted = serializers.IntegerField(help_text="Distinct people")
    inside_delta = serializers.IntegerField(help_text="Entries minus exits")
    last_scan_at = AwareDateTimeField()


class MinuteSerializer(serializers.Serializer[Any]):
    """What happened in one minute; minutes without scans are left out."""

    minute = AwareDateTimeField()
    entries = serializers.IntegerField()
    exits = serializers.IntegerField()
    refused = serializers.IntegerField()


class AttendanceSerializer(serializers.Serializer[Any]):
    """Who came, who is inside, and what happened at the gates, all at one moment."""

    expected = serializers.IntegerField(help_text="Confirmed registrations")
    admitted = serializers.IntegerField(help_text="Distinct people who entered at least once")
    inside = serializers.IntegerField()
    entries = serializers.IntegerField()
    exits = serializers.IntegerField()
    refused = serializers.DictField(
        child=serializers.IntegerField(), help_text="Attempts by outcome"
    )
    gates = GateAttendanceSerializer(many=True)
    per_minute = MinuteSerializer(many=True)
    as_of = AwareDateTimeField()
