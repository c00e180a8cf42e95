"""Tests of ticketmgr."""
