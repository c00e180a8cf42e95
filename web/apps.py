"""Django's description of this app, and of the static files that it collects."""

from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class WebConfig(AppConfig):
    """The pages people open."""

    name = "web"
    verbose_name = "Pages"


class StaticFiles(StaticFilesConfig):
    """Django's app, without what other packages bring and no page of ours uses.

    Compressing source maps, ReDoc and the browsable API would take most of the time of a start.
    """

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "*.map", "redoc", "rest_framework"]
