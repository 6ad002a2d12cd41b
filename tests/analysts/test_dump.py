"""Dumps: complete, reproducible, whole or not there, in every format."""

from __future__ import annotations

import csv
import gc
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from archive import arrow, sheet
from archive.dump import files as dump_files
from archive.dump.check import verify_dump
from archive.dump.options import FORMATS, Options
from archive.dump.versions import dump_version
from archive.dump.write import dump
from archive.errors import CollectionError, CollectionLockedError, NothingFoundError, QueryError, UsageError
from archive.persian import ZWNJ
from archive.record import KEYS, NewsRecord, from_json, to_dict
from archive.selection import Selection
from tests.analysts.conftest import EVERYTHING, Dumped, files, lines
from tests.conftest import Crawled, bayegan
from tests.test_crash import small_disk


def test_json_lines_hold_every_record_as_the_catalogue_has_it(crawled: Crawled, dumped: Dumped) -> None:
    found = {json.loads(line)["id"]: json.loads(line) for line in lines(dumped.folder)}
    assert found == {r.id: json.loads(json.dumps(to_dict(r))) for r in crawled.open().catalogue.records()}
    assert ZWNJ in "".join(record["body"] for record in found.values())


def test_keys_stand_in_the_order_of_the_contract_and_persian_is_not_escaped(dumped: Dumped) -> None:
    for line in lines(dumped.folder):
        assert tuple(json.loads(line)) == tuple(KEYS)
        assert b"\\u" not in line
        from_json(line)


def test_parquet_holds_the_very_same_records(dumped: Dumped) -> None:
    paths = sorted(dumped.folder.glob("data/parquet/*/*.parquet"), key=lambda p: ("jyear=0" in str(p), p))
    assert [record for path in paths for record in arrow.read_parquet(path)] == dumped.records


def test_row_groups_ascend_in_time_and_say_so(dumped: Dumped) -> None:
    file = pq.ParquetFile(dumped.folder / "data/parquet/jyear=1402/records.parquet")
    moments = file.read(["published_at"])["published_at"].to_pylist()
    assert moments == sorted(moments)
    group = file.metadata.row_group(0)
    sorting = group.sorting_columns[0]
    assert file.schema_arrow.names[-1] == "published_at"
    assert group.column(sorting.column_index).path_in_schema == "published_at"
    assert group.column(sorting.column_index).statistics.min == moments[0]


def test_csv_holds_what_fits_into_cells(dumped: Dumped) -> None:
    rows = []
    for path in sorted(dumped.folder.glob("data/csv/*.csv")):
        assert path.read_bytes().startswith(sheet.BOM)
        rows += csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(keepends=True))
    assert [row["id"] for row in rows] == [record.id for record in dumped.records]
    assert [row["lead"] for row in rows] == [record.lead for record in dumped.records]


