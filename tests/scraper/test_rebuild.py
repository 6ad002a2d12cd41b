"""Catalogue and index made again from the WARC files alone."""

from __future__ import annotations

import filecmp
import shutil
import sqlite3
from pathlib import Path

from archive import warc
from archive.collection import lock_collection, open_collection
from archive.search.answers import Answers
from archive.search.find import Page, find
from tests.conftest import Crawled, bayegan, crawl, flip_a_byte
from tests.portal.faults import Fault
from tests.portal.server import Portal


def dumped(collection: Path, name: str) -> Path:
    dest = collection.parent / name
    ran = bayegan("dump", dest, "--collection", collection)
    assert ran.code == 0, ran.err
    return dest


def same(one: Path, two: Path) -> bool:
    files = sorted(p.relative_to(one) for p in one.rglob("*") if p.is_file())
    others = sorted(p.relative_to(two) for p in two.rglob("*") if p.is_file())
    return files == others and all(filecmp.cmp(one / f, two / f, shallow=False) for f in files)


def test_a_dump_before_and_after_is_the_same_to_the_byte(crawled: Crawled, tmp_path: Path) -> None:
    copy = crawled.copy(tmp_path / "c")
    before = dumped(copy, "before")
    ran = bayegan("rebuild", "--collection", copy)
    assert ran.code == 0, ran.err
    assert same(before, dumped(copy, "after"))


def test_also_after_edits_ranges_redirects_failures_and_without_the_old_catalogue(
    portal: Portal, tmp_path: Path
) -> None:
    days = ("2024-03-05", "2024-03-19")  # 1402-12-15 to 1402-12-29
    items = [
        i for i in portal.world.of("behzisti") if i.published and days[0] <= i.published.date().isoformat() <= days[1]
    ]
    portal.faults[items[1].id] = Fault.answer(
        301, {"Location": f"http://www.behzisti.test/news/{items[1].code}/y"}, times=1
    )
    portal.faults[items[2].id] = Fault("truncate", after=4000, times=1)
    portal.faults[items[3].id] = Fault("challenge", status=200)
    crawl(tmp_path, "behzisti", "--since", "1402-12-15", "--until", "1402-12-29")
    portal.edit(items[0].id, title="عنوانی دیگر برای همین خبر")
    portal.touch(items[4].id)
    crawl(tmp_path, "all", "--recheck")
    before = dumped(tmp_path / "c", "before")
    for name in ("catalogue.sqlite", "catalogue.sqlite-wal", "catalogue.sqlite-shm"):
        (tmp_path / "c" / name).unlink(missing_ok=True)
    assert bayegan("rebuild", "--collection", tmp_path / "c").code == 0
    assert same(before, dumped(tmp_path / "c", "after"))
    catalogue = open_collection(tmp_path / "c").catalogue
    assert [r.revision for r in catalogue.revisions(items[0].id)] == [1, 2]
    assert bayegan("report", "--collection", tmp_path / "c").code == 0


def test_a_catalogue_that_is_no_database_any_more_is_replaced(crawled: Crawled, tmp_path: Path) -> None:
    copy = crawled.copy(tmp_path / "c")
    before = dumped(copy, "before")
    (copy / "catalogue.sqlite").write_bytes(b"\0" * 100_000)
    refused = bayegan("search", "بهزیستی", "--collection", copy)
    assert refused.code == 1
    assert "rebuild" in refused.err
    assert bayegan("rebuild", "--collection", copy).code == 0
    assert same(before, dumped(copy, "after"))


def test_readers_see_the_old_catalogue_until_the_new_one_is_whole(crawled: Crawled, tmp_path: Path) -> None:
    copy = crawled.copy(tmp_path / "c")
    reader, kept = open_collection(copy), Answers()

    def seen() -> tuple[object, ...]:
        found, spread = find(reader.catalogue, kept, "بهزیستی OR اوقاف", Page(limit=1000, folded=False))
        told = reader.catalogue.db.execute("SELECT item, story FROM sketches WHERE story IS NOT NULL ORDER BY item")
        return [r.id for r in reader.catalogue.records()], found.hits, spread, told.fetchall()

    before = seen()
    assert before[1]
    assert before[3], "the two organisations tell of one event"
    assert bayegan("rebuild", "--collection", copy).code == 0
    ids, hits, *rest = seen()
    assert (ids, *rest) == (before[0], *before[2:])
    assert {hit.id: hit for hit in hits} == {hit.id: hit for hit in before[1]}


def test_the_next_crawl_knows_what_was_rebuilt(crawled: Crawled, tmp_path: Path) -> None:
    copy = crawled.copy(tmp_path / "c")
    (copy / "catalogue.sqlite").unlink()
    bayegan("rebuild", "--collection", copy)
    shutil.copy(crawled.folder / "portal.toml", tmp_path / "portal.toml")
    ran = crawl(tmp_path, "all", "--json")
    assert ran.json["items"] == {"known": len(crawled.portal.world.items)}


def test_a_file_damaged_in_the_middle_gives_what_can_be_read_and_is_named(crawled: Crawled, tmp_path: Path) -> None:
    copy = crawled.copy(tmp_path / "c")
    path = warc.warc_files(copy)[0]
    offset = flip_a_byte(path, 40)
    whole = open_collection(copy).catalogue.count()
    ran = bayegan("rebuild", "--collection", copy)
    assert ran.code == 4
    assert f"{path.name} at byte {offset}" in ran.out
    assert whole - 1 <= open_collection(copy).catalogue.count() <= whole


def test_a_rebuild_waits_for_no_crawl_but_refuses(crawled: Crawled, tmp_path: Path) -> None:
    copy = crawled.copy(tmp_path / "c")
    holder = lock_collection(copy)
    try:
        assert bayegan("rebuild", "--collection", copy).code == 5
    finally:
        holder.close()
    assert sqlite3.connect(copy / "catalogue.sqlite").execute("PRAGMA integrity_check").fetchone() == ("ok",)
