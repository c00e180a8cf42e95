"""`/ticket-types/`."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import viewsets
from rest_framework.permissions import AllowAny
from rest_framework.serializers import BaseSerializer

from entityhandler.filters import TicketTypeFilter
from entityhandler.models import TicketType
from entityhandler.permissions import IsUser, ManagesEvent, managed_event
from entityhandler.serializers.ticket_types import NewTicketTypeSerializer, TicketTypeSerializer
from entityhandler.services import ticket_types


@extend_schema_view(
    list=extend_schema(summary="List ticket types"),
    retrieve=extend_schema(summary="Read a ticket type"),
    create=extend_schema(summary="Make a ticket type"),
    partial_update=extend_schema(summary="Change a ticket type"),
    destroy=extend_schema(summary="Delete a ticket type that nobody has"),
)
class TicketTypeViewSet(viewsets.ModelViewSet[TicketType]):
    """Kinds of places: everybody reads the public ones, managers run those of their events."""

    queryset = TicketType.objects.none()
    filterset_class = TicketTypeFilter
    lookup_value_converter = "uuid"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[TicketType]:
        """Return the ticket types that the caller may see."""
        user = self.request.user
        visible = TicketType.objects.visible_to(user).for_reader(user).select_related("event")
        return visible.order_by("created_at", "id")

    def get_permissions(self) -> list[Any]:
        """Let everybody read, managers write."""
        if self.action in ("list", "retrieve", "metadata"):
            return [AllowAny()]
        return [IsUser(), ManagesEvent()]

    def get_serializer_class(self) -> type[BaseSerializer[TicketType]]:
        """Return the form of a new one, or of one that is there."""
        return NewTicketTypeSerializer if self.action == "create" else TicketTypeSerializer

    def perform_create(self, serializer: Any) -> None:
        """Make a ticket type of an event that the caller manages."""
        fields = serializer.validated_data
        event = managed_event(self.request, fields.pop("event_id"))
        kind = ticket_types.create_ticket_type(event_id=event.pk, fields=fields)
        kind.is_managed = True
        serializer.instance = kind

    def perform_update(self, serializer: Any) -> None:
        """Change the ticket type."""
        kind = ticket_types.update_ticket_type(
            ticket_type=serializer.instance, changes=serializer.validated_data, now=timezone.now()
        )
        kind.is_managed = True
        serializer.instance = kind

    def perform_destroy(self, instance: TicketType) -> None:
        """Delete the ticket type."""
        ticket_types.delete_ticket_type(ticket_type=instance)
