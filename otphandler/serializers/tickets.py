"""The JSON of tickets and OTP policies."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from otphandler.models import OtpPolicy, Ticket
from otphandler.serializers.scans import GateNameSerializer
from ticketmgr.serializers import AwareDateTimeField, CanonicalUUIDField, ModelSerializer


class TicketSerializer(ModelSerializer):
    """A ticket without its secret, which nothing but the secret's own call ever shows."""

    registration = CanonicalUUIDField(source="registration_id")
    first_gate = GateNameSerializer(allow_null=True)
    server_time = serializers.SerializerMethodField(help_text="By which codes are judged")

    class Meta:
        model = Ticket
        fields = [
            "registration",
            "version",
            "algorithm",
            "digits",
            "period_s",
            "entries",
            "inside",
            "first_admitted_at",
            "first_gate",
            "last_entry_at",
            "revoked_at",
            "server_time",
        ]
        read_only_fields = fields

    @extend_schema_field(AwareDateTimeField())
    def get_server_time(self, ticket: Ticket) -> str:
        """Return the moment of this answer."""
        return str(AwareDateTimeField().to_representation(timezone.now()))


class TicketSecretSerializer(serializers.Serializer[Any]):
    """The secret, for its holder alone."""

    secret = serializers.CharField(help_text="base32")
    algorithm = serializers.ChoiceField(OtpPolicy.AlgorithmChoice.choices)
    digits = serializers.IntegerField()
    period_s = serializers.IntegerField()
    otpauth_uri = serializers.CharField()
    payload_prefix = serializers.CharField(help_text="The QR code's text, up to the code")
    version = serializers.IntegerField()
    server_time = AwareDateTimeField()


class GoogleWalletLinkSerializer(serializers.Serializer[Any]):
    """A link that carries the secret, for the holder alone."""

    url = serializers.CharField(
        help_text="Opened by the holder, it offers the pass; keep it secret"
    )
    version = serializers.IntegerField(help_text="Of the ticket; another one needs another link")


class OtpPolicySerializer(ModelSerializer):
    """How the codes of an event look; a profile fills what is not named beside it."""

    class Meta:
        model = OtpPolicy
        fields = [
            "profile",
            "algorithm",
            "digits",
            "period_s",
            "past_tolerance_s",
            "future_tolerance_s",
            "secret_available_from",
        ]
