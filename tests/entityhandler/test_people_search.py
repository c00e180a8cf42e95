"""What finds whom: words, accents, e-mails, references; and that no text breaks the query."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from entityhandler.models import Event, Registration, User
from entityhandler.models.people_search import prefix_query
from entityhandler.services import registrations
from tests.conftest import client_of

USERS = "/api/v1/users/"
USERS_PAGE = "/admin/entityhandler/user/"
REGISTRATIONS_PAGE = "/admin/entityhandler/registration/"


@pytest.fixture
def named(db: None) -> Callable[[str, str], User]:
    """Return a maker of accounts of that name and e-mail."""

    def make(full_name: str, email: str = "somebody@example.org") -> User:
        return User.objects.create(full_name=full_name, email=email)

    return make


def finds(text: str) -> bool:
    return User.objects.filter(search_words__matches=prefix_query(text)).exists()


@pytest.mark.parametrize(
    ("full_name", "text"),
    [
        ("Zoë Quinn", "zoe"),
        ("Zoë Quinn", "ZOË"),
        ("Zoë Quinn", "qui zo"),
        ("Zoe\u0308 Quinn", "zoë"),
        ("Søren Łukasz Đorđević", "soren luk dord"),
        ("Strauß", "strauss"),
        ("Strauss", "strauß"),
        ("Anne-Marie O’Neill", "marie neill"),
        ("Anne-Marie O’Neill", "anne-mar o'nei"),
        ("İpek Işık", "ipek isik"),
        ("ΣΩΚΡΑΤΗΣ", "σωκράτης"),
        ("Нестор Ґонта", "нестор"),
        ("佐々木 朗希", "佐々"),
        ("ジョン・スミス", "スミス"),
        ("Ａｄａ", "ada"),
        ("ﬁlip", "fil"),
    ],
)
def test_each_word_begins_a_word_of_the_name(
    named: Callable[..., User], full_name: str, text: str
) -> None:
    named(full_name)
    assert finds(text)


@pytest.mark.parametrize(
    "text",
    [
        "ada.king",
        "king",
        "tickets",
        "example",
        "@exam",
        "org king",
        "ada.king+tickets@exam",
        "ADA.KING+TICKETS@EXAMPLE.ORG",
        "Ada <ada.king+tickets@example.org>,",
        "ada.king+tickets@",
    ],
)
def test_an_email_is_found_by_its_parts_and_as_a_whole(
    named: Callable[..., User], text: str
) -> None:
    named("Ada", "ada.king+tickets@example.org")
    assert finds(text)


@pytest.mark.parametrize(
    "text", ["uinn", "zoe king", "zoequinn", "zoe@example", "-", "@", "'", "%"]
)
def test_what_begins_no_word_finds_nobody(named: Callable[..., User], text: str) -> None:
    named("Zoë Quinn")
    assert not finds(text)


@pytest.mark.parametrize(("text", "is_found"), [("exam", False), ("zoe", True), ("zoe@ex", True)])
def test_where_an_email_is_kept_may_be_left_out(
    named: Callable[..., User], text: str, is_found: bool
) -> None:
    user = named("Z Quinn", "zoe@example.org")
    query = prefix_query(text, domains=False)
    assert User.objects.filter(pk=user.pk, search_words__matches=query).exists() == is_found


def test_the_end_of_somebody_elses_email_is_not_theirs(named: Callable[..., User]) -> None:
    named("Zoë Quinn", "zoe@example.net")
    assert not finds("zoe@example.org")


def test_a_new_name_is_found_and_the_old_one_is_not(named: Callable[..., User]) -> None:
    user = named("Ada Byron")
    User.objects.filter(pk=user.pk).update(full_name="Ada King")
    assert finds("king") and not finds("byron")


@pytest.mark.parametrize("full_name", ["\ufdfa" * 200, "㌖" * 200, "𝔄" * 200, "…", ""])
def test_a_name_of_any_letters_can_be_kept(named: Callable[..., User], full_name: str) -> None:
    named(full_name, "")
    assert finds(full_name[:1]) == (full_name not in ("…", ""))


# Everything but what no text of a request can hold: NUL, which PostgreSQL has not, and halves of
# surrogates. The signs of the language of queries come more often than by chance.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.text(
    st.sampled_from("ab'\"\\:*&|!()<->@. \t%_$E")
)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS)
def test_no_text_is_more_than_words(db: None, text: str) -> None:
    """Whatever is typed, PostgreSQL reads a query: an error would end this test."""
    finds(text)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=TEXTS.filter(lambda name: any(sign.isalnum() and sign.isascii() for sign in name)))
def test_whoever_has_a_name_is_found_by_it(db: None, name: str) -> None:
    user = User.objects.create(full_name=name[:200], email="")
    assert "@" in name or finds(name[:200])
    user.delete()


def test_staff_finds_accounts_by_words(staff: User, ada: User, grace: User) -> None:
    found = client_of(staff).get(USERS, {"search": "ad example"}).json()["results"]
    assert [row["id"] for row in found] == [str(ada.pk)]


def test_a_text_longer_than_any_name_is_refused(staff: User) -> None:
    assert client_of(staff).get(USERS, {"search": "a" * 501}).status_code == 400


def test_a_reference_that_begins_a_word_finds_both(event: Event, ada: User) -> None:
    now = timezone.now()
    first = registrations.register(event_id=event.pk, user=ada, now=now)
    namesake = User.objects.create(full_name=first.reference.replace("-", ""), email="x@y.org")
    second = registrations.register(event_id=event.pk, user=namesake, now=now)
    found: set[UUID] = {row.pk for row in Registration.objects.matching(first.reference)}
    assert found >= {first.pk}
    both = Registration.objects.matching(first.reference.replace("-", "").lower())
    assert {row.pk for row in both} == {first.pk, second.pk}


def test_the_search_of_one_event_stays_in_it(
    event: Event, make_event: Callable[..., Event], registration: Registration
) -> None:
    other = make_event(name="Difference Engines")
    assert event.registrations.matching("ada").get() == registration
    assert not other.registrations.matching("ada").exists()


# --- The admin -------------------------------------------------------------------------------


@pytest.mark.usefixtures("plain_static_files")
@pytest.mark.parametrize("text", ["exam ad", "{0.pk}", "{0.reference}"])
def test_the_admin_finds_registrations_as_the_api_does(
    boss: Client, registration: Registration, text: str
) -> None:
    page = boss.get(REGISTRATIONS_PAGE, {"q": text.format(registration)})
    assert list(page.context["cl"].queryset) == [registration]


@pytest.mark.usefixtures("plain_static_files")
def test_the_admin_finds_accounts_as_the_api_does(boss: Client, ada: User, grace: User) -> None:
    assert list(boss.get(USERS_PAGE, {"q": "exam ad"}).context["cl"].queryset) == [ada]
