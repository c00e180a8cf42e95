"""The JSON of registrations."""

from typing import Any

from rest_framework import serializers

from entityhandler.models import Registration
from entityhandler.models.ticket_types import ATTENTION_NOTE_LENGTH
from entityhandler.serializers.events import PersonReferenceSerializer
from ticketmgr.serializers import CanonicalUUIDField, ModelSerializer

ANSWERS = "Answers by question id: a text, a choice, a list of choices, a number, true or false."


class AttentionNoteField(serializers.CharField):
    """A note that the gate is shown and the attendee never."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=ATTENTION_NOTE_LENGTH, allow_blank=True, required=False, **options
        )


class RegistrationSerializer(ModelSerializer):
    """A registration; `position` counts from 1 at the head of its queue.

    `attention_note` is there for managers of the event alone.
    """

    event = CanonicalUUIDField(source="event_id")
    user = CanonicalUUIDField(source="user_id")
    ticket_type = CanonicalUUIDField(source="ticket_type_id", allow_null=True)
    position = serializers.IntegerField(allow_null=True)
    answers = serializers.DictField(help_text=ANSWERS)
    attention_note = AttentionNoteField()
    reference = serializers.CharField(help_text="Said at the desk; `?search=` finds it")

    class Meta:
        model = Registration
        fields = [
            "id",
            "reference",
            "event",
            "user",
            "ticket_type",
            "status",
            "position",
            "answers",
            "attention_note",
            "created_at",
            "updated_at",
            "cancelled_at",
        ]
        read_only_fields = fields

    def to_representation(self, instance: Registration) -> dict[str, Any]:
        """Return the registration as its reader may see it."""
        shown = super().to_representation(instance)
        if not instance.is_managed:
            del shown["attention_note"]
        return shown


class NewRegistrationSerializer(serializers.Serializer[Any]):
    """Who wants to come: oneself, or somebody whom a manager names by id or e-mail."""

    event = CanonicalUUIDField()
    user = CanonicalUUIDField(required=False)
    email = serializers.EmailField(required=False, max_length=254)
    full_name = serializers.CharField(
        required=False, max_length=200, help_text="Beside an e-mail without an account"
    )
    ticket_type = CanonicalUUIDField(required=False, allow_null=True)
    answers = serializers.DictField(required=False, help_text=ANSWERS)
    attention_note = AttentionNoteField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse two names for one person, and a name without an e-mail."""
        if {"user", "email"} <= attrs.keys():
            raise serializers.ValidationError("Name one of `user` and `email`.", code="one_of")
        if "full_name" in attrs and "email" not in attrs:
            raise serializers.ValidationError({"email": "This field is required."}, code="required")
        return attrs


class AddresseeSerializer(PersonReferenceSerializer):
    """Whom a seat goes to; `full_name` beside an e-mail without an account."""

    full_name = serializers.CharField(required=False, max_length=200)


class ChangedRegistrationSerializer(serializers.Serializer[Any]):
    """What of a registration may change: its answers, and for managers the note to the gate."""

    answers = serializers.DictField(required=False, help_text=ANSWERS)
    attention_note = AttentionNoteField()


class ClaimSerializer(serializers.Serializer[Any]):
    """The token of a link that came by e-mail."""

    token = serializers.CharField(max_length=1000)
