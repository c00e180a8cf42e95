"""The addresses of this app, below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from otphandler.views.devices import DeviceViewSet, PairingViewSet
from otphandler.views.events import EventAdmissionViewSet
from otphandler.views.gates import GateViewSet, ScannerViewSet
from otphandler.views.scans import ScanViewSet
from otphandler.views.tickets import TicketViewSet

router = SimpleRouter(use_regex_path=False)
router.register("scans", ScanViewSet, basename="scan")
router.register("gates", GateViewSet, basename="gate")
router.register("scanners", ScannerViewSet, basename="scanner")

ME = "scanners/me/"
EVENT = "events/<uuid:pk>/"
TICKET = "registrations/<uuid:pk>/ticket/"

urlpatterns = [
    *router.urls,
    path(ME, DeviceViewSet.as_view({"get": "retrieve", "patch": "report"})),
    path(f"{ME}search/", DeviceViewSet.as_view({"get": "search"})),
    path(f"{ME}admit/", DeviceViewSet.as_view({"post": "admit"})),
    path(f"{ME}pairing/", DeviceViewSet.as_view({"delete": "unpair"})),
    path("scanners/pair/", PairingViewSet.as_view({"post": "pair"})),
    path(TICKET, TicketViewSet.as_view({"get": "retrieve"})),
    path(f"{TICKET}secret/", TicketViewSet.as_view({"post": "secret"})),
    path(f"{TICKET}google-wallet/", TicketViewSet.as_view({"get": "google_wallet"})),
    path(f"{TICKET}reissue/", TicketViewSet.as_view({"post": "reissue"})),
    path(f"{TICKET}admit/", TicketViewSet.as_view({"post": "admit"})),
    path(f"{TICKET}undo/", TicketViewSet.as_view({"post": "undo"})),
    path(f"{TICKET}unblock/", TicketViewSet.as_view({"post": "unblock"})),
    path(
        f"{EVENT}otp-policy/",
        EventAdmissionViewSet.as_view({"get": "policy", "patch": "set_policy"}),
    ),
    path(f"{EVENT}attendance/", EventAdmissionViewSet.as_view({"get": "attendance"})),
    path(f"{EVENT}unblock/", EventAdmissionViewSet.as_view({"post": "unblock"})),
]
