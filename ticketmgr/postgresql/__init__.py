"""The database engine of the settings: Django's own, and what the gate needs."""
