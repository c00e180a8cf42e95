"""The words of the pages in the reader's language.

Templates use Django's `translate`; modules call `gettext("…")` and `ngettext("…", "…", n)`, with
the English text as the key. A page carries the translations that its own modules need and no
others, so an English page carries none.
"""

import gettext
import re
from functools import cache
from pathlib import Path

from django.conf import settings

from web.modules import SOURCES, Modules

LOCALE = Path(__file__).parent / "locale"
TEXT = r'"((?:[^"\\\n]|\\.)*)"'
CALL = re.compile(rf"\b(?:gettext|ngettext)\(\s*{TEXT}(?:\s*,\s*{TEXT})?")

# By the English text: the translation, or for a plural its forms for one and for many. Both English
# and German have these two; a language with more of them needs `Intl.PluralRules` in `i18n.js`.
Texts = dict[str, str | list[str]]


def texts_in(source: str) -> list[tuple[str, str]]:
    """Return singular and plural (empty without one) of each message that a module asks for."""
    return [(one.replace('\\"', '"'), many) for one, many in CALL.findall(source)]


def texts_for(modules: Modules, language: str) -> Texts:
    """Return the translations that a page starts with, empty for English."""
    return (_find.__wrapped__ if settings.DEBUG else _find)(modules.now, language)


def all_texts(language: str) -> Texts:
    """Return every translation of modules, for those that are fetched on demand."""
    files = tuple(str(file.relative_to(SOURCES)) for file in _own_modules())
    return (_find.__wrapped__ if settings.DEBUG else _find)(files, language)


@cache
def _find(files: tuple[str, ...], language: str) -> Texts:
    known = gettext.translation("djangojs", str(LOCALE), [language], fallback=True)
    if not isinstance(known, gettext.GNUTranslations):
        return {}
    wanted = [pair for file in files for pair in texts_in((SOURCES / file).read_text())]
    return {
        one: [known.ngettext(one, many, 1), known.ngettext(one, many, 2)]
        if many
        else known.gettext(one)
        for one, many in wanted
    }


def _own_modules() -> list[Path]:
    return [file for file in SOURCES.rglob("*.js") if "vendor" not in file.parts]


# --- What there is to translate ------------------------------------------------------------------

PACKAGE = Path(__file__).parent
TRANSLATE_TAG = re.compile(r'\{%\s*translate\s+"([^"]+)"')


def texts_of_modules() -> set[tuple[str, str]]:
    """Return the messages of every module, those of vendored ones excepted."""
    return {pair for file in _own_modules() for pair in texts_in(file.read_text())}


def texts_of_templates() -> set[tuple[str, str]]:
    """Return the messages of every template."""
    files = (PACKAGE / "templates").rglob("*.html")
    return {(text, "") for file in files for text in TRANSLATE_TAG.findall(file.read_text())}


# By the names that Django gives them: what the server says, and what scripts say.
DOMAINS = {"django": texts_of_templates, "djangojs": texts_of_modules}


def catalogue_file(domain: str, language: str) -> Path:
    """Return where the translations into that language are."""
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.po"
