"""The same story at several offices: what is one, in whatever order it arrives, and after changes."""

from __future__ import annotations

import datetime as dt
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


def daily(number: int) -> NewsRecord:
    """Offices say nearly the same every day, so that all of it is one story."""
    day = dt.datetime(2024, 3, 1, 8, tzinfo=dt.UTC) + dt.timedelta(days=number // 3, minutes=number % 3)
    return item(number, [*STORY[:40], *told(number, 5), *STORY[40:]], "abc"[number % 3], day.isoformat())


def test_who_joins_or_leaves_a_long_story_changes_nobody_else():
    records = [daily(number) for number in range(60)]
    db, rows = fill(records)
    assert set(story_of(db, rows).values()) == {"p:0"}
    late = index.allocate(db, records[30].published)
    terms = index.terms_of(item(99, STORY, "d", records[30].published))
    assert stories.add(db, late, "p:99", "d", terms.sketch) == [late]
    assert stories.remove(db, late) == stories.remove(db, rows["p:31"]) == []
    assert len(stories.remove(db, rows["p:0"])) == 58
    assert len(stories.members(db, "p:1")) == 58


@pytest.mark.parametrize("seed", range(6))
def test_stories_are_the_same_whatever_came_and_went_before(seed: int):
    rng = random.Random(seed)
    every = [*RECORDS, *(daily(number) for number in range(10, 70, rng.randint(1, 9)))]
    rng.shuffle(every)
    db, rows = fill(every)
    for record in every[: len(every) // 2]:
        index.remove(db, rows.pop(record.id), record)
    assert story_of(db, rows) == story_of(*fill(every[len(every) // 2 :]))


def test_of_a_story_without_end_the_items_next_to_one_are_shown():
    records = [daily(number) for number in range(90)]
    db, rows = fill(records)
    db.execute("CREATE TABLE items (docid INTEGER PRIMARY KEY, id TEXT)")
    db.executemany("INSERT INTO items VALUES (?, ?)", [(row, name) for name, row in rows.items()])
    assert [name for _, name in stories.near(db, "p:0", "p:89")] == [f"p:{number}" for number in range(30, 90)]
