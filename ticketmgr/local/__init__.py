"""What `make run` and `make test` stand on: a database of their own, settings, a web server.

Nothing here imports Django or the applications, and production uses none of it.
"""
