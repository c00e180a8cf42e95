"""The JSON of gates and scanners."""

from typing import Any

from rest_framework import serializers

from entityhandler.models import Event
from otphandler.models import Gate, Scanner
from otphandler.serializers.scans import GateNameSerializer
from ticketmgr.serializers import AwareDateTimeField, CanonicalUUIDField, ModelSerializer


class GateSerializer(ModelSerializer):
    """A gate; its event is chosen once."""

    event = CanonicalUUIDField(source="event_id", read_only=True)

    class Meta:
        model = Gate
        fields = ["id", "event", "name"]


class NewGateSerializer(serializers.Serializer[Any]):
    """A gate to be made."""

    event = CanonicalUUIDField()
    name = serializers.CharField(max_length=100)


class ScannerSerializer(ModelSerializer):
    """A device at a gate; never its token."""

    event = CanonicalUUIDField(source="event_id")
    gate = CanonicalUUIDField(source="gate_id")

    class Meta:
        model = Scanner
        fields = ["id", "event", "gate", "name", "created_at", "last_seen_at", "revoked_at"]
        read_only_fields = fields


class NewScannerSerializer(serializers.Serializer[Any]):
    """A device to be made."""

    gate = CanonicalUUIDField()
    name = serializers.CharField(max_length=100)


class ScannerWithTokenSerializer(ScannerSerializer):
    """A device with its new token, shown this once."""

    token = serializers.CharField()

    class Meta(ScannerSerializer.Meta):
        fields = [*ScannerSerializer.Meta.fields, "token"]
        read_only_fields = fields


class ScannedEventSerializer(ModelSerializer):
    """The event, as a device shows it."""

    class Meta:
        model = Event
        fields = ["id", "name", "time_zone", "starts_at", "ends_at", "status"]


class ScannerSelfSerializer(ModelSerializer):
    """What a device needs to know about itself."""

    gate = GateNameSerializer()
    event = ScannedEventSerializer()
    server_time = AwareDateTimeField()
    digits = serializers.IntegerField()
    period_s = serializers.IntegerField()

    class Meta:
        model = Scanner
        fields = ["id", "name", "gate", "event", "server_time", "digits", "period_s"]
