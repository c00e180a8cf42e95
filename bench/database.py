"""A database of the benchmark's own, beside the one that DATABASE_URL names."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

NAME = "ticketmgr_bench"


@contextmanager
def own_database(called: str = NAME) -> Iterator[str]:
    """Make the database and point DATABASE_URL at it for the block; drop it at the end."""
    address = os.environ["DATABASE_URL"]
    url = urlunsplit(urlsplit(address)._replace(path=f"/{called}"))
    name = sql.Identifier(called)
    with closing(psycopg2.connect(address)) as server:
        server.autocommit = True
        cursor = server.cursor()
        # Left behind by a run that was killed.
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(name))
        os.environ["DATABASE_URL"] = url
        try:
            yield url
        finally:
            os.environ["DATABASE_URL"] = address
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def set_up_django() -> None:
    """Load the settings, which read DATABASE_URL, and make the tables."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "ticketmgr.settings"
    import django

    django.setup()
    make_tables()


def make_tables() -> None:
    """Apply the migrations to whatever database Django is connected to."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
