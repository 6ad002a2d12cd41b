"""Dumps: complete, reproducible, whole or not there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import zstandard

from archive import dump
from archive.errors import UsageError
from archive.record import KEYS, from_json, to_dict
from tests.conftest import Crawled


def lines(folder: Path) -> list[bytes]:
    out = []
    for path in sorted(folder.glob("data/jsonl/*.zst")):
        with path.open("rb") as packed:
            out += zstandard.ZstdDecompressor().stream_reader(packed).read().splitlines()
    return out


def test_a_dump_holds_every_record_as_the_catalogue_has_it(crawled: Crawled, tmp_path: Path) -> None:
    collection = crawled.open()
    dump.dump(collection, tmp_path / "d")
    dumped = {json.loads(line)["id"]: json.loads(line) for line in lines(tmp_path / "d")}
    assert dumped == {r.id: json.loads(json.dumps(to_dict(r))) for r in collection.catalogue.records()}


def test_keys_stand_in_the_order_of_the_contract_and_persian_is_not_escaped(crawled: Crawled, tmp_path: Path) -> None:
    dump.dump(crawled.open(), tmp_path / "d")
    for line in lines(tmp_path / "d"):
        assert tuple(json.loads(line)) == tuple(KEYS)
        assert b"\\u" not in line
        from_json(line)


def test_records_lie_in_the_file_of_their_jalali_year(crawled: Crawled, tmp_path: Path) -> None:
    for file in dump.dump(crawled.open(), tmp_path / "d"):
        if file.records is not None:
            year = Path(file.path).name.partition(".")[0]
            with (tmp_path / "d" / file.path).open("rb") as packed:
                rows = [json.loads(x) for x in zstandard.ZstdDecompressor().stream_reader(packed).read().splitlines()]
            assert len(rows) == file.records
            assert {(row["published_jalali"] or dump.UNDATED)[: len(year)] for row in rows} == {year}
            dates = [row["published"] or "" for row in rows]
            assert dates == sorted(dates)


def test_the_same_collection_gives_the_same_bytes(crawled: Crawled, tmp_path: Path) -> None:
    for name in ("one", "two"):
        dump.dump(crawled.open(), tmp_path / name)
    files = [p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file()]
    assert files
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_manifest_and_checksums_fit(crawled: Crawled, tmp_path: Path) -> None:
    dump.dump(crawled.open(), tmp_path / "d")
    manifest = json.loads((tmp_path / "d" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["records"] == len(crawled.portal.world.items)
    for file in manifest["files"]:
        data = (tmp_path / "d" / file["path"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
    for line in (tmp_path / "d" / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((tmp_path / "d" / name).read_bytes()).hexdigest() == digest


def test_the_schema_describes_every_key() -> None:
    properties = dump.json_schema()["$defs"]["NewsRecord"]["properties"]  # type: ignore[index]
    assert list(properties) == list(KEYS)


def test_a_dump_that_fails_leaves_nothing(crawled: Crawled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dump, "to_json", full)
    with pytest.raises(OSError, match="No space"):
        dump.dump(crawled.open(), tmp_path / "d")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_left_alone(crawled: Crawled, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        dump.dump(crawled.open(), tmp_path / "d")
