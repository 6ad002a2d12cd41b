"""The same story at several places: which items are near-duplicates of each other, and which story they make.

Two items tell the same when they were published within a week of each other by different offices and at least half
of the four-word runs of both are common: as far as a sketch of 60 MinHash values tells, and if they share a band of
three of them, by which they are found at all. Both are properties of the two alone. A story is what such ties hold
together, and is named after the item that was published first: whatever the order of arrival, and after a rebuild,
stories and names are the same.
"""

from __future__ import annotations

import sqlite3
import struct
from collections import deque
from collections.abc import Iterable, Sequence
from operator import eq
from typing import TYPE_CHECKING

from rensa import RMinHash

from archive.persian import fold

if TYPE_CHECKING:
    from archive.record import NewsRecord

VERSION = f"1.{RMinHash.ALGORITHM_VERSION}"
"""Sketches of another version cannot be compared with ours."""

DDL = """
CREATE TABLE IF NOT EXISTS sketches (        -- one row an item with enough text and a date
    docid     INTEGER PRIMARY KEY,
    item      TEXT NOT NULL,
    place     TEXT NOT NULL,                 -- the office; the portal where that is unknown
    sketch    BLOB NOT NULL,                 -- see archive/search/stories.py
    story     TEXT                           -- the item that names the story; NULL when it was told once
);
CREATE INDEX IF NOT EXISTS sketches_story ON sketches (story) WHERE story IS NOT NULL;
CREATE TABLE IF NOT EXISTS bands (           -- where to look for items alike, by week: writes stay close together
    week      INTEGER NOT NULL,
    band      INTEGER NOT NULL,
    docid     INTEGER NOT NULL,
    PRIMARY KEY (week, band, docid)
) WITHOUT ROWID;
"""

_FEWEST = 30  # runs; of a caption of one sentence, offices change but the name of the town
_VALUES, _ROWS = 60, 3
_BANDS = _VALUES // _ROWS
_SEED = 1402
_ALIKE = _VALUES // 2
_WEEK = 7 * 24 * 60
NEAR = 60
"""As many items of a story are shown beside one: what offices say anew every day is one story of thousands."""
MINUTE_BITS = 20
"""A row id shifted so far is a minute of publication: see `index`."""
_LAYOUT = struct.Struct(f"<{_BANDS}I{_VALUES}s")


def sketch_of(record: NewsRecord) -> bytes:
    """The sketch of an item: 20 hashes of bands, and the low bytes of the values. Empty without a date or much text."""
    runs = shingles(record) if record.published else set()
    if len(runs) < _FEWEST:
        return b""
    made = RMinHash(num_perm=_VALUES, seed=_SEED)
    made.update(list(runs))
    values = made.digest()
    bands = [_band(at, values[at : at + _ROWS]) for at in range(0, _VALUES, _ROWS)]
    return _LAYOUT.pack(*bands, bytes(value & 0xFF for value in values))


def shingles(record: NewsRecord) -> set[str]:
    """The four-word runs of lead and body."""
    words = fold(f"{record.lead} {record.body}").split()
    return set(map(" ".join, zip(words, words[1:], words[2:], words[3:], strict=False)))


def _band(number: int, values: list[int]) -> int:
    """Mix the place of a band and its values into 32 bits (FNV-1a over words)."""
    mixed = 2166136261
    for value in (number, *values):
        mixed = ((mixed ^ value) * 16777619) & 0xFFFFFFFFFFFFFFFF
        mixed ^= mixed >> 29
    return mixed & 0xFFFFFFFF


def add(db: sqlite3.Connection, docid: int, item: str, place: str, sketch: bytes) -> list[int]:
    """Note an item. Returns the row ids of the items whose story that changes."""
    bands = set(_LAYOUT.unpack(sketch)[:_BANDS])
    db.execute("INSERT INTO sketches VALUES (?, ?, ?, ?, NULL)", (docid, item, place, sketch))
    db.executemany("INSERT INTO bands VALUES (?, ?, ?)", [(_week(docid), band, docid) for band in bands])
    alike = _alike(db, docid)
    return _tie(db, [docid, *alike]) if alike else []


def remove(db: sqlite3.Connection, docid: int) -> list[int]:
    """Forget an item. What held its story together may have been this item, so the others are tied anew.

    Returns the row ids of the others.
    """
    row = db.execute("SELECT sketch, story FROM sketches WHERE docid = ?", (docid,)).fetchone()
    if row is None:
        return []
    sketch, story = row
    alike = _alike(db, docid) if story else []
    bands = set(_LAYOUT.unpack(sketch)[:_BANDS])
    places = [(_week(docid), band, docid) for band in bands]
    db.executemany("DELETE FROM bands WHERE week = ? AND band = ? AND docid = ?", places)
    db.execute("DELETE FROM sketches WHERE docid = ?", (docid,))
    return _untie(db, story, alike) if story else []


