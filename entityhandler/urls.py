"""The addresses of this app, below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from entityhandler.views.events import EventViewSet
from entityhandler.views.questions import QuestionViewSet
from entityhandler.views.registrations import RegistrationViewSet
from entityhandler.views.sessions import SessionViewSet
from entityhandler.views.spreadsheets import ExportViewSet, ImportViewSet
from entityhandler.views.ticket_types import TicketTypeViewSet
from entityhandler.views.users import TokenViewSet, UserViewSet

router = SimpleRouter(use_regex_path=False)
router.register("users", UserViewSet, basename="user")
router.register("tokens", TokenViewSet, basename="token")
router.register("events", EventViewSet, basename="event")
router.register("ticket-types", TicketTypeViewSet, basename="ticket-type")
router.register("questions", QuestionViewSet, basename="question")
router.register("registrations", RegistrationViewSet, basename="registration")

FILES = "events/<uuid:pk>/registrations/"

urlpatterns = [
    *router.urls,
    path("session/", SessionViewSet.as_view({"post": "create", "delete": "destroy"})),
    path(f"{FILES}import/", ImportViewSet.as_view({"post": "create"})),
    path(f"{FILES}imports/", ImportViewSet.as_view({"get": "list"})),
    path(f"{FILES}imports/<uuid:import_id>/", ImportViewSet.as_view({"get": "retrieve"})),
    path(f"{FILES}export/", ExportViewSet.as_view({"get": "retrieve"})),
]
