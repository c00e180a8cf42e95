"""The tests mirror the apps; the people they are about stand in conftest.py."""
