"""The JSON of scans: what a scanner sends, what it is told, what a manager reads."""

import re
from typing import Any

from rest_framework import serializers

from otphandler import payload
from otphandler.models import Gate, Scan
from otphandler.outcomes import Direction
from otphandler.services.admission import Attempt
from ticketmgr.serializers import AwareDateTimeField, CanonicalUUIDField, ModelSerializer

TRIPLE = ("user", "event", "otp")


class CodeField(serializers.CharField):
    """A one-time code: a string of 6 to 8 ASCII digits, taken as it is or not at all.

    REST framework's own field would turn a number into a string and trim spaces, and so make
    several spellings of one code.
    """

    FORM = re.compile(r"[0-9]{6,8}", re.ASCII)
    default_error_messages = {"invalid": "A code is a string of 6 to 8 ASCII digits."}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the code; anything that is not exactly a code is invalid."""
        if data is serializers.empty:
            return super().run_validation(data)
        if not isinstance(data, str) or not self.FORM.fullmatch(data):
            self.fail("invalid")
        return data


class PayloadField(serializers.CharField):
    """The text of the QR code, in its one spelling."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return user id, event id and code."""
        if data is serializers.empty:
            return super().run_validation(data)
        try:
            user, event, code = payload.parse(data if isinstance(data, str) else "")
        except payload.MalformedPayload as error:
            raise serializers.ValidationError(str(error), code="malformed") from error
        return {"user": user, "event": event, "otp": CodeField().run_validation(code)}


class NewScanSerializer(serializers.Serializer[Any]):
    """A scan: the triple, or the payload that spells it."""

    user = CanonicalUUIDField(required=False)
    event = CanonicalUUIDField(required=False)
    otp = CodeField(required=False, help_text="6 to 8 ASCII digits")
    payload = PayloadField(required=False, help_text="The text of the QR code")
    scan_id = CanonicalUUIDField(required=False, allow_null=True)
    direction = serializers.ChoiceField(Direction.choices, default=Direction.ENTRY)
    scanned_at = AwareDateTimeField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a body that names the triple not at all, in part or twice."""
        given = [name for name in TRIPLE if name in attrs]
        if "payload" in attrs:
            if given:
                raise serializers.ValidationError(
                    "Send the payload or the triple, not both.", code="one_of"
                )
            attrs.update(attrs.pop("payload"))
            return attrs
        missing = {name: "This field is required." for name in TRIPLE if name not in attrs}
        if missing:
            raise serializers.ValidationError(missing, code="required")
        return attrs

    def attempt(self) -> Attempt:
        """Return the valid input as the gate takes it."""
        data = self.validated_data
        return Attempt(
            user_id=data["user"],
            event_id=data["event"],
            code=data["otp"],
            direction=Direction(data["direction"]),
            scan_id=data.get("scan_id"),
            claimed_at=data.get("scanned_at"),
        )


class BatchSerializer(serializers.Serializer[Any]):
    """Scans that were made while the network was away, each to be judged by itself."""

    # A device at a busy gate makes 500 scans in a quarter of an hour; more come in further batches.
    MAX_SCANS = 500

    scans = serializers.ListField(
        child=serializers.DictField(), allow_empty=False, max_length=MAX_SCANS
    )


class LateScanSerializer(NewScanSerializer):
    """A scan of a batch: it must say when it was made, and be recognisable when it comes again."""

    scan_id = CanonicalUUIDField()
    scanned_at = AwareDateTimeField()


class BatchItemSerializer(serializers.Serializer[Any]):
    """What one scan of a batch came to, at the same place of the list."""

    status = serializers.IntegerField(help_text="The status that the scan alone would have had")
    replayed = serializers.BooleanField(help_text="Whether it had been recorded before")
    body = serializers.DictField(help_text="The answer that the scan alone would have had")


class BatchResultSerializer(serializers.Serializer[Any]):
    """The answers to a batch, in its order."""

    results = BatchItemSerializer(many=True)


class AttendeeSerializer(serializers.Serializer[Any]):
    """The person at the gate, as the gate needs to know them."""

    id = CanonicalUUIDField()
    full_name = serializers.CharField()


class GateNameSerializer(ModelSerializer):
    """A gate by name."""

    class Meta:
        model = Gate
        fields = ["id", "name"]


class PassedScanSerializer(ModelSerializer):
    """The answer to a scan that lets somebody pass."""

    event = CanonicalUUIDField(source="event_id")
    registration = CanonicalUUIDField(source="registration_id")
    attendee = AttendeeSerializer(source="registration.user")
    attention_notes = serializers.ListField(
        child=serializers.CharField(),
        help_text="What the gate must know of this person; for its eyes alone",
    )
    gate = GateNameSerializer(allow_null=True)

    class Meta:
        model = Scan
        fields = [
            "id",
            "scan_id",
            "outcome",
            "direction",
            "event",
            "registration",
            "attendee",
            "attention_notes",
            "gate",
            "scanned_at",
            "entries",
            "first_admitted_at",
        ]
        read_only_fields = fields


class ScanSerializer(ModelSerializer):
    """A scan as managers read it in the audit."""

    event = CanonicalUUIDField(source="event_id")
    registration = CanonicalUUIDField(source="registration_id", allow_null=True)
    scanner = CanonicalUUIDField(source="scanner_id", allow_null=True)
    gate = CanonicalUUIDField(source="gate_id", allow_null=True)
    actor = CanonicalUUIDField(source="actor_id", allow_null=True)
    undoes = CanonicalUUIDField(source="undoes_id", allow_null=True)

    class Meta:
        model = Scan
        fields = [
            "id",
            "event",
            "registration",
            "scanner",
            "gate",
            "actor",
            "method",
            "direction",
            "outcome",
            "conflict",
            "reason",
            "scanned_at",
            "claimed_user",
            "claimed_event",
            "claimed_at",
            "scan_id",
            "matched_step",
            "skew_s",
            "entries",
            "first_admitted_at",
            "undoes",
        ]
        read_only_fields = fields


class ByHandSerializer(serializers.Serializer[Any]):
    """A manager's word: why, where, and in which direction."""

    reason = serializers.CharField(max_length=500)
    gate = CanonicalUUIDField(required=False, allow_null=True)
    direction = serializers.ChoiceField(Direction.choices, default=Direction.ENTRY)


class ReasonSerializer(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=500)
