"""Deltas: folding them over a full dump gives the next full dump, byte for byte."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from archive.dump.check import verify_dump
from archive.dump.delta import fold, write_delta
from archive.dump.files import unpacked
from archive.dump.options import Options
from archive.dump.write import dump
from archive.errors import CollectionError, UsageError
from tests.analysts.conftest import EVERYTHING, files, other_bytes


def _forget(writer, item: str) -> None:
    """As a rebuild would after its WARC file was lost."""
    writer.catalogue.begin()
    writer.catalogue.db.execute("DELETE FROM items WHERE id = ?", (item,))


def _edit(writer, record, **changes: object) -> None:
    writer.catalogue.store(other_bytes(replace(record, **changes)))


@pytest.fixture
def versions(changing, tmp_path: Path) -> tuple[list[Path], list[Path]]:
    """Three full dumps, and the deltas from each to the next."""
    collection, change = changing
    full = [tmp_path / f"full{number}" for number in range(3)]
    deltas = [tmp_path / f"delta{number}" for number in range(2)]
    records = list(collection.records)
    dump(collection, full[0], EVERYTHING)
    change(lambda writer: _edit(writer, records[3], title="عنوانی دیگر", links=[records[9].url, "http://x.ir/"]))
    change(lambda writer: _forget(writer, records[5].id))
    change(lambda writer: _edit(writer, records[7], published=None, published_jalali=None))
    write_delta(collection, full[0], deltas[0])
    dump(collection, full[1], EVERYTHING)
    new = replace(records[5], id="behzisti:9", code="9", published="2000-04-01T08:00:00+04:30")
    change(lambda writer: _edit(writer, replace(new, published_jalali="1379-01-13")))
    change(lambda writer: _forget(writer, records[3].id))
    write_delta(collection, full[1], deltas[1])
    dump(collection, full[2], EVERYTHING)
    return full, deltas


def _ids(delta: Path, name: str) -> list[str]:
    return [json.loads(line)["id"] for line in unpacked(delta / f"delta/{name}.jsonl.zst")]


def test_folding_deltas_gives_the_next_full_dumps_byte_for_byte(
    versions: tuple[list[Path], list[Path]], tmp_path: Path
) -> None:
    full, deltas = versions
    fold(full[0], deltas[:1], tmp_path / "one")
    assert files(tmp_path / "one") == files(full[1])
    fold(full[0], deltas, tmp_path / "two")
    assert files(tmp_path / "two") == files(full[2])
    assert files(full[0]) != files(full[1]) != files(full[2])
    assert (len(_ids(deltas[0], "upserts")), len(_ids(deltas[0], "tombstones"))) == (2, 1)
    assert (_ids(deltas[1], "upserts"), len(_ids(deltas[1], "tombstones"))) == (["behzisti:9"], 1)
    assert not verify_dump(deltas[0]).faults


def test_links_lead_to_items_we_hold(versions: tuple[list[Path], list[Path]]) -> None:
    full, _ = versions
    links = [json.loads(line) for line in unpacked(full[1] / "graph/links.jsonl.zst")]
    record = next(r for r in links if r["url"] == "http://x.ir/")
    mine = [link for link in links if link["item"] == record["item"]]
    assert [(link["position"], bool(link["target"])) for link in mine] == [(0, True), (1, False)]


def test_an_unchanged_collection_gives_an_empty_delta(crawled, dumped, tmp_path: Path) -> None:
    manifest = write_delta(crawled.open(), dumped.folder, tmp_path / "delta")
    assert _ids(tmp_path / "delta", "upserts") == _ids(tmp_path / "delta", "tombstones") == []
    assert manifest.base == manifest.content == dumped.manifest.content


def test_deltas_in_the_wrong_order_are_refused(versions: tuple[list[Path], list[Path]], tmp_path: Path) -> None:
    full, deltas = versions
    for base, chain in ((full[0], deltas[::-1]), (full[1], deltas[:1]), (full[0], [full[1]]), (deltas[0], deltas[1:])):
        with pytest.raises(UsageError):
            fold(base, chain, tmp_path / "folded")
    assert not (tmp_path / "folded").exists()


def test_a_damaged_base_is_found_out_and_nothing_is_left(
    versions: tuple[list[Path], list[Path]], tmp_path: Path
) -> None:
    full, deltas = versions
    path = full[0] / "data/jsonl/1403.jsonl.zst"
    path.write_bytes((full[0] / "data/jsonl/1401.jsonl.zst").read_bytes())
    with pytest.raises(CollectionError):
        fold(full[0], deltas, tmp_path / "folded")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CollectionError, match="promises"):
        fold(full[0], deltas, tmp_path / "folded")
    path.write_bytes(b"no zstd at all")
    with pytest.raises(CollectionError, match="cannot be read"):
        fold(full[0], deltas, tmp_path / "folded")
    assert not [each for each in tmp_path.iterdir() if "folded" in each.name]


def test_a_delta_needs_json_lines_to_begin_from(crawled, tmp_path: Path) -> None:
    dump(crawled.open(), tmp_path / "csv", Options(("csv",)))
    with pytest.raises(UsageError, match="JSON lines"):
        write_delta(crawled.open(), tmp_path / "csv", tmp_path / "delta")
