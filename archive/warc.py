"""WARC 1.1 files: write, rotate, finish, recover and read. One gzip member a record.

The block of a request or response record is written as it is given, byte for byte; `warcio` serialises the WARC
header, isal compresses. A file is called `….warc.gz.open` while it is written and loses the suffix when finished.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import os
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from isal import isal_zlib
from warcio.statusandheaders import StatusAndHeaders

from archive.errors import CollectionError
from archive.members import UNREADABLE, read_members
from archive.spool import Spool

OPEN_SUFFIX = ".open"
MAX_BYTES = 1_000_000_000
MAX_AGE = dt.timedelta(days=1)
_LEVEL = 2  # most bodies arrive gzipped already: level 2 costs a quarter of zlib's 6, level 0 would grow them
_GZIP_MEMBER = 31  # zlib's wbits for a gzip header and trailer

CAPTURES = ("response", "revisit")
"""The record types that hold what a server said."""

Headers = list[tuple[str, str]]


def digest(data: bytes | Iterable[bytes]) -> str:
    """`sha256:` and the base32 of the SHA-256, as WARC digests are written."""
    hasher = hashlib.sha256()
    for chunk in [data] if isinstance(data, bytes) else data:
        hasher.update(chunk)
    return labelled(hasher.digest())


def labelled(sha256: bytes) -> str:
    """The WARC form of a SHA-256 that is already computed."""
    return "sha256:" + base64.b32encode(sha256).decode("ascii")


def warc_date(when: dt.datetime) -> str:
    """WARC-Date in UTC, with microseconds: the order of captures must survive."""
    return when.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def new_record_id() -> str:
    """A fresh `urn:uuid:…`, without the angle brackets of the header."""
    return f"urn:uuid:{uuid.uuid4()}"


@dataclass(slots=True)
class Record:
    """A WARC record to be written or just read; one to be written may have its block in a `spool` instead."""

    type: str
    block: bytes
    headers: Headers = field(default_factory=list)
    id: str = field(default_factory=new_record_id)
    spool: Spool | None = None

    def get(self, name: str) -> str | None:
        """The first value of a header field."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(slots=True, frozen=True)
class Location:
    """Where a record is: the path relative to the collection, first byte and length of its gzip member."""

    warc: str
    offset: int
    length: int


def fields_block(fields: Iterable[tuple[str, str]]) -> bytes:
    """An `application/warc-fields` block. Line breaks in values become spaces."""
    return "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in fields).encode()


def serialise(record: Record) -> bytes:
    """The record uncompressed: version line, header, block and two line ends."""
    return b"".join(_pieces(record))


def _pieces(record: Record) -> Iterator[bytes]:
    spool = record.spool
    headers = [("WARC-Type", record.type), ("WARC-Record-ID", f"<{record.id}>"), *record.headers]
    if record.get("WARC-Block-Digest") is None:
        headers.append(("WARC-Block-Digest", digest(spool.pieces() if spool else record.block)))
    headers.append(("Content-Length", str(spool.size if spool else len(record.block))))
    head: bytes = StatusAndHeaders("", headers, protocol="WARC/1.1").to_bytes(encoding="utf-8")
    yield head
    yield from spool.pieces() if spool else [record.block]
    yield b"\r\n\r\n"


def compress(data: bytes) -> bytes:
    """One gzip member."""
    return b"".join(_compressed([data]))


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP_MEMBER)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


