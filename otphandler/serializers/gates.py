"""The JSON of gates and scanners."""

from typing import Any

from rest_framework import serializers

from otphandler.models import Gate, Scanner
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
        fields = [
            "id",
            "event",
            "gate",
            "name",
            "may_override",
            "queue_length",
            "created_at",
            "paired_at",
            "last_seen_at",
            "revoked_at",
        ]
        read_only_fields = fields


class NewScannerSerializer(serializers.Serializer[Any]):
    """A device to be made."""

    gate = CanonicalUUIDField()
    name = serializers.CharField(max_length=100)


class ScannerChangesSerializer(serializers.Serializer[Any]):
    """What a manager changes of a device."""

    name = serializers.CharField(max_length=100, required=False)
    may_override = serializers.BooleanField(required=False)


class PairingLinkSerializer(serializers.Serializer[Any]):
    """A link that pairs one device, once; to be shown as a QR code."""

    scanner = CanonicalUUIDField()
    url = serializers.URLField(help_text="Its fragment is the one-time token, shown this once")
    expires_at = AwareDateTimeField()


class ScannerWithTokenSerializer(ScannerSerializer):
    """A device with its new token, shown this once."""

    token = serializers.CharField()

    class Meta(ScannerSerializer.Meta):
        fields = [*ScannerSerializer.Meta.fields, "token"]
        read_only_fields = fields
