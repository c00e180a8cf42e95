"""`/events/` and the managers of an event."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from entityhandler.filters import EventFilter
from entityhandler.models import Event, User
from entityhandler.permissions import IsUser, ManagesEvent, MayCreateEvents
from entityhandler.serializers.events import (
    EventManagerSerializer,
    EventSerializer,
    PersonReferenceSerializer,
)
from entityhandler.services import events
from entityhandler.services.users import find_person
from ticketmgr.serializers import validated


@extend_schema_view(
    list=extend_schema(summary="List events"),
    retrieve=extend_schema(summary="Read an event"),
    create=extend_schema(summary="Create a draft"),
    partial_update=extend_schema(summary="Change an event"),
    destroy=extend_schema(summary="Delete a draft without registrations"),
)
class EventViewSet(viewsets.ModelViewSet[Event]):
    """Events: everybody reads the published ones, managers run theirs."""

    queryset = Event.objects.none()
    serializer_class = EventSerializer
    filterset_class = EventFilter
    lookup_value_converter = "uuid"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[Event]:
        """Return the events that the caller may see."""
        return Event.objects.visible_to(self.request.user)

    def get_permissions(self) -> list[Any]:
        """Return who may do what with events."""
        if self.action in ("list", "retrieve", "metadata"):
            return [AllowAny()]
        if self.action == "create":
            return [MayCreateEvents()]
        return [IsUser(), ManagesEvent()]

    def perform_create(self, serializer: Any) -> None:
        """Make a draft that the caller manages."""
        assert isinstance(self.request.user, User)
        serializer.instance = events.create_event(
            by=self.request.user, fields=serializer.validated_data
        )

    def perform_update(self, serializer: Any) -> None:
        """Change the event."""
        serializer.instance = events.update_event(
            event_id=serializer.instance.pk,
            changes=serializer.validated_data,
            now=timezone.now(),
        )

    def perform_destroy(self, instance: Event) -> None:
        """Delete the draft."""
        events.delete_event(event_id=instance.pk)

    @extend_schema(summary="Publish a draft", request=None, responses=EventSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: UUID) -> Response:
        """Open a draft to the public."""
        event = events.publish_event(event_id=self.get_object().pk)
        return Response(EventSerializer(event).data)

    @extend_schema(summary="Cancel an event for good", request=None, responses=EventSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Call the event off."""
        event = events.cancel_event(event_id=self.get_object().pk)
        return Response(EventSerializer(event).data)

    @extend_schema(
        methods=["GET"], summary="List managers", responses=EventManagerSerializer(many=True)
    )
    @extend_schema(
        methods=["POST"],
        summary="Add a manager",
        request=PersonReferenceSerializer,
        responses={201: EventManagerSerializer},
    )
    @action(detail=True, methods=["get", "post"], filterset_class=None)
    def managers(self, request: Request, pk: UUID) -> Response:
        """List the managers of the event, or add one."""
        event = self.get_object()
        if request.method == "POST":
            person = find_person(**validated(PersonReferenceSerializer(data=request.data)))
            manager = events.add_manager(event=event, user=person)
            return Response(EventManagerSerializer(manager).data, status.HTTP_201_CREATED)
        managers: QuerySet[Any] = event.managers.select_related("user")
        page = self.paginate_queryset(managers)
        return self.get_paginated_response(EventManagerSerializer(page, many=True).data)

    @extend_schema(summary="Remove a manager", responses={204: None})
    @action(detail=True, methods=["delete"], url_path="managers/<uuid:user>")
    def manager(self, request: Request, pk: UUID, user: UUID) -> Response:
        """Take the event out of a person's hands."""
        events.remove_manager(event=self.get_object(), user_id=user)
        return Response(status=status.HTTP_204_NO_CONTENT)
