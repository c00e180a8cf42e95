"""Addresses that the API prints and the pages have."""

from django.urls import reverse

from otphandler.views.gates import PAIRING_PAGE


def test_a_pairing_link_leads_to_the_page_that_pairs() -> None:
    assert reverse("web:gate-pair") == PAIRING_PAGE
