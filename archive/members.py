"""Reads a WARC file that may be damaged: every whole gzip member, and every stretch of bytes that is none.

`warc.members` stops at the first damage; this goes on behind it. Memory is bounded by the largest member. Verification
spends its time here, so that a record is looked at in place instead of being copied into a `warc.Record`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib

UNREADABLE: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub says instance
_GZIP_MEMBER = 31  # zlib's wbits for a gzip header and trailer
_MAGIC = b"\x1f\x8b\x08"
_RECORD = b"WARC/1."
_CHUNK = 1 << 16  # what is left of a chunk is copied at the end of each member: a small chunk is the faster one
_WINDOW = 1 << 20
_PROBE = 1 << 12
_URI = re.compile(r"https?://", re.IGNORECASE)


@dataclass(slots=True)
class Member:
    """A whole gzip member, its checksum and length right: first byte, length in the file, what was packed."""

    offset: int
    length: int
    data: bytes


@dataclass(slots=True)
class RecordView:
    """A WARC record inside a member. Field names are in lower case; of a repeated field the first value counts."""

    type: str
    id: str
    fields: dict[str, str]
    concurrent_to: list[str]
    block: memoryview

    @property
    def url(self) -> str:
        """WARC-Target-URI, without the angle brackets that some tools write."""
        return self.fields.get("warc-target-uri", "").strip("<>")

    @property
    def is_web(self) -> bool:
        """Whether the record is about an exchange over HTTP."""
        return _URI.match(self.url) is not None


class NotOneRecordError(ValueError):
    """What a member holds is not exactly one whole WARC record."""


def view(data: bytes) -> RecordView:
    """The record in an unpacked member. Raises NotOneRecordError."""
    end = data.find(b"\r\n\r\n")
    if end < 0 or not data.startswith(_RECORD):
        raise NotOneRecordError("no WARC header")
    fields: dict[str, str] = {}
    named: list[str] = []
    for line in data[:end].decode("utf-8", "replace").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise NotOneRecordError("a header line without a colon")
        name, value = name.lower(), value.strip()
        fields.setdefault(name, value)
        if name == "warc-concurrent-to":
            named.append(value.strip("<>"))
    length = fields.get("content-length", "")
    if not length.isdecimal() or len(data) != end + 4 + int(length) + 4 or not data.endswith(b"\r\n\r\n"):
        raise NotOneRecordError("the block is not as long as its header says")
    block = memoryview(data)[end + 4 : -4]
    return RecordView(fields.get("warc-type", ""), fields.get("warc-record-id", "").strip("<>"), fields, named, block)


@dataclass(slots=True, frozen=True)
class Gap:
    """Bytes that cannot be read: one word for what they are, and a clause that says it."""

    offset: int
    length: int
    what: str
    why: str


def scan(path: Path) -> Iterator[Member | Gap]:
    """Walk through a file from its first byte to the last it has now; what is yielded covers all of them in order."""
    with path.open("rb", buffering=0) as source:
        size = os.fstat(source.fileno()).st_size
        start: int = 0
        while start < size:
            broken = ""
            try:
                for member in read_members(source, start):
                    start = member.offset + member.length
                    yield member
            except UNREADABLE as error:
                broken = str(error)
            if start < size:
                end = find_member(source, start + 1, size)
                yield _gap(source, start, size if end is None else end, size, broken)
                start = size if end is None else end


def read_members(source: BinaryIO, start: int) -> Iterator[Member]:
    """Whole members from `start`; ends where the file does, in the middle of a member too. Raises isal's error."""
    source.seek(start)
    offset, pending = start, b""
    while True:
        unpacker = isal_zlib.decompressobj(_GZIP_MEMBER)
        parts: list[bytes] = []
        length = 0
        while not unpacker.eof:
            chunk = pending or source.read(_CHUNK)
            pending = b""
            if not chunk:
                return
            length += len(chunk)
            parts.append(unpacker.decompress(chunk))
        pending = unpacker.unused_data
        length -= len(pending)
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        del parts
        yield Member(offset, length, data)
        offset += length


def find_member(source: BinaryIO, start: int, end: int) -> int | None:
    """The offset in [start, end) where the next gzip member with a WARC record begins; None when there is none.

    Each byte is looked at once, a window at a time, and of a candidate only its first bytes are unpacked.
    """
    at = start
    while at < end:
        window = os.pread(source.fileno(), min(_WINDOW, end - at), at)
        found = window.find(_MAGIC)
        while found >= 0:
            if _begins_record(os.pread(source.fileno(), _PROBE, at + found)):
                return at + found
            found = window.find(_MAGIC, found + 1)
        # The mark itself may lie across two windows.
        at += max(len(window) - len(_MAGIC) + 1, 1)
    return None


def _begins_record(packed: bytes) -> bool:
    try:
        return bool(isal_zlib.decompressobj(_GZIP_MEMBER).decompress(packed, len(_RECORD)) == _RECORD)
    except UNREADABLE:
        return False


def _gap(source: BinaryIO, start: int, end: int, size: int, broken: str) -> Gap:
    length = end - start
    if _only_nul(source, start, end):
        where = "the file ends with" if end == size else "between two members are"
        return Gap(start, length, "nul-tail" if end == size else "stray-bytes", f"{where} {length} NUL bytes")
    if os.pread(source.fileno(), len(_MAGIC), start) != _MAGIC:
        return Gap(start, length, "stray-bytes", f"{length} bytes belong to no gzip member")
    if end == size and not broken:
        return Gap(start, length, "truncated", f"the last gzip member is cut off after {length} bytes")
    return Gap(start, length, "gzip-damaged", f"the gzip member cannot be unpacked ({broken or 'it has no end'})")


def _only_nul(source: BinaryIO, start: int, end: int) -> bool:
    for at in range(start, end, _WINDOW):
        window = os.pread(source.fileno(), min(_WINDOW, end - at), at)
        if window.count(0) != len(window):
            return False
    return True
