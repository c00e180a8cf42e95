"""The pages of a device at a gate."""

from web.views.pages import Page


class GatePage(Page):
    """A page in the dress of the gate; who the device is, its cookie tells the API."""

    template_name = "web/gate.html"
