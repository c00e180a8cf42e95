"""May this caller try? What a caller may not even see is left out by the querysets, as a 404."""

from typing import Any
from uuid import UUID

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from entityhandler.models import Event, User
from entityhandler.services.seats import EventNotFound


class IsUser(BasePermission):
    """A signed-in person, not a scanner."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the caller is a user."""
        return isinstance(request.user, User)


class IsStaff(BasePermission):
    """Staff alone."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the caller is staff."""
        return isinstance(request.user, User) and request.user.is_staff


class MayCreateEvents(BasePermission):
    """Staff, and whoever has the model permission `entityhandler.add_event`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the caller may make an event."""
        user = request.user
        return isinstance(user, User) and (
            user.is_staff or user.has_perm("entityhandler.add_event")
        )


class ManagesEvent(BasePermission):
    """A manager of the object's event."""

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        """Whether the caller manages the event that the object is, or belongs to."""
        event = obj if isinstance(obj, Event) else obj.event
        return event.is_managed_by(request.user)


class HoldsOrManages(ManagesEvent):
    """The holder of the registration, or a manager of its event."""

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        """Whether the registration is the caller's own or of an event they manage."""
        return obj.user_id == request.user.pk or super().has_object_permission(request, view, obj)


def require_manager(request: Request, event: Event) -> None:
    """Raise PermissionDenied unless the caller manages the event; for ids that come in a body."""
    if not event.is_managed_by(request.user):
        raise PermissionDenied("Only a manager of the event may do this.")


def managed_event(request: Request, event_id: UUID) -> Event:
    """Return the event that a body names; raises EventNotFound and PermissionDenied."""
    event = Event.objects.visible_to(request.user).filter(pk=event_id).first()
    if event is None:
        raise EventNotFound
    require_manager(request, event)
    return event
