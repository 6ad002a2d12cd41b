"""Facet counts against a plain count, for few hits and for many, with odd dates and after changes."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from archive.catalogue import Catalogue
from archive.record import Capture, NewsRecord
from archive.search import answers, index
from archive.search.facts import Kin
from archive.search.query import parse

DATES = [
    (None, None),
    ("2024-03-19T23:59:00+03:30", "1402-12-29"),
    ("2024-03-20T00:00:00+03:30", "1403-01-01"),
    ("2021-03-21T00:10:00+03:30", "1400-01-01"),
    ("2022-08-01T00:10:00+04:30", "1401-05-10"),
    ("9999-12-31T10:00:00+03:30", None),
    ("1925-01-01T10:00:00+03:30", "1303-10-11"),
]


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    made = Catalogue(tmp_path / "catalogue.sqlite", write=True)
    rng = random.Random(7)
    for number in range(120):
        published, jalali = rng.choice(DATES)
        record = NewsRecord(f"p:{number}", "p", str(number), f"http://p/{number}", "وقف" if number % 3 else "سیل")
        capture = Capture("w", number, 1, f"urn:{number}", "sha256:X", "2026-01-01T00:00:00Z", 200, None)
        made.store(
            replace(
                record,
                capture=capture,
                published=published,
                published_jalali=jalali,
                kind=rng.choice(["news", "photo", "گفت‌وگو"]),
                office=rng.choice(["behzisti-qom", "oghaf-qom", "a_b", None]),
                organisation=rng.choice(["welfare", "endowment", None]),
                province=rng.choice(["IR-25", "IR-22", None]),
            )
        )
    changed = replace(made.get("p:5"), kind="video", body="تازه", aliases=[])
    made.store(changed)
    made.commit()
    return made


@pytest.mark.parametrize("query", ["", "وقف", "وقف kind:photo", "سیل from:1400 to:1402", "زرافه", "-وقف"])
def test_counts_are_those_of_a_plain_count(catalogue: Catalogue, query: str) -> None:
    kept = answers.Answers()
    found = kept.spread(catalogue.db, parse(query))
    hits = [catalogue.by_docid(docid) for docid in index.search_ids(catalogue.db, query)]
    assert found.facts == Counter(Kin(r.organisation, r.province, r.office, r.kind, r.status) for r in hits)
    dated = [r for r in hits if r.published]
    assert found.undated == len(hits) - len(dated)
    assert sum(found.months.values()) == len(dated)
    known = Counter(r.published_jalali[:7] for r in dated if r.published_jalali and r.published_jalali > "1400")
    assert {month: n for month, n in found.months.items() if "1400" < month < "1500"} == known
