"""Checks a dump: files, schema and counts, and each record against the capture it was read from."""

from __future__ import annotations

import csv
import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from archive import warc
from archive.cdxj import url_key
from archive.collection import Collection
from archive.dump.files import NO_YEAR, unpacked
from archive.dump.options import MANIFEST, SUMS, DumpFile, Manifest, read_manifest
from archive.errors import CollectionError
from archive.manifest import sha256_of
from archive.members import NotOneRecordError, view
from archive.record import KEYS, NewsRecord, content_sha256, from_json, to_json
from archive.recordcheck import record_faults
from archive.records import UNDATED, order_of, year_of

Progress = Callable[[int], None]
_LATER = {"aliases", "status", "first_seen", "last_seen", "warnings"}
"""What a collection may come to know of a revision after a dump."""
_LASTING = [key for key in KEYS if key not in _LATER]


@dataclass(slots=True, frozen=True, order=True)
class DumpFault:
    """What is wrong, in one word and one sentence, and in which file of the dump."""

    path: str
    what: str
    message: str


@dataclass(slots=True)
class Checked:
    """What was looked at and what was found wrong."""

    files: int = 0
    bytes: int = 0
    records: int = 0
    captures: int = 0
    faults: list[DumpFault] = field(default_factory=list)

    def fault(self, path: str, what: str, message: str) -> None:
        """Note something wrong."""
        self.faults.append(DumpFault(path, what, message))


def verify_dump(folder: Path, collection: Collection | None = None, progress: Progress = lambda _: None) -> Checked:
    """Check every file of a dump, every record by itself and, given the collection, against its capture.

    Args:
        progress: called with the bytes checked since the last call.

    Raises NothingFoundError when there is no dump, CollectionError when its manifest cannot be read.
    """
    manifest = read_manifest(folder)
    checked = Checked()
    _check_files(folder, manifest, checked)
    sound = [file for file in manifest.files if not any(fault.path == file.path for fault in checked.faults)]
    captures = _Captures(collection, checked, html=manifest.options.html) if collection else None
    for kind, lines in (("jsonl", _json_lines), ("parquet", _parquet_lines)):
        files = sorted((file for file in manifest.files if _holds_records(file, kind)), key=_undated_last)
        if files:
            _Records(folder, checked, captures).check(manifest, files, sound, lines, progress)
            captures = None  # the same records again
    for file in sound:
        if file.records is not None and not _holds_records(file, "jsonl") and not _holds_records(file, "parquet"):
            _check_count(folder, file, checked)
    checked.faults.sort()
    return checked


def _undated_last(file: DumpFile) -> tuple[bool, str]:
    return f"jyear={NO_YEAR}/" in file.path, file.path


def _holds_records(file: DumpFile, kind: str) -> bool:
    return file.path.startswith(f"data/{kind}/") or (kind == "jsonl" and file.path.startswith("delta/upserts"))


def _check_files(folder: Path, manifest: Manifest, checked: Checked) -> None:
    for file in manifest.files:
        path = folder / file.path
        if not path.is_file():
            checked.fault(file.path, "file-missing", "the manifest names the file, the folder lacks it.")
            continue
        checked.files += 1
        checked.bytes += path.stat().st_size
        if path.stat().st_size != file.bytes or sha256_of(path) != file.sha256:
            checked.fault(file.path, "file-differs", "the file is not the one of which the manifest gives the SHA-256.")
    listed = {file.path: file.sha256 for file in manifest.files} | {MANIFEST: sha256_of(folder / MANIFEST)}
    sums = folder / SUMS
    text = sums.read_text(encoding="utf-8", errors="replace") if sums.exists() else ""
    if {name: digest for digest, name in re.findall(r"^([0-9a-f]{64})  (.+)$", text, re.MULTILINE)} != listed:
        checked.fault(SUMS, "sums-differ", f"it does not give the SHA-256 of {MANIFEST} and of each file named there.")
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in listed and name != SUMS:
            checked.fault(name, "file-unlisted", "the manifest does not name the file.")


def _json_lines(path: Path) -> Iterator[tuple[bytes, NewsRecord]]:
    for line in unpacked(path):
        yield line, from_json(line)


def _parquet_lines(path: Path) -> Iterator[tuple[bytes, NewsRecord]]:
    from archive import arrow  # noqa: PLC0415 - pyarrow takes a while to load

    for record in arrow.read_parquet(path):
        yield to_json(record) + b"\n", record


