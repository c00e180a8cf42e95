"""Signing in to the pages: whose session it becomes. The session itself is Django's."""

from django.http import HttpRequest

from entityhandler.models import User
from entityhandler.services.tokens import recognise
from ticketmgr.transactions import write_use_case


@write_use_case
def find_account(*, email: str, password: str, request: HttpRequest | None = None) -> User:
    """Return the account that these open, as it was when they were checked.

    Its password is what the session is bound to: a change of it ends the session. Locks the user
    row. Raises WrongCredentials.
    """
    return recognise(email=email, password=password, request=request)