class WarcWriter:
    """Writes the WARC files of one portal, one after another.

    Args:
        root: the collection folder.
        portal: becomes part of path and name.
        info: the fields of the warcinfo record that starts every file.
        max_bytes, max_age: a file that has reached this size or age is finished and a new one begun.
        now: the clock; tests set it.
        seal: called before a complete file gets its final name, with its path and the hexadecimal SHA-256 of what was
            written; None instead when that is not all that the file holds.
    """

    def __init__(
        self,
        root: Path,
        portal: str,
        info: Sequence[tuple[str, str]],
        max_bytes: int = MAX_BYTES,
        max_age: dt.timedelta = MAX_AGE,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        seal: Callable[[Path, str | None], object] = lambda *_: None,
    ) -> None:
        self._root = root
        self._portal = portal
        self._info = info
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._now = now
        self._seal = seal
        self._file: IO[bytes] | None = None
        self._name = ""
        self._offset = 0
        self._sha256 = hashlib.sha256()
        self._begun: dt.datetime  # when the current file was
        self._unsynced = False
        self.finished: list[str] = []

    def write(self, records: Sequence[Record]) -> list[Location]:
        """Append the records of one exchange; all of them or, when the disk refuses, none.

        Raises OSError after cutting the file back to where it was.
        """
        if self._file is None:
            self._begin()
        return self._append(records)

    def _append(self, records: Sequence[Record]) -> list[Location]:
        assert self._file is not None
        start, sha256 = self._offset, self._sha256.copy()
        try:
            locations = [self._put(record, self._file) for record in records]
        except BaseException:
            self._offset, self._sha256 = start, sha256
            os.ftruncate(self._file.fileno(), start)
            self._file.seek(start)
            raise
        self._unsynced = True
        return locations

    def _put(self, record: Record, file: IO[bytes]) -> Location:
        start = self._offset
        for piece in _compressed(_pieces(record)):
            rest = memoryview(piece)
            while rest:
                rest = rest[file.write(rest) :]
            self._offset += len(piece)
            self._sha256.update(piece)
        return Location(self._name, start, self._offset - start)

    def _begin(self) -> None:
        now = self._begun = self._now()
        path = next_path(self._root / "warc" / self._portal, self._portal, now)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._name = path.relative_to(self._root).as_posix()
        self._file = open(f"{path}{OPEN_SUFFIX}", "xb", buffering=0)  # noqa: SIM115, PTH123 - until finish()
        self._offset, self._sha256 = 0, hashlib.sha256()
        headers = [
            ("WARC-Date", warc_date(now)),
            ("WARC-Filename", path.name),
            ("Content-Type", "application/warc-fields"),
        ]
        self._append([Record("warcinfo", fields_block(self._info), headers)])

    def sync(self) -> None:
        """Bring what was written to the disk. Raises OSError when the disk refuses."""
        if self._file and self._unsynced:
            os.fsync(self._file.fileno())
            self._unsynced = False

    def rotate(self) -> None:
        """Finish the current file if it is large or old enough. Call it when the catalogue knows all that is in it."""
        if self._file and (self._offset >= self._max_bytes or self._now() - self._begun >= self._max_age):
            self.finish()

    def abandon(self) -> None:
        """Close the current file as it is; recovery will look at it."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def finish(self) -> None:
        """Sync, close and rename the current file, if there is one."""
        if self._file is None:
            return
        self.sync()
        whole = os.fstat(self._file.fileno()).st_size == self._offset
        self._file.close()
        self._file = None
        self._offset = 0
        path = self._root / f"{self._name}{OPEN_SUFFIX}"
        self._seal(path, self._sha256.hexdigest() if whole else None)
        finish_file(path)
        self.finished.append(self._name)


def next_path(folder: Path, portal: str, now: dt.datetime) -> Path:
    """A name for the next file of a portal, later in order than every name there, even if the clock jumped back.

    The order of names is the order of writing; a rebuild relies on it.
    """
    prefix, stamp, serial = f"BAYEGAN-{portal}-", now.astimezone(dt.UTC).strftime("%Y%m%d%H%M%S"), 0
    name = re.compile(re.escape(prefix) + r"(\d{14})-(\d{5,})\.warc\.gz(?:\.open)?")
    taken = [match.groups() for path in folder.glob(f"*/{prefix}*") if (match := name.fullmatch(path.name))]
    if taken and max(taken)[0] >= stamp:
        stamp, serial = max(taken)[0], int(max(taken)[1]) + 1
    return folder / stamp[:4] / f"{prefix}{stamp}-{serial:05d}.warc.gz"


def finish_file(path: Path) -> Path:
    """Rename a `.open` file to its final name and make the rename durable."""
    final = path.with_name(path.name.removesuffix(OPEN_SUFFIX))
    path.rename(final)
    sync_folder(final.parent)
    return final


def sync_folder(folder: Path) -> None:
    """Make created, renamed or removed names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def warc_files(root: Path) -> list[Path]:
    """Every WARC of a collection, unfinished ones too, by name.

    An unfinished one beside its finished self is left out: a copy has it from an earlier copy.
    """
    found = {p for p in (root / "warc").rglob("*.warc.gz*") if p.name.endswith((".warc.gz", f".warc.gz{OPEN_SUFFIX}"))}
    return sorted(p for p in found if p.suffix != OPEN_SUFFIX or p.with_suffix("") not in found)


