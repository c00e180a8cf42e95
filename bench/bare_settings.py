"""The settings of the bare baseline: the project's, without any middleware."""

from ticketmgr.settings import *  # noqa: F403

MIDDLEWARE = []
ROOT_URLCONF = "bench.bare"
WSGI_APPLICATION = "bench.bare_wsgi.application"
