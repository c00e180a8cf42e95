"""Django's description of this app."""

from django.apps import AppConfig


class OtpHandlerConfig(AppConfig):
    """Codes, tickets, gates, scanners and scans."""

    name = "otphandler"
    verbose_name = "Admission"
