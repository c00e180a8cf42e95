"""Every word of the pages is there in every language that is offered."""

import re

import polib
import pytest
from django.conf import settings
from django.test import Client

from web.messages import DOMAINS, catalogue_file, texts_in

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
CATALOGUES = [(domain, language) for domain in DOMAINS for language in LANGUAGES]
PLACEHOLDER = re.compile(r"\{(\w+)\}")

pytestmark = pytest.mark.usefixtures("plain_static_files")


def entries(domain: str, language: str) -> list[polib.POEntry]:
    return list(polib.pofile(str(catalogue_file(domain, language))))


@pytest.mark.parametrize(("domain", "language"), CATALOGUES)
def test_a_catalogue_has_what_the_sources_say_and_no_more(domain: str, language: str) -> None:
    found = {(entry.msgid, entry.msgid_plural) for entry in entries(domain, language)}
    assert found == DOMAINS[domain](), "run `make messages` and translate what is new"


@pytest.mark.parametrize(("domain", "language"), CATALOGUES)
def test_every_message_is_translated(domain: str, language: str) -> None:
    assert [one.msgid for one in entries(domain, language) if not one.translated()] == []


@pytest.mark.parametrize(("domain", "language"), CATALOGUES)
def test_a_translation_fills_in_the_same_things(domain: str, language: str) -> None:
    for entry in entries(domain, language):
        forms = [entry.msgstr] if entry.msgstr else list(entry.msgstr_plural.values())
        said = set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        assert all(set(PLACEHOLDER.findall(form)) <= said for form in forms), entry.msgid


@pytest.mark.parametrize(("domain", "language"), CATALOGUES)
def test_what_is_compiled_is_what_is_written(domain: str, language: str) -> None:
    compiled = polib.mofile(str(catalogue_file(domain, language).with_suffix(".mo")))
    written = entries(domain, language)
    assert {one.msgid: one.msgstr or one.msgstr_plural for one in compiled} == {
        one.msgid: one.msgstr or one.msgstr_plural for one in written
    }


def test_messages_are_found_in_a_module() -> None:
    source = 'gettext("One {x}", { x }); ngettext("a seat", "{count} seats", n); text("no")'
    assert texts_in(source) == [("One {x}", ""), ("a seat", "{count} seats")]


def test_an_english_page_carries_no_translations(db: None) -> None:
    page = Client(headers={"accept-language": "en-GB"}).get("/").content.decode()
    assert '"texts":{}' in page


def test_a_page_speaks_the_language_of_the_browser(db: None) -> None:
    page = Client(headers={"accept-language": "de-CH,de;q=0.9"}).get("/").content.decode()
    assert '<html lang="de">' in page
    assert '"Events":"Veranstaltungen"' in page


def test_words_of_modules_that_come_later_are_there_in_every_language() -> None:
    found = Client().get("/texts/de/").json()
    assert found["Pass it on"] == "Weitergeben"
    assert found["{count} place left"] == ["noch {count} Platz", "noch {count} Plätze"]


def test_a_language_that_nobody_offers_has_no_words() -> None:
    assert Client().get("/texts/tlh/").status_code == 404
