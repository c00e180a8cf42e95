"""`/registrations/`."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django_filters.utils import translate_validation
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from entityhandler.filters import RegistrationFilter
from entityhandler.models import Registration, User
from entityhandler.models.registration_lists import RegistrationList
from entityhandler.models.waitlist_positions import show_positions
from entityhandler.permissions import HoldsOrManages, IsUser, ManagesEvent, managed_event
from entityhandler.serializers.registrations import (
    AddresseeSerializer,
    ChangedRegistrationSerializer,
    ClaimSerializer,
    NewRegistrationSerializer,
    RegistrationSerializer,
)
from entityhandler.services import claims, registrations
from entityhandler.services.users import Guest, find_addressee
from ticketmgr.pagination import LongPages
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
    pagination_class = LongPages
    lookup_value_converter = "uuid"
    http_method_names = ["get", "post", "patch", "head", "options"]

    def get_queryset(self) -> QuerySet[Registration]:
        """Return the registrations that the caller may see."""
        user = self.request.user
        return Registration.objects.visible_to(user).for_reader(user)

    def get_object(self) -> Registration:
        """Return one of them, with its place on the waitlist."""
        registration = super().get_object()
        show_positions([registration])
        return registration

    def list(self, request: Request) -> Response:
        """Registrations: one's own, and those of the events one manages."""
        assert isinstance(request.user, User)
        asked = RegistrationFilter(request.query_params, Registration.objects.none())
        if not asked.is_valid():
            raise translate_validation(asked.errors)
        rows: Any = RegistrationList(request.user, asked.wanted)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Register",
        request=NewRegistrationSerializer,
        responses={201: RegistrationSerializer},
    )
    def create(self, request: Request) -> Response:
        """Register oneself, or as a manager somebody else, with or without an account."""
        named = validated(NewRegistrationSerializer(data=request.data))
        event_id = named.pop("event")
        wishes = {
            "ticket_type_id": named.pop("ticket_type", None),
            "answers": named.pop("answers", None),
            "attention_note": named.pop("attention_note", ""),
        }
        if wishes["attention_note"]:
            managed_event(request, event_id)
        person, by_manager = self._whom(event_id, named)
        registration = registrations.register(
            event_id=event_id, user=person, now=timezone.now(), by_manager=by_manager, **wishes
        )
        return self._answer(registration, status.HTTP_201_CREATED)

    def _whom(self, event_id: UUID, named: dict[str, Any]) -> tuple[User | Guest, bool]:
        """Return whom to register and whether a manager does it; naming oneself is no privilege."""
        caller = self.request.user
        assert isinstance(caller, User)
        if not named or _names(caller, named):
            return caller, False
        managed_event(self.request, event_id)
        return find_addressee(**named), True

    @extend_schema(
        summary="Change the answers, or as a manager the note to the gate",
        request=ChangedRegistrationSerializer,
        responses=RegistrationSerializer,
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change what was answered, or what the gate is told."""
        registration = self.get_object()
        changes = validated(ChangedRegistrationSerializer(data=request.data))
        if "attention_note" in changes and not registration.is_managed:
            raise PermissionDenied("Only a manager of the event writes notes to the gate.")
        changed = registrations.change_registration(
            registration_id=registration.pk,
            changes=changes,
            now=timezone.now(),
            by_manager=registration.is_managed,
        )
        changed.position = registration.position
        return self._answer(changed)

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
        request=AddresseeSerializer,
        responses={201: RegistrationSerializer},
    )
    @action(detail=True, methods=["post"], permission_classes=[IsUser, HoldsOrManages])
    def transfer(self, request: Request, pk: UUID) -> Response:
        """Transfer the seat; the answer is the new holder's registration."""
        registration = self.get_object()
        person = find_addressee(**validated(AddresseeSerializer(data=request.data)))
        heir = registrations.transfer_registration(
            registration_id=registration.pk, to=person, now=timezone.now()
        )
        return self._answer(heir, status.HTTP_201_CREATED)

    @extend_schema(
        summary="Send a guest the link by which a registration becomes their account's",
        request=None,
        responses={204: None},
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="send-link",
        permission_classes=[IsUser, ManagesEvent],
    )
    def send_link(self, request: Request, pk: UUID) -> Response:
        """Send the link once more."""
        claims.send_link(registration=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Make a guest's registrations mine, by the link that came to my e-mail",
        request=ClaimSerializer,
        responses=RegistrationSerializer(many=True),
    )
    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    def claim(self, request: Request) -> Response:
        """Take over what a manager registered under the caller's e-mail."""
        token = validated(ClaimSerializer(data=request.data))["token"]
        assert isinstance(request.user, User)
        claimed = claims.claim_registrations(token=token, user=request.user, now=timezone.now())
        shown = show_positions(
            self.get_queryset()
            .filter(pk__in=[row.pk for row in claimed])
            .order_by("created_at", "id")
        )
        return Response(RegistrationSerializer(shown, many=True).data)

    def _answer(self, registration: Registration, code: int = status.HTTP_200_OK) -> Response:
        """Answer with what the service left, not with what came after it."""
        registration.is_managed = registration.event.is_managed_by(self.request.user)
        return Response(RegistrationSerializer(registration).data, status=code)


def _names(caller: User, named: dict[str, Any]) -> bool:
    """Whether somebody names themselves, by id or by e-mail."""
    return named.get("user") == caller.pk or named.get("email", "").lower() == caller.email.lower()
