"""Deltas: what changed between two versions of a dump, and folding it over the older gives the newer, byte for byte."""

from __future__ import annotations

import hashlib
import heapq
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from archive.collection import Collection
from archive.dump import describe
from archive.dump.files import described, packed, unpacked, write_text
from archive.dump.graph import Link, Told
from archive.dump.options import COMPRESSIONS, Manifest, read_manifest
from archive.dump.write import Content, Progress, Tally, reading, whole_or_nothing, write_manifest, write_version
from archive.errors import CollectionError, UsageError
from archive.records import Facts, facts_of, order_of

_UPSERTS, _TOMBSTONES, _LINKS, _STORIES = _NAMES = "upserts", "tombstones", "links", "stories"


T = TypeVar("T", Link, Told)


class _Id(msgspec.Struct):
    """The id of a record, or all there is of a tombstone."""

    id: str


_ids = msgspec.json.Decoder(_Id)


def write_delta(collection: Collection, base: Path, dest: Path, progress: Progress = lambda _: None) -> Manifest:
    """Write to `dest` what a dump of the collection has that the full dump `base` has not, and what it no longer has.

    Selection, formats and all else are those of `base`, which needs to have JSON lines.
    Raises UsageError, NothingFoundError and CollectionError as `dump` does, and when `base` is no such dump.
    """
    before = _full(base)
    with whole_or_nothing(dest) as part, reading(collection, before.options) as content:
        tally = Tally(before.options.html)
        counts = _write_rows(part.folder, before, content, tally, _Lines(_lines_of(base, before)), progress)
        files = [described(part.folder, _path(before, name), counts[name]) for name in _NAMES]
        manifest = Manifest(
            "delta", before.options, tally.records, tally.content, tally.newest, files, before.content, content.gaps
        )
        files.append(write_text(part.folder, "README.md", describe.delta_readme(manifest, counts)))
        write_manifest(part.folder, manifest)
    return manifest


def _write_rows(
    folder: Path, before: Manifest, content: Content, tally: Tally, old: _Lines, progress: Progress
) -> dict[str, int]:
    """Write the four files. Returns how many rows each has."""
    counts = dict.fromkeys(_NAMES, 0)
    with ExitStack() as files:
        out = {
            name: files.enter_context(packed(folder / _path(before, name), before.options.compression))
            for name in _NAMES
        }

        def put(name: str, line: bytes) -> None:
            out[name].write(line)
            counts[name] += 1

        for stored in content.lines:
            facts, line = tally.count(stored)
            if not old.take(facts.id, line):
                put(_UPSERTS, line)
            for link in content.links_of(facts):
                put(_LINKS, msgspec.json.encode(link) + b"\n")
            for told in content.told_by(facts):
                put(_STORIES, msgspec.json.encode(told) + b"\n")
            progress(1)
        for item in old.left():
            put(_TOMBSTONES, msgspec.json.encode(_Id(item)) + b"\n")
    return counts


def fold(base: Path, deltas: Sequence[Path], dest: Path, progress: Progress = lambda _: None) -> Manifest:
    """Write to `dest` the full dump to which the deltas lead from `base`, the oldest delta first.

    Raises UsageError when the deltas do not follow one another, CollectionError when the outcome is not the content
    that the last delta promises; then nothing is left.
    """
    before = _full(base)
    lines = _lines_of(base, before)
    for folder in deltas:
        after = read_manifest(folder)
        if after.kind != "delta" or after.base != before.content:
            raise UsageError(
                f"{folder} does not follow {base} or the delta before it. Name deltas in the order of their making: "
                "`base` in the manifest of each is the `content` of what it follows."
            )
        lines = _folded(lines, folder, after)
        before = after
    with whole_or_nothing(dest) as part:
        links = _Rows(readable(deltas[-1] / _path(before, _LINKS)), Link)
        stories = _Rows(readable(deltas[-1] / _path(before, _STORIES)), Told)
        content = Content(lines, links.of, stories.of, before.gaps)
        manifest = write_version(part.folder, content, before.options, progress)
        if manifest.content != before.content:
            raise CollectionError(
                f"The outcome is not what {deltas[-1]} promises: a file of {base} or of a delta is damaged. "
                "`bayegan verify-dump` says which."
            )
    return manifest