class _Records:
    """The records of one format: each as the schema wants it, in its file, in order, once, and all that there are."""

    def __init__(self, folder: Path, checked: Checked, captures: _Captures | None) -> None:
        self._folder = folder
        self._checked = checked
        self._captures = captures
        self._seen = sqlite3.connect("")
        self._seen.execute("CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")
        self._last: tuple[str, float, str, int, str] = ("", 0.0, "", 0, "")

    def check(
        self,
        manifest: Manifest,
        files: list[DumpFile],
        sound: list[DumpFile],
        lines: Callable[[Path], Iterator[tuple[bytes, NewsRecord]]],
        progress: Progress,
    ) -> None:
        """Look at every record of the files, and at all of them together when no file is damaged."""
        content = hashlib.sha256()
        whole = True
        total = 0
        for file in files:
            try:
                count = 0
                for line, record in lines(self._folder / file.path):
                    count += 1
                    content.update(line)
                    self._record(file.path, count, line, record)
                total += count
                if count != file.records:
                    self._checked.fault(file.path, "count-differs", f"it has {count} records, not {file.records}.")
            except Exception as error:  # noqa: BLE001 - each library has errors of its own for damaged files
                whole = False
                what = "record-malformed" if isinstance(error, msgspec.DecodeError | msgspec.ValidationError) else ""
                said = f"after {count} records: {error}."
                self._checked.fault(file.path, what or "file-unreadable", said)
            progress(file.bytes)
        self._checked.records = max(self._checked.records, total)
        if manifest.kind == "full" and whole and set(files) <= set(sound) and content.hexdigest() != manifest.content:
            self._checked.fault(files[0].path, "content-differs", "the records are not those of the manifest.")

    def _record(self, path: str, number: int, line: bytes, record: NewsRecord) -> None:
        fault = self._checked.fault
        said = f"record {number}, {record.id},"
        if to_json(record) + b"\n" != line:
            fault(path, "record-malformed", f"{said} is not written as the schema has it.")
        if content_sha256(record) != record.content_sha256:
            fault(path, "record-differs", f"{said} is not the text of which it gives the SHA-256.")
        if path.startswith("data/") and not any(name in path for name in _names(year_of(record))):
            fault(path, "wrong-file", f"{said} is of the year {year_of(record)}.")
        order = order_of(record)
        if order < self._last:
            fault(path, "wrong-order", f"{said} was published before the record ahead of it.")
        self._last = order
        if not self._seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", (record.id,)).rowcount:
            fault(path, "duplicate-id", f"{said} is there already.")
        if self._captures:
            self._captures.check(path, said, record)


def _names(year: str) -> tuple[str, ...]:
    """What the path of a year's file has in it."""
    return (f"/{year}.", f"jyear={NO_YEAR if year == UNDATED else year}/")


class _Captures:
    """Holds records against the collection: what it has of them, and the bytes they were read from."""

    def __init__(self, collection: Collection, checked: Checked, *, html: bool) -> None:
        self._collection = collection
        self._checked = checked
        self._html = html

    def check(self, path: str, said: str, record: NewsRecord) -> None:
        for what, message in (*self._differences(record), *self._faults(record)):
            self._checked.fault(path, what, f"{said} {message}")
        self._checked.captures += 1

    def _differences(self, record: NewsRecord) -> Iterator[tuple[str, str]]:
        sql = "SELECT record FROM revisions WHERE item = ? AND revision = ?"
        row = self._collection.catalogue.db.execute(sql, (record.id, record.revision)).fetchone()
        if row is None:
            yield "record-differs", f"is not in the collection as revision {record.revision}."
            return
        stored = from_json(row[0])
        names = [name for name in _LASTING if self._html or name != "body_html"]
        differing = [name for name in names if getattr(record, name) != getattr(stored, name)]
        if differing:
            yield "record-differs", f"is not as the collection has it: {', '.join(differing)}."

    def _faults(self, record: NewsRecord) -> Iterator[tuple[str, str]]:
        capture = record.capture
        if capture is None:
            yield "capture-missing", "names no capture."
            return
        where = f"{capture.warc} at byte {capture.offset}"
        try:
            place = warc.Location(capture.warc, capture.offset, capture.length)
            found = view(warc.read_member(self._collection.root, place))
        except (CollectionError, NotOneRecordError) as error:
            yield "capture-missing", f"leads to no capture: {error}"
            return
        if found.id != capture.record_id:
            yield "capture-differs", f"names the capture {capture.record_id}; in {where} is {found.id}."
        if found.fields.get("warc-payload-digest") != capture.payload_digest:
            yield "capture-differs", f"gives another payload digest than its capture in {where}."
        for _, message in record_faults(found, imported=True):
            yield "capture-damaged", f"leads to {where}: {message}"
        if url_key(found.url) not in {url_key(url) for url in (record.url, *record.aliases)}:
            yield "capture-differs", f"has none of its addresses from its capture in {where}, which is of {found.url}."


def _check_count(folder: Path, file: DumpFile, checked: Checked) -> None:
    try:
        count = sum(1 for _ in _rows(folder / file.path))
    except Exception as error:  # noqa: BLE001 - as above
        checked.fault(file.path, "file-unreadable", f"{error}.")
        return
    if count != file.records:
        checked.fault(file.path, "count-differs", f"it has {count} rows, not {file.records}.")


def _rows(path: Path) -> Iterable[object]:
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq  # noqa: PLC0415

        return range(pq.ParquetFile(path).metadata.num_rows)
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as source:
            return range(sum(1 for _ in csv.reader(source)) - 1)
    return unpacked(path)
