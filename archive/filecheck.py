"""One WARC file under examination: its records, its manifest, its index, and what the catalogue says of it.

`archive.fixity` runs this for every file, in several processes, and looks at what lies between files.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from archive import cdxj, manifest, warc
from archive.catalogue import Catalogue
from archive.members import Gap, Member, NotOneRecordError, RecordView, scan, view
from archive.recordcheck import record_faults
from archive.recovery import IMPORTED, NO_REQUEST

_COLUMNS = ("record_id", "length", "type", "url", "status", "fetched", "payload_digest", "ip")
_SAID = ("record id", "length", "type", "address", "status", "date", "payload digest", "IP address")
_OFFSET = re.compile(r'"offset": "(\d+)"')
_CRAWL = re.compile(rb"^crawl: (\S+)", re.MULTILINE)
_STEP = 1 << 22


@dataclass(slots=True, frozen=True, order=True)
class Fault:
    """Something that is not as it was written: where, one word for what, and a sentence."""

    warc: str
    offset: int
    what: str
    message: str


@dataclass(slots=True)
class FileResult:
    """What one file came to. `keys` holds 16 bytes for each record id, in the order of `offsets`."""

    name: str
    records: int = 0
    bytes: int = 0
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)
    keys: bytearray = field(default_factory=bytearray)
    offsets: array[int] = field(default_factory=lambda: array("Q"))
    loose: list[tuple[int, str]] = field(default_factory=list)
    """Offsets of records with an id that they name in WARC-Concurrent-To and this file does not hold."""


def key_of(record_id: str) -> bytes:
    """16 bytes that stand for a record id: a set of them takes a third of the memory."""
    return hashlib.blake2b(record_id.encode(), digest_size=16).digest()


def check_file(
    root: Path, path: Path, catalogue: Catalogue, *, held: bool, progress: Callable[[int], None] = lambda _: None
) -> FileResult:
    """Examine a WARC file.

    Args:
        held: a process is writing to the collection, so that an unfinished file may grow meanwhile.
        progress: called with the bytes read since the last call.
    """
    if not path.exists():  # finished since the files were listed
        path = path.with_name(path.name.removesuffix(warc.OPEN_SUFFIX))
    return _Examination(root, path, catalogue, held).run(progress)


class _Examination:
    def __init__(self, root: Path, path: Path, catalogue: Catalogue, held: bool) -> None:
        self._path = path
        self._catalogue = catalogue
        self._held = held
        self._open = path.name.endswith(warc.OPEN_SUFFIX)
        self._result = FileResult(path.relative_to(root).as_posix().removesuffix(warc.OPEN_SUFFIX))
        self._size = path.stat().st_size
        self._known: set[str] = set()
        self._concurrent: list[tuple[int, str]] = []
        self._waiting: dict[str, tuple[int, list[str]]] = {}  # responses whose request has not come yet
        self._requests: set[str] = set()
        self._last_request = 0
        self._imported = False
        self._last_known = -1
        self._gaps: set[int] = set()
        self._lines: list[str] = []
        self._lacking: dict[str, list[Any]] = {}  # captures that the catalogue lacks: offset, address, crawl

    @cached_property
    def _expected(self) -> dict[int, tuple[Any, ...]]:
        rows = self._catalogue.db.execute(
            f"SELECT offset, {', '.join(_COLUMNS)} FROM captures WHERE warc = ?",  # noqa: S608
            (self._result.name,),
        )
        return {offset: facts for offset, *facts in rows}

    def run(self, progress: Callable[[int], None]) -> FileResult:
        # Read before the file: what the catalogue knows is in the file already.
        self._last_known = max(self._expected, default=-1)
        told = 0
        for found in scan(self._path):
            if isinstance(found, Gap):
                self._gap(found)
            else:
                self._member(found)
            self._result.bytes = found.offset + found.length
            if self._result.bytes - told >= _STEP:
                progress(self._result.bytes - told)
                told = self._result.bytes
        progress(self._result.bytes - told)
        self._finish()
        return self._result

    def _fault(self, offset: int, what: str, message: str) -> None:
        self._result.faults.append(Fault(self._result.name, offset, what, message))

    def _gap(self, gap: Gap) -> None:
        self._gaps.add(gap.offset)
        if self._open and gap.offset + gap.length >= self._size:
            return  # a torn tail: half a record that a crawl is writing, or that recovery will cut
        self._fault(gap.offset, gap.what, gap.why + ".")

    def _member(self, member: Member) -> None:
        try:
            record = view(member.data)
        except NotOneRecordError as error:
            self._gaps.add(member.offset)
            message = f"the gzip member does not hold exactly one whole record: {error}."
            self._fault(member.offset, "not-one-record", message)
            return
        self._result.records += 1
        if record.id:
            self._known.add(record.id)
            self._result.keys += key_of(record.id)
            self._result.offsets.append(member.offset)
        if record.type == "warcinfo":
            self._imported = IMPORTED.encode() in bytes(record.block)
        for what, message in record_faults(record, imported=self._imported):
            self._fault(member.offset, what, message)
        self._tie(record, member.offset)
        if record.type in warc.CAPTURES:
            self._compare(record, member)

    def _tie(self, record: RecordView, offset: int) -> None:
        """Bring request and response together, and note what cannot be resolved yet."""
        named = record.concurrent_to
        self._concurrent += [(offset, target) for target in named if target not in self._known]
        if record.type == "request":
            self._requests.add(record.id)
            self._last_request = offset
            for target in named:
                self._waiting.pop(target, None)
        elif record.type == "metadata":
            self._tie_metadata(record, named)
        elif record.type in warc.CAPTURES and record.is_web:
            self._waiting[record.id] = (offset, named)

    def _tie_metadata(self, record: RecordView, named: list[str]) -> None:
        if NO_REQUEST.encode() in bytes(record.block):
            for target in named:
                self._waiting.pop(target, None)
        for target in self._lacking.keys() & named:
            crawl = _CRAWL.search(record.block)
            self._lacking[target][2] = crawl and crawl[1].decode()

    def _compare(self, record: RecordView, member: Member) -> None:
        """Hold a capture against the catalogue, and the revisit among them against what it refers to."""
        entry = cdxj.entry(record, member.offset, member.length, self._path.name)
        assert entry is not None
        if not self._open:
            self._lines.append(entry.line())
        found = self._expected.pop(member.offset, None)
        facts = [
            record.id, member.length, record.type, entry.url, int(entry.status or 0), entry.date, entry.digest or "",
            record.fields.get("warc-ip-address"),
        ]  # fmt: skip
        if found is None:
            self._lacking[record.id or str(member.offset)] = [member.offset, entry.url, None]
        elif differing := [said for said, one, two in zip(_SAID, facts, found, strict=True) if one != two]:
            what = ", ".join(differing)
            self._fault(member.offset, "catalogue-differs", f"the catalogue gives another {what} for this capture.")
        if record.type == "revisit":
            self._revisit(record, member.offset)

    def _revisit(self, record: RecordView, offset: int) -> None:
        fields = record.fields
        target = fields.get("warc-refers-to", "").strip("<>")
        where, values = ("record_id = ?", [target])
        if not target:
            where = "url = ? AND fetched = ?"
            values = [fields.get("warc-refers-to-target-uri", ""), fields.get("warc-refers-to-date", "")]
        row = self._catalogue.db.execute(
            f"SELECT type, payload_digest FROM captures WHERE {where}",  # noqa: S608
            values,
        ).fetchone()
        digest = fields.get("warc-payload-digest")
        if row is None and record.id in self._lacking and target in self._lacking:
            return
        if row is None:
            said = target or " ".join(values).strip() or "nothing"
            self._fault(offset, "refers-to", f"the revisit refers to {said}, which the collection does not hold.")
        elif row[0] != "response":
            self._fault(offset, "refers-to", f"the revisit refers to {target}, which is no response but a {row[0]}.")
        elif digest and digest != row[1]:
            self._fault(offset, "refers-to", "the revisit has another payload digest than what it refers to.")

    # --- at the end of the file -----------------------------------------------------------------------------------

    def _finish(self) -> None:
        self._unpaired()
        self._result.loose = [(at, target) for at, target in self._concurrent if target not in self._known]
        for offset, facts in sorted(self._expected.items()):
            message = f"the catalogue has the capture {facts[0]} of {facts[3]} here, the file has not."
            self._fault(offset, "record-missing", message)
        if self._open:
            self._unfinished()
        else:
            self._manifest()
            self._index()
            self._not_in_catalogue()

    def _unpaired(self) -> None:
        for offset, named in self._waiting.values():
            torn = self._open and offset > self._last_request
            if not torn and not self._requests.intersection(named):
                self._fault(offset, "request-missing", "no request names this response in WARC-Concurrent-To.")

    def _unfinished(self) -> None:
        message = (
            "a crawl is writing to this file; what it has not committed yet was left out."
            if self._held
            else "the process that wrote this file died, or it was copied meanwhile. The next crawl cuts a torn tail, "
            f"brings {len(self._lacking)} captures into the catalogue and finishes the file; no data is at fault."
        )
        self._result.notes.append(Fault(self._result.name, 0, "unfinished", message))

    def _not_in_catalogue(self) -> None:
        lacking = list(self._lacking.values())
        running = self._catalogue.db.execute("SELECT id FROM crawls WHERE state = 'running'")
        crawls = {crawl for (crawl,) in running}
        if lacking and all(at > self._last_known and crawl in crawls for at, _, crawl in lacking):
            message = (
                f"the catalogue was copied while a crawl ran, and before this file: it lacks the last {len(lacking)} "
                "captures. `bayegan rebuild` brings them in; no data is at fault."
            )
            self._result.notes.append(Fault(self._result.name, 0, "catalogue-older", message))
        elif lacking and self._last_known < 0:
            message = f"the catalogue knows nothing of this file, which has {len(lacking)} captures."
            self._fault(0, "file-unknown", message)
        else:
            for offset, url, _ in lacking:
                self._fault(offset, "not-in-catalogue", f"the catalogue lacks the capture of {url}.")

    def _manifest(self) -> None:
        for what, message in manifest.check(self._path):
            self._fault(0, what, message)

    def _index(self) -> None:
        index = cdxj.index_of(self._path)
        if not index.exists():
            self._fault(0, "cdxj-missing", f"the file has no index {index.name}; it got one when it was finished.")
            return
        written = index.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        if written == sorted(self._lines):
            return
        faults = dict(self._index_faults(set(written), set(self._lines)))
        for offset, message in faults.items():
            self._fault(offset, "cdxj-differs", f"{index.name} {message}.")
        if not faults and not self._gaps:
            self._fault(0, "cdxj-differs", f"{index.name} is not sorted, or has lines twice.")

    def _index_faults(self, written: set[str], right: set[str]) -> Iterator[tuple[int, str]]:
        for line in written - right:
            offset = int(match[1]) if (match := _OFFSET.search(line)) else 0
            if offset not in self._gaps:
                said = line[:200].strip()
                yield offset, f"names a capture that is not in the file so: {said}" if said else "has an empty line"
        for line in right - written:
            match = _OFFSET.search(line)
            yield int(match[1]) if match else 0, f"lacks this capture, or has another line for it: {line[:200].strip()}"
