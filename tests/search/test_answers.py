"""Answers that are kept stay exact: they are those of an index that is asked for the first time."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from archive.catalogue import Catalogue
from archive.record import Capture, NewsRecord
from archive.search import answers, find, index
from archive.search.answers import Answers

QUERIES = ("وقف", "-وقف", "سیل kind:photo", "from:1402-12 to:1403-01", "وقف OR سیل", "")
"""Everything comes last: what changed is put in among all other facts for it."""
STORY = " ".join(f"واژه{number}" for number in range(60))


def made(number: int, rng: random.Random) -> NewsRecord:
    return NewsRecord(
        f"p:{number}",
        "p",
        str(number),
        f"http://p/{number}",
        rng.choice(["وقف", "سیل", "وقف سیل"]),
        body=rng.choice(["", STORY]),
        office=rng.choice(["a", "b", "c"]),
        kind=rng.choice(["news", "photo"]),
        published=rng.choice([None, "2024-03-01T10:00:00+03:30", "2024-03-05T10:00:00+03:30"]),
        capture=Capture("w", number, 1, f"urn:{number}:{rng.random()}", "sha256:X", "2026-01-01T00:00:00Z", 200, None),
    )


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path / "catalogue.sqlite", write=True)


def everything(kept: Answers, db: sqlite3.Connection, text: str) -> tuple[object, ...]:
    query = index.resolve(db, text)
    rows = kept.rows(db, query)
    best = [*kept.ordered(db, query, "relevance")]
    known = kept.facts(db)
    told = dict(zip(known.stories.values(), known.stories, strict=True))
    stories = Counter(told[number] for number in known.of(rows)[1])
    return rows.tolist(), kept.spread(db, query), stories, sorted(best) == rows.tolist()


def test_what_was_kept_is_what_would_be_found_anew(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, kept = random.Random(3), Answers()
    for step in range(12):
        for _ in range(rng.randrange(9)):
            catalogue.store(made(rng.randrange(40), rng))
        catalogue.commit()
        if step == 6:
            monkeypatch.setattr(answers, "_MANY_CHANGES", 0)
        if step == 9:
            index.clear(catalogue.db)
            catalogue.db.executescript("DELETE FROM items; DELETE FROM revisions;")
        for query in QUERIES:
            assert everything(kept, catalogue.db, query) == everything(Answers(), catalogue.db, query), (step, query)


def test_only_what_changed_is_looked_at_again(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, rng = Answers(), random.Random(4)
    catalogue.store(made(1, rng))
    catalogue.commit()
    everything(kept, catalogue.db, "وقف OR سیل")
    statements: list[str] = []
    catalogue.store(made(2, rng))
    catalogue.commit()
    catalogue.db.set_trace_callback(statements.append)
    assert len(everything(kept, catalogue.db, "وقف OR سیل")[0]) == 2
    joined = [each for each in statements if "group_concat" in each]
    assert joined
    assert all(" IN (" in each for each in joined), joined


def test_a_reader_of_an_older_moment_gets_the_answer_of_its_moment(catalogue: Catalogue, tmp_path: Path) -> None:
    kept, rng = Answers(), random.Random(5)
    catalogue.store(made(1, rng))
    catalogue.commit()
    older = Catalogue(tmp_path / "catalogue.sqlite").db
    older.execute("BEGIN")
    before = everything(kept, older, "")
    catalogue.store(made(2, rng))
    catalogue.commit()
    assert len(everything(kept, catalogue.db, "")[0]) == 2
    assert everything(kept, older, "") == before
    assert len(everything(kept, catalogue.db, "")[0]) == 2


def test_many_hits_are_ordered_by_title_and_then_by_day(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "MANY", 3)
    days = [f"2024-03-{day:02}T10:00:00+03:30" for day in range(1, 9)]
    for number, day in enumerate(days):
        record = replace(made(number, random.Random(number)), published=day, kicker="وقف", title="سیل", body="")
        catalogue.store(replace(record, title="وقف") if number in {2, 5} else record)
    catalogue.commit()
    page = find.Page(sort="relevance", limit=5)
    found, _ = find.find(catalogue, Answers(), "وقف", page)
    assert [hit.id for hit in found.hits] == ["p:5", "p:2", "p:7", "p:6", "p:4"]
    every = [catalogue.by_docid(docid).id for docid in index.search_ids(catalogue.db, "وقف", sort="relevance")]
    assert every == ["p:5", "p:2", "p:7", "p:6", "p:4", "p:3", "p:1", "p:0"]


def test_folding_shows_each_story_once_across_pages(catalogue: Catalogue) -> None:
    rng = random.Random(6)
    for number in range(60):
        catalogue.store(made(number, rng))
    catalogue.commit()
    kept = Answers()
    one = find.find(catalogue, kept, "", find.Page(limit=1000))[0]
    assert one.stories == len(one.hits) < one.total == 60
    assert len({hit.story or hit.id for hit in one.hits}) == len(one.hits)
    pages = [find.find(catalogue, kept, "", find.Page(limit=7, offset=at))[0].hits for at in range(0, one.stories, 7)]
    assert [hit.id for page in pages for hit in page] == [hit.id for hit in one.hits]
    for hit in one.hits:
        assert (hit.story is None) == (not hit.elsewhere)
        assert hit.places == len({hit.office, *(each.office for each in hit.elsewhere)})
