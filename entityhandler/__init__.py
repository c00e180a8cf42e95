"""Who and what: users, events and registrations."""
