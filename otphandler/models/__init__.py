"""The tables of admission, one subject per file."""

from otphandler.models.budgets import GuessBudget
from otphandler.models.gates import Gate, Scanner
from otphandler.models.keys import KeyCanary
from otphandler.models.policies import OtpPolicy
from otphandler.models.scans import Scan
from otphandler.models.tickets import Ticket

__all__ = ["Gate", "GuessBudget", "KeyCanary", "OtpPolicy", "Scan", "Scanner", "Ticket"]
