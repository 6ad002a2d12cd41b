"""The same story at several offices: what is one, in whatever order it arrives, and after changes."""

from __future__ import annotations

import random
import sqlite3
from itertools import permutations

import pytest

from archive.record import NewsRecord
from archive.search import index, stories

WORDS = [f"واژه{number}" for number in range(4000)]


def told(seed: int, words: int = 120) -> list[str]:
    return random.Random(seed).choices(WORDS, k=words)


def item(code: int, text: list[str], office: str | None, published: str | None = "2024-03-05T10:00:00+03:30"):
    return NewsRecord(
        id=f"p:{code}",
        portal="p",
        code=str(code),
        url="u",
        title="عنوان",
        body=" ".join(text),
        office=office,
        published=published,
    )


STORY, OTHER = told(1), told(2)
LATER = "2024-03-09T10:00:00+03:30"
RECORDS = [
    item(1, STORY, "a"),
    item(2, ["آغاز", "دیگر", *STORY[5:]], "b", LATER),
    item(3, [*STORY[:100], *told(3, 10)], "c", "2024-03-08T10:00:00+03:30"),
    item(4, OTHER, "b"),
    item(5, [*OTHER[:20], *told(4)], "c"),
]


def fill(records) -> tuple[sqlite3.Connection, dict[str, int]]:
    db = sqlite3.connect(":memory:", isolation_level=None)
    index.create(db)
    rows = {}
    for record in records:
        rows[record.id] = index.allocate(db, record.published)
        index.add(db, rows[record.id], index.terms_of(record))
    return db, rows


def story_of(db, rows) -> dict[str, str | None]:
    return {name: stories.story_of(db, row) for name, row in rows.items()}


def test_a_story_is_named_after_who_told_it_first_whatever_the_order_of_arrival():
    wanted = {"p:1": "p:1", "p:2": "p:1", "p:3": "p:1", "p:4": None, "p:5": None}
    for records in permutations(RECORDS):
        assert story_of(*fill(records)) == wanted


@pytest.mark.parametrize(
    "other",
    [
        item(2, STORY, "a"),
        item(2, STORY, "b", "2024-03-13T10:01:00+03:30"),
        item(2, STORY, "b", None),
        item(2, [*STORY[:60], *told(5, 60)], "b"),
    ],
    ids=["the office itself", "eight days later", "without a date", "half of it is other text"],
)
def test_what_is_another_story(other):
    assert set(story_of(*fill([RECORDS[0], other])).values()) == {None}


def test_a_short_text_is_no_story():
    assert set(story_of(*fill([item(1, STORY[:30], "a"), item(2, STORY[:30], "b")])).values()) == {None}


def test_who_leaves_a_story_may_have_held_it_together():
    between = [*STORY[:30], *OTHER[:90]]
    chain = [item(1, STORY[:80], "a"), item(2, STORY, "b", LATER), item(3, STORY[35:], "c", LATER)]
    db, rows = fill(chain)
    assert story_of(db, rows) == dict.fromkeys(rows, "p:1")
    index.remove(db, rows["p:2"], chain[1])
    del rows["p:2"]
    assert story_of(db, rows) == story_of(*fill([chain[0], chain[2]])) == {"p:1": None, "p:3": None}
    changed = item(2, between, "b", LATER)
    rows["p:2"] = index.allocate(db, changed.published)
    index.add(db, rows["p:2"], index.terms_of(changed))
    assert set(story_of(db, rows).values()) == {None}


def test_the_first_of_a_story_leaves_and_the_next_gives_it_its_name():
    db, rows = fill(RECORDS)
    index.remove(db, rows["p:1"], RECORDS[0])
    assert [name for _, name in stories.members(db, "p:3")] == ["p:3", "p:2"]
    assert stories.members(db, "p:1") == []
    for name in ("p:2", "p:3"):
        index.remove(db, rows[name], next(r for r in RECORDS if r.id == name))
    assert db.execute("SELECT count(DISTINCT docid) FROM bands").fetchone() == (2,)
    assert db.execute("SELECT count(*) FROM sketches WHERE story IS NOT NULL").fetchone() == (0,)