@pytest.mark.parametrize("evil", ["=1+1", "+98", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_a_spreadsheet_computes_nothing(evil: str) -> None:
    record = NewsRecord("a:1", "a", "1", "http://a.ir/1", evil, tags=[evil])
    line = sheet.record_row(record).decode()
    cells = next(csv.reader([line], strict=True)) if "\n" not in evil else next(csv.reader(line.splitlines(True)))
    assert [cell for cell in cells if evil in cell] == ["'" + evil] * 2


def test_records_lie_in_the_file_of_their_jalali_year(dumped: Dumped) -> None:
    years = {record.published_jalali[:4] if record.published_jalali else "undated" for record in dumped.records}
    assert len(years) > 2
    for file in dumped.manifest.files:
        if file.path.startswith("data/jsonl"):
            year = Path(file.path).name.partition(".")[0]
            rows = [json.loads(line) for line in dump_files.unpacked(dumped.folder / file.path)]
            assert len(rows) == file.records
            assert {(row["published_jalali"] or "undated")[: len(year)] for row in rows} == {year}
            dates = [row["published"] or "" for row in rows]
            assert dates == sorted(dates)
            assert (file.first or "", file.last or "") == (dates[0], dates[-1])


def test_the_same_collection_gives_the_same_bytes_in_every_format(
    crawled: Crawled, dumped: Dumped, tmp_path: Path
) -> None:
    dump(crawled.open(), tmp_path / "again", EVERYTHING)
    assert files(tmp_path / "again") == files(dumped.folder)
    for compression in ("gzip", "none"):
        for name in ("one", "two"):
            dump(crawled.open(), tmp_path / f"{name}-{compression}", Options(compression=compression))
        assert files(tmp_path / f"one-{compression}") == files(tmp_path / f"two-{compression}")
        assert lines(tmp_path / f"one-{compression}") == lines(dumped.folder)
    packed = (tmp_path / "one-gzip/data/jsonl/1402.jsonl.gz").read_bytes()
    assert packed[3:8] == bytes(5), "neither a name nor a time in the header"


def test_no_file_says_when_it_was_dumped(dumped: Dumped) -> None:
    newest = max(record.last_seen or "" for record in dumped.records)
    assert dumped.manifest.newest == newest
    for name, data in files(dumped.folder).items():
        if not name.startswith(("data/", "graph/")):
            dates = {part[:10] for part in data.decode().split('"') if part[:4] == newest[:4]}
            assert dates <= {newest[:10]}, name


def test_sha256sum_accepts_the_dump(dumped: Dumped) -> None:
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=dumped.folder, check=True)
    listed = {file.path: (file.bytes, file.sha256) for file in dumped.manifest.files}
    found = {name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in files(dumped.folder).items()}
    assert found.items() >= listed.items()
    assert found.keys() - listed.keys() == {"manifest.json", "SHA256SUMS"}
    manifest = json.loads((dumped.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["records"] == len(dumped.records)


# --- what is chosen ---------------------------------------------------------------------------------------------


def test_a_selection_dumps_what_fits_and_nothing_else(crawled: Crawled, dumped: Dumped, tmp_path: Path) -> None:
    selection = Selection(provinces=("هرمزگان", "IR-25"), organisations=("اوقاف",), kinds=("news",))
    manifest = dump(crawled.open(), tmp_path / "d", Options(html=False, selection=selection))
    wanted = [
        record.id
        for record in dumped.records
        if record.province in {"IR-22", "IR-25"} and record.organisation == "endowment" and record.kind == "news"
    ]
    found = [json.loads(line) for line in lines(tmp_path / "d")]
    assert [record["id"] for record in found] == wanted
    assert len(wanted) == manifest.records > 3
    assert {record["body_html"] for record in found} == {None}


def test_days_and_queries_choose_as_in_a_search(crawled: Crawled, dumped: Dumped, tmp_path: Path) -> None:
    ran = bayegan(
        *("dump", tmp_path / "d", "--since", "1402-12-15", "--until", "1403", "--query", "title:بهزیستی", "--json"),
        *("--office", "behzisti-hormozgan", "--office", "behzisti-qom", "--collection", crawled.path),
    )
    found = [json.loads(line) for line in lines(tmp_path / "d")]
    assert ran.json["records"] == len(found) > 0
    assert ran.json["options"]["selection"]["offices"] == ["behzisti-hormozgan", "behzisti-qom"]
    assert all("1402-12-15" <= record["published_jalali"] < "1404" for record in found)
    assert {record["office"] for record in found} <= {"behzisti-hormozgan", "behzisti-qom"}
    asked = crawled.open().search("title:بهزیستی office:behzisti-hormozgan from:1402-12-15 to:1403", limit=100)
    assert {hit.id for hit in asked.hits} <= {record["id"] for record in found}


@pytest.mark.parametrize(
    ("selection", "error"),
    [
        (Selection(offices=("no-such-office",)), QueryError),
        (Selection(offices=("behzisti-zanjan",)), NothingFoundError),
        (Selection(provinces=("atlantis",)), QueryError),
        (Selection(query="("), QueryError),
    ],
)
def test_a_selection_that_cannot_be_leaves_nothing(
    crawled: Crawled, tmp_path: Path, selection: Selection, error: type[Exception]
) -> None:
    with pytest.raises(error):
        dump(crawled.open(), tmp_path / "above" / "d", Options(selection=selection))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("--format", "xml"),
        ("--compression", "rar"),
        ("--since", "1402-13"),
        ("--keep", "2"),
        ("--since-version", "old", "--format", "csv"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_written(crawled: Crawled, tmp_path: Path, words: tuple[str]) -> None:
    ran = bayegan("dump", tmp_path / "d", *words, "--collection", crawled.path)
    assert ran.code == 2, ran.err
    assert ran.err.startswith("bayegan: ")
    assert list(tmp_path.iterdir()) == []


# --- whole or not there -----------------------------------------------------------------------------------------


def test_a_dump_that_fails_leaves_nothing(crawled: Crawled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sheet, "record_row", full)
    with pytest.raises(CollectionError, match="No space"):
        dump(crawled.open(), tmp_path / "d", EVERYTHING)
    assert list(tmp_path.iterdir()) == []


def test_two_dumps_to_one_place_do_not_disturb_each_other(crawled: Crawled, tmp_path: Path) -> None:
    def dump_too(_: int) -> None:
        with pytest.raises(CollectionLockedError, match="Wait"):
            dump(crawled.open(), tmp_path / "d")

    (tmp_path / ".d.part" / "data").mkdir(parents=True)  # left by a process that was killed
    dump(crawled.open(), tmp_path / "d", progress=dump_too)
    assert [path.name for path in tmp_path.iterdir()] == ["d"]
    assert not verify_dump(tmp_path / "d").faults


def test_a_name_that_cannot_be_is_refused_in_words(crawled: Crawled, tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match="too long"):
        dump(crawled.open(), tmp_path / ("d" * 300))


def test_an_existing_folder_is_left_alone(crawled: Crawled, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        dump(crawled.open(), tmp_path / "d")


def test_versions_are_named_by_content_and_pruned_by_number(changing, tmp_path: Path) -> None:
    collection, change = changing
    first, _ = dump_version(collection, Options())
    again, _ = dump_version(collection, Options(), keep=1)
    assert again == first, "nothing changed"
    record = next(iter(collection.records))
    change(lambda writer: writer.catalogue.seen_again(record.id, "2030-01-01T00:00:00.000000Z"))
    (collection.root / "dumps" / "mine").mkdir()
    second, _ = dump_version(collection, Options(), keep=2)
    assert second.name > first.name
    assert second.name.startswith("20300101T000000Z-")
    third, _ = dump_version(collection, Options(html=False), keep=2)
    assert {path.name for path in (collection.root / "dumps").iterdir()} == {"mine", second.name, third.name}


def test_a_full_disk_is_said_in_one_sentence_and_nothing_is_left(
    crawled: Crawled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much of the dump still finds room; Python has nothing to add when it tidies up."""
    unheard: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: unheard.append(told.exc_value))
    collection = crawled.open()
    with small_disk(tmp_path / "disk", "400k") as disk:
        ballast = disk / "ballast"
        for free in (0, 4, 8, 16, 60, 150):
            ballast.write_bytes(bytes((400 - free) * 1024))
            for options in (EVERYTHING, Options(FORMATS, "gzip")):
                with pytest.raises(CollectionError, match=r"cannot be written to: No space left on device\. Make room"):
                    dump(collection, disk / "d", options)
                gc.collect()
                assert [*disk.iterdir()] == [ballast]
    assert not unheard


def test_several_formats_are_written_side_by_side(crawled: Crawled, tmp_path: Path) -> None:
    place = ("--collection", crawled.path, "--json")
    ran = bayegan("dump", tmp_path / "d", "--format", "csv", "--format", "parquet", *place)
    assert ran.code == 0, ran.err
    kinds = {path.parts[0] for path in map(Path, files(tmp_path / "d" / "data"))}
    assert kinds == {"csv", "parquet"}
    assert ran.json["options"]["formats"] == ["parquet", "csv"]
    refused = bayegan("dump", tmp_path / "e", "--format", "csv", "--format", "xml", *place)
    assert refused.code == 2
    assert "«xml»" in refused.err


def test_an_unknown_place_is_answered_with_those_there_are(crawled: Crawled, tmp_path: Path) -> None:
    for option, known in (("--province", "hormozgan (هرمزگان)"), ("--office", "behzisti-qom"), ("--kind", "photo")):
        ran = bayegan("dump", tmp_path / "d", option, "nope", "--collection", crawled.path)
        assert ran.code == 2
        assert known in ran.err
    named = bayegan("dump", tmp_path / "d", "--office", "بهزیستی قم", "--json", "--collection", crawled.path)
    assert named.json["records"] > 0
