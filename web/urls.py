"""The addresses of the pages."""

from django.urls import path

from web.views.gate import GatePage
from web.views.offline import manifest, service_worker
from web.views.pages import Page, texts

app_name = "web"

urlpatterns = [
    path("", Page.as_view(entry="web/pages/events.js"), name="events"),
    path("events/<uuid:pk>/", Page.as_view(entry="web/pages/event.js"), name="event"),
    path("sign-in/", Page.as_view(entry="web/pages/sign_in.js"), name="sign-in"),
    path("sign-up/", Page.as_view(entry="web/pages/sign_up.js"), name="sign-up"),
    path("claim/", Page.as_view(entry="web/pages/claim.js"), name="claim"),
    path("tickets/", Page.as_view(entry="web/pages/tickets.js"), name="tickets"),
    path("tickets/<uuid:pk>/", Page.as_view(entry="web/pages/ticket.js"), name="ticket"),
    path("texts/<str:language>/", texts, name="texts"),
    path("sw.js", service_worker, name="service-worker"),
    path("manifest.webmanifest", manifest, name="manifest"),
    path("gate/", GatePage.as_view(entry="web/pages/gate.js"), name="gate"),
    path("gate/pair/", GatePage.as_view(entry="web/pages/gate_pair.js"), name="gate-pair"),
    path("gate/devices/", Page.as_view(entry="web/pages/gate_devices.js"), name="gate-devices"),
]
