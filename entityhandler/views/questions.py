"""`/questions/`."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import viewsets
from rest_framework.permissions import AllowAny
from rest_framework.serializers import BaseSerializer

from entityhandler.filters import QuestionFilter
from entityhandler.models import Question
from entityhandler.permissions import IsUser, ManagesEvent, managed_event
from entityhandler.serializers.questions import NewQuestionSerializer, QuestionSerializer
from entityhandler.services import questions


@extend_schema_view(
    list=extend_schema(summary="List questions"),
    retrieve=extend_schema(summary="Read a question"),
    create=extend_schema(summary="Ask a question"),
    partial_update=extend_schema(summary="Change a question"),
    destroy=extend_schema(summary="Delete a question that nobody answered"),
)
class QuestionViewSet(viewsets.ModelViewSet[Question]):
    """What events ask: everybody reads, managers write."""

    queryset = Question.objects.none()
    filterset_class = QuestionFilter
    lookup_value_converter = "uuid"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[Question]:
        """Return the questions of the events that the caller may see."""
        visible = Question.objects.visible_to(self.request.user).select_related("event")
        return visible.order_by("place", "created_at", "id")

    def get_permissions(self) -> list[Any]:
        """Let everybody read, managers write."""
        if self.action in ("list", "retrieve", "metadata"):
            return [AllowAny()]
        return [IsUser(), ManagesEvent()]

    def get_serializer_class(self) -> type[BaseSerializer[Question]]:
        """Return the form of a new one, or of one that is there."""
        return NewQuestionSerializer if self.action == "create" else QuestionSerializer

    def perform_create(self, serializer: Any) -> None:
        """Ask a question at an event that the caller manages."""
        fields = serializer.validated_data
        event = managed_event(self.request, fields.pop("event_id"))
        serializer.instance = questions.create_question(event_id=event.pk, fields=fields)

    def perform_update(self, serializer: Any) -> None:
        """Change the question."""
        serializer.instance = questions.update_question(
            question=serializer.instance, changes=serializer.validated_data
        )

    def perform_destroy(self, instance: Question) -> None:
        """Ask no more."""
        questions.delete_question(question=instance)
