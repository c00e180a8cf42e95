"""The admin pages of admission, one subject per file."""

from otphandler.admin import gates, keys, policies, scans, tickets

__all__ = ["gates", "keys", "policies", "scans", "tickets"]
