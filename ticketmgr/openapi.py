"""How the OpenAPI document is derived: credentials, and the problems every operation may answer."""

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from ticketmgr.problems import CONTENT_TYPE

PROBLEM = inline_serializer(
    "Problem",
    {
        "type": serializers.CharField(help_text="Address of the heading that explains the code."),
        "title": serializers.CharField(),
        "status": serializers.IntegerField(),
        "code": serializers.CharField(help_text="Stable; switch on this, never on the texts."),
        "detail": serializers.CharField(),
        "errors": inline_serializer(
            "InvalidPart",
            {
                "pointer": serializers.CharField(help_text="RFC 6901, into the request body."),
                "code": serializers.CharField(),
                "detail": serializers.CharField(),
            },
            many=True,
            required=False,
        ),
    },
)


class UserTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The bearer token of a person."""

    target_class = "entityhandler.authentication.UserTokenAuthentication"
    name = "userToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "http", "scheme": "bearer", "description": "`tmu_…`, from POST /tokens/"}


class ScannerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The bearer token of a device."""

    target_class = "otphandler.authentication.ScannerTokenAuthentication"
    name = "scannerToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "http", "scheme": "bearer", "description": "`tms_…`, from POST /scanners/"}


class DeviceCookieScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The cookie of a paired device."""

    target_class = "otphandler.authentication.DeviceCookieAuthentication"
    name = "deviceCookie"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-gate",
            "description": "From POST /scanners/pair/; counts beside the header `Gate-Device` "
            "alone. Without HTTPS_ONLY its name is `gate`.",
        }


# The credentials of devices; all others are people's.
DEVICE_SCHEMES = {ScannerTokenScheme.name, DeviceCookieScheme.name}


class Schema(AutoSchema):
    """Adds what REST framework cannot know: who asks with what, and how refusals look."""

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Return the credentials of the operation: a device's for devices, else a person's."""
        permissions = self.view.get_permissions()
        for_devices = any(getattr(permission, "for_devices", False) for permission in permissions)
        return [
            scheme
            for scheme in super().get_auth()
            if bool(DEVICE_SCHEMES & scheme.keys()) == for_devices or not scheme
        ]

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> Any:
        """Return the answers of an operation, refusals and failures included."""
        bodies = super()._get_response_bodies(direction=direction)
        problem = self.resolve_serializer(PROBLEM, direction)
        for statuses, description in (("4XX", "Refused."), ("5XX", "Not decided; try again.")):
            bodies[statuses] = {
                "description": description,
                "content": {CONTENT_TYPE: {"schema": problem.ref}},
            }
        return bodies
