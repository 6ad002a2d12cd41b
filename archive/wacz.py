"""WACZ 1.1.1: a selection of the collection as one file that ReplayWeb.page opens and other archives take in.

Every member of the WARC inside is copied byte for byte from the collection; only the first, a warcinfo record that
says what was selected, is new. The same selection of the same collection gives the same bytes.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import IO

from archive import cdxj, warc
from archive.catalogue import Catalogue
from archive.collection import Collection
from archive.errors import CollectionError, NothingFoundError, UsageError
from archive.members import NotOneRecordError, RecordView, view
from archive.record import NewsRecord
from archive.recordcheck import record_faults
from archive.replay import replay
from archive.selection import Selection

VERSION = "1.1.1"
SUFFIX = ".wacz"

_RECORD_IDS = uuid.UUID("7f3c9ad2-5d0e-4c0b-9a35-0d3c2f6d8a11")  # the name space of the ids made here
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the first that zip knows; the time of packing would change the bytes
_PAGES_HEADER = {"format": "json-pages-1.0", "id": "pages", "title": "News items", "hasText": True}

_AT_ADDRESSES = "url IN (SELECT value FROM json_each(?))"
_SHEETS = "mime = 'text/css' AND record_id IN (SELECT value FROM json_each(?))"
_OF_ITEM = "record_id IN (SELECT value FROM json_each(?)) OR url IN (SELECT url FROM addresses WHERE item = ?)"


@dataclass(slots=True)
class Packed:
    """What a pack holds."""

    path: str
    items: int
    captures: int
    bytes: int


@dataclass(slots=True, frozen=True, order=True)
class _Place:
    """Where a capture is, and which record is expected there."""

    warc: str
    offset: int
    record_id: str
    fetched: str
    type: str


def pack(
    collection: Collection, dest: Path, selection: Selection, progress: Callable[[int], None] = lambda _: None
) -> Packed:
    """Write the selected items, with all captures of each, to `dest`: all of it appears there or nothing.

    Args:
        progress: called with the captures copied since the last call.

    Raises NothingFoundError when nothing is selected, UsageError when `dest` exists or is not named `.wacz`,
    CollectionError when a capture is missing or damaged.
    """
    if dest.suffix != SUFFIX:
        raise UsageError(f"{dest} does not end in {SUFFIX}, as players expect. Name it {dest.name}{SUFFIX}.")
    if dest.exists():
        raise UsageError(f"{dest} exists already and is left alone. Name a file that does not exist yet.")
    items = _items(collection.catalogue, selection)
    if not items:
        raise NothingFoundError(f"No item is selected by: {selection.title()}. `bayegan search` shows what there is.")
    places = sorted(_with_loaded(collection, {place for item in items for place in _places(collection, item)}))
    part = dest.with_name(f".{dest.name}.part")
    try:
        with part.open("wb") as out:
            with zipfile.ZipFile(out, "w") as file:
                _Pack(file, collection, selection.title()).write(items, places, progress)
            out.flush()
            os.fsync(out.fileno())
        part.rename(dest)
        warc.sync_folder(dest.absolute().parent)
    except OSError as error:
        raise CollectionError(f"{dest} cannot be written: {error.strerror or error}. Name another place.") from error
    finally:
        part.unlink(missing_ok=True)
    return Packed(str(dest), len(items), len(places), dest.stat().st_size)


# --- what is selected -------------------------------------------------------------------------------------------


def _items(catalogue: Catalogue, selection: Selection) -> list[str]:
    """The ids of the selected items, in an order that depends on nothing but the ids."""
    found = []
    for docid in selection.docids(catalogue.db):
        row = catalogue.db.execute("SELECT portal, length(code), code, id FROM items WHERE docid = ?", (docid,))
        found.append(row.fetchone())
    return [row[-1] for row in sorted(row for row in found if row)]


def _places(collection: Collection, item: str) -> Iterator[_Place]:
    """Every capture of an item: what its revisions were read from, what came from its addresses, and what they show."""
    revisions = collection.catalogue.revisions(item)
    named = [revision.capture.record_id for revision in revisions if revision.capture]
    files = {image.url for revision in revisions for image in revision.images}
    files |= {file.url for revision in revisions for file in revision.attachments}
    shown: set[str] = set()
    for place in _found(collection, _OF_ITEM, named, item):
        yield place
        if place.type == "revisit":
            yield from _original(collection, place)
        shown |= _shown_by(collection, place)
    yield from _found(collection, _AT_ADDRESSES, sorted(files))
    yield from _found(collection, f"{_AT_ADDRESSES} AND (mime LIKE 'image/%' OR mime = 'text/css')", sorted(shown))


def _with_loaded(collection: Collection, places: set[_Place]) -> set[_Place]:
    """The places, and those of what the style sheets among them load, and of what these load in turn."""
    fresh = places
    while fresh:
        sheets = _found(collection, _SHEETS, [place.record_id for place in fresh])
        loaded = {url for sheet in sheets for url in _shown_by(collection, sheet)}
        fresh = set(_found(collection, _AT_ADDRESSES, sorted(loaded))) - places
        places = places | fresh
    return places


def _found(collection: Collection, condition: str, listed: list[str], *values: str) -> list[_Place]:
    rows = collection.catalogue.db.execute(
        f"SELECT warc, offset, record_id, fetched, type FROM captures WHERE {condition}",  # noqa: S608
        (json.dumps(listed), *values),
    )
    return [_Place(*row) for row in rows]


def _shown_by(collection: Collection, place: _Place) -> set[str]:
    """The pictures and style sheets that a captured page shows, or what a captured style sheet loads."""
    shown: set[str] = set()
    capture = collection.catalogue.capture(place.record_id)
    if capture and place.type == "response":
        with contextlib.suppress(CollectionError):  # what cannot be decoded shows nothing
            replay(collection.read(capture), shown.add)
    return shown


def _original(collection: Collection, revisit: _Place) -> Iterator[_Place]:
    """What a revisit refers to: without it nothing can be replayed."""
    record = next(_exchange(collection.root, revisit))[1]
    target = record.fields.get("warc-refers-to", "").strip("<>")
    for row in collection.catalogue.db.execute(
        "SELECT warc, offset, record_id, fetched, type FROM captures WHERE record_id = ?", (target,)
    ):
        yield _Place(*row)


def _exchange(root: Path, place: _Place) -> Iterator[tuple[bytes, RecordView]]:
    """The members of an exchange as they are in the file, its response or revisit first. Raises CollectionError."""
    path = warc.locate(root, place.warc)
    try:
        with path.open("rb") as source:
            for offset, length, data in warc.members(path, place.offset):
                record = view(data)
                if record.id != place.record_id and place.record_id not in record.concurrent_to:
                    break
                if offset == place.offset and record.id != place.record_id:
                    break
                if faults := list(record_faults(record, imported=True)):
                    raise CollectionError(f"{place.warc} at byte {offset}: {faults[0][1]} `bayegan verify` tells more.")
                source.seek(offset)
                yield source.read(length), record
    except (OSError, NotOneRecordError, warc.DamagedMemberError) as error:
        raise CollectionError(
            f"The capture in {place.warc} at byte {place.offset} cannot be read: {error}. `bayegan verify` tells more."
        ) from error


# --- what is written --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Resource:
    """A file of the pack while it is written: counts and hashes what goes in."""

    path: str
    out: IO[bytes]
    size: int = 0
    hasher: hashlib._Hash = field(default_factory=hashlib.sha256)

    def put(self, data: bytes) -> int:
        """Append; returns where it begins."""
        start = self.size
        self.out.write(data)
        self.hasher.update(data)
        self.size += len(data)
        return start

    def listed(self) -> dict[str, str | int]:
        """The entry in datapackage.json."""
        name = self.path.rpartition("/")[2]
        return {"name": name, "path": self.path, "hash": f"sha256:{self.hasher.hexdigest()}", "bytes": self.size}


class _Pack:
    """Writes the files of one pack in order: archive, index, pages, and what vouches for them."""

    def __init__(self, file: zipfile.ZipFile, collection: Collection, title: str) -> None:
        self._file = file
        self._collection = collection
        self._title = title
        self._resources: list[_Resource] = []

    def write(self, items: list[str], places: list[_Place], progress: Callable[[int], None]) -> None:
        created = max(place.fetched for place in places)  # not the time of packing, which would change the bytes
        lines = self._archive(places, created, progress)
        with self._entry("indexes/index.cdxj", zipfile.ZIP_DEFLATED) as entry:
            entry.put("".join(sorted(lines)).encode())
        with self._entry("pages/pages.jsonl", zipfile.ZIP_DEFLATED) as entry:
            entry.put(_json(_PAGES_HEADER) + b"\n")
            for item in items:
                entry.put(_json(self._page(self._collection.catalogue.get(item))) + b"\n")
        self._vouch(_seconds(created))

    @contextmanager
    def _entry(self, path: str, compression: int, *, huge: bool = False) -> Iterator[_Resource]:
        info = zipfile.ZipInfo(path, _ZIP_TIME)
        info.compress_type = compression
        info.external_attr = 0o644 << 16
        with self._file.open(info, "w", force_zip64=huge) as out:
            resource = _Resource(path, out)
            yield resource
        self._resources.append(resource)

    def _archive(self, places: list[_Place], created: str, progress: Callable[[int], None]) -> list[str]:
        """Copy the exchanges, those of a file behind its own warcinfo record. Returns the lines of the index."""
        identity = hashlib.sha256("\n".join(place.record_id for place in places).encode()).hexdigest()
        name = f"bayegan-{identity[:16]}.warc.gz"
        huge = sum(self._size(warc_name) for warc_name in {place.warc for place in places}) > zipfile.ZIP64_LIMIT
        lines = []
        with self._entry(f"archive/{name}", zipfile.ZIP_STORED, huge=huge) as entry:
            entry.put(self._warcinfo(name, identity, created))
            for source, group in groupby(places, key=lambda place: place.warc):
                entry.put(self._source_info(source))
                for place in group:
                    for member, record in _exchange(self._collection.root, place):
                        at = entry.put(member)
                        made = cdxj.entry(record, at, len(member), name)
                        lines += [made.line()] if made else []
                    progress(1)
        return lines

    def _size(self, name: str) -> int:
        path = warc.locate(self._collection.root, name)
        return path.stat().st_size if path.exists() else 0

    def _warcinfo(self, name: str, identity: str, created: str) -> bytes:
        facts = [
            ("software", f"Bayegan/{version('bayegan')}"),
            ("format", "WARC File Format 1.1"),
            ("description", f"Selected from a collection of Bayegan: {self._title}"),
        ]
        headers = [("WARC-Date", created), ("WARC-Filename", name), ("Content-Type", "application/warc-fields")]
        made = uuid.uuid5(_RECORD_IDS, identity + self._title)
        return warc.compress(warc.serialise(warc.Record("warcinfo", warc.fields_block(facts), headers, made.urn)))

    def _source_info(self, name: str) -> bytes:
        """The warcinfo record at the beginning of a WARC file, as it is there: who crawled, how and when."""
        path = warc.locate(self._collection.root, name)
        try:
            _, length, data = next(warc.members(path))
            if view(data).type != "warcinfo":
                return b""
            with path.open("rb") as source:
                return source.read(length)
        except (OSError, StopIteration, NotOneRecordError, warc.DamagedMemberError) as error:
            raise CollectionError(f"{name} cannot be read: {error}. `bayegan verify` tells more.") from error

    def _page(self, record: NewsRecord) -> dict[str, str]:
        capture = record.capture
        assert capture is not None
        row = self._collection.catalogue.db.execute(
            "SELECT url FROM captures WHERE record_id = ?", (capture.record_id,)
        ).fetchone()
        return {
            "id": record.id,
            "url": row[0] if row else record.url,  # as in the index: players look for the very same letters
            "ts": _seconds(capture.fetched),
            "title": record.title,
            "text": "\n".join(text for text in (record.lead, record.body) if text),
        }

    def _vouch(self, created: str) -> None:
        package = {
            "profile": "data-package",
            "wacz_version": VERSION,
            "title": f"Bayegan: {self._title}",
            "created": created,
            "modified": created,
            "software": f"Bayegan {version('bayegan')}",
            "resources": [resource.listed() for resource in self._resources],
        }
        with self._entry("datapackage.json", zipfile.ZIP_DEFLATED) as entry:
            entry.put(json.dumps(package, indent=2, ensure_ascii=False).encode() + b"\n")
        with self._entry("datapackage-digest.json", zipfile.ZIP_DEFLATED) as digest:
            said = {"path": entry.path, "hash": entry.listed()["hash"]}
            digest.put(json.dumps(said, indent=2).encode() + b"\n")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _seconds(date: str) -> str:
    """A WARC-Date without fractions: the index has none either."""
    return dt.datetime.fromisoformat(date).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
