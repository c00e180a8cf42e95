"""`/events/{id}/otp-policy/` and the rest that admission adds to an event."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from entityhandler.models import Event
from entityhandler.permissions import IsUser, ManagesEvent
from otphandler.models import OtpPolicy
from otphandler.serializers.attendance import AttendanceSerializer
from otphandler.serializers.tickets import OtpPolicySerializer
from otphandler.services import policies, throttle
from otphandler.services.attendance import attendance
from ticketmgr.serializers import validated


class EventAdmissionViewSet(viewsets.GenericViewSet[Event]):
    """What admission adds to an event: how its codes look, and its wrong codes."""

    queryset = Event.objects.none()
    serializer_class = OtpPolicySerializer
    permission_classes = [IsUser, ManagesEvent]

    def get_queryset(self) -> QuerySet[Event]:
        """Return the events that the caller may see."""
        return Event.objects.visible_to(self.request.user)

    @extend_schema(summary="Read the OTP policy of an event")
    def policy(self, request: Request, pk: UUID) -> Response:
        """Read the policy, the default one where none was set."""
        return Response(OtpPolicySerializer(OtpPolicy.of(self.get_object().pk)).data)

    @extend_schema(summary="Change the OTP policy of an event")
    def set_policy(self, request: Request, pk: UUID) -> Response:
        """Change the policy; tickets keep what they were issued with."""
        event = self.get_object()
        changes = validated(OtpPolicySerializer(data=request.data, partial=True))
        policy = policies.set_policy(event_id=event.pk, changes=changes)
        return Response(OtpPolicySerializer(policy).data)

    @extend_schema(
        summary="Forget the wrong codes of an event", request=None, responses={204: None}
    )
    def unblock(self, request: Request, pk: UUID) -> Response:
        """Open at once every gate of the event."""
        event = self.get_object()
        throttle.unblock(event_id=event.pk, owner=event.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(summary="Read who came to an event", responses=AttendanceSerializer)
    def attendance(self, request: Request, pk: UUID) -> Response:
        """Count people, never scans."""
        found = attendance(event_id=self.get_object().pk, now=timezone.now())
        return Response(AttendanceSerializer(found).data, headers={"Cache-Control": "no-store"})
