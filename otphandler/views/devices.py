"""`/scanners/me/`: what a device at a gate asks about itself and about guests."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status, viewsets
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle, ScopedRateThrottle, SimpleRateThrottle
from rest_framework.views import APIView

from entityhandler.models import Registration
from otphandler.answers import scan_response
from otphandler.authentication import DEVICE_HEADER, give_cookie, take_cookie
from otphandler.models import OtpPolicy, Scanner
from otphandler.outcomes import Direction
from otphandler.permissions import FromGatePage, IsScanner
from otphandler.serializers.devices import (
    GuestQuerySerializer,
    GuestsSerializer,
    OverrideSerializer,
    PairingTokenSerializer,
    ReportSerializer,
    ScannerSelfSerializer,
)
from otphandler.serializers.scans import PassedScanSerializer
from otphandler.services import attendance, gates, manual, pairing, search
from otphandler.services.admission import Verdict
from ticketmgr.errors import InvalidField
from ticketmgr.serializers import validated


class SearchThrottle(SimpleRateThrottle):
    """Slows down a device that would read the guest list letter by letter; per worker, inexact."""

    scope = "guest-search"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        """Return the key of the device's own count."""
        return f"guest-search:{request.auth.pk}" if isinstance(request.auth, Scanner) else None


class DeviceViewSet(viewsets.GenericViewSet[Scanner]):
    """A scanner, about itself; by its bearer token or the cookie of its pairing."""

    queryset = Scanner.objects.none()
    permission_classes = [IsScanner]
    serializer_class = ScannerSelfSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(summary="Read what this scanner is for", responses=ScannerSelfSerializer)
    def retrieve(self, request: Request) -> Response:
        """Tell a device its gate, its event, how codes look, and how many people came."""
        return Response(_about(_scanner(request)))

    @extend_schema(
        summary="Report how many scans wait in this device, and read what it is for",
        request=ReportSerializer,
        responses=ScannerSelfSerializer,
    )
    def report(self, request: Request) -> Response:
        """Take a device's report, and answer as reading does: one request is its heartbeat."""
        scanner = _scanner(request)
        told = validated(ReportSerializer(data=request.data))
        gates.report_queue(scanner=scanner, now=timezone.now(), **told)
        return Response(_about(scanner))

    @extend_schema(
        summary="Give up the pairing of this device", request=None, responses={204: None}
    )
    def unpair(self, request: Request) -> Response:
        """Take the token from the device that asks."""
        pairing.unpair_device(scanner=_scanner(request))
        answer = Response(status=status.HTTP_204_NO_CONTENT)
        take_cookie(answer)
        return answer

    @extend_schema(
        summary="Find guests by the beginning of their name or e-mail",
        parameters=[GuestQuerySerializer],
        responses=GuestsSerializer,
    )
    def search(self, request: Request) -> Response:
        """Return ten guests at the most; there is no way to the others but another letter."""
        text = validated(GuestQuerySerializer(data=request.query_params))["q"]
        found = search.search_guests(event_id=_scanner(request).event_id, text=text)
        return Response(GuestsSerializer({"results": found}).data)

    @extend_schema(
        summary="Let somebody pass without a code, where this device may",
        request=OverrideSerializer,
        responses={201: PassedScanSerializer},
    )
    def admit(self, request: Request) -> Response:
        """Let the person pass at the word of people at the gate."""
        scanner = _scanner(request)
        word = validated(OverrideSerializer(data=request.data))
        registration = Registration.objects.filter(
            event=scanner.event_id, pk=word["registration"]
        ).first()
        if registration is None:
            raise InvalidField(
                pointer="registration", code="does_not_exist", detail="No such registration here."
            )
        scan = manual.override(
            scanner=scanner,
            registration_id=registration.pk,
            reason=word["reason"],
            direction=Direction(word["direction"]),
            now=timezone.now(),
        )
        return scan_response(Verdict(scan))

    def get_throttles(self) -> list[BaseThrottle]:
        """Slow down searching; all else is one small row by its key."""
        return [SearchThrottle()] if self.action == "search" else []


class PairingViewSet(viewsets.GenericViewSet[Scanner]):
    """What nobody's device calls to become a gate's; a stale cookie must not stand in its way."""

    queryset = Scanner.objects.none()
    serializer_class = PairingTokenSerializer
    authentication_classes = ()
    permission_classes = [AllowAny, FromGatePage]
    throttle_classes = [ScopedRateThrottle]
    # A pairing is how a device signs in.
    throttle_scope = "sign-in"

    @extend_schema(
        summary="Pair this device: exchange a link's one-time token for the device cookie",
        parameters=[
            OpenApiParameter(DEVICE_HEADER, str, OpenApiParameter.HEADER, required=True),
        ],
        request=PairingTokenSerializer,
        responses={201: ScannerSelfSerializer},
        auth=[],
    )
    def pair(self, request: Request) -> Response:
        """Give the device its cookie, and tell it what it is for."""
        text = validated(PairingTokenSerializer(data=request.data))["token"]
        scanner, token = pairing.pair_device(text=text, now=timezone.now())
        answer = Response(
            _about(scanner),
            status=status.HTTP_201_CREATED,
            headers={"Cache-Control": "no-store"},
        )
        give_cookie(answer, token)
        return answer


def _scanner(request: Request) -> Scanner:
    assert isinstance(request.auth, Scanner)
    return request.auth


def _about(scanner: Any) -> Any:
    now = timezone.now()
    policy = OtpPolicy.of(scanner.event_id)
    scanner.server_time, scanner.digits, scanner.period_s = now, policy.digits, policy.period_s
    scanner.counts = attendance.headcount(event_id=scanner.event_id, now=now)
    return ScannerSelfSerializer(scanner).data
