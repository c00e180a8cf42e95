"""The addresses of this app, below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from otphandler.views.gates import GateViewSet, ScannerViewSet
from otphandler.views.scans import ScanViewSet
from otphandler.views.tickets import OtpPolicyViewSet, TicketViewSet

router = SimpleRouter(use_regex_path=False)
router.register("gates", GateViewSet, basename="gate")
router.register("scanners", ScannerViewSet, basename="scanner")
router.register("scans", ScanViewSet, basename="scan")

TICKET = "registrations/<uuid:pk>/ticket/"

urlpatterns = [
    *router.urls,
    path(TICKET, TicketViewSet.as_view({"get": "retrieve"})),
    path(f"{TICKET}secret/", TicketViewSet.as_view({"post": "secret"})),
    path(f"{TICKET}reissue/", TicketViewSet.as_view({"post": "reissue"})),
    path(f"{TICKET}admit/", TicketViewSet.as_view({"post": "admit"})),
    path(f"{TICKET}undo/", TicketViewSet.as_view({"post": "undo"})),
    path(
        "events/<uuid:pk>/otp-policy/",
        OtpPolicyViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
    ),
]
