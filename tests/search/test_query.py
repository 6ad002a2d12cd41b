"""The language of queries."""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import schema
from archive.catalogue import Catalogue
from archive.errors import QueryError
from archive.names import OFFICES
from archive.offices import load_offices
from archive.record import Capture, NewsRecord
from archive.search import index
from archive.search.query import parse
from tests.conftest import ROOT


@pytest.fixture
def ids(db, put):
    """Three records by name, and what a query finds of them by name."""
    names = {
        put(
            "سیل در میناب خسارت زد. امدادرسانی ادامه دارد.",
            "مدیرکل بهزیستی هرمزگان: سیل مهار شد",
            organisation="welfare",
            province="IR-22",
            office="behzisti-hormozgan",
            code="70583",
            tags=["امداد", "سیل"],
            published="2023-04-01T10:00:00+03:30",
        ): "flood",
        put(
            "زلزله خوی و موقوفه‌ها",
            "کمک اوقاف به زلزله زدگان",
            organisation="endowment",
            province="IR-04",
            kind="photo",
            authors=["علی رضایی", "مریم موسوی"],
            categories=["اخبار استان‌ها"],
            published="2023-09-23T00:00:00+03:30",
        ): "quake",
        put("بدون تاریخ", "ورزش توان‌یابان", organisation="welfare", status="gone", lead="جام بهزیستی"): "sport",
    }
    return lambda query, **options: [names[i] for i in index.search(db, query, **options).ids]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "quake flood sport"),
        ("بهزیستی", "flood sport"),
        ("سیل OR زلزله", "quake flood"),
        ("سیل OR زلزله org:welfare", "flood"),
        ("سیل AND هرمزگان", "flood"),
        ("-سیل", "quake sport"),
        ("NOT سیل -ورزش", "quake"),
        ("-(سیل OR زلزله)", "sport"),
        ("بهزیستی (سیل OR ورزش) -title:ورزش", "flood"),
        ('"مدیر کل بهزیستی"', "flood"),
        ("«بهزیستی مدیرکل»", ""),
        ("title:سیل", "flood"),
        ("title:میناب", ""),
        ("author:رضایی", "quake"),
        ('نویسنده:"علی رضایی"', "quake"),
        ('author:"رضایی علی"', ""),
        ("author:موس*", "quake"),
        ("author:exact:موسوی", "quake"),
        ("-author:موسوی", "flood sport"),
        ("category:استان", "quake"),
        ("دسته:(اخبار استانها)", "quake"),
        ("رضایی", ""),
        ("author:سیل", ""),
        ("title:(بهزیستی سیل)", "flood"),
        ("عنوان:سیل", "flood"),
        ("lead:بهزیستی", "sport"),
        ("body:زلزله", "quake"),
        ("tag:امداد", "flood"),
        ('tag:"سیل امداد"', ""),
        ("org:behzisti", "flood sport"),
        ("org:اوقاف", "quake"),
        ("سازمان:بهزیستی سیل", "flood"),
        ("province:IR-22", "flood"),
        ("province:Hormozgan", "flood"),
        ("province:هرمزگان OR province:azargharbi", "quake flood"),
        ('province:"آذربايجان غربی"', "quake"),
        ("استان:آذربایجان‌غربی", "quake"),
        ("office:behzisti-hormozgan", "flood"),
        ("code:۷۰۵۸۳", "flood"),
        ("portal:p kind:photo", "quake"),
        ("kind:عکس", "quake"),
        ('گونه:"photo"', "quake"),
        ('office:"بهزیستی هرمزگان"', "flood"),
        ('اداره:"Behzisti, Hormozgan"', "flood"),
        ("-اداره:behzisti-hormozgan kind:عکس", "quake"),
        ("وضعیت:برداشته‌شده", "sport"),
        ("status:withdrawn", "sport"),
        ('org:"Welfare (Behzisti)"', "flood sport"),
        ('province:"West Azerbaijan"', "quake"),
        ('ماه:"فروردین ۱۴۰۲"', "flood"),
        ("year:1402 سیل", "flood"),
        ("status:gone", "sport"),
        ("from:1402-01", "quake flood"),
        ("to:1402/06/31", "flood"),
        ("from:۱۴۰۲/۰۷ to:2023-12", "quake"),
        ("از:1402 تا:1402/01 سیل", "flood"),
        ("امداد*", "flood"),
        ("exact:موقوفه", ""),
        ("exact:موقوفه‌ها", "quake"),
        ('exact:"زلزله خوی"', "quake"),
        ("مدیرکل بهزیستی هرمزگان: سیل مهار شد", "flood"),
        ("سیل - میناب", "flood"),
        ('\' " OR "1" = "1', None),
        ("مدیر\u200cکل!", "flood"),
    ],
)
def test_syntax(ids, query, found):
    if found is None:
        with pytest.raises(QueryError):
            ids(query)
    else:
        assert ids(query) == found.split()


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ('"پیش بینی', 'A " is not closed'),
        ("«پیش بینی", "»"),
        ("(سیل", "not closed"),
        ("سیل)", "closes nothing"),
        ("()", "no word"),
        ("OR سیل", "between two words"),
        ("سیل OR", "after it"),
        ("سیل OR OR زلزله", "between two words"),
        ("-", "no word"),
        ("NOT", "Nothing to look for follows"),
        ("title:", "Nothing to look for follows"),
        ("titel:سیل", "Did you mean title:?"),
        ("org:police", "no value of org:"),
        ("province:هرمزگا", "Did you mean هرمزگان?"),
        ("province:خراسان رضوی", 'Did you mean "خراسان رضوی"?'),
        ("province:atlantis", "hormozgan (هرمزگان), "),
        ("وضعیت:nope", "Write one of: live (در سایت), gone (برداشته‌شده)."),
        ("سیل NOT", "follows «NOT»"),
        ("سیل -(", "not closed"),
        ("-year:1402", "whole query"),
        ("province:", "needs a value"),
        ("code:!!", "needs a value"),
        ("from:دیروز", "is not a date"),
        ("from:1402-13", "is not a day"),
        ("from:1403 to:1402", "later than"),
        ("-from:1402", "whole query"),
        ("سیل OR from:1402", "whole query"),
        ("(سیل to:1402)", "whole query"),
        ("exact:!", "no word"),
        ("!!!", "no word"),
        ("*", "at least 2"),
        ("س*", "at least 2"),
        ("(" * 9 + "سیل" + ")" * 9, "nested"),
        ("س" * 1001, "at most 1000"),
    ],
)
def test_errors_say_what_to_write(query, says):
    with pytest.raises(QueryError) as error:
        parse(query)
    assert says in str(error.value)
    assert str(error.value).endswith((".", "?"))


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("kind:nothing", "photo (عکس)"),
        ("سیل -office:nope", "behzisti-qom"),
        ("اداره:behzisti-hormozgn", "Did you mean behzisti-hormozgan?"),
        ("portal:nope", "behzisti, oghaf"),
    ],
)
def test_a_value_that_nobody_has_is_refused_with_those_there_are(ids, query, says):
    with pytest.raises(QueryError) as error:
        ids(query)
    assert says in str(error.value)


