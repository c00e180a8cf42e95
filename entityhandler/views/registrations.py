"""`/registrations/`."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from entityhandler.filters import RegistrationFilter
from entityhandler.models import Event, Registration, User
from entityhandler.permissions import HoldsOrManages, IsUser, ManagesEvent
from entityhandler.serializers.events import PersonReferenceSerializer
from entityhandler.serializers.registrations import (
    NewRegistrationSerializer,
    RegistrationSerializer,
)
from entityhandler.services import registrations
from entityhandler.services.users import find_person
from ticketmgr.serializers import validated


@extend_schema_view(
    list=extend_schema(summary="List registrations: mine, and those of events I manage"),
    retrieve=extend_schema(summary="Read a registration"),
)
class RegistrationViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Registration]
):
    """Registrations: one's own, and those of the events one manages."""

    queryset = Registration.objects.none()
    serializer_class = RegistrationSerializer
    permission_classes = [IsUser]
    filterset_class = RegistrationFilter
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Registration]:
        """Return the registrations that the caller may see, each with its waitlist position."""
        visible = Registration.objects.visible_to(self.request.user)
        return visible.with_position().order_by("created_at", "id")

    @extend_schema(
        summary="Register",
        request=NewRegistrationSerializer,
        responses={201: RegistrationSerializer},
    )
    def create(self, request: Request) -> Response:
        """Register oneself, or as a manager somebody else."""
        named = validated(NewRegistrationSerializer(data=request.data))
        event_id = named.pop("event")
        person, by_manager = self._whom(event_id, named)
        registration = registrations.register(
            event_id=event_id, user=person, now=timezone.now(), by_manager=by_manager
        )
        return self._answer(registration, status.HTTP_201_CREATED)

    def _whom(self, event_id: UUID, named: dict[str, Any]) -> tuple[User, bool]:
        """Return whom to register and whether a manager does it; naming oneself is no privilege."""
        caller = self.request.user
        assert isinstance(caller, User)
        if not named or _names(caller, named):
            return caller, False
        event = Event.objects.filter(pk=event_id).first()
        if event is None:
            raise registrations.EventNotFound
        if not event.is_managed_by(caller):
            raise PermissionDenied("Only a manager of the event registers other people.")
        return find_person(**named), True

    @extend_schema(summary="Cancel a registration", request=None, responses=RegistrationSerializer)
    @action(detail=True, methods=["post"], permission_classes=[IsUser, HoldsOrManages])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Give the seat back."""
        registration = registrations.cancel_registration(
            registration_id=self.get_object().pk, now=timezone.now()
        )
        return self._answer(registration)

    @extend_schema(
        summary="Confirm a pending or waitlisted registration",
        request=None,
        responses=RegistrationSerializer,
    )
    @action(detail=True, methods=["post"], permission_classes=[IsUser, ManagesEvent])
    def confirm(self, request: Request, pk: UUID) -> Response:
        """Approve a registration, or take it off the waitlist."""
        registration = registrations.confirm_registration(
            registration_id=self.get_object().pk, now=timezone.now()
        )
        return self._answer(registration)

    @extend_schema(
        summary="Hand a seat to somebody else",
        request=PersonReferenceSerializer,
        responses={201: RegistrationSerializer},
    )
    @action(detail=True, methods=["post"], permission_classes=[IsUser, HoldsOrManages])
    def transfer(self, request: Request, pk: UUID) -> Response:
        """Transfer the seat; the answer is the new holder's registration."""
        registration = self.get_object()
        person = find_person(**validated(PersonReferenceSerializer(data=request.data)))
        heir = registrations.transfer_registration(
            registration_id=registration.pk, to=person, now=timezone.now()
        )
        return self._answer(heir, status.HTTP_201_CREATED)

    def _answer(self, registration: Registration, code: int = status.HTTP_200_OK) -> Response:
        shown = Registration.objects.with_position().get(pk=registration.pk)
        return Response(RegistrationSerializer(shown).data, status=code)


def _names(caller: User, named: dict[str, Any]) -> bool:
    """Whether somebody names themselves, by id or by e-mail."""
    return named.get("user") == caller.pk or named.get("email", "").lower() == caller.email.lower()
