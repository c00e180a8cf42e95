"""Tests of the benchmark: what it sends is right, what it counts is what happened."""
