"""Django's description of this app."""

from django.apps import AppConfig


class OtpHandlerConfig(AppConfig):
    """Codes, tickets, gates, scanners and scans."""

    name = "otphandler"
    verbose_name = "Admission"

    def ready(self) -> None:
        """Refuse to start with keys that cannot be read, not at the first scan."""
        from otphandler.google_wallet.issuer import configured_issuer
        from otphandler.keyring import keyring

        keyring()
        configured_issuer()
