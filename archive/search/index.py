"""The search index: one contentless FTS5 table beside the catalogue's own, which keep the text.

Row ids ascend with the minute of publication, so that newest first and "between two days" cost nothing.
The table holds terms of our own making (`words.index_text`); its tokenizer only cuts at spaces. A row is
removed by giving the terms it was made of, so that an index is as old as its `NORMALISER_VERSION`.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, islice, repeat
from random import getrandbits
from typing import TYPE_CHECKING, Literal, NamedTuple

from archive.errors import CollectionError
from archive.jalali import TEHRAN
from archive.search import stories
from archive.search.match import EVERY, expression, with_compounds
from archive.search.query import FILTERS, parse
from archive.search.stories import MINUTE_BITS
from archive.search.tree import FACT_FIELDS, And, Filter, Query, in_field, in_title
from archive.search.values import settled
from archive.search.words import index_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.record import NewsRecord

Sort = Literal["date", "relevance"]

# The tokenizer `ascii` takes every non-ASCII character as part of a term, the marks of `index_text` too.
DDL = """
CREATE VIRTUAL TABLE IF NOT EXISTS news
USING fts5(title, lead, body, tags, facets, content='', tokenize='ascii');
CREATE TABLE IF NOT EXISTS changes (         -- the rows that changed last, so that what was counted can be kept
    seq       INTEGER PRIMARY KEY,
    docid     INTEGER NOT NULL
);
"""

CHANGES = 10_000
"""As many changes are remembered; who missed more counts everything anew."""

_SMALL = 1000
"""An index of fewer entries for its pages, about ten thousand records, is fast in any shape."""
_LOOSE = 0.25
"""So much of an index may lie outside its largest part: merging costs as much as writing all of it."""
_STEP = 2000  # pages

MANY = 5000
"""Up to so many hits are ranked one by one."""
_WEIGHTS = "10.0, 4.0, 1.0, 5.0, 0.0"

_UNDATED_MINUTES = 1024
"""Items without a date take the rows before 1970-01-01 17:04, so that they are last when newest is first."""
_DAY = dt.timedelta(days=1)
_LAST_ROW = (1 << 62) - 1


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of an answer: the exact number of hits, the row ids of the page in order."""

    total: int
    ids: list[int]
    query: Query
    """The query with the compounds that the index knows: what to highlight."""


class Terms(NamedTuple):
    """What the index takes of a record: the terms of its columns, and what tells its story from others."""

    title: str
    lead: str
    body: str
    tags: str
    facets: str
    item: str
    place: str
    sketch: bytes


def create(db: sqlite3.Connection) -> None:
    """Make the tables unless they are there."""
    db.executescript(DDL + stories.DDL)
    # Changes are counted from a number by chance: what was kept of an index that was replaced fits none of them.
    db.execute("INSERT INTO changes SELECT ?, 0 WHERE NOT EXISTS (SELECT 1 FROM changes)", (getrandbits(60),))


def clear(db: sqlite3.Connection) -> None:
    """Empty the index, whatever version of the normaliser made it."""
    db.execute("INSERT INTO news (news) VALUES ('delete-all')")
    db.executescript("DELETE FROM sketches; DELETE FROM bands; DELETE FROM changes;")
    create(db)


def settle(db: sqlite3.Connection) -> None:
    """Merge the parts that the index grew in, where the small ones have become many; outside a transaction.

    A search walks the postings of a word in all parts side by side, which in one takes half the time. Each step is a
    transaction of its own. Where the disk is full the index stays as it is: slower, not wrong.
    """
    parts = [pages for (pages,) in db.execute("SELECT count(*) FROM news_idx GROUP BY segid")]
    if sum(parts) < _SMALL or sum(parts) - max(parts) < sum(parts) * _LOOSE:
        return
    with suppress(sqlite3.OperationalError):
        for pages in chain([-_STEP], repeat(_STEP)):  # below zero: all parts shall become one
            before = db.total_changes
            db.execute("INSERT INTO news (news, rank) VALUES ('merge', ?)", (pages,))
            if db.total_changes - before < 2:  # noqa: PLR2004 - the documented sign that nothing is left
                return


