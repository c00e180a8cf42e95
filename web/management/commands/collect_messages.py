"""`manage.py collect_messages`: from the sources into web/locale, and compiled.

Does what Django's makemessages and compilemessages do for the two places where pages have words,
without GNU gettext on the machine. Translations are kept, new messages wait for theirs.
"""

from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand

from web.messages import DOMAINS, catalogue_file


class Command(BaseCommand):
    """Collects the messages; what is not translated yet is counted at the end."""

    help = "Collect the words of templates and modules into web/locale, and compile them."

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring every catalogue up to date and compile it."""
        for language, _ in settings.LANGUAGES:
            # English is what the sources say.
            if language != settings.LANGUAGE_CODE:
                for domain in DOMAINS:
                    waiting = _update(domain, language)
                    self.stdout.write(f"{language} {domain}: {waiting} not translated")


def _update(domain: str, language: str) -> int:
    """Bring one catalogue up to date; return how many messages have no translation."""
    file = catalogue_file(domain, language)
    old = polib.pofile(str(file)) if file.exists() else polib.POFile()
    fresh = polib.POFile()
    fresh.metadata = {
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    for one, many in sorted(DOMAINS[domain]()):
        fresh.append(old.find(one) or _new_entry(one, many))
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh.save(str(file))
    fresh.save_as_mofile(str(file.with_suffix(".mo")))
    return len(fresh.untranslated_entries())


def _new_entry(one: str, many: str) -> polib.POEntry:
    if not many:
        return polib.POEntry(msgid=one)
    return polib.POEntry(msgid=one, msgid_plural=many, msgstr_plural={0: "", 1: ""})
