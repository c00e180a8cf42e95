"""The tables of users, events and registrations, one subject per file."""

from entityhandler.models.events import Event, EventManager
from entityhandler.models.imports import RegistrationImport, RowStatus
from entityhandler.models.questions import Question
from entityhandler.models.registration_counts import RegistrationCount
from entityhandler.models.registrations import Registration
from entityhandler.models.ticket_types import TicketType
from entityhandler.models.tokens import UserToken
from entityhandler.models.users import User

__all__ = [
    "Event",
    "EventManager",
    "Question",
    "Registration",
    "RegistrationCount",
    "RegistrationImport",
    "RowStatus",
    "TicketType",
    "User",
    "UserToken",
]
