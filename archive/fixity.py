"""Verification: that every byte kept is still what was written, and that catalogue and WARC files agree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from archive import warc
from archive.collection import Collection
from archive.http import HttpError, read_response

_MEMBER_START = b"\x1f\x8b\x08"
_DIGEST = re.compile(r"sha256:[A-Z2-7]{52}=*")


@dataclass(slots=True, frozen=True)
class Fault:
    """Something that is not as it was written: where, one word for what, and a sentence."""

    warc: str
    offset: int
    what: str
    message: str


@dataclass(slots=True)
class Verification:
    """What was looked at and what was found wrong."""

    files: int = 0
    records: int = 0
    bytes: int = 0
    faults: list[Fault] = field(default_factory=list)


def verify(collection: Collection, progress: Callable[[int], None] = lambda _: None) -> Verification:
    """Check every digest of every record, and every capture of the catalogue against its record.

    Args:
        progress: called with the bytes read since the last call.
    """
    result = Verification()
    for path in warc.warc_files(collection.root):
        _verify_file(collection, path, result)
        progress(path.stat().st_size)
    known = {row[0] for row in collection.catalogue.db.execute("SELECT DISTINCT warc FROM captures")}
    for name in sorted(known):
        if not warc.locate(collection.root, name).exists():
            result.faults.append(
                Fault(name, 0, "file-missing", "the catalogue has captures in this file, the folder lacks it")
            )
    return result


def _verify_file(collection: Collection, path: Path, result: Verification) -> None:
    name = path.relative_to(collection.root).as_posix().removesuffix(warc.OPEN_SUFFIX)
    being_written = path.name.endswith(warc.OPEN_SUFFIX)
    expected = dict(collection.catalogue.db.execute("SELECT offset, record_id FROM captures WHERE warc = ?", (name,)))
    result.files += 1
    result.bytes += path.stat().st_size
    for offset, found in _records(path):
        if isinstance(found, warc.DamagedMemberError):
            if not being_written:  # the tail of a file that a crawl writes to may be half a record
                result.faults.append(Fault(name, offset, "damaged", found.why))
            continue
        result.records += 1
        result.faults.extend(Fault(name, offset, what, message) for what, message in _record_faults(found))
        if found.type in warc.CAPTURES and expected.pop(offset, None) != found.id and not being_written:
            result.faults.append(Fault(name, offset, "not-in-catalogue", f"the catalogue lacks the capture {found.id}"))
    for offset, record_id in expected.items():
        result.faults.append(
            Fault(name, offset, "record-missing", f"the catalogue has {record_id} here, the file does not")
        )


def _records(path: Path) -> Iterator[tuple[int, warc.Record | warc.DamagedMemberError]]:
    """Every record of a file; a damaged member is reported and skipped."""
    start: int | None = 0
    while start is not None:
        try:
            for offset, _, data in warc.members(path, start):
                start = offset
                try:
                    yield offset, warc.parse(data, path, offset)
                except warc.DamagedMemberError as error:
                    yield offset, error
            return
        except warc.DamagedMemberError as error:
            yield error.offset, error
            start = next_member(path, error.offset + 1)


def next_member(path: Path, start: int) -> int | None:
    """The offset at or after `start` where a WARC record's gzip member seems to begin; None when there is none."""
    data = path.read_bytes()
    while (start := data.find(_MEMBER_START, start)) >= 0:
        try:
            _, _, first = next(warc.members(path, start))
            if first.startswith(b"WARC/1."):
                return start
        except (warc.DamagedMemberError, StopIteration):
            pass
        start += 1
    return None


def _record_faults(record: warc.Record) -> Iterator[tuple[str, str]]:
    block = record.get("WARC-Block-Digest") or ""
    if not _DIGEST.fullmatch(block):
        yield "digest-missing", "the record has no SHA-256 block digest"
    elif block != warc.digest(record.block):
        yield "block-digest", "the block is not the one that was written"
    payload = record.get("WARC-Payload-Digest")
    if record.type != "response":
        return
    if payload is None:
        yield "digest-missing", "the response has no payload digest"
    elif not record.get("WARC-Truncated"):
        yield from _payload_fault(record.block, payload)


def _payload_fault(block: bytes, digest: str) -> Iterator[tuple[str, str]]:
    try:
        if warc.digest(payload_of(block)) != digest:
            yield "payload-digest", "the payload is not the one that was written"
    except HttpError as error:
        yield "payload-unreadable", f"the response cannot be taken apart: {error}"


def payload_of(block: bytes) -> bytes:
    """The transfer-decoded body of a response block. Raises HttpError."""
    return read_response(block, decode_content=False).payload
