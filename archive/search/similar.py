"""Items about the same things as one: those that share the rarest words of its title and tags."""

from __future__ import annotations

import sqlite3

from archive.record import NewsRecord
from archive.search import stories
from archive.search.words import tokens

_WORDS = 5
_COMMON = 500
"""A word in more items than that tells little of what one is about, and takes long to look up."""
_WEIGHTS = "10.0, 4.0, 1.0, 5.0, 0.0"


def similar(db: sqlite3.Connection, record: NewsRecord, limit: int = 5) -> list[int]:
    """The row ids of the items most like one, best first; neither itself nor those that tell its story."""
    text = "\n".join((record.title, *record.tags))
    terms = dict.fromkeys(term for _, _, forms in tokens(text) for term in forms.terms)
    said = [term for term in terms if not term.isdigit()]  # a number is rare and says nothing
    rare = [(count, term) for term in said if 1 < (count := _items_with(db, term)) <= _COMMON]
    if not rare:
        return []
    wanted = " OR ".join(f'"{term}"' for _, term in sorted(rare)[:_WORDS])
    rows = db.execute(
        f"SELECT rowid FROM news WHERE news MATCH ? ORDER BY bm25(news, {_WEIGHTS}), rowid DESC LIMIT ?",  # noqa: S608
        (f"{{title lead tags}} : ({wanted})", limit + stories.NEAR),
    )
    story = stories.of_item(db, record.id)
    own = {docid for docid, _ in stories.near(db, story, record.id)} if story else set()
    itself = db.execute("SELECT docid FROM items WHERE id = ?", (record.id,)).fetchone()
    return [docid for (docid,) in rows if docid not in own and (docid,) != itself][:limit]


def _items_with(db: sqlite3.Connection, term: str) -> int:
    """How many items have a term, counted no further than matters."""
    sql = "SELECT count(*) FROM (SELECT 1 FROM news WHERE news MATCH ? LIMIT ?)"
    found: int = db.execute(sql, (f'{{title lead tags}} : "{term}"', _COMMON + 1)).fetchone()[0]
    return found
