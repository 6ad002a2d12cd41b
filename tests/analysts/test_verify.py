"""A dump is checked: files, schema, counts, and every record against the bytes it was read from."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from archive import warc
from archive.collection import open_collection
from archive.dump.check import verify_dump
from archive.dump.files import described, packed
from archive.dump.options import read_manifest
from archive.dump.write import write_manifest
from archive.http import content_decode, read_head, transfer_decode
from archive.record import content_sha256, to_json
from archive.records import facts_of, year_of
from tests.analysts.conftest import Dumped, lines
from tests.conftest import ROOT, Crawled, bayegan, command, environment, flip_a_byte

JSONL = "data/jsonl/1403.jsonl.zst"


@pytest.fixture
def copy(dumped: Dumped, tmp_path: Path) -> Path:
    return Path(shutil.copytree(dumped.folder, tmp_path / "copy"))


def reseal(folder: Path) -> None:
    """Let the manifest fit the files again, as someone would who wants a change to go unnoticed."""
    manifest = read_manifest(folder)
    manifest.files = [replace(described(folder, f.path, f.records), first=f.first, last=f.last) for f in manifest.files]
    write_manifest(folder, manifest)


def rewrite(folder: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    rows = [line for line in lines(folder) if b'"published_jalali":"1403' in line]
    with packed(folder / JSONL, "zstd") as out:
        for line in change(rows):
            out.write(line)
    reseal(folder)


def edited(rows: list[bytes], **changes: object) -> list[bytes]:
    return [msgspec.json.encode(json.loads(rows[0]) | changes) + b"\n", *rows[1:]]


def words(folder: Path, crawled: Crawled | None = None) -> set[str]:
    return {fault.what for fault in verify_dump(folder, crawled and crawled.open()).faults}


def test_a_dump_and_its_captures_are_found_sound(crawled: Crawled, dumped: Dumped) -> None:
    ran = bayegan("verify-dump", dumped.folder, "--collection", crawled.path, "--json")
    assert ran.code == 0, ran.out
    assert ran.json["faults"] == []
    assert ran.json["records"] == ran.json["captures"] == len(dumped.records)
    assert ran.json["files"] == len(dumped.manifest.files)


def test_faults_of_files_are_named(copy: Path) -> None:
    (copy / "graph/links.csv").unlink()
    (copy / "README.md").write_text("something else", encoding="utf-8")
    (copy / "data/more.txt").touch()
    ran = bayegan("verify-dump", copy)
    assert ran.code == 1
    assert [line.split(": ")[:2] for line in ran.out.splitlines()] == [
        ["file-differs", "README.md"],
        ["file-unlisted", "data/more.txt"],
        ["file-missing", "graph/links.csv"],
    ]
    assert "3 faults" in ran.err


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda rows: rows[1:], "count-differs"),
        (lambda rows: [*rows, rows[-1]], "duplicate-id"),
        (lambda rows: rows[::-1], "wrong-order"),
        (lambda rows: edited(rows, title="عنوانی دیگر"), "content-differs"),
        (lambda rows: edited(rows, published_jalali="1399-01-01"), "wrong-file"),
        (lambda rows: edited(rows, status="lost"), "record-malformed"),
        (lambda rows: edited(rows, more=1), "record-malformed"),
        (lambda rows: [rows[0].replace(b"{", b"{ ", 1), *rows[1:]], "record-malformed"),
    ],
)
def test_altered_records_are_found_though_all_digests_fit(
    copy: Path, change: Callable[[list[bytes]], list[bytes]], word: str
) -> None:
    rewrite(copy, change)
    assert word in words(copy)


def test_a_text_that_was_forged_with_all_its_digests_is_not_that_of_the_collection(
    crawled: Crawled, dumped: Dumped, copy: Path
) -> None:
    forged = replace(next(r for r in dumped.records if year_of(r) == "1403"), title="عنوانی دیگر")
    sealed = replace(forged, content_sha256=content_sha256(forged))
    shutil.rmtree(copy / "data/parquet")
    for record, alone in ((forged, {"record-differs"}), (sealed, set())):
        manifest = read_manifest(copy)
        manifest.files = [file for file in manifest.files if "parquet/" not in file.path]
        write_manifest(copy, manifest)
        line = to_json(record) + b"\n"
        rewrite(copy, lambda rows, line=line: [line if facts_of(row).id == forged.id else row for row in rows])
        manifest = read_manifest(copy)
        manifest.content = hashlib.sha256(b"".join(lines(copy))).hexdigest()
        write_manifest(copy, manifest)
        assert (words(copy), words(copy, crawled)) == (alone, {"record-differs"})


def test_files_that_cannot_be_read_are_named_and_the_rest_checked(copy: Path) -> None:
    (copy / "data/parquet/jyear=1402/records.parquet").write_bytes(b"PAR1 and no more")
    (copy / JSONL).write_bytes(b"no zstd")
    reseal(copy)
    (copy / "SHA256SUMS").write_text("", encoding="utf-8")
    assert words(copy) == {"file-unreadable", "sums-differ"}


def test_records_that_do_not_fit_their_captures_are_found(crawled: Crawled, dumped: Dumped, copy: Path) -> None:
    capture = msgspec.to_builtins(dumped.records[0].capture)
    rewrite(copy, lambda rows: edited(rows, capture=capture))
    assert "capture-differs" in words(copy, crawled)
    for wrong in ({"offset": capture["offset"] + 1}, {"warc": "warc/none.warc.gz"}):
        rewrite(copy, lambda rows, wrong=wrong: edited(rows, capture=capture | wrong))
        assert "capture-missing" in words(copy, crawled)
    rewrite(copy, lambda rows: edited(rows, capture=None))
    assert "capture-missing" in words(copy, crawled)


def test_a_flipped_byte_in_a_capture_is_found(crawled: Crawled, dumped: Dumped, tmp_path: Path) -> None:
    root = crawled.copy(tmp_path / "c")
    capture = next(r.capture for r in dumped.records if r.capture)
    path = root / capture.warc
    member = [offset for offset, _, _ in warc.members(path)].index(capture.offset)
    flip_a_byte(path, member)
    faults = verify_dump(dumped.folder, open_collection(root)).faults
    assert faults
    assert {fault.what for fault in faults} <= {"capture-missing", "capture-damaged"}


def test_what_is_no_dump_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"kind": "full"}', encoding="utf-8")
    for folder, code in ((tmp_path / "none", 3), (tmp_path, 1)):
        ran = bayegan("verify-dump", folder)
        assert (ran.code, ran.out) == (code, "")
        assert ran.err.startswith("bayegan: ")
    file = bayegan("verify-dump", tmp_path / "manifest.json")
    assert file.code == 2
    assert "is a file. Name the folder" in file.err


# --- provenance -------------------------------------------------------------------------------------------------


def test_show_warc_prints_what_the_server_sent(crawled: Crawled, dumped: Dumped) -> None:
    record = dumped.records[0]
    line = command("show", record.id, "--warc", "--collection", crawled.path)
    ran = subprocess.run(line, cwd=ROOT, env=environment(), capture_output=True, check=True)
    assert ran.stdout in [each.response for each in crawled.log]
    assert ran.stdout.startswith(b"HTTP/1.1 200 OK\r\n")


def test_the_lines_in_the_docs_fetch_the_same_with_nothing_but_warcio(crawled: Crawled, dumped: Dumped) -> None:
    code = re.search(r"```python\n(import json, warcio.*?)```", (ROOT / "docs/dumps.md").read_text("utf-8"), re.DOTALL)
    assert code
    for record in dumped.records[:3]:
        assert record.capture
        names = {"line": to_json(record), "collection": crawled.path}
        exec(code[1], names)
        block = crawled.open().response(record.id)
        assert names["response"].rec_headers["WARC-Record-ID"] == f"<{record.capture.record_id}>"
        head = read_head(block)
        sent = transfer_decode(block[head.end :], head.get("transfer-encoding"))
        assert names["body"] == content_decode(sent, head.get("content-encoding"))
        assert record.title.split()[0].encode() in names["body"]
