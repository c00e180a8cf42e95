"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id as the OWASP Password Storage Cheat Sheet asks for.

    Django's own parameters take 100 MiB and eight threads per sign-in: sixteen of them at once, as
    many as two worker processes serve, would be 1.6 GB. These take 19 MiB (`memory_cost` is KiB).
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
