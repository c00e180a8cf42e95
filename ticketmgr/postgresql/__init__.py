"""The database engine that settings.py names: Django's own for PostgreSQL, and what the gate needs."""
