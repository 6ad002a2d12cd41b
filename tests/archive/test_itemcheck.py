"""Items and revisions: every row that is missing, altered or at odds with the others is named by plain `verify`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from archive.record import content_sha256, from_json, to_json
from tests.archive.test_fixity import sql, verify, words
from tests.conftest import Crawled, bayegan


@pytest.fixture
def root(crawled: Crawled, tmp_path: Path) -> Path:
    return crawled.copy(tmp_path / "c")


def first(root: Path) -> str:
    with sqlite3.connect(root / "catalogue.sqlite") as db:
        found: str = db.execute("SELECT min(id) FROM items").fetchone()[0]
    return found


def forge(root: Path, tables: tuple[str, ...], *, digest: bool = False) -> str:
    """Change the text of an item where it is stored, perhaps with its SHA-256. Returns the item."""
    item = first(root)
    with sqlite3.connect(root / "catalogue.sqlite") as db:
        for table in tables:
            key = "id" if table == "items" else "item"
            (body,) = db.execute(f"SELECT record FROM {table} WHERE {key} = ?", (item,)).fetchone()
            record = from_json(body)
            record.title, record.body = "عنوانی ساختگی", "متنی ساختگی"
            if digest:
                record.content_sha256 = content_sha256(record)
            db.execute(f"UPDATE {table} SET record = ? WHERE {key} = ?", (to_json(record), item))
        if digest:
            db.execute(
                "UPDATE items SET title = ?, content_sha256 = ? WHERE id = ?",
                (record.title, record.content_sha256, item),
            )
    db.close()
    return item


def test_an_item_that_was_removed_is_missed(root: Path) -> None:
    item = first(root)
    sql(root, "DELETE FROM items WHERE id = ?", item)
    told = {(fault.what, fault.message) for fault in verify(root).faults}
    assert ("item-missing", f"{item} is not among the items.") in told


@pytest.mark.parametrize("column", ["title", "published", "status", "office", "code", "content_sha256", "last_seen"])
def test_a_column_must_say_what_the_record_says(root: Path, column: str) -> None:
    item = first(root)
    sql(root, f"UPDATE items SET {column} = 'another' WHERE id = ?", item)
    (fault,) = verify(root).faults
    assert (fault.warc, fault.what) == ("catalogue.sqlite", "item-differs")
    assert item in fault.message
    assert column in fault.message


@pytest.mark.parametrize("table", ["items", "revisions"])
def test_the_record_of_an_item_is_its_newest_revision(root: Path, table: str) -> None:
    item = forge(root, (table,))
    message = next(fault.message for fault in verify(root).faults if fault.what == "item-differs")
    assert message == f"the row of {item} does not agree with its newest revision: title, body." or table == "revisions"
    assert item in message


def test_a_text_must_have_the_digest_that_its_record_gives(root: Path) -> None:
    item = forge(root, ("items", "revisions"))
    (fault,) = [fault for fault in verify(root).faults if fault.what == "record-differs"]
    assert f"revision 1 of {item}" in fault.message


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE revisions SET revision = 'x' WHERE item = (SELECT min(id) FROM items)",
        "UPDATE revisions SET record = 5 WHERE item = (SELECT min(id) FROM items)",
        "UPDATE captures SET offset = 'x' WHERE rowid = 1",
        "UPDATE items SET title = CAST(x'ff' AS TEXT) WHERE id = (SELECT min(id) FROM items)",
    ],
)
@pytest.mark.parametrize("deep", [False, True], ids=["plain", "deep"])
def test_a_column_of_a_wrong_kind_is_told_in_a_sentence(root: Path, damage: str, deep: bool) -> None:
    with sqlite3.connect(root / "catalogue.sqlite") as db:
        db.execute(damage)
    ran = bayegan("verify", *["--deep"] * deep, "--collection", root)
    assert ran.code == 1
    assert "rebuild" in ran.err
    assert "defect of Bayegan" not in ran.err


def test_what_only_deep_can_tell(root: Path) -> None:
    """A forger who changes record, revision, columns and SHA-256 alike leaves nothing that contradicts itself."""
    forge(root, ("items", "revisions"), digest=True)
    assert verify(root).faults == []


def test_revisions_are_numbered_without_a_hole(root: Path) -> None:
    item = first(root)
    sql(root, "UPDATE revisions SET revision = 3 WHERE item = ?", item)
    told = {fault.message for fault in verify(root).faults if fault.what == "revision-missing"}
    assert told == {f"revision {number} of {item} is not there." for number in (1, 2)}


def test_a_record_that_cannot_be_read_is_named(root: Path) -> None:
    sql(root, "UPDATE revisions SET record = '{' WHERE item = ?", first(root))
    assert "record-malformed" in words(root)


def test_search_finds_every_item(root: Path) -> None:
    sql(root, "DELETE FROM news_docsize WHERE id = (SELECT docid FROM items WHERE id = ?)", first(root))
    assert words(root) == {"index-differs"}
