"""Storing records: new ones, revisions, nothing new, collisions; addresses; what a crash leaves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from archive.catalogue import Catalogue
from archive.errors import CollectionError, NothingFoundError
from archive.record import Capture, Extractor, NewsRecord
from archive.search import index


def record(code: str = "70583", fetched: str = "2026-03-21T08:30:00.000000Z", **fields: object) -> NewsRecord:
    capture = Capture("warc/x.warc.gz", 0, 10, f"urn:uuid:{code}-{fetched}", "sha256:X", fetched, 200, "127.0.0.1")
    made = NewsRecord(
        f"behzisti:{code}", "behzisti", code, f"http://behzisti.test/news/{code}/", "گزارش بازدید از مرکز"
    )
    made.body = "مدیرکل بهزیستی از مرکز توانبخشی بازدید کرد.\nوی از مربیان قدردانی کرد."
    return replace(made, capture=capture, published="2026-03-20T10:00:00+03:30", **fields)


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path / "catalogue.sqlite", write=True)


def found(catalogue: Catalogue, query: str) -> list[str]:
    return [catalogue.by_docid(docid).id for docid in index.search(catalogue.db, query).ids]


def test_an_unknown_code_is_recorded_as_revision_one(catalogue: Catalogue) -> None:
    assert catalogue.store(record()) == "recorded"
    kept = catalogue.get("behzisti:70583")
    assert (kept.revision, kept.first_seen, kept.last_seen) == (1, kept.capture.fetched, kept.capture.fetched)  # type: ignore[union-attr]
    assert found(catalogue, "توانبخشی") == ["behzisti:70583"]


def test_the_same_content_again_moves_only_last_seen(catalogue: Catalogue) -> None:
    catalogue.store(record())
    assert (
        catalogue.store(record(fetched="2026-04-01T00:00:00.000000Z", body_html="<p>other markup</p>")) == "unchanged"
    )
    kept = catalogue.get("behzisti:70583")
    assert (kept.first_seen, kept.last_seen) == ("2026-03-21T08:30:00.000000Z", "2026-04-01T00:00:00.000000Z")
    assert len(catalogue.revisions("behzisti:70583")) == 1


def test_the_same_bytes_read_by_the_same_rules_make_no_revision(catalogue: Catalogue) -> None:
    """What a site repeats is learnt between two crawls: a page that is as it was stays as it was read."""
    catalogue.store(record(extractor=Extractor("generic", 1)))
    shorter = record(extractor=Extractor("generic", 1))
    shorter.body = shorter.body.partition("\n")[0]
    assert catalogue.store(shorter, "2026-04-01T00:00:00.000000Z") == "unchanged"
    assert catalogue.get("behzisti:70583").last_seen == "2026-04-01T00:00:00.000000Z"
    assert catalogue.store(replace(shorter, extractor=Extractor("generic", 2))) == "changed"


def test_an_edit_becomes_a_revision_and_the_search_finds_the_new_text_only(catalogue: Catalogue) -> None:
    catalogue.store(record())
    edited = record(fetched="2026-04-01T00:00:00.000000Z", title="گزارش بازدید از مرکز شبانه‌روزی")
    edited.body = edited.body.replace("قدردانی", "سپاسگزاری")
    assert catalogue.store(edited) == "changed"
    assert [r.revision for r in catalogue.revisions("behzisti:70583")] == [1, 2]
    assert found(catalogue, "سپاسگزاری") == ["behzisti:70583"]
    assert found(catalogue, "قدردانی") == []


def test_a_new_date_moves_the_item_in_the_order_by_date(catalogue: Catalogue) -> None:
    catalogue.store(record("1"))
    catalogue.store(replace(record("2"), published="2026-03-20T11:00:00+03:30"))
    assert found(catalogue, "توانبخشی") == ["behzisti:2", "behzisti:1"]
    catalogue.store(replace(record("1", "2026-04-01T00:00:00.000000Z"), published="2026-03-21T09:00:00+03:30"))
    assert found(catalogue, "توانبخشی") == ["behzisti:1", "behzisti:2"]


def test_an_unrelated_text_under_a_known_code_is_kept_and_called_a_collision(catalogue: Catalogue) -> None:
    catalogue.store(record())
    other = record(fetched="2026-04-01T00:00:00.000000Z", title="Weather report")
    other.body = "Rain is expected on Thursday in all northern towns."
    assert catalogue.store(other) == "collided"
    assert len(catalogue.revisions("behzisti:70583")) == 2
    assert "collision" in catalogue.get("behzisti:70583").warnings[0]


def test_every_address_seen_is_an_alias_but_the_record_s_own(catalogue: Catalogue) -> None:
    catalogue.note_address("behzisti:70583", "http://www.behzisti.test/news/70583/z")
    catalogue.store(record(aliases=["http://behzisti.test/amp/70583/"]))
    assert catalogue.get("behzisti:70583").aliases == [
        "http://behzisti.test/amp/70583/",
        "http://www.behzisti.test/news/70583/z",
    ]


def test_what_was_not_committed_is_not_there_after_a_crash(tmp_path: Path, catalogue: Catalogue) -> None:
    catalogue.store(record("1"))
    catalogue.commit()
    catalogue.store(record("2"))
    reader = Catalogue(tmp_path / "catalogue.sqlite")
    assert [r.code for r in reader.records()] == ["1"]
    catalogue.close()  # as a dying process: without a commit
    again = Catalogue(tmp_path / "catalogue.sqlite", write=True)
    assert [r.code for r in again.records()] == ["1"]


def test_records_come_in_an_order_that_depends_on_content_alone(catalogue: Catalogue) -> None:
    for code in ("100", "9", "20"):
        catalogue.store(record(code))
    assert [r.code for r in catalogue.records()] == ["9", "20", "100"]


def test_an_unknown_id_says_what_an_id_looks_like(catalogue: Catalogue) -> None:
    with pytest.raises(NothingFoundError, match="behzisti:70583"):
        catalogue.get("70583")


def test_a_file_that_is_no_catalogue_is_named(tmp_path: Path) -> None:
    (tmp_path / "catalogue.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(CollectionError, match="rebuild"):
        Catalogue(tmp_path / "catalogue.sqlite")
