"""`/users/` and `/tokens/`."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle, ScopedRateThrottle

from entityhandler.filters import UserFilter
from entityhandler.models import User, UserToken
from entityhandler.models.long_lists import LongList
from entityhandler.permissions import IsStaff, IsUser
from entityhandler.serializers.users import (
    NewTokenSerializer,
    ProfileSerializer,
    SignInSerializer,
    SignUpSerializer,
    StaffUserSerializer,
    TokenSerializer,
    UserSerializer,
)
from entityhandler.services import tokens, users
from ticketmgr.pagination import LongPages
from ticketmgr.serializers import validated


@extend_schema_view(
    list=extend_schema(summary="List accounts (staff)"),
    retrieve=extend_schema(summary="Read an account (staff)"),
    partial_update=extend_schema(summary="Change an account (staff)"),
)
class UserViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    viewsets.GenericViewSet[User],
):
    """Accounts: anybody makes one, everybody reads and changes their own, staff all of them."""

    queryset = User.objects.all()
    serializer_class = StaffUserSerializer
    permission_classes = [IsStaff]
    filterset_class = UserFilter
    pagination_class = LongPages
    lookup_value_converter = "uuid"
    http_method_names = ["get", "post", "patch", "head", "options"]
    throttle_scope = "sign-up"

    def get_throttles(self) -> list[BaseThrottle]:
        """Slow down floods of sign-ups; nothing else here is open to anybody."""
        return [ScopedRateThrottle()] if self.action == "create" else []

    def paginate_queryset(self, queryset: Any) -> Any:
        """Cut a page of all accounts, or of those that were found."""
        is_search = bool(self.request.query_params.get("search", "").strip())
        return super().paginate_queryset(
            LongList(queryset, ("created_at", "id"), is_search=is_search)  # type: ignore[arg-type]
        )

    @extend_schema(
        summary="Sign up", request=SignUpSerializer, responses={201: UserSerializer}, auth=[]
    )
    def create(self, request: Request) -> Response:
        """Make an account."""
        data = validated(SignUpSerializer(data=request.data))
        user = users.sign_up(**data)
        return Response(UserSerializer(user).data, status=status.HTTP_201_CREATED)

    def get_permissions(self) -> list[Any]:
        """Return who may do what: signing up is for anybody, `me` for every user."""
        if self.action == "create":
            return [AllowAny()]
        # None is a method that no action takes: a 405 for every user, not a 403.
        return [IsUser()] if self.action in ("me", None) else [IsStaff()]

    def perform_update(self, serializer: Any) -> None:
        """Change an account; only a superuser makes or unmakes staff, or touches a superuser."""
        caller, target = self.request.user, serializer.instance
        rank_changes = {"is_staff", "is_active"} & serializer.validated_data.keys()
        if not getattr(caller, "is_superuser", False) and (rank_changes or target.is_superuser):
            raise PermissionDenied("Only a superuser may change this of an account.")
        serializer.instance = users.update_user(user=target, changes=serializer.validated_data)

    @extend_schema(methods=["GET"], summary="Read my profile", responses=ProfileSerializer)
    @extend_schema(
        methods=["PATCH"],
        summary="Change my profile or password",
        request=ProfileSerializer,
        responses=ProfileSerializer,
    )
    @action(detail=False, methods=["get", "patch"], filterset_class=None, pagination_class=None)
    def me(self, request: Request) -> Response:
        """Read or change one's own account."""
        user = request.user
        assert isinstance(user, User)
        if request.method == "PATCH":
            changes = validated(ProfileSerializer(user, data=request.data, partial=True))
            user = users.update_user(
                user=user,
                new_password=changes.pop("password", None),
                current_password=changes.pop("current_password", None),
                changes=changes,
                keep_token=request.auth if isinstance(request.auth, UserToken) else None,
            )
        return Response(ProfileSerializer(user).data)


@extend_schema_view(
    list=extend_schema(summary="List my tokens"),
    destroy=extend_schema(summary="Revoke one of my tokens"),
)
class TokenViewSet(
    mixins.ListModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[UserToken]
):
    """One's own bearer tokens."""

    queryset = UserToken.objects.none()
    serializer_class = TokenSerializer
    permission_classes = [IsUser]
    throttle_scope = "sign-in"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[UserToken]:
        """Return the caller's own tokens."""
        return UserToken.objects.filter(user=self.request.user.pk)

    def get_permissions(self) -> list[Any]:
        """Let anybody sign in."""
        return [AllowAny()] if self.action == "create" else [IsUser()]

    def get_throttles(self) -> list[BaseThrottle]:
        """Slow down floods of password guesses."""
        return [ScopedRateThrottle()] if self.action == "create" else []

    @extend_schema(
        summary="Sign in", request=SignInSerializer, responses={201: NewTokenSerializer}, auth=[]
    )
    def create(self, request: Request) -> Response:
        """Make a token from an e-mail and a password."""
        data = validated(SignInSerializer(data=request.data))
        token, text = tokens.sign_in(**data, now=timezone.now(), request=request._request)
        answer = {
            "id": token.pk,
            "token": text,
            "label": token.label,
            "expires_at": token.expires_at,
            "user": token.user,
        }
        return Response(
            NewTokenSerializer(answer).data,
            status=status.HTTP_201_CREATED,
            headers={"Cache-Control": "no-store"},
        )

    def perform_destroy(self, instance: UserToken) -> None:
        """Revoke the token."""
        tokens.revoke_token(token=instance)

    @extend_schema(summary="Revoke the token this request carries", responses={204: None})
    @action(detail=False, methods=["delete"])
    def current(self, request: Request) -> Response:
        """Sign out."""
        if not isinstance(request.auth, UserToken):
            raise NotFound("This request carries no token.")
        tokens.revoke_token(token=request.auth)
        return Response(status=status.HTTP_204_NO_CONTENT)
