"""Django's description of the admin, on a site of ours."""

from django.contrib.admin.apps import AdminConfig


class TicketAdminConfig(AdminConfig):
    """The admin."""

    default_site = "entityhandler.admin_site.Site"
