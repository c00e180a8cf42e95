"""May this caller try? Scanners scan; holders alone see secrets."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from otphandler.authentication import DEVICE_HEADER
from otphandler.models import Scanner


class IsScanner(BasePermission):
    """A scanner, not a person."""

    # Read by the OpenAPI document: the credential is a device's.
    for_devices = True

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the caller is a scanner."""
        return isinstance(request.auth, Scanner)


class FromGatePage(BasePermission):
    """The gate page, by its header: no other site makes a device pair with what it chose."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the request has the header."""
        return DEVICE_HEADER in request.headers


class HoldsRegistration(BasePermission):
    """The holder alone; not even a manager."""

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        """Whether the registration is the caller's own."""
        return bool(obj.user_id == request.user.pk)
