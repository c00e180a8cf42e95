"""The addresses of the pages."""

from django.urls import path

from web.views.pages import Page

app_name = "web"

urlpatterns = [
    path("", Page.as_view(entry="web/pages/events.js"), name="events"),
]
