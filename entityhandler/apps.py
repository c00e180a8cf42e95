"""Django's description of this app."""

from django.apps import AppConfig


class EntityHandlerConfig(AppConfig):
    """Users, events and registrations."""

    name = "entityhandler"
    verbose_name = "Events and registrations"