def add(db: sqlite3.Connection, rowid: int, terms: Terms) -> None:
    """Index the terms of a record under a row id from `allocate`."""
    db.execute("INSERT INTO news (rowid, title, lead, body, tags, facets) VALUES (?,?,?,?,?,?)", (rowid, *terms[:5]))
    story = stories.add(db, rowid, terms.item, terms.place, terms.sketch) if terms.sketch else []
    _note_changes(db, {rowid, *story})


def remove(db: sqlite3.Connection, rowid: int, record: NewsRecord) -> None:
    """Take a record out; it must be exactly the one that was added under the row id."""
    db.execute(
        "INSERT INTO news (news, rowid, title, lead, body, tags, facets) VALUES ('delete',?,?,?,?,?,?)",
        (rowid, *terms_of(record)[:5]),
    )
    _note_changes(db, {rowid, *stories.remove(db, rowid)})


def _note_changes(db: sqlite3.Connection, rowids: set[int]) -> None:
    db.executemany("INSERT INTO changes (docid) VALUES (?)", [(rowid,) for rowid in rowids])
    db.execute("DELETE FROM changes WHERE seq <= (SELECT max(seq) FROM changes) - ?", (CHANGES,))


def terms_of(record: NewsRecord) -> Terms:
    """Make the terms of a record. The slow part, and pure: it can run elsewhere."""
    facts = (facet.term for facet in facets(record))
    names = {"author": record.authors, "category": record.categories}
    named = (in_field(name, term) for name in FACT_FIELDS for term in index_text("\n".join(names[name])).split())
    return Terms(
        title=index_text(record.title),
        lead=index_text(f"{record.kicker}\n{record.lead}"),
        body=index_text(record.body),
        tags=index_text("\n".join(record.tags)),
        facets=" ".join((EVERY, *facts, *named)),
        item=record.id,
        place=record.office or record.portal,
        sketch=stories.sketch_of(record),
    )


def facets(record: NewsRecord) -> list[Filter]:
    """List the filters a record answers to."""
    values = (record.organisation if name == "org" else getattr(record, name) for name in FILTERS)
    return [Filter(name, value) for name, value in zip(FILTERS, values, strict=True) if value]


def rowid_base(published: str | None) -> int:
    """Find the first row id for a minute of publication (ISO 8601), or for items without a date."""
    if published is None:
        return 1
    when = dt.datetime.fromisoformat(published)
    return _row_of(when if when.tzinfo else when.replace(tzinfo=TEHRAN))


def _row_of(when: dt.datetime) -> int:
    return max(int(when.timestamp()) // 60, _UNDATED_MINUTES) << MINUTE_BITS


def allocate(db: sqlite3.Connection, published: str | None) -> int:
    """Find a free row id for an item: the one after the last of its minute."""
    base = rowid_base(published)
    end = (_UNDATED_MINUTES << MINUTE_BITS) if published is None else base + (1 << MINUTE_BITS)
    row = db.execute("SELECT max(id) FROM news_docsize WHERE id >= ? AND id < ?", (base, end)).fetchone()
    free = base if row[0] is None else int(row[0]) + 1
    if free >= end:
        raise CollectionError(f"The search index has no row left for the minute of {published}.")
    return free


def rowid_range(first: dt.date | None, last: dt.date | None) -> tuple[int, int]:
    """Find the first and last row id of a span of days in Tehran. Items without a date are in none."""
    low = _row_of(_midnight(first)) if first else _UNDATED_MINUTES << MINUTE_BITS
    high = _row_of(_midnight(last + _DAY)) - 1 if last and last < dt.date.max else _LAST_ROW
    return low, high


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), TEHRAN)


