"""Django's PostgreSQL backend, with a health check that costs no round trip."""

import select
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that looks before it asks, and knows what was prepared on it."""

    # The names of the statements that this connection has parsed; see ticketmgr.prepared.
    prepared: set[str]

    def init_connection_state(self) -> None:
        """Begin anew: a new connection has parsed nothing."""
        super().init_connection_state()
        self.prepared = set()

    def is_usable(self) -> bool:
        """Whether the connection works.

        Between requests PostgreSQL says nothing, and when it goes it closes its end. So a socket
        with nothing to read is healthy, and the question that Django asks before the first
        statement of each request, a round trip of its own, is put only where there is a doubt. A
        peer that vanishes without a word is noticed by the next statement, as it would be by the
        question.
        """
        return (not self.errors_occurred and self._is_quiet()) or super().is_usable()

    def _is_quiet(self) -> bool:
        link: Any = self.connection
        if link is None or link.closed:
            return False
        look = select.poll()
        look.register(link, select.POLLIN)
        return not look.poll(0)
