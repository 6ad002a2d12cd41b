"""WARC 1.1 files: write, rotate, finish, recover and read. One gzip member a record.

The block of a request or response record is written as it is given, byte for byte; `warcio` serialises the WARC
header, isal compresses. A file is called `….warc.gz.open` while it is written and loses the suffix when finished.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from isal import isal_zlib
from warcio.statusandheaders import StatusAndHeaders

from archive.errors import CollectionError

OPEN_SUFFIX = ".open"
MAX_BYTES = 1_000_000_000
_LEVEL = 2  # most bodies arrive gzipped already: level 2 costs a quarter of zlib's 6, level 0 would grow them
_UNREADABLE: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub says instance
_GZIP_MEMBER = 31  # zlib's wbits for a gzip header and trailer
_CHUNK = 1 << 18

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
    """A WARC record to be written or just read: type, header fields in order, block."""

    type: str
    block: bytes
    headers: Headers = field(default_factory=list)
    id: str = field(default_factory=new_record_id)

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
    headers = [("WARC-Type", record.type), ("WARC-Record-ID", f"<{record.id}>"), *record.headers]
    if record.get("WARC-Block-Digest") is None:
        headers.append(("WARC-Block-Digest", digest(record.block)))
    headers.append(("Content-Length", str(len(record.block))))
    head: bytes = StatusAndHeaders("", headers, protocol="WARC/1.1").to_bytes(encoding="utf-8")
    return head + record.block + b"\r\n\r\n"


def compress(data: bytes) -> bytes:
    """One gzip member."""
    packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP_MEMBER)
    packed: bytes = packer.compress(data) + packer.flush()
    return packed


class WarcWriter:
    """Writes the WARC files of one portal, one after another.

    Args:
        root: the collection folder.
        portal: becomes part of path and name.
        info: the fields of the warcinfo record that starts every file.
        max_bytes: a file that has reached this size is finished and a new one begun.
        now: the clock; tests set it.
    """

    def __init__(
        self,
        root: Path,
        portal: str,
        info: Sequence[tuple[str, str]],
        max_bytes: int = MAX_BYTES,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self._root = root
        self._portal = portal
        self._info = info
        self._max_bytes = max_bytes
        self._now = now
        self._file: IO[bytes] | None = None
        self._name = ""
        self._offset = 0
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
        members = [compress(serialise(record)) for record in records]
        start = self._offset
        try:
            self._file.write(b"".join(members))
            self._file.flush()
        except OSError:
            os.ftruncate(self._file.fileno(), start)
            self._file.seek(start)
            raise
        locations = []
        for member in members:
            locations.append(Location(self._name, self._offset, len(member)))
            self._offset += len(member)
        self._unsynced = True
        return locations

    def _begin(self) -> None:
        now = self._now()
        folder = self._root / "warc" / self._portal / f"{now.year:04d}"
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"BAYEGAN-{self._portal}-{now.strftime('%Y%m%d%H%M%S')}"
        serial = 0
        while any((folder / f"{stem}-{serial:05d}.warc.gz{end}").exists() for end in ("", OPEN_SUFFIX)):
            serial += 1
        path = folder / f"{stem}-{serial:05d}.warc.gz"
        self._name = path.relative_to(self._root).as_posix()
        self._file = open(f"{path}{OPEN_SUFFIX}", "xb")  # noqa: SIM115, PTH123 - stays open until finish()
        self._offset = 0
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
        """Finish the current file if it has reached its size. Call it when the catalogue knows all that is in it."""
        if self._offset >= self._max_bytes:
            self.finish()

    def finish(self) -> None:
        """Sync, close and rename the current file, if there is one."""
        if self._file is None:
            return
        self.sync()
        self._file.close()
        self._file = None
        self._offset = 0
        finish_file(self._root / f"{self._name}{OPEN_SUFFIX}")
        self.finished.append(self._name)


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
    """Every WARC of a collection, unfinished ones too, by name."""
    return sorted(p for p in (root / "warc").rglob("*.warc.gz*") if p.name.endswith((".warc.gz", ".warc.gz.open")))


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
    with path.open("rb") as source:
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
                    break
                length += len(chunk)
                try:
                    parts.append(unpacker.decompress(chunk))
                except _UNREADABLE as error:
                    raise DamagedMemberError(path, offset, f"not a readable gzip member ({error})") from error
            if not unpacker.eof:
                if length == 0:
                    return
                raise DamagedMemberError(path, offset, "the last gzip member is cut off")
            pending = unpacker.unused_data
            length -= len(pending)
            yield offset, length, b"".join(parts)
            offset += length


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
    path = locate(root, location.warc)
    try:
        with path.open("rb") as source:
            source.seek(location.offset)
            packed = source.read(location.length)
        unpacker = isal_zlib.decompressobj(_GZIP_MEMBER)
        data = unpacker.decompress(packed)
    except (OSError, _UNREADABLE) as error:
        raise CollectionError(
            f"The capture in {location.warc} at byte {location.offset} cannot be read: {error}."
        ) from error
    if not unpacker.eof or unpacker.unused_data:
        raise DamagedMemberError(path, location.offset, "offset and length do not cover one gzip member")
    return parse(data, path, location.offset)


@dataclass(slots=True, frozen=True)
class Recovered:
    """What recovery found in an unfinished file: its final name, whole records kept, bytes cut from the tail."""

    warc: str
    records: int
    cut: int


def recover(root: Path) -> list[Recovered]:
    """Cut the torn tail of every `.open` file that a dead process left, so that it holds whole exchanges only.

    The files stay `.open`: they are to be finished when the catalogue knows what is in them. An
    exchange is written response, metadata, request; so a response that no request names yet was torn.
    """
    done = []
    for path in (p for p in warc_files(root) if p.name.endswith(OPEN_SUFFIX)):
        keep, records = _whole_exchanges(path)
        cut = path.stat().st_size - keep
        if records == 0:
            path.unlink()
            sync_folder(path.parent)
            continue
        with path.open("r+b") as torn:
            torn.truncate(keep)
            os.fsync(torn.fileno())
        name = path.relative_to(root).as_posix().removesuffix(OPEN_SUFFIX)
        done.append(Recovered(name, records, cut))
    return done


def _whole_exchanges(path: Path) -> tuple[int, int]:
    keep = records = seen = 0
    waiting = ""
    try:
        for offset, length, data in members(path):
            record = parse(data, path, offset)
            seen += 1
            if record.type in CAPTURES:
                waiting = f"<{record.id}>"
            elif record.type == "request" and record.get("WARC-Concurrent-To") in {None, waiting}:
                waiting = ""
            if not waiting:
                keep, records = offset + length, seen
    except DamagedMemberError:
        pass
    return keep, records