def search(
    db: sqlite3.Connection, query: Query | str, *, sort: Sort = "date", limit: int = 20, offset: int = 0
) -> Hits:
    """Answer a query: the exact total and one page, newest or best first. Raises QueryError."""
    query = resolve(db, query)
    rows, parameters = rows_of(query)
    total: int = db.execute(f"SELECT count(*) {rows}", parameters).fetchone()[0]
    ids = ordered(db, query, sort, total) if total > offset else iter(())
    return Hits(total, [*islice(ids, offset, offset + limit)], query)


def search_ids(db: sqlite3.Connection, query: Query | str, *, sort: Sort = "date") -> Iterator[int]:
    """Run through the row ids of all hits in order. Raises QueryError."""
    query = resolve(db, query)
    total = search(db, query, limit=0).total if sort == "relevance" else 0
    return ordered(db, query, sort, total)


def ordered(db: sqlite3.Connection, query: Query, sort: Sort, total: int) -> Iterator[int]:
    """Run through the hits of a resolved query in order; `total` is how many there are.

    Best first is by BM25, the title counting most. Where more than `MANY` answer, the words are too common to tell
    records apart by counting them: those that have all of them in the title come first, then the others, each newest
    first. That takes no longer than newest first alone.
    """
    if sort == "date" or not query.words:
        return _newest(db, query)
    if total <= MANY:
        rows, parameters = rows_of(query)
        best = f"SELECT rowid {rows} ORDER BY bm25(news, {_WEIGHTS}), rowid DESC"
        return (row[0] for row in db.execute(best, parameters))
    return _title_first(db, query)


def _newest(db: sqlite3.Connection, query: Query) -> Iterator[int]:
    rows, parameters = rows_of(query)
    name = "rowid" if query.parts else "id"
    return (row[0] for row in db.execute(f"SELECT {name} {rows} ORDER BY {name} DESC", parameters))


def _title_first(db: sqlite3.Connection, query: Query) -> Iterator[int]:
    narrow = replace(query, parts=tuple(map(in_title, query.parts)))
    seen: set[int] = set()
    for rowid in _newest(db, narrow):
        seen.add(rowid)
        yield rowid
    yield from (rowid for rowid in _newest(db, query) if rowid not in seen)


_VALUES_OF = {"office": "SELECT office FROM items UNION SELECT office FROM frontier"}
"""Where the values of a field are found that is more than a column of items: an office may have no item yet."""


def resolve(db: sqlite3.Connection, query: Query | str) -> Query:
    """Parse a query where it is text; name the values in it as the collection does, and take apart its compounds.

    Raises QueryError.
    """
    query = parse(query) if isinstance(query, str) else query

    @cache
    def known(terms: str) -> bool:
        return db.execute("SELECT 1 FROM news WHERE news MATCH ? LIMIT 1", (terms,)).fetchone() is not None

    def has(one: Filter) -> bool:
        return known(expression(one))

    def values(field: str) -> list[str]:
        return [value for (value,) in db.execute(_VALUES_OF.get(field, f"SELECT DISTINCT {field} FROM items")) if value]  # noqa: S608

    parts = (with_compounds(settled(part, has, values), known) for part in query.parts)
    return replace(query, parts=tuple(parts))


def rows_of(query: Query) -> tuple[str, tuple[str | int, ...]]:
    """Write the rows of a query as SQL, and what to bind to it."""
    words = (expression(And(query.parts)),) if query.parts else ()
    span = rowid_range(query.period.first, query.period.last) if query.period else ()  # a test of each row takes time
    if words:
        return f"FROM news WHERE news MATCH ? {'AND rowid BETWEEN ? AND ?' if span else ''}", (*words, *span)
    # The same rows, counted much faster.
    return f"FROM news_docsize WHERE {'id BETWEEN ? AND ?' if span else 'true'}", span
