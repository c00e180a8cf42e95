"""The admin pages of admission, one subject per file."""

from otphandler.admin import budgets, gates, keys, policies, scans, tickets

__all__ = ["budgets", "gates", "keys", "policies", "scans", "tickets"]
