"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ticketmgr.settings")

application = get_wsgi_application()

# Django loads the addresses, and with them every view, at the first request: that is somebody's
# scan, and in each worker anew. Here it is done once, before gunicorn parts into workers.
get_resolver().url_patterns  # noqa: B018 - looking is what loads them
