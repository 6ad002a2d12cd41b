"""What a query finds and what it does not, pair by pair, through the index itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.record import NewsRecord
from archive.search import index
from archive.search.highlight import snippet

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "search-pairs.tsv"
RECALL = 0.97


def read(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[:3] for line in lines if line and not line.startswith("#")]


def hit(db, query, document):
    """Look into an index of one record; a hit shows where it is one."""
    record = NewsRecord(id="p:1", portal="p", code="1", url="https://p.ir/1", title="", body=document)
    index.add(db, 1, index.terms_of(record))
    hits = index.search(db, query)
    index.remove(db, 1, record)
    if hits.total and hits.query.words:
        assert any(found for _, found in snippet(document, hits.query)), (query, document)
    return hits.total == 1


def judge(db, pairs):
    missed = [(q, d) for q, d, wanted in pairs if wanted == "1" and not hit(db, q, d)]
    wrong = [(q, d) for q, d, wanted in pairs if wanted == "0" and hit(db, q, d)]
    return missed, wrong


def test_what_must_match(db):
    pairs = read(HERE / "pairs_match.tsv")
    assert len(pairs) >= 150
    missed, _ = judge(db, pairs)
    assert len(missed) <= (1 - RECALL) * len(pairs), missed


def test_what_must_not_match(db):
    pairs = read(HERE / "pairs_differ.tsv")
    assert len(pairs) >= 90
    _, wrong = judge(db, pairs)
    assert not wrong


def test_the_second_list_that_the_rules_were_not_made_for(db):
    pairs = read(HERE / "unseen_match.tsv") + read(HERE / "unseen_differ.tsv")
    wanted = sum(wanted == "1" for _, _, wanted in pairs)
    assert wanted >= 80
    assert len(pairs) - wanted >= 60
    missed, wrong = judge(db, pairs)
    assert len(missed) <= (1 - RECALL) * wanted, missed
    assert not wrong


def test_shared_list(db):
    if not SHARED.exists():
        pytest.skip(f"{SHARED} is not here")
    pairs = read(SHARED)
    missed, wrong = judge(db, pairs)
    assert len(missed) <= (1 - RECALL) * sum(wanted == "1" for _, _, wanted in pairs), missed
    assert not wrong


def test_a_known_word_is_not_taken_apart(db, put):
    put("هم کار می‌کند و هم درس می‌خواند")
    known = put("همکار گرامی")
    assert index.search(db, "همکار").ids == [known]


def test_a_compound_that_some_record_writes_with_a_half_space_is_taken_apart(db, put):
    apart = put("بهره برداری از مرکز")
    put("بهره‌برداری")
    put("بهرهبرداری")
    hits = index.search(db, "بهرهبرداری")
    assert hits.total == 3
    assert apart in hits.ids
