"""The JSON of ticket types."""

from typing import Any

from rest_framework import serializers

from entityhandler.models import TicketType
from ticketmgr.serializers import CanonicalUUIDField, ModelSerializer


class TicketTypeSerializer(ModelSerializer):
    """A ticket type; the note to the gate is for managers of the event, others never see it."""

    event = CanonicalUUIDField(source="event_id", read_only=True)
    seats_left = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = TicketType
        fields = [
            "id",
            "event",
            "name",
            "capacity",
            "visibility",
            "sales_opens_at",
            "sales_closes_at",
            "attention_note",
            "seats_taken",
            "seats_left",
            "waitlist_length",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["seats_taken", "waitlist_length", "created_at", "updated_at"]
        # The name's uniqueness is the service's to tell, by its own code.
        validators: list[Any] = []

    def to_representation(self, instance: TicketType) -> dict[str, Any]:
        """Return the ticket type as its reader may see it."""
        shown = super().to_representation(instance)
        if not instance.is_managed:
            del shown["attention_note"]
        return shown


class NewTicketTypeSerializer(TicketTypeSerializer):
    """A new ticket type names its event."""

    event = CanonicalUUIDField(source="event_id")
