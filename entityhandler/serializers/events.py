"""The JSON of events and their managers."""

from typing import Any

from rest_framework import serializers

from entityhandler.models import Event, EventManager
from entityhandler.serializers.users import UserSerializer
from ticketmgr.serializers import CanonicalUUIDField, ModelSerializer


class EventSerializer(ModelSerializer):
    """An event; the counters are read-only."""

    seats_left = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = Event
        fields = [
            "id",
            "name",
            "description",
            "venue",
            "time_zone",
            "starts_at",
            "ends_at",
            "status",
            "capacity",
            "requires_approval",
            "waitlist_enabled",
            "registration_opens_at",
            "registration_closes_at",
            "admission_opens_at",
            "admission_closes_at",
            "entry_policy",
            "seats_taken",
            "seats_left",
            "waitlist_length",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["status", "seats_taken", "waitlist_length", "created_at", "updated_at"]


class PersonReferenceSerializer(serializers.Serializer[Any]):
    """A person, named by id or by e-mail: exactly one of them."""

    user = CanonicalUUIDField(required=False)
    email = serializers.EmailField(required=False, max_length=254)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse none and refuse both."""
        if len(attrs.keys() & {"user", "email"}) != 1:
            raise serializers.ValidationError("Name one of `user` and `email`.", code="one_of")
        return attrs


class EventManagerSerializer(ModelSerializer):
    """A person who manages the event."""

    user = UserSerializer()

    class Meta:
        model = EventManager
        fields = ["user", "created_at"]
