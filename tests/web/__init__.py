"""The server's side of the pages."""
