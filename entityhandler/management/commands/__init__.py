"""What an operator runs: `manage.py <name of the file>`."""