def _untie(db: sqlite3.Connection, story: str, alike: list[int]) -> list[int]:
    """Let the rest of a story go on, or fall apart. Returns the row ids of the items whose story that changes."""
    rest = members(db, story)
    if len(rest) > 1 and alike and _hang_together(db, alike):
        if rest[0][1] == story:
            return []
        return _name(db, rest[0][1], [story])
    db.execute("UPDATE sketches SET story = NULL WHERE story = ?", (story,))
    for docid, _ in rest:
        if others := _alike(db, docid):
            _tie(db, [docid, *others])
    return [docid for docid, _ in rest]


def _hang_together(db: sqlite3.Connection, docids: list[int]) -> bool:
    """Tell whether ties lead from one of the items to all of them."""
    middle = sorted(docids)[len(docids) // 2]  # others are mostly tied to it, and what is near leads to the rest
    wanted, seen, queue = set(docids), {middle}, deque([middle])
    while queue and not wanted <= seen:
        fresh = set(_alike(db, queue.popleft())) - seen
        seen |= fresh
        queue.extend(sorted(fresh, key=lambda docid: abs(docid - middle)))
    return wanted <= seen


def members(db: sqlite3.Connection, story: str) -> list[tuple[int, str]]:
    """The row ids and ids of a story's items, first published first."""
    rows = db.execute("SELECT docid, item FROM sketches WHERE story = ?", (story,))
    return sorted(rows, key=_age)


def near(db: sqlite3.Connection, story: str, item: str) -> list[tuple[int, str]]:
    """Those of a story's items that were published next to one of them, as `members`: at most `NEAR`."""
    rows = db.execute(
        "SELECT docid, item FROM sketches WHERE story = ?"
        " ORDER BY abs(docid - (SELECT docid FROM items WHERE id = ?)) LIMIT ?",
        (story, item, NEAR),
    )
    return sorted(rows, key=_age)


def story_of(db: sqlite3.Connection, docid: int) -> str | None:
    """The story of an item: the id of the item that told it first; None when nobody else tells it."""
    row = db.execute("SELECT story FROM sketches WHERE docid = ?", (docid,)).fetchone()
    return row[0] if row else None


def of_item(db: sqlite3.Connection, item: str) -> str | None:
    """The story of the item with an id."""
    row = db.execute("SELECT docid FROM items WHERE id = ?", (item,)).fetchone()
    return story_of(db, row[0]) if row else None


def _age(row: tuple[int, str]) -> tuple[int, str]:
    # Within a minute, row ids ascend with the order of arrival, which a rebuild may change.
    return row[0] >> MINUTE_BITS, row[1]


def _week(docid: int) -> int:
    return (docid >> MINUTE_BITS) // _WEEK


def _alike(db: sqlite3.Connection, docid: int) -> list[int]:
    """Find the items that tell the same as one."""
    place, sketch = db.execute("SELECT place, sketch FROM sketches WHERE docid = ?", (docid,)).fetchone()
    *bands, own = _LAYOUT.unpack(sketch)
    week, minute = _week(docid), docid >> MINUTE_BITS
    marks = ",".join("?" * len(bands))
    rows = db.execute(
        "SELECT docid, sketch FROM sketches WHERE docid IN"  # noqa: S608
        f" (SELECT docid FROM bands WHERE week IN (?, ?, ?) AND band IN ({marks})) AND place <> ?",
        (week - 1, week, week + 1, *bands, place),
    )
    return [
        other
        for other, theirs in rows.fetchall()
        if abs((other >> MINUTE_BITS) - minute) <= _WEEK and sum(map(eq, own, theirs[-_VALUES:])) >= _ALIKE
    ]


def _tie(db: sqlite3.Connection, docids: Sequence[int]) -> list[int]:
    """Make one story of items and of the stories they belong to. Returns the row ids whose story that changes.

    A story of years has thousands of items (a greeting that offices publish every day), so only its name and its
    first row are read here: together they tell its age.
    """
    marks = ",".join("?" * len(docids))
    rows = db.execute(f"SELECT docid, item, story FROM sketches WHERE docid IN ({marks})", docids).fetchall()  # noqa: S608
    single = [(docid, item) for docid, item, story in rows if story is None]
    told = {story for *_, story in rows if story is not None}
    begun = "SELECT min(docid) FROM sketches WHERE story = ?"
    first = min([*single, *((db.execute(begun, (name,)).fetchone()[0], name) for name in told)], key=_age)[1]
    db.executemany("UPDATE sketches SET story = ? WHERE docid = ?", [(first, docid) for docid, _ in single])
    return [*(docid for docid, _ in single), *_name(db, first, told - {first})]


def _name(db: sqlite3.Connection, name: str, stories: Iterable[str]) -> list[int]:
    """Give stories another name. Returns their row ids."""
    docids = [docid for story in stories for docid, _ in members(db, story)]
    db.executemany("UPDATE sketches SET story = ? WHERE docid = ?", [(name, docid) for docid in docids])
    return docids
