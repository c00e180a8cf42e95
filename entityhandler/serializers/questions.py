"""The JSON of questions."""

from typing import Any

from rest_framework import serializers

from entityhandler.models import Question
from ticketmgr.serializers import CanonicalUUIDField, ModelSerializer


class QuestionSerializer(ModelSerializer):
    """What an event asks whoever registers."""

    event = CanonicalUUIDField(source="event_id", read_only=True)
    choices = serializers.ListField(child=serializers.CharField(), required=False)

    class Meta:
        model = Question
        fields = [
            "id",
            "event",
            "prompt",
            "kind",
            "required",
            "choices",
            "place",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["kind", "created_at", "updated_at"]
        # The uniqueness of the words is the service's to tell, by its own code.
        validators: list[Any] = []


class NewQuestionSerializer(QuestionSerializer):
    """A new question names its event and its kind, which never change."""

    event = CanonicalUUIDField(source="event_id")

    class Meta(QuestionSerializer.Meta):
        read_only_fields = ["created_at", "updated_at"]
