"""Fixity: what is sealed, and that every kind of damage is named by its word where it is."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import cdxj, fixity, manifest, warc
from archive.collection import open_collection
from archive.errors import CollectionError
from archive.http import HttpError, read_response, transfer_decode
from archive.members import Gap, find_member, scan, view
from archive.recordcheck import payload_of
from tests.archive.test_cdxj import revisited
from tests.archive.test_warc import exchange, writer
from tests.conftest import Crawled, bayegan


@pytest.fixture(scope="module")
def sealed(crawled: Crawled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = crawled.copy(tmp_path_factory.mktemp("sealed") / "c")
    fixity.seal_all(root)
    return root


@pytest.fixture
def root(sealed: Path, tmp_path: Path) -> Path:
    """A sealed collection to damage."""
    return Path(shutil.copytree(sealed, tmp_path / "c"))


def verify(root: Path, processes: int = 1) -> fixity.Verification:
    collection = open_collection(root)
    try:
        return fixity.verify(collection, processes=processes)
    finally:
        collection.close()


def words(root: Path) -> set[str]:
    return {fault.what for fault in verify(root).faults}


def file_of(root: Path) -> Path:
    return warc.warc_files(root)[0]


def places(path: Path, kind: str = "response") -> list[tuple[int, int]]:
    return [(o, n) for o, n, data in warc.members(path) if warc.parse(data, path, o).type == kind]


def last(path: Path, kind: str = "response") -> tuple[int, int]:
    """The last record of a kind: damage there moves little else."""
    return places(path, kind)[-1]


def splice(path: Path, start: int, end: int, new: bytes) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:start] + new + data[end:])


def rewrite(path: Path, kind: str, change: Callable[[bytes], bytes], *, digests: bool = False) -> int:
    """Change the last record of a kind and pack it again, as a careful forger would. Returns its offset."""
    offset, length = last(path, kind)
    data = gzip.decompress(path.read_bytes()[offset : offset + length])
    changed = change(data)
    if digests:
        head, _, block = changed.partition(b"\r\n\r\n")
        block_digest = b"WARC-Block-Digest: " + warc.digest(block[:-4]).encode()
        changed = re.sub(rb"WARC-Block-Digest: \S+", block_digest, head) + b"\r\n\r\n" + block
    length_now = len(changed.partition(b"\r\n\r\n")[2]) - 4
    changed = re.sub(rb"Content-Length: \d+(?=\r\n\r\n)", b"Content-Length: %d" % length_now, changed, count=1)
    splice(path, offset, offset + length, warc.compress(changed))
    return offset


def sub(pattern: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        changed = re.sub(pattern, new, data, count=1)
        assert changed != data
        return changed

    return change


def sql(root: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(root / "catalogue.sqlite") as db:
        assert db.execute(statement, values).rowcount == 1
    db.close()


# --- sealing ----------------------------------------------------------------------------------------------------


def test_sha256sum_checks_the_manifest(root: Path) -> None:
    for path in warc.warc_files(root):
        checked = ["sha256sum", "-c", manifest.manifest_of(path).name]
        done = subprocess.run(checked, cwd=path.parent, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, f"{path.name}: OK\n")


def test_sealing_again_changes_nothing_and_only_what_lacks_is_made(root: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (root / "warc").rglob("*")}
    assert fixity.seal_all(root) == []
    assert {path: path.stat().st_mtime_ns for path in (root / "warc").rglob("*")} == before
    path = file_of(root)
    sides = [manifest.manifest_of(path), cdxj.index_of(path)]
    written = [side.read_bytes() for side in sides]
    for side in sides:
        side.unlink()
        assert fixity.seal_all(root) == [path]
    assert [side.read_bytes() for side in sides] == written


def test_the_manifest_of_a_finished_file_is_never_replaced(root: Path) -> None:
    path = file_of(root)
    with path.open("ab") as file:
        file.write(b"more")
    fixity.seal(path)
    assert "manifest-differs" in words(root)


def test_a_file_sealed_before_it_is_finished_fits_its_final_name(root: Path) -> None:
    path = file_of(root)
    sides = [manifest.manifest_of(path), cdxj.index_of(path)]
    written = [side.read_bytes() for side in sides]
    unfinished = path.rename(path.with_name(path.name + warc.OPEN_SUFFIX))
    for side in sides:
        side.write_bytes(b"of an earlier try")
    fixity.seal(unfinished)
    warc.finish_file(unfinished)
    assert [side.read_bytes() for side in sides] == written
    assert not verify(root).faults


def test_a_crash_while_sealing_leaves_nothing_half(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file_of(root)
    manifest.manifest_of(path).unlink()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", dies)
        with pytest.raises(KeyboardInterrupt):
            fixity.seal_all(root)
    assert not manifest.manifest_of(path).exists()
    assert fixity.seal_all(root) == [path]
    assert not verify(root).faults


# --- what is whole passes ---------------------------------------------------------------------------------------


def test_what_is_whole_passes(root: Path, crawled: Crawled) -> None:
    result = verify(root)
    assert (result.faults, result.notes) == ([], [])
    assert result.files == len(warc.warc_files(root))
    assert result.bytes == sum(path.stat().st_size for path in warc.warc_files(root))
    assert result.items == crawled.open().catalogue.count()


def test_processes_find_the_same(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixity, "_WORTH_A_PROCESS", 0)
    rewrite(file_of(root), "response", lambda data: data[:-30] + b"!" + data[-29:])
    moved: list[int] = []
    collection = open_collection(root)
    parallel = fixity.verify(collection, moved.append, processes=2)
    assert parallel == verify(root)
    assert parallel.faults
    assert sum(moved) == parallel.bytes


def test_the_command_prints_every_fault_and_says_so_by_its_exit_code(root: Path) -> None:
    clean = bayegan("verify", "--collection", root, "--json")
    assert (clean.code, clean.json["faults"]) == (0, [])
    offset = rewrite(file_of(root), "response", lambda data: data[:-30] + b"!" + data[-29:])
    ran = bayegan("verify", "--collection", root)
    assert ran.code == 1
    assert re.search(rf"^block-digest: warc/\S+ at byte {offset}: ", ran.out, re.MULTILINE)
    listed = bayegan("verify", "--collection", root, "--json").json["faults"]
    assert {"warc", "offset", "what", "message"} == set(listed[0])
    assert {fault["offset"] for fault in listed if fault["what"] == "block-digest"} == {offset}


# --- every kind of damage ---------------------------------------------------------------------------------------


def gzip_damaged(path: Path) -> int:
    offset, length = last(path)
    middle = offset + length // 2
    splice(path, middle, middle + 4, b"\xff\x00\xff\x00")
    return offset


def checksum_damaged(path: Path) -> int:
    offset, length = last(path)
    byte = path.read_bytes()[offset + length - 6]
    splice(path, offset + length - 6, offset + length - 5, bytes([byte ^ 1]))
    return offset


def truncated(path: Path) -> int:
    offset, length = last(path, "request")
    os.truncate(path, offset + length - 9)
    return offset


def cut_between_members(path: Path) -> int:
    offset, _ = last(path)
    os.truncate(path, offset)
    return offset


def nul_tail(path: Path) -> int:
    size = path.stat().st_size
    splice(path, size, size, bytes(5000))
    return size


def stray(path: Path) -> int:
    offset, _ = last(path)
    splice(path, offset, offset, b"\x1f\x8b nothing that unpacks")
    return offset


def stray_at_the_end(path: Path) -> int:
    size = path.stat().st_size
    splice(path, size, size, b"nothing")
    return size


def two_in_one(path: Path) -> int:
    offset, length = last(path, "metadata")
    data = gzip.decompress(path.read_bytes()[offset : offset + length])
    splice(path, offset, offset + length, warc.compress(data + data))
    return offset


def payload_changed(path: Path) -> int:
    return rewrite(path, "response", lambda data: data[:-30] + bytes([data[-30] ^ 1]) + data[-29:])


def payload_digest_changed(path: Path) -> int:
    return rewrite(path, "response", sub(rb"Payload-Digest: sha256:.", b"Payload-Digest: sha256:7"))


def payload_and_block_digest_changed(path: Path) -> int:
    return rewrite(path, "response", lambda data: data[:-30] + bytes([data[-30] ^ 1]) + data[-29:], digests=True)


def framing_broken(path: Path) -> int:
    def change(data: bytes) -> bytes:
        head, _, block = data.partition(b"\r\n\r\n")
        http, _, _ = block.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n" + http + b"\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n\r\n\r\n"

    return rewrite(path, "response", change, digests=True)


def without(header: bytes, kind: str = "response") -> Callable[[Path], int]:
    return lambda path: rewrite(path, kind, sub(rb"\r\n" + header + rb": [^\r]*", b""))


def with_date(date: bytes) -> Callable[[Path], int]:
    return lambda path: rewrite(path, "metadata", sub(rb"WARC-Date: \S+", b"WARC-Date: " + date))


def same_id(path: Path) -> int:
    offset, length = places(path, "request")[0]
    first = re.search(rb"WARC-Record-ID: \S+", gzip.decompress(path.read_bytes()[offset : offset + length]))
    assert first
    return rewrite(path, "request", sub(rb"WARC-Record-ID: \S+", first[0]))


def names_nobody(path: Path) -> int:
    nobody = b"WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-000000000000>"
    return rewrite(path, "metadata", sub(rb"WARC-Concurrent-To: \S+", nobody))


def no_request(path: Path) -> int:
    offset, length = last(path, "request")
    splice(path, offset, offset + length, b"")
    return last(path)[0]


DAMAGES: dict[str, tuple[Callable[[Path], int], str]] = {
    "a member altered": (gzip_damaged, "gzip-damaged"),
    "a checksum altered": (checksum_damaged, "gzip-damaged"),
    "the last member cut off": (truncated, "truncated"),
    "cut between two members": (cut_between_members, "record-missing"),
    "a tail of NUL bytes": (nul_tail, "nul-tail"),
    "bytes between members": (stray, "stray-bytes"),
    "bytes at the end": (stray_at_the_end, "stray-bytes"),
    "two records in a member": (two_in_one, "not-one-record"),
    "a payload altered, gzip made anew": (payload_changed, "block-digest"),
    "a payload digest altered": (payload_digest_changed, "payload-digest"),
    "a payload altered, gzip and block digest made anew": (payload_and_block_digest_changed, "payload-digest"),
    "chunks without framing": (framing_broken, "payload-unreadable"),
    "no block digest": (without(b"WARC-Block-Digest"), "digest-missing"),
    "no payload digest": (without(b"WARC-Payload-Digest"), "digest-missing"),
    "no IP address": (without(b"WARC-IP-Address"), "ip-missing"),
    "no record id": (without(b"WARC-Record-ID", "metadata"), "id-missing"),
    "a record id twice": (same_id, "duplicate-id"),
    "a date that is none": (with_date(b"2026-13-01T00:00:00Z"), "date-malformed"),
    "a date in other form": (with_date(b"20260321083000"), "date-malformed"),
    "a tie to nobody": (names_nobody, "concurrent-to"),
    "no request": (no_request, "request-missing"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_named_where_it_is(name: str, root: Path) -> None:
    damage, word = DAMAGES[name]
    path = file_of(root)
    offset = damage(path)
    found = verify(root).faults
    told = [(fault.what, fault.offset) for fault in found if fault.warc == path.relative_to(root).as_posix()]
    assert (word, offset) in told
    assert ("manifest-differs", 0) in told
    # The other file is as it was.
    assert {fault.warc for fault in found} == {path.relative_to(root).as_posix()}
    assert all(fault.message.endswith(".") and len(fault.message) > 15 for fault in found)


def test_altered_data_with_all_digests_made_anew_differs_from_the_catalogue(root: Path) -> None:
    path = file_of(root)

    def change(data: bytes) -> bytes:
        data = data[:-30] + bytes([data[-30] ^ 1]) + data[-29:]
        block = data.partition(b"\r\n\r\n")[2][:-4]
        payload = b"".join(payload_of(memoryview(block)))
        return re.sub(rb"Payload-Digest: \S+", b"Payload-Digest: " + warc.digest(payload).encode(), data)

    offset = rewrite(path, "response", change, digests=True)
    told = {fault.what for fault in verify(root).faults if fault.offset == offset}
    assert {"catalogue-differs", "cdxj-differs"} <= told
    assert "block-digest" not in told
    assert "payload-digest" not in told


def test_what_stands_behind_damage_is_checked_all_the_same(root: Path) -> None:
    path = file_of(root)
    behind = payload_changed(path)
    first = places(path)[0][0]
    splice(path, first + 50, first + 54, b"\x00\xff\x00\xff")
    told = {(fault.what, fault.offset) for fault in verify(root).faults}
    assert {("gzip-damaged", first), ("block-digest", behind)} <= told


# --- files, catalogue, index ------------------------------------------------------------------------------------


def test_a_file_that_is_gone_is_missed(root: Path) -> None:
    file_of(root).unlink()
    assert words(root) == {"file-missing"}


def test_a_file_that_is_gone_with_its_catalogue_rows_is_missed_by_its_manifest(root: Path) -> None:
    path = file_of(root)
    path.unlink()
    with sqlite3.connect(root / "catalogue.sqlite") as db:
        for table, column in (("captures", "warc"), ("items", "portal"), ("revisions", "item")):
            db.execute(f"DELETE FROM {table} WHERE {column} LIKE ?", (f"%{path.parts[-3]}%",))
        db.execute("DELETE FROM news_docsize WHERE id NOT IN (SELECT docid FROM items)")
    db.close()
    assert words(root) == {"file-missing"}


@pytest.mark.parametrize(
    ("side", "text", "word"),
    [
        (manifest.manifest_of, None, "manifest-missing"),
        (manifest.manifest_of, "", "manifest-malformed"),
        (manifest.manifest_of, f"{'0' * 64}  another.warc.gz\n", "manifest-malformed"),
        (cdxj.index_of, None, "cdxj-missing"),
        (cdxj.index_of, "", "cdxj-differs"),
        (cdxj.index_of, "nonsense\n", "cdxj-differs"),
    ],
)
def test_what_stands_beside_a_file_is_checked(
    root: Path, side: Callable[[Path], Path], text: str | None, word: str
) -> None:
    beside = side(file_of(root))
    beside.unlink() if text is None else beside.write_text(text)
    assert words(root) == {word}


def test_a_manifest_of_another_content_differs(root: Path) -> None:
    beside = manifest.manifest_of(file_of(root))
    text = beside.read_text()
    beside.write_text(("1" if text[0] == "0" else "0") + text[1:])
    assert words(root) == {"manifest-differs"}


def test_the_index_is_held_against_the_file_line_by_line(root: Path) -> None:
    path = file_of(root)
    index = cdxj.index_of(path)
    lines = index.read_text().splitlines(keepends=True)
    index.write_text("".join([*lines[1:-1], lines[-1].replace("20", "19", 1)]))
    offsets = {int(json.loads(line.split(" ", 2)[2])["offset"]) for line in (lines[0], lines[-1])}
    assert {(f.what, f.offset) for f in verify(root).faults} == {("cdxj-differs", offset) for offset in offsets}
    index.write_text("".join(reversed(lines)))
    assert words(root) == {"cdxj-differs"}


def test_a_capture_the_catalogue_lacks_is_named(root: Path) -> None:
    offset, _ = places(file_of(root))[0]  # robots.txt: no record stands on it
    sql(root, "DELETE FROM captures WHERE offset = ? AND warc LIKE 'warc/behzisti/%'", offset)
    found = verify(root).faults
    assert [(fault.what, fault.offset) for fault in found] == [("not-in-catalogue", offset)]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("url", "http://elsewhere.test/", "address"),
        ("payload_digest", "sha256:AAAA", "payload digest"),
        ("fetched", "2001-01-01T00:00:00Z", "date"),
        ("status", 500, "status"),
        ("length", 7, "length"),
        ("ip", "192.0.2.1", "IP address"),
        ("type", "revisit", "type"),
        ("record_id", "urn:uuid:0", "record id"),
    ],
)
def test_a_catalogue_that_says_something_else_is_named(root: Path, column: str, value: object, said: str) -> None:
    offset, _ = places(file_of(root))[0]
    sql(root, f"UPDATE captures SET {column} = ? WHERE offset = ? AND warc LIKE 'warc/behzisti/%'", value, offset)
    (fault,) = verify(root).faults
    assert (fault.what, fault.offset) == ("catalogue-differs", offset)
    assert f"another {said} for" in fault.message


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.capture.record_id", "urn:uuid:00000000-0000-4000-8000-000000000000"),
        ("$.capture.offset", 5),
        ("$.capture.payload_digest", "sha256:AAAA"),
        ("$.url", "http://elsewhere.test/news/1/"),
        ("$.capture", None),
    ],
)
def test_a_record_must_lead_to_its_capture(root: Path, path: str, value: object) -> None:
    for table, key in (("items", "id"), ("revisions", "item")):
        where = f"{key} = (SELECT min({key}) FROM {table})"
        change = f"UPDATE {table} SET record = CAST(json_set(CAST(record AS TEXT), ?, ?) AS BLOB) WHERE {where}"
        sql(root, change, path, value)
    (fault,) = verify(root).faults
    assert fault.what == "item-capture"


def test_a_catalogue_that_is_no_database_is_an_error_that_says_what_to_do(root: Path) -> None:
    collection = open_collection(root)
    collection.catalogue.db.execute("SELECT 1 FROM captures").fetchone()
    collection.close()
    data = bytearray((root / "catalogue.sqlite").read_bytes())
    data[4096 * 2 :] = b"\xff" * (len(data) - 4096 * 2)
    (root / "catalogue.sqlite").write_bytes(data)
    for end in ("-wal", "-shm"):
        (root / f"catalogue.sqlite{end}").unlink(missing_ok=True)
    with pytest.raises(CollectionError, match="rebuild"):
        verify(root)


# --- revisits, failures, unfinished files -----------------------------------------------------------------------


@pytest.fixture
def with_revisit(root: Path, tmp_path: Path) -> Path:
    """The sealed collection with one more file: a response, a revisit of it, and another response."""
    made = revisited(tmp_path / "made")
    data = b"".join(
        warc.compress(re.sub(rb"\r\nWARC-Block", b"\r\nWARC-IP-Address: 192.0.2.7\r\nWARC-Block", data, count=1))
        for _, _, data in warc.members(made)
    )
    path = root / "warc" / "behzisti" / "2026" / made.name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    catalogue(root, path)
    fixity.seal(path)
    return root


def catalogue(root: Path, path: Path) -> None:
    """Bring the captures of a file into the catalogue as its lines have them."""
    with sqlite3.connect(root / "catalogue.sqlite") as db:
        for found in scan(path):
            assert not isinstance(found, Gap)
            record = view(found.data)
            entry = cdxj.entry(record, found.offset, found.length, path.name)
            if entry:
                db.execute(
                    "INSERT INTO captures (record_id, warc, offset, length, type, url, status, mime, fetched,"
                    " payload_digest, ip) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                    (record.id, path.relative_to(root).as_posix(), found.offset, found.length, record.type, entry.url,
                     int(entry.status or 0), entry.mime, entry.date, entry.digest, record.fields["warc-ip-address"]),
                )  # fmt: skip
    db.close()


def test_a_revisit_is_held_against_what_it_refers_to(with_revisit: Path) -> None:
    assert verify(with_revisit).faults == []
    sql(with_revisit, "DELETE FROM captures WHERE url LIKE 'http://x.test/b%' AND type = 'response'")
    assert words(with_revisit) == {"refers-to", "not-in-catalogue"}


def test_a_revisit_of_another_payload_is_named(with_revisit: Path) -> None:
    other = warc.digest(b"other")
    sql(
        with_revisit,
        "UPDATE captures SET payload_digest = ? WHERE url LIKE 'http://x.test/b%' AND type = 'response'",
        other,
    )
    assert words(with_revisit) == {"refers-to", "catalogue-differs"}


def test_a_failure_without_response_is_no_fault(root: Path) -> None:
    path = file_of(root)
    date = ("WARC-Date", "2026-03-21T08:30:00Z")
    request = warc.Record("request", b"GET / HTTP/1.1\r\n\r\n", [date, ("WARC-Target-URI", "http://x.test/")])
    why = warc.Record("metadata", b"failure: timeout\r\n", [date, ("WARC-Concurrent-To", f"<{request.id}>")])
    alone = warc.Record("metadata", b"failure: dns\r\n", [date])
    with path.open("ab") as file:
        for record in (request, why, alone):
            file.write(warc.compress(warc.serialise(record)))
    manifest.manifest_of(path).unlink()
    fixity.seal(path)
    assert verify(root).faults == []


def test_what_others_did_not_note_of_an_imported_capture_is_no_fault(root: Path, crawled: Crawled) -> None:
    collection = open_collection(root)
    record = next(r for r in collection.catalogue.records() if r.capture)
    assert record.capture
    block = collection.read(record.capture).block
    collection.close()
    foreign = root.parent / "foreign.warc.gz"
    headers = [("WARC-Date", "2020-01-01T00:00:00Z"), ("WARC-Target-URI", record.url)]
    headers.append(("Content-Type", "application/http; msgtype=response"))
    foreign.write_bytes(warc.compress(warc.serialise(warc.Record("response", block, headers))))
    offices = crawled.folder / "portal.toml"
    assert bayegan("import", foreign, "--offices", offices, "--collection", root, "--json").json["responses"] == 1
    result = verify(root)
    assert result.files == 3
    assert result.faults == []


def unfinished(root: Path) -> Path:
    path = file_of(root)
    for side in (manifest.manifest_of(path), cdxj.index_of(path)):
        side.unlink()
    return path.rename(path.with_name(path.name + warc.OPEN_SUFFIX))


@pytest.mark.parametrize("tail", [b"", bytes(300), b"\x1f\x8b\x08 half a record", "response"])
def test_a_file_that_a_dead_process_left_is_a_note(root: Path, tail: bytes | str) -> None:
    path = unfinished(root)
    if isinstance(tail, str):
        offset, length = last(path)
        data = gzip.decompress(path.read_bytes()[offset : offset + length])
        tail = warc.compress(re.sub(rb"urn:uuid:.{8}", b"urn:uuid:ffffffff", data, count=1))
    with path.open("ab") as file:
        file.write(tail)
    result = verify(root)
    assert result.faults == []
    assert [note.what for note in result.notes] == ["unfinished"]
    assert "next crawl" in result.notes[0].message
    assert bayegan("verify", "--collection", root).code == 0


def test_damage_in_the_middle_of_an_unfinished_file_is_a_fault(root: Path) -> None:
    path = unfinished(root)
    offset = gzip_damaged(path)
    assert ("gzip-damaged", offset) in {(fault.what, fault.offset) for fault in verify(root).faults}


def test_a_file_that_a_crawl_writes_to_is_not_blamed(root: Path) -> None:
    unfinished(root)
    code = (
        "import fcntl, json, os, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX);"
        "json.dump({'pid': os.getpid()}, f); f.flush(); print('held', flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, root / "lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    try:
        assert fixity.writer_active(root)
        (note,) = verify(root).notes
        assert "is writing" in note.message
    finally:
        holder.communicate("\n")
    assert not fixity.writer_active(root)


# --- reading damaged files --------------------------------------------------------------------------------------


@given(st.binary(max_size=60), st.lists(st.binary(max_size=20), max_size=5), st.booleans())
def test_payloads_are_taken_apart_by_the_rules_of_http(junk: bytes, chunks: list[bytes], good: bool) -> None:
    body = b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks if c) + (b"0\r\n\r\n" if good else junk)
    block = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    try:
        right = transfer_decode(body, "chunked")
    except HttpError:
        with pytest.raises(HttpError):
            b"".join(payload_of(memoryview(block)))
    else:
        assert b"".join(payload_of(memoryview(block))) == right


@pytest.mark.parametrize(
    "head",
    [
        b"Transfer-Encoding: chunked",
        b"TRANSFER-ENCODING :gzip, Chunked",
        b"Transfer-Encoding:\r\n chunked",
        b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        b"X: Transfer-Encoding: chunked",
        b"Content-Length: 3",
    ],
)
def test_a_payload_is_the_one_that_the_crawl_digests(head: bytes) -> None:
    block = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    assert b"".join(payload_of(memoryview(block))) == read_response(block, decode_content=False).payload


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=4), st.integers(0, 4))
def test_a_scan_covers_every_byte_in_order(
    tmp_path_factory: pytest.TempPathFactory, junk: list[bytes], at: int
) -> None:
    path = tmp_path_factory.mktemp("scan") / "x.warc.gz"
    record = warc.compress(warc.serialise(warc.Record("metadata", b"x" * 50)))
    path.write_bytes(b"".join(record + (piece if index >= at else b"") for index, piece in enumerate(junk)))
    end = 0
    for found in scan(path):
        assert found.offset == end
        end += found.length
    assert end == path.stat().st_size


def test_resuming_behind_damage_is_linear_and_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    record = warc.compress(warc.serialise(warc.Record("metadata", b"x" * 50)))
    decoy = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00"
    with path.open("wb") as file:
        file.write(record)
        for _ in range(20):
            file.write(decoy * 100 + os.urandom(1 << 20))
        file.write(record)
    tracemalloc.start()
    found = list(scan(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [type(one).__name__ for one in found] == ["Member", "Gap", "Member"]
    assert peak < 6 << 20


def test_a_mark_across_two_windows_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.members._WINDOW", 16)
    record = warc.compress(warc.serialise(warc.Record("metadata", b"x")))
    path = tmp_path / "x"
    for lead in range(40):
        path.write_bytes(b"-" * lead + record)
        with path.open("rb") as source:
            assert find_member(source, 0, path.stat().st_size) == lead


def test_memory_is_bounded_by_the_largest_member(tmp_path: Path, root: Path) -> None:
    size = 10 << 20
    block = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"%x\r\n" % size
        + os.urandom(size)
        + b"\r\n0\r\n\r\n"
    )
    payload = warc.digest(block[-size - 7 : -7])
    path = file_of(root)
    record = warc.Record(
        "response", block,
        [("WARC-Date", "2026-03-21T08:30:00Z"), ("WARC-Target-URI", "http://x.test/"), ("WARC-IP-Address", "192.0.2.7"),
         ("WARC-Payload-Digest", payload)],
    )  # fmt: skip
    member = warc.compress(warc.serialise(record))
    del block, record
    path.write_bytes(member * 4)
    tracemalloc.start()
    result = verify(root)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "payload-digest" not in {fault.what for fault in result.faults}
    assert peak < 3.3 * size  # the one looked at, and the next while its pieces are joined


# --- what others see --------------------------------------------------------------------------------------------

VALIDATORS = {
    "fastwarc": "fastwarc.cli main check -p",
    "warcio": "warcio.cli main check",
    "warcat": "warcat.__main__ main verify",
    "cdxj-indexer": "cdxj_indexer.main main",
}


def seeing(path: Path) -> set[str]:
    """The public validators that say by their exit code that something is wrong with a file."""
    running = {}
    for name, start in VALIDATORS.items():
        module, function, *words = start.split()
        code = f"import sys; from {module} import {function} as run; sys.exit(run())"
        running[name] = subprocess.Popen(
            [sys.executable, "-c", code, *words, path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    return {name for name, process in running.items() if process.wait()}


def unchunked(root: Path) -> Path:
    """A file over which no two tools disagree: without chunked responses."""
    out = writer(root)
    for number in range(4):
        body = b"%d" % number * 60
        records = exchange(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body, f"http://x.test/{number}")
        records[0].headers += [
            ("WARC-IP-Address", "192.0.2.7"),
            ("WARC-Payload-Digest", warc.digest(body)),
            ("Content-Type", "application/http; msgtype=response"),
        ]
        records[1].headers = [*records[1].headers, ("Content-Type", "application/warc-fields")]
        records[2].headers = [*records[2].headers, ("Content-Type", "application/http; msgtype=request")]
        out.write(records)
    out.finish()
    return warc.warc_files(root)[0]


EVERYBODY = set(VALIDATORS)
SEEN_BY = {
    "a member altered": EVERYBODY,
    "two records in a member": EVERYBODY - {"fastwarc"},
    "a tail of NUL bytes": EVERYBODY - {"warcat"},
    "a payload altered, gzip made anew": EVERYBODY - {"cdxj-indexer"},
    "the last member cut off": {"warcat"},
    "a record id twice": {"warcat"},
    "a tie to nobody": {"warcat"},
    "cut between two members": set(),
    "no payload digest": set(),
    "no IP address": set(),
    "a date that is none": set(),
    "no request": set(),
}
"""Damage, and which public validators say anything; each row is one that `verify` names (above)."""


def test_a_whole_file_is_whole_to_all(tmp_path: Path) -> None:
    assert seeing(unchunked(tmp_path)) == set()


@pytest.mark.parametrize("name", SEEN_BY)
def test_what_public_validators_see_of_the_damage(name: str, tmp_path: Path) -> None:
    path = unchunked(tmp_path)
    DAMAGES[name][0](path)
    assert seeing(path) == SEEN_BY[name]
