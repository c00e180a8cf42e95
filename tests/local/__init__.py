"""The local tooling, tried as real processes in checkouts of their own."""