def _full(folder: Path) -> Manifest:
    manifest = read_manifest(folder)
    if manifest.kind != "full" or "jsonl" not in manifest.options.formats:
        raise UsageError(
            f"{folder} is not a full dump with JSON lines. Name one that `bayegan dump --format jsonl` or all wrote."
        )
    return manifest


def _path(manifest: Manifest, name: str) -> str:
    return f"delta/{name}.jsonl{COMPRESSIONS[manifest.options.compression]}"


def _lines_of(folder: Path, manifest: Manifest) -> Iterator[bytes]:
    """The records of a full dump, in order."""
    for file in manifest.files:
        if file.path.startswith("data/jsonl/"):
            yield from readable(folder / file.path)


def readable(path: Path) -> Iterator[bytes]:
    """The lines of a data file. Raises CollectionError where it cannot be read."""
    try:
        yield from unpacked(path)
    except Exception as error:
        raise CollectionError(f"{path} cannot be read: {error}. Take another copy of the dump.") from error


def _facts(line: bytes) -> Facts:
    try:
        return facts_of(line)
    except msgspec.DecodeError as error:
        raise CollectionError(
            f"A record is not as this version of Bayegan describes it: {error}. Make a full dump instead of a delta."
        ) from error


def _folded(lines: Iterator[bytes], folder: Path, delta: Manifest) -> Iterator[bytes]:
    replaced = _Lines(line for name in (_UPSERTS, _TOMBSTONES) for line in readable(folder / _path(delta, name)))
    upserts = readable(folder / _path(delta, _UPSERTS))
    kept = (line for line in lines if _id_of(line) not in replaced)
    return heapq.merge(kept, upserts, key=lambda line: order_of(_facts(line)))


class _Lines:
    """Ids and digests of lines, in SQLite's temporary file: a dump may have millions."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._db = sqlite3.connect("")
        self._db.execute("CREATE TABLE lines (id TEXT PRIMARY KEY, digest BLOB) WITHOUT ROWID")
        rows = ((_id_of(line), _digest(line)) for line in lines)
        self._db.executemany("INSERT OR REPLACE INTO lines VALUES (?, ?)", rows)

    def __contains__(self, item: str) -> bool:
        return self._db.execute("SELECT 1 FROM lines WHERE id = ?", (item,)).fetchone() is not None

    def take(self, item: str, line: bytes) -> bool:
        """Whether the item is there with this very line; it is taken out."""
        row = self._db.execute("DELETE FROM lines WHERE id = ? RETURNING digest", (item,)).fetchone()
        return row is not None and row[0] == _digest(line)

    def left(self) -> Iterator[str]:
        """The ids that were not taken out."""
        return (item for (item,) in self._db.execute("SELECT id FROM lines ORDER BY id"))


def _id_of(line: bytes) -> str:
    try:
        return _ids.decode(line).id
    except msgspec.DecodeError as error:
        raise CollectionError(f"A line of the dump is not a record: {error}. Take another copy of the dump.") from error


def _digest(line: bytes) -> bytes:
    return hashlib.sha256(line).digest()


class _Rows(Generic[T]):
    """Rows of a table as a delta has them: in the order of the records."""

    def __init__(self, lines: Iterator[bytes], row: type[T]) -> None:
        decoder = msgspec.json.Decoder(row)
        self._rows: Iterator[T] = map(decoder.decode, lines)
        self._next: T | None = next(self._rows, None)

    def of(self, record: Facts) -> Iterator[T]:
        """The rows of the next record."""
        while self._next and self._next.item == record.id:
            yield self._next
            self._next = next(self._rows, None)
