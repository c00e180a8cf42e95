"""Tests of entityhandler."""
