"""The JSON of registrations."""

from typing import Any

from rest_framework import serializers

from entityhandler.models import Registration
from ticketmgr.serializers import CanonicalUUIDField, ModelSerializer


class RegistrationSerializer(ModelSerializer):
    """A registration; `position` counts from 1 at the head of the waitlist."""

    event = CanonicalUUIDField(source="event_id")
    user = CanonicalUUIDField(source="user_id")
    position = serializers.IntegerField(allow_null=True)

    class Meta:
        model = Registration
        fields = [
            "id",
            "event",
            "user",
            "status",
            "position",
            "created_at",
            "updated_at",
            "cancelled_at",
        ]
        read_only_fields = fields


class NewRegistrationSerializer(serializers.Serializer[Any]):
    """Who wants to come: oneself, or somebody whom a manager names by id or e-mail."""

    event = CanonicalUUIDField()
    user = CanonicalUUIDField(required=False)
    email = serializers.EmailField(required=False, max_length=254)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse two names for one person."""
        if {"user", "email"} <= attrs.keys():
            raise serializers.ValidationError("Name one of `user` and `email`.", code="one_of")
        return attrs
