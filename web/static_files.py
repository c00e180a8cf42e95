"""How static files are stored: hashed names, compressed beside the originals."""

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """WhiteNoise's storage, leaving JavaScript and the mention of source maps as they are.

    Vendored files name source maps that nobody collects (`web.apps.StaticFiles`). What one module
    imports from another is told by the import map (`web.modules`), not by rewriting.
    """

    patterns: Any = tuple(
        (glob, tuple(rule for rule in rules if "sourceMappingURL" not in str(rule)))
        for glob, rules in CompressedManifestStaticFilesStorage.patterns
        if glob == "*.css"
    )
