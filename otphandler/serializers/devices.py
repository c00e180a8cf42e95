"""The JSON that a device at a gate sends and is told about itself and about guests."""

from typing import Any

from rest_framework import serializers

from entityhandler.models import Event, Registration
from otphandler.models import Scanner
from otphandler.outcomes import Direction
from otphandler.serializers.scans import GateNameSerializer
from otphandler.services import search
from ticketmgr.serializers import AwareDateTimeField, CanonicalUUIDField, ModelSerializer


class ScannedEventSerializer(ModelSerializer):
    """The event, as a device shows it."""

    class Meta:
        model = Event
        fields = ["id", "name", "time_zone", "starts_at", "ends_at", "status"]


class HeadcountSerializer(serializers.Serializer[Any]):
    """How many people are expected, came and are inside, and when that was counted."""

    expected = serializers.IntegerField()
    admitted = serializers.IntegerField()
    inside = serializers.IntegerField()
    as_of = AwareDateTimeField()


class ScannerSelfSerializer(ModelSerializer):
    """What a device needs to know about itself."""

    gate = GateNameSerializer()
    event = ScannedEventSerializer()
    server_time = AwareDateTimeField()
    digits = serializers.IntegerField()
    period_s = serializers.IntegerField()
    counts = HeadcountSerializer()

    class Meta:
        model = Scanner
        fields = [
            "id",
            "name",
            "gate",
            "event",
            "may_override",
            "server_time",
            "digits",
            "period_s",
            "counts",
        ]


class ReportSerializer(serializers.Serializer[Any]):
    """What a device tells of itself."""

    # More than any device holds, and what the column takes.
    MAX_QUEUE = 2_147_483_647

    queue_length = serializers.IntegerField(min_value=0, max_value=MAX_QUEUE)


class PairingTokenSerializer(serializers.Serializer[Any]):
    """The one-time token of a pairing link."""

    token = serializers.CharField(max_length=100)


class GuestQuerySerializer(serializers.Serializer[Any]):
    """The beginning of a name or e-mail, or a reference."""

    q = serializers.CharField(
        max_length=100, help_text="Beginnings of words, 3 letters or more in all"
    )

    def validate_q(self, text: str) -> str:
        """Refuse what would page through everybody."""
        if search.count_letters(text) < search.MIN_LETTERS:
            raise serializers.ValidationError(
                f"Type {search.MIN_LETTERS} letters or more.", code="too_short"
            )
        return text


class GuestSerializer(serializers.Serializer[Any]):
    """A guest as people at a gate need to know them."""

    registration = CanonicalUUIDField(source="id")
    user = CanonicalUUIDField(source="user_id", help_text="For the code that they read out")
    reference = serializers.CharField(help_text="As the guest's ticket shows it")
    full_name = serializers.CharField(source="user.full_name")
    email = serializers.SerializerMethodField(help_text="Its first letter and its host")
    status = serializers.ChoiceField(Registration.Status.choices)
    entries = serializers.SerializerMethodField()
    inside = serializers.SerializerMethodField()
    first_admitted_at = AwareDateTimeField(allow_null=True)

    def get_email(self, guest: Registration) -> str:
        """Return enough of the e-mail to tell two people of one name apart."""
        name, _, host = guest.user.email.rpartition("@")
        return f"{name[:1]}…@{host}"

    def get_entries(self, guest: Any) -> int:
        """Return how often the guest came in; a ticket that nobody fetched was never used."""
        return guest.entries or 0

    def get_inside(self, guest: Any) -> int:
        """Return how many people are inside on the ticket."""
        return guest.inside or 0


class GuestsSerializer(serializers.Serializer[Any]):
    """The few guests that a search found."""

    results = GuestSerializer(many=True)


class OverrideSerializer(serializers.Serializer[Any]):
    """Who passes without a code, why, and in which direction."""

    registration = CanonicalUUIDField()
    reason = serializers.CharField(max_length=500)
    direction = serializers.ChoiceField(Direction.choices, default=Direction.ENTRY)
