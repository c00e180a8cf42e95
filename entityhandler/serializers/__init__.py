"""The JSON of this app: what comes in is checked for form here, what goes out is shaped here."""