def test_what_a_collection_calls_its_own_comes_before_our_names(db):
    """Offices of a person's own list, and kinds that a site names in Persian."""
    records = {
        "own": NewsRecord("p:1", "p", "1", "u1", "یک", office="ستاد", kind="عکس"),
        "ours": NewsRecord("p:2", "p", "2", "u2", "دو", office="behzisti-qom", kind="photo"),
    }
    catalogue = Catalogue.__new__(Catalogue)
    catalogue.db = db
    for number, record in enumerate(records.values()):
        capture = Capture("w", number, 1, f"urn:{number}", "sha256:X", "2026-01-01T00:00:00Z", 200, None)
        catalogue.store(replace(record, capture=capture))

    columns = "crawl, key, url, role, office, portal, dialect, host, path, priority, state"
    db.execute(
        f"INSERT INTO frontier ({columns}) VALUES ('c', 'u', 'u', 'home', 'kunden', 'p', '', 'h', '', 0, 'done')"
    )

    def found(query):
        docids = index.search_ids(db, query)
        titles = {db.execute("SELECT title FROM items WHERE docid = ?", (docid,)).fetchone()[0] for docid in docids}
        return {name for name, record in records.items() if record.title in titles}

    assert found("office:ستاد") == {"own"}
    assert found("kind:عکس") == {"own"}
    assert found("office:kunden") == set(), "crawled, and nothing of it is recorded yet"
    assert found("kind:photo") == found("office:behzisti-qom") == {"ours"}
    with pytest.raises(QueryError, match="ستاد"):
        found("office:nope")


def test_the_offices_we_know_are_those_of_the_built_in_list():
    assert set(OFFICES) == {office.id for office in load_offices(ROOT / "spiders" / "offices.toml").all}


def test_what_a_page_needs():
    query = parse("سیل -زلزله province:قم org:اوقاف OR org:بهزیستی from:1402")
    assert query.filters == {"province": ["IR-25"], "org": ["endowment", "welfare"]}
    assert [words.alternatives for words in query.words] == [(("سیل",),)]
    assert query.period.first == dt.date(2023, 3, 21)
    assert query.period.last is None


WORDS = "سیل مدیر کل می شود ها بهزیستی* 12 ﷺ ء ـ ½ 𞤀 OR AND NOT - ( ) « » * : ^ + '' NEAR( {title} rowid:1".split()
FIELDS = "title: exact: tag: org:welfare from:1402 to:9999-12-31 to:0001".split()
ODD = ['"', "\u200c", " ", "\n", "\x00", "\ud800", "\u0301"]
syntax = st.lists(st.sampled_from([*WORDS, *FIELDS, *ODD]), max_size=30)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    connection = sqlite3.connect(tmp_path_factory.mktemp("index") / "i.sqlite")
    connection.executescript(schema.TABLES)
    index.create(connection)
    record = NewsRecord(id="p:1", portal="p", code="1", url="u", title="مدیرکل", body="سیل می‌شود ﷺ")
    index.add(connection, 1, index.terms_of(record))
    return connection


@given(st.text() | syntax.map("".join) | syntax.map(" ".join))
def test_any_text_is_answered_or_refused_in_words(filled, text):
    for sort in ("date", "relevance"):
        try:
            hits = index.search(filled, text, sort=sort)
        except QueryError:
            continue
        assert hits.total == len(hits.ids) == len(list(index.search_ids(filled, text, sort=sort)))


@pytest.mark.parametrize(
    "query", ["ا " * 500, "-ا " * 330, "ا OR " * 199 + "ا", "(((((((ا b))))))) " * 50, "آب‌برق " * 140]
)
def test_long_queries_are_within_the_limits_of_sqlite(filled, query):
    assert index.search(filled, query[:1000].rstrip(" OR(")).total in {0, 1}
