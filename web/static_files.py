"""How static files are stored: hashed names, without comments, compressed beside the originals."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

from web.modules import COMMENT


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """WhiteNoise's storage, with our scripts made lighter and source maps left alone.

    Comments of the pages' modules and style sheet stay in the repository; nothing is renamed, moved
    or joined. Vendored files name source maps that nobody collects (`web.apps.StaticFiles`). What
    one module imports from another is told by the import map (`web.modules`), not by rewriting.
    """

    patterns: Any = tuple(
        (glob, tuple(rule for rule in rules if "sourceMappingURL" not in str(rule)))
        for glob, rules in CompressedManifestStaticFilesStorage.patterns
        if glob == "*.css"
    )

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        """Lighten the modules where they were collected, then hash and compress everything."""
        if not dry_run:
            for name in paths:
                if name.startswith("web/") and name.endswith((".js", ".css")):
                    _lighten(Path(self.path(name)))
                    # Hashed from here on, no longer from the source.
                    paths[name] = (self, name)
        yield from super().post_process(paths, dry_run, **options)


def _lighten(file: Path) -> None:
    file.write_text(COMMENT.sub("", file.read_text()))
