"""Finding people by the beginnings of words, of names and e-mails, at any number of people.

The words of a person are a column that PostgreSQL keeps itself (`User.search_words`, a `tsvector`)
with the index `user_search`. What somebody types goes through the same expression in the same
server, so that both sides always agree on what a word is. A word is a run of letters and digits:
nothing that means anything in a `tsquery` is left in one, whatever was typed.
"""

from django.contrib.postgres.search import SearchQueryField, SearchVectorField
from django.db.models import Expression, F, Func, TextField, Value
from django.db.models.functions import Cast, Concat, Lower
from django.db.models.lookups import PostgresOperatorLookup

# PostgreSQL refuses words of 2047 bytes and more, at four bytes for a letter at the most; and some
# letters become many (U+FDFA is a sentence), so that a name of 200 may be longer than this.
MAX_LETTERS = 500
# Somebody's whole name and e-mail fit into it; a filter refuses more.
MAX_QUERY_LENGTH = 500

# A word that was typed, as the beginning of a word; and of one behind the @ of an e-mail as well.
PREFIX = r"'\1':*"
DOMAIN_TOO = r"('\1':*|'@\1':*)"

# What stays of é, ё or a Vietnamese letter once NFKD has taken it apart.
_MARKS = r"[\u0300-\u036F\u1AB0-\u1AFF\u1DC0-\u1DFF\u20D0-\u20FF\uFE20-\uFE2F]+"
# Letters that Unicode does not take apart, though people type them without their stroke or dot;
# and the sigma that ends a Greek word, which lower case makes of Σ or does not.
_STROKES = ("øłđħŧıς", "oldhtiσ")
_PAIRS = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
# What ends a word: the signs of ASCII, Latin-1, Unicode's general punctuation and that of Japanese.
# Spelled as ranges, for what PostgreSQL calls a letter depends on the locale of the database.
_SIGNS = r"\u005B-\u0060\u007B-\u00BF\u2000-\u206F\u3000-\u3003\u3008-\u303F\u30FB"
_BETWEEN_WORDS = rf"[\u0001-\u002F\u003A-\u0040{_SIGNS}]+"
# The same without the @, which stays in an e-mail that is one word.
_IN_EMAILS = rf"[\u0001-\u002F\u003A-\u003F{_SIGNS}]+"


@SearchVectorField.register_lookup
class Matches(PostgresOperatorLookup):
    """`search_words__matches=prefix_query(text)`; Django's lookup takes no cast query."""

    lookup_name = "matches"
    postgres_operator = "@@"


def words_of_a_person() -> Expression:
    """Return the words by which a user is found.

    Those of the name and of the e-mail, which is cut at . _ - + and @, and those behind the @ are
    marked by one: `example` begins a word of half the table, and the gate leaves them out. And, for
    whoever types it on past the @, the e-mail as one word.
    """
    local = Concat(F("full_name"), Value(" "), _part_of_email(1), output_field=TextField())
    domain = _text("regexp_replace", _words(_part_of_email(2)), "([^ ]+)", r"@\1", "g")
    parts = (_words(local), Value(" "), domain, Value(" "), _email(F("email")))
    words = _text("regexp_replace", Concat(*parts, output_field=TextField()), " +", " ", "g")
    # Trimmed, for an empty word is refused.
    array = _text("string_to_array", _text("btrim", words), " ")
    return Func(array, function="array_to_tsvector", output_field=SearchVectorField())


def prefix_query(text: str, *, domains: bool = True) -> Expression:
    """Return a query for people of whom each of these words begins a word.

    A text without a letter or a digit finds nobody.
    """
    parts = text.split()
    emails = [part for part in parts if "@" in part[1:]]
    others = _words(Value(" ".join(part for part in parts if part not in emails), TextField()))
    query = _query(_quoted(others, DOMAIN_TOO if domains else PREFIX))
    for email in emails:
        query = _both(query, _query(_quoted(_email(Value(email, TextField())), PREFIX)))
    return query


def _part_of_email(place: int) -> Expression:
    return Func(
        F("email"), Value("@"), Value(place), function="split_part", output_field=TextField()
    )


def _plain(text: Expression | F) -> Expression:
    """Return a text without case, accents and ligatures."""
    apart = Func(text, template="normalize(%(expressions)s, NFKD)", output_field=TextField())
    plain: Expression = Lower(_text("regexp_replace", apart, _MARKS, "", "g"))
    plain = _text("translate", plain, *_STROKES)
    for letter, letters in _PAIRS.items():
        plain = _text("replace", plain, letter, letters)
    return _text("left", plain, MAX_LETTERS)


def _words(text: Expression) -> Expression:
    """Return the words of a text, a space between each two."""
    return _text("btrim", _text("regexp_replace", _plain(text), _BETWEEN_WORDS, " ", "g"))


def _email(text: Expression | F) -> Expression:
    """Return an e-mail as one word, without signs around it, as in <ada@example.org>."""
    return _text("btrim", _text("regexp_replace", _plain(text), _IN_EMAILS, ".", "g"), ".")


def _quoted(words: Expression, form: str) -> Expression:
    """Return the words as a `tsquery` has them, each in that form: 'ada':* & 'king':*."""
    return _text("replace", _text("regexp_replace", words, "([^ ]+)", form, "g"), " ", " & ")


def _query(text: Expression) -> Expression:
    # A cast takes the words as they stand, where to_tsquery would take them apart once more.
    return Cast(text, SearchQueryField())


def _both(one: Expression, other: Expression) -> Expression:
    # An empty query beside another one asks for nothing.
    return Func(
        one, other, template="(%(expressions)s)", arg_joiner=" && ", output_field=SearchQueryField()
    )


def _text(function: str, of: Expression, *arguments: str | int) -> Expression:
    """Return a call of one of PostgreSQL's functions of texts."""
    values = (Value(argument) for argument in arguments)
    return Func(of, *values, function=function, output_field=TextField())
