"""Catalogue and index made again from the WARC files alone."""

from __future__ import annotations

import filecmp
import shutil
import sqlite3
import subprocess
from pathlib import Path

from archive import warc
from archive.collection import lock_collection, open_collection
from archive.search.answers import Answers
from archive.search.find import Page, find
from tests.conftest import Crawled, bayegan, crawl, flip_a_byte
from tests.portal.faults import Fault
from tests.portal.server import Portal
from tests.test_crash import small_disk


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


# --- what is not here any more ------------------------------------------------------------------------------------


def taken_away(collection: Path) -> list[Path]:
    """Move the files of one portal away, with what lies beside them, as advice for a full disk once had it."""
    away = collection.with_name("away")
    shutil.move(collection / "warc" / "oghaf", away)
    return [path for path in away.rglob("*") if path.name.endswith(".warc.gz")]


def test_files_that_the_old_catalogue_knows_are_not_left_out_without_a_word(crawled: Crawled, tmp_path: Path) -> None:
    copy = crawled.copy(tmp_path / "c")
    gone, before = taken_away(copy), dumped(copy, "before")
    ran = bayegan("rebuild", "--collection", copy)
    assert ran.code == 1
    items = sum(id_.startswith("oghaf:") for id_ in crawled.portal.world.items)
    assert gone
    assert all(path.name in ran.err for path in gone)
    assert f"{items} items" in ran.err
    assert "--without-missing" in ran.err
    assert same(before, dumped(copy, "after")), "nothing has changed"
    shutil.move(tmp_path / "away", copy / "warc" / "oghaf")
    assert bayegan("rebuild", "--collection", copy).code == 0, "brought back, as the message says"
    assert same(before, dumped(copy, "again"))


def test_all_files_gone_is_no_empty_collection(crawled: Crawled, tmp_path: Path) -> None:
    copy = crawled.copy(tmp_path / "c")
    for folder in (copy / "warc").iterdir():
        shutil.rmtree(folder)
    assert bayegan("rebuild", "--collection", copy).code == 1
    assert open_collection(copy).catalogue.count() == len(crawled.portal.world.items)


def test_a_file_cut_short_between_two_records_is_not_taken_for_whole(crawled: Crawled, tmp_path: Path) -> None:
    copy = crawled.copy(tmp_path / "c")
    path = warc.warc_files(copy)[0]
    middle = list(warc.members(path))[300][0]
    with path.open("r+b") as file:
        file.truncate(middle)
    catalogue = open_collection(copy).catalogue
    lost = catalogue.db.execute(
        "SELECT count(*) FROM captures WHERE warc = ? AND offset >= ?", (str(path.relative_to(copy)), middle)
    ).fetchone()[0]
    ran = bayegan("rebuild", "--collection", copy)
    assert ran.code == 1
    assert f" {lost} captures" in ran.err


def test_without_what_is_missing_it_says_what_was_lost_and_the_next_crawl_looks_for_it(
    crawled: Crawled, tmp_path: Path
) -> None:
    copy, known = crawled.copy(tmp_path / "c"), crawled.portal.world.items
    shutil.copy(crawled.folder / "portal.toml", tmp_path)
    taken_away(copy)
    items = sum(id_.startswith("oghaf:") for id_ in known)
    assert open_collection(copy).catalogue.meta("walked/oghaf-qom")
    ran = bayegan("rebuild", "--without-missing", "--collection", copy)
    assert ran.code == 4
    assert not open_collection(copy).catalogue.meta("walked/oghaf-qom"), "what is lost may lie deep in its listings"
    assert "Lost" in ran.out
    assert f"newest text of {items} items" in ran.err
    assert bayegan("search", "org:endowment", "--collection", copy).code == 3
    assert bayegan("verify", "--collection", copy).code == 0
    assert crawl(tmp_path, "all", "--json").json["items"] == {"recorded": items, "known": len(known) - items}


def test_on_a_full_disk_it_asks_for_room_and_leaves_the_old_catalogue(crawled: Crawled, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64m") as disk:
        copy = crawled.copy(disk / "c")
        used = shutil.disk_usage(disk).used
        for room in (4096, 400_000, (copy / "catalogue.sqlite").stat().st_size * 3 // 2):
            subprocess.run(["mount", "-o", f"remount,size={used + room}", disk], check=True)
            ran = bayegan("rebuild", "--collection", copy)
            assert ran.code == 1
            assert "Make room" in ran.err
            assert "defect" not in ran.err
            assert "makes it anew" not in ran.err
            assert not list(copy.glob("*.rebuild*"))
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        assert bayegan("verify", "--collection", copy).code == 0
        assert bayegan("report", "--collection", copy).code == 0, "the old one has the crawl"
        assert bayegan("rebuild", "--collection", copy).code == 0
