"""`/session/`: the session of the pages."""

from typing import Any

from django.contrib.auth import login, logout
from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle, ScopedRateThrottle

from entityhandler.permissions import IsUser
from entityhandler.serializers.users import CredentialsSerializer, UserSerializer
from entityhandler.services import sessions
from ticketmgr.serializers import validated

BACKEND = "django.contrib.auth.backends.ModelBackend"


class SessionViewSet(viewsets.ViewSet):
    """The caller's session; a cookie, so every change needs the CSRF token as well."""

    throttle_scope = "sign-in"

    def get_permissions(self) -> list[Any]:
        """Let anybody sign in; a method that no action takes is a 405 for everybody."""
        return [IsUser()] if self.action == "destroy" else [AllowAny()]

    def get_throttles(self) -> list[BaseThrottle]:
        """Slow down floods of password guesses."""
        return [ScopedRateThrottle()] if self.action == "create" else []

    @extend_schema(
        summary="Sign in to the pages",
        request=CredentialsSerializer,
        responses={201: UserSerializer},
        auth=[],
    )
    def create(self, request: Request) -> Response:
        """Begin a session; its cookie comes with the answer."""
        # REST framework asks for the CSRF token of a session alone, and here is none yet: without
        # it another site could sign somebody in to an account of its own.
        SessionAuthentication().enforce_csrf(request)
        data = validated(CredentialsSerializer(data=request.data))
        user = sessions.find_account(**data, request=request._request)
        login(request._request, user, backend=BACKEND)
        return Response(UserSerializer(user).data, status=status.HTTP_201_CREATED)

    @extend_schema(summary="Sign out of the pages", request=None, responses={204: None})
    def destroy(self, request: Request) -> Response:
        """End the session and forget it."""
        logout(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)
