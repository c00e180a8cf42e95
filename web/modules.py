"""Which ES modules a page needs: what each file imports, followed to the end.

There is no build step. The browser resolves names by an import map, which
`web.templatetags.modules` prints from what is found here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath

from django.conf import settings
from django.templatetags.static import static

SOURCES = Path(__file__).parent / "static"
# The bare names that modules import, and the vendored file behind each.
BARE_NAMES = {
    "preact": "web/vendor/preact/preact.js",
    "preact/hooks": "web/vendor/preact/hooks.js",
    "htm": "web/vendor/htm/htm.js",
    "qr": "web/vendor/qr/index.js",
    "qr/decode": "web/vendor/qr/decode.js",
}
STATIC_IMPORT = re.compile(r"""^(?:import|export)\b(?:[^"';]*?\bfrom)?\s*["']([^"']+)["']""", re.M)
LAZY_IMPORT = re.compile(r"""\bimport\(\s*["']([^"']+)["']\s*\)""")

# A comment that has its lines to itself: those are a third of the weight, and found without parsing
# the language. One that begins with `/*!` is a licence, which stays.
COMMENT = re.compile(r"^[ \t]*(?:/\*(?!!)(?:[^*]|\*(?!/))*\*/[ \t]*|//.*)\n", re.MULTILINE)


class UnknownModule(Exception):
    """A module imports something that is neither a file of ours nor a vendored name."""


@dataclass(frozen=True)
class Modules:
    """The files of one page, as static names: fetched at once, and those fetched on demand."""

    entry: str
    now: tuple[str, ...]
    later: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Every file, whenever it is fetched."""
        return self.now + self.later


def modules_of(entry: str) -> Modules:
    """Return what a page with that entry module needs; read anew each time where DEBUG is on."""
    return _find.__wrapped__(entry) if settings.DEBUG else _find(entry)


def import_map(modules: Modules) -> dict[str, dict[str, str]]:
    """Return the import map: bare names and plain addresses to the addresses that are served."""
    bare = {name: static(file) for name, file in BARE_NAMES.items()}
    plain = {f"{settings.STATIC_URL}{file}": static(file) for file in modules.all}
    moved = {address: served for address, served in plain.items() if address != served}
    return {"imports": bare | moved}


@cache
def _find(entry: str) -> Modules:
    now = _closure([entry], STATIC_IMPORT)
    lazy = [name for file in now for name in _imports(file, LAZY_IMPORT)]
    later = _closure(lazy, STATIC_IMPORT)
    return Modules(entry, tuple(now), tuple(file for file in later if file not in now))


def _closure(files: list[str], pattern: re.Pattern[str]) -> list[str]:
    """Return the files and all that they import, each once, breadth first."""
    found = list(dict.fromkeys(files))
    for file in found:
        found += [name for name in dict.fromkeys(_imports(file, pattern)) if name not in found]
    return found


def _imports(file: str, pattern: re.Pattern[str]) -> Iterator[str]:
    for name in pattern.findall(COMMENT.sub("", (SOURCES / file).read_text())):
        yield _resolve(name, file)


def _resolve(name: str, importer: str) -> str:
    if name in BARE_NAMES:
        return BARE_NAMES[name]
    file = normpath(join(dirname(importer), name))
    if not name.startswith(".") or not (SOURCES / file).is_file():
        raise UnknownModule(f"{importer} imports {name}, which is no module.")
    return file
