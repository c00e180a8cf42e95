"""The admin pages of users, events and registrations, one subject per file."""

from django.contrib import admin

from entityhandler.admin import (
    events,
    questions,
    registration_counts,
    registrations,
    spreadsheets,
    ticket_types,
    tokens,
    users,
)

admin.site.site_header = admin.site.site_title = "Ticket Manager"
admin.site.index_title = "Everything, for staff"

__all__ = [
    "events",
    "questions",
    "registration_counts",
    "registrations",
    "spreadsheets",
    "ticket_types",
    "tokens",
    "users",
]
