"""The same story elsewhere: items of other addresses that share much of their text."""

from __future__ import annotations

import datetime as dt
from itertools import islice

from archive.persian import fold
from archive.record import NewsRecord
from archive.search import index
from archive.search.match import expression
from archive.search.tree import Or, Words
from archive.search.words import tokens
from archive.web.reading import Reading

_DAYS = dt.timedelta(days=21)
_CANDIDATES = 25
_TITLE_WORDS = 12
_LONG_WORD = 3
_SHINGLE = 4
_SHARED = 0.6
"""Of the four-word runs of the shorter text. A text that was passed on and shortened, or given another first
paragraph, shares more; two reports with the phrases of one press office share less."""


def same_story(reading: Reading, record: NewsRecord) -> list[tuple[NewsRecord, float]]:
    """Other items that tell the same, most alike first, with the share of the text that is common."""
    own = _shingles(record)
    if not own:
        return []
    found = []
    for docid in _candidates(reading, record):
        other = reading.by_docid(docid)
        theirs = _shingles(other)
        if other.id != record.id and theirs:
            shared = len(own & theirs) / min(len(own), len(theirs))
            if shared >= _SHARED:
                found.append((other, round(shared, 2)))
    return sorted(found, key=lambda pair: (-pair[1], pair[0].id))


def _candidates(reading: Reading, record: NewsRecord) -> list[int]:
    """Items of the same weeks whose texts have most of the words of the title."""
    words = dict.fromkeys(term for token in tokens(record.title) for term in token.forms.terms)
    chosen = islice((term for term in words if len(term) >= _LONG_WORD), _TITLE_WORDS)
    parts = tuple(Words(((term,),)) for term in chosen)
    if not parts:
        return []
    low, high = 0, (1 << 63) - 1
    if record.published:
        published = dt.datetime.fromisoformat(record.published).date()
        low, high = index.rowid_range(published - _DAYS, published + _DAYS)
    rows = reading.db.execute(
        "SELECT rowid FROM news WHERE news MATCH ? AND rowid BETWEEN ? AND ? ORDER BY bm25(news) LIMIT ?",
        (expression(Or(parts)), low, high, _CANDIDATES),
    )
    return [row[0] for row in rows]


def _shingles(record: NewsRecord) -> set[tuple[str, ...]]:
    words = fold(f"{record.lead} {record.body}").split()
    return set(zip(*(words[at:] for at in range(_SHINGLE)), strict=False))
