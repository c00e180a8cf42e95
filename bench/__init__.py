"""Measures the gate and what it costs beside its SQL: `make bench`."""
