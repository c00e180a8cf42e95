"""Tests of otphandler."""
