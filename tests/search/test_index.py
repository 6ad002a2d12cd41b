"""The index: rows that ascend with time, records that leave no trace, order and pages."""

from __future__ import annotations

import datetime as dt
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import CollectionError
from archive.persian import ZWNJ
from archive.record import NewsRecord
from archive.search import index
from archive.search.words import index_text, tokens

texts = st.text(st.sampled_from(f'ابپتکیيهةءـ می ها تر {ZWNJ}{ZWNJ}  ۱2٣"*()-\n\0ﷺ½éA\u0301\ud800')) | st.text()
records = st.builds(
    NewsRecord,
    id=st.just("p:1"),
    portal=texts,
    code=texts,
    url=st.just("https://p.ir/1"),
    title=texts,
    lead=texts,
    kicker=texts,
    body=texts,
    tags=st.lists(texts, max_size=3),
    office=st.none() | texts,
    kind=texts,
)


def check(db):
    db.execute("INSERT INTO news (news) VALUES ('integrity-check')")


@given(st.lists(records, min_size=1, max_size=4))
def test_removed_records_leave_nothing(some):
    with sqlite3.connect(":memory:") as db:
        index.create(db)
        rows = []
        for record in some:
            rows.append((index.allocate(db, record.published), record))
            index.add(db, rows[-1][0], index.terms_of(rows[-1][1]))
        check(db)
        assert index.search(db, "").total == len(some)
        for row, record in rows:
            index.remove(db, row, record)
        check(db)
        assert index.search(db, "").total == 0
        db.execute("CREATE VIRTUAL TABLE terms USING fts5vocab(news, row)")
        assert db.execute("SELECT count(*) FROM terms").fetchone() == (0,)


@given(texts)
def test_words_lie_in_the_original_text(text):
    found = tokens(text)
    ends = [0, *(end for _, end, _ in found)]
    assert all(before <= start < end for before, (start, end, _) in zip(ends, found, strict=False))
    assert index_text(text).startswith(" ".join(forms.main for _, _, forms in found))


def test_rows_ascend_with_the_minute():
    days = [None, "1969-01-01T00:00:00+03:30", "2023-04-01T10:00:59+03:30", "2023-04-01T10:01:00+03:30"]
    rows = [index.rowid_base(day) for day in days]
    assert rows == sorted(rows)
    assert len(set(rows)) == len(rows)
    assert index.rowid_base("2023-04-01T10:00:00") == rows[2]


def test_every_item_of_a_minute_has_a_row(db, put):
    published = "2023-04-01T10:00:00+03:30"
    rows = [put("الف", published=published) for _ in range(3)]
    assert rows == [index.rowid_base(published) + n for n in range(3)]
    assert put("الف") == 1
    assert put("الف") == 2


def test_a_full_minute_is_reported(db):
    last = index.rowid_base("2023-04-01T10:01:00+03:30") - 1
    index.add(db, last, index.terms_of(NewsRecord(id="p:1", portal="p", code="1", url="u", title="الف")))
    with pytest.raises(CollectionError, match="no row left"):
        index.allocate(db, "2023-04-01T10:00:00+03:30")


@given(st.dates(), st.dates())
def test_a_span_of_days_holds_its_minutes(one, other):
    first, last = sorted((one, other))
    low, high = index.rowid_range(first, last)
    assert low <= high + 1
    noon = dt.datetime.combine(last, dt.time(12), dt.UTC)
    if noon.year >= 1971:
        assert low <= index.rowid_base(noon.isoformat()) <= high
    assert index.rowid_base(None) < low


def test_newest_first_without_date_last(db, put):
    undated = put("وقف")
    old = put("وقف", published="2020-01-01T00:00:00+03:30")
    new = put("وقف", published="2024-01-01T00:00:00+03:30")
    assert index.search(db, "وقف").ids == [new, old, undated]
    assert index.search(db, "").ids == [new, old, undated]
    assert list(index.search_ids(db, "وقف")) == [new, old, undated]


def test_pages_and_total(db, put):
    rows = [put("وقف", published=f"2024-01-{day:02}T00:00:00+03:30") for day in range(1, 8)][::-1]
    page = index.search(db, "وقف", limit=3, offset=3)
    assert page.total == 7
    assert page.ids == rows[3:6]
    assert index.search(db, "وقف", limit=3, offset=9).ids == []


def test_relevance_prefers_the_title_then_the_newer(db, put):
    title = put("متن خبر", "وقف", published="2020-01-01T00:00:00+03:30")
    older = put("وقف", "متن خبر", published="2021-01-01T00:00:00+03:30")
    newer = put("وقف", "متن خبر", published="2022-01-01T00:00:00+03:30")
    assert index.search(db, "وقف", sort="relevance").ids == [title, newer, older]


def test_clear_and_read_only(db, put, tmp_path):
    put("وقف")
    reader = sqlite3.connect(f"file:{tmp_path}/catalogue.sqlite?mode=ro", uri=True)
    assert index.search(reader, "وقف بهرهبرداری").total == 0
    assert index.search(reader, "وقف").total == 1
    index.clear(db)
    assert index.search(reader, "").total == 0
    check(db)


def test_facets_are_the_filters_of_a_record():
    record = NewsRecord(id="p:1", portal="p", code="1", url="u", title="", organisation="welfare", province="IR-22")
    found = {facet.name: facet.value for facet in index.facets(record)}
    assert found == {
        "org": "welfare",
        "province": "IR-22",
        "portal": "p",
        "code": "1",
        "kind": "news",
        "status": "live",
    }


@pytest.mark.parametrize("text", ["گفت و ", "می ", "می\u200c", "ها", "آیه ", "گفت و", "کتاب ها ها", "تر ترین"])
def test_pieces_that_wait_for_a_neighbour(text):
    assert tokens(text)
    assert index_text(text)


def test_an_index_that_grew_in_parts_is_settled_as_one_and_answers_the_same(db, put, monkeypatch):
    for number in range(40):
        put(f"سیل {number} کمک به مردم", id=f"p:{number}", published=f"2024-03-{number % 28 + 1:02}T10:00:00+03:30")
    before = index.search(db, "سیل کمک", limit=100).ids

    def parts():
        return db.execute("SELECT count(DISTINCT segid) FROM news_idx").fetchone()[0]

    index.settle(db)
    assert parts() > 1, "what is small is left alone"
    monkeypatch.setattr(index, "_SMALL", 0)
    monkeypatch.setattr(index, "_STEP", 2)
    index.settle(db)
    assert parts() == 1
    assert index.search(db, "سیل کمک", limit=100).ids == before
    assert len(before) == 40
    check(db)
    put("سیل", id="p:99")
    monkeypatch.setattr(index, "_LOOSE", 0.9)  # of so small an index each part has one page
    index.settle(db)
    assert parts() == 2, "one small part beside a large one is not worth writing all anew"
