"""`verify --deep`: what a rebuild from the files would give is what the catalogue says, table by table."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import warc
from archive.collection import open_collection
from scraper.deepcheck import DeepResult, deep_check
from tests.archive.test_itemcheck import forge
from tests.conftest import Crawled, bayegan, crawl
from tests.portal.faults import Fault
from tests.portal.server import running_portal
from tests.portal.world import World
from tests.test_crash import crash, words

pytestmark = pytest.mark.xdist_group("deepcheck")  # what they share is made once

DAYS = [f"2026-01-0{day}T{day + 8:02}:00:00+00:00" for day in (1, 2, 3, 4)]


def deep(root: Path) -> DeepResult:
    collection = open_collection(root)
    try:
        return deep_check(collection)
    finally:
        collection.close()


def told(root: Path) -> set[str]:
    return {fault.what for fault in deep(root).faults}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A collection of four days: items are edited, walled, withdrawn and come back; the codes between are tried."""
    folder = tmp_path_factory.mktemp("history")
    with running_portal(World(seed=1, items=12)) as portal:
        portal.offices_toml(folder / "portal.toml")
        world = portal.world
        ids = [item.id for item in world if item.portal == "behzisti" and item.body]
        crawl(folder, at=DAYS[0])
        world.edit(ids[1], title="عنوان تازهٔ خبر")
        world.touch(ids[2])
        world.delete(ids[3])
        world.delete(ids[4], 410)
        portal.faults[ids[5]] = Fault("login")
        portal.faults[ids[6]] = Fault.answer(302, {"Location": "/"})
        crawl(folder, at=DAYS[1])
        world.gone.pop(ids[4])
        crawl(folder, "all", "--sweep", at=DAYS[2])
        crawl(folder, "all", "--recheck", at=DAYS[3])
        yield folder / "c"


@pytest.fixture
def root(history: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(history, tmp_path / "c"))


def test_a_history_agrees_with_its_files(history: Path) -> None:
    rows = open_collection(history).catalogue.db.execute
    assert rows("SELECT count(DISTINCT status), max(revision) FROM items").fetchone() == (2, 2)
    assert rows("SELECT count(*) FROM absent").fetchone() != (0,)
    assert deep(history) == DeepResult(rows("SELECT count(*) FROM captures").fetchone()[0], [], [])


SOME_ITEM = "(SELECT min(id) FROM items WHERE status = 'live')"
ALTERED = {
    "an item is gone": ("DELETE FROM items WHERE id = {}", "item-missing"),
    "an item has another title": ("UPDATE items SET title = 'x' WHERE id = {}", "item-differs"),
    "an item counts as gone": ("UPDATE items SET status = 'gone', missed = 2 WHERE id = {}", "item-differs"),
    "looks are forgotten": ("UPDATE items SET checked = first_seen WHERE checked > first_seen", "item-differs"),
    "a revision is gone": ("DELETE FROM revisions WHERE revision = 1 AND item = {}", "record-unstored"),
    "a revision was made up": ("INSERT INTO revisions SELECT id, 9, record FROM items WHERE id = {}", "record-differs"),
    "a listing is forgotten": ("DELETE FROM listed WHERE item = {}", "table-differs"),
    "all listings are forgotten": ("DELETE FROM listed", "table-differs"),
    "a listing was made up": ("INSERT INTO listed VALUES ('behzisti:1', 'behzisti', '')", "table-differs"),
    "a day was changed": ("UPDATE listed SET day = '1300-01-01' WHERE day <> ''", "table-differs"),
    "an address is gone": ("DELETE FROM addresses WHERE item = {}", "table-differs"),
    "a code that was tried is forgotten": ("DELETE FROM absent", "table-differs"),
    "a code was never tried": ("INSERT INTO absent VALUES ('behzisti:1', 'http://x', 'http-404', '')", "table-differs"),
    "a capture is of another crawl": ("UPDATE captures SET crawl = 'x' WHERE id = 1", "catalogue-differs"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_what_was_altered_in_any_table_is_named(root: Path, name: str) -> None:
    statement, word = ALTERED[name]
    with sqlite3.connect(root / "catalogue.sqlite") as db:
        assert db.execute(statement.format(SOME_ITEM)).rowcount
    db.close()
    assert told(root) == {word}


def test_a_forged_text_is_named_however_well_it_was_done(root: Path) -> None:
    item = forge(root, ("items", "revisions"), digest=True)
    assert bayegan("verify", "--collection", root).code == 0
    ran = bayegan("verify", "--deep", "--collection", root, "--json")
    assert ran.code == 1
    (fault,) = ran.json["faults"]
    assert (fault["what"], fault["warc"][:5]) == ("record-differs", "warc/")
    assert item in fault["message"]
    assert "title, body" in fault["message"]


def test_a_record_that_other_rules_read_is_a_note(root: Path) -> None:
    with sqlite3.connect(root / "catalogue.sqlite") as db:
        older = "CAST(json_set(CAST(record AS TEXT), '$.extractor.version', 0, '$.kicker', 'x') AS BLOB)"
        db.execute(f"UPDATE revisions SET record = {older} WHERE item = {SOME_ITEM}")
    db.close()
    result = deep(root)
    assert (result.faults, [note.what for note in result.notes]) == ([], ["rules-changed"])


@pytest.mark.parametrize("limit", ["3", "7"])
def test_a_crawl_that_stopped_midway_agrees_with_its_files(crawled: Crawled, tmp_path: Path, limit: str) -> None:
    shutil.copy(crawled.folder / "portal.toml", tmp_path / "portal.toml")
    crawl(tmp_path, "all", "--limit", limit)
    assert deep(tmp_path / "c").faults == []


@pytest.mark.parametrize("point", ["after-fsync-before-commit", "after-commit", "mid-rotation"])
def test_what_a_killed_crawl_had_in_hand_is_not_blamed(crawled: Crawled, tmp_path: Path, point: str) -> None:
    line = words(crawled, tmp_path / "c")
    for number in (2, 5):
        crash(point, number, line)
        if (tmp_path / "c" / "catalogue.sqlite").exists():
            assert deep(tmp_path / "c").faults == []
    assert bayegan(*line).code == 0
    assert deep(tmp_path / "c").faults == []


def test_damage_to_a_file_is_not_told_as_damage_to_the_catalogue(root: Path) -> None:
    path = warc.warc_files(root)[0]
    start, end, _ = list(warc.members(path))[1]  # robots.txt; behind it listings and items
    data = path.read_bytes()
    path.write_bytes(data[: start + end] + bytes(len(data) // 2) + data[start + end + len(data) // 2 :])
    result = deep(root)
    assert result.faults == []
    assert {note.what for note in result.notes} == {"not-compared"}