def locate(root: Path, name: str) -> Path:
    """The file of a relative WARC path, whether it is finished or still being written."""
    path = root / name
    return path if path.exists() else path.with_name(path.name + OPEN_SUFFIX)


class DamagedMemberError(CollectionError):
    """A gzip member or the WARC record in it cannot be read. `offset` is its first byte."""

    def __init__(self, path: Path, offset: int, why: str) -> None:
        super().__init__(f"{path.name} at byte {offset}: {why}")
        self.offset = offset
        self.why = why


def members(path: Path, start: int = 0) -> Iterator[tuple[int, int, bytes]]:
    """Offset, length and decompressed bytes of each gzip member from `start`.

    Raises DamagedMemberError at the first member that is not whole, so a caller knows how far the file is good.
    """
    end = start
    with path.open("rb", buffering=0) as source:
        try:
            for member in read_members(source, start):
                end = member.offset + member.length
                yield member.offset, member.length, member.data
        except UNREADABLE as error:
            raise DamagedMemberError(path, end, f"not a readable gzip member ({error})") from error
        if end < os.fstat(source.fileno()).st_size:
            raise DamagedMemberError(path, end, "the last gzip member is cut off")


def parse(data: bytes, path: Path, offset: int) -> Record:
    """Read one decompressed member. Raises DamagedMemberError when it is not exactly one whole record."""
    head, found, rest = data.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "replace").split("\r\n")
    if not found or not lines[0].startswith("WARC/1."):
        raise DamagedMemberError(path, offset, "no WARC header")
    headers: Headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise DamagedMemberError(path, offset, f"a header line without a colon: {line[:60]!r}")
        headers.append((name.strip(), value.strip()))
    record = Record("", b"", headers, "")
    length = record.get("Content-Length") or ""
    if not length.isdecimal() or len(rest) != int(length) + 4 or not rest.endswith(b"\r\n\r\n"):
        raise DamagedMemberError(path, offset, "the block is not as long as its header says")
    record.block = rest[:-4]
    record.type = record.get("WARC-Type") or ""
    record.id = (record.get("WARC-Record-ID") or "").strip("<>")
    return record


def read_record(root: Path, location: Location) -> Record:
    """The record at a location. Raises CollectionError when it is not there or damaged."""
    return parse(read_member(root, location), locate(root, location.warc), location.offset)


def read_member(root: Path, location: Location) -> bytes:
    """The gzip member at a location, unpacked. Raises CollectionError when it is not there or damaged."""
    path = locate(root, location.warc)
    try:
        with path.open("rb") as source:
            source.seek(location.offset)
            packed = source.read(location.length)
        unpacker = isal_zlib.decompressobj(_GZIP_MEMBER)
        data = unpacker.decompress(packed)
    except (OSError, UNREADABLE) as error:
        raise CollectionError(
            f"The capture in {location.warc} at byte {location.offset} cannot be read: {error}."
        ) from error
    if not unpacker.eof or unpacker.unused_data:
        raise DamagedMemberError(path, location.offset, "offset and length do not cover one gzip member")
    return data
