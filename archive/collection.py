"""A collection: the folder with everything. Opened by many for reading, by one process for writing."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

from archive import cdxj, manifest, recovery, warc
from archive.catalogue import CaptureRow, Catalogue
from archive.errors import CollectionError, CollectionLockedError, NothingFoundError, UsageError, cannot_write
from archive.record import Capture, NewsRecord
from archive.records import Records
from archive.search.stories import MINUTE_BITS
from archive.selection import Day, Selection, first_day, last_day, texts

if TYPE_CHECKING:
    from archive.search.answers import Answers
    from archive.search.find import Found
    from archive.search.index import Sort

T = TypeVar("T")

CATALOGUE = "catalogue.sqlite"
LOCK = "lock"


class Collection:
    """Paths and catalogue of a collection folder. Use `open_collection` to read, `lock_collection` to write."""

    def __init__(self, root: Path, catalogue: Catalogue) -> None:
        self.root = root
        self.catalogue = catalogue

    def read(self, capture: Capture) -> warc.Record:
        """The WARC record of a capture. Raises CollectionError when it is missing or damaged."""
        return warc.read_record(self.root, warc.Location(capture.warc, capture.offset, capture.length))

    @property
    def records(self) -> Records:
        """Every record, in order of publication."""
        return self.select()

    def select(
        self,
        query: str = "",
        *,
        office: str | Sequence[str] = (),
        province: str | Sequence[str] = (),
        organisation: str | Sequence[str] = (),
        kind: str | Sequence[str] = (),
        since: Day = "",
        until: Day = "",
    ) -> Records:
        """The records that fit all conditions, in order of publication; of several values of one any may fit.

        Args:
            query: what a search would find; see docs/search.md.
            province: ISO code, slug or Persian name.
            since, until: first and last day of publication, Jalali or Gregorian: a day, month or year.

        Raises QueryError or UsageError for a condition that cannot be understood, when it is given or when iterated.
        """
        lists = {"offices": office, "provinces": province, "organisations": organisation, "kinds": kind}
        named = {name: texts(name, values) for name, values in lists.items()}
        (query,) = texts("query", query)
        return Records(self.catalogue, Selection(query, **named, since=first_day(since), until=last_day(until)))

    def search(self, query: str, *, sort: Sort = "date", limit: int = 10) -> Found:
        """The hits of a query with their passages, newest or best first.

        Raises QueryError for a query, UsageError for an order or a limit that cannot be understood.
        """
        if sort not in {"date", "relevance"}:
            raise UsageError(f'«{sort}» is no order. Write sort="date" (newest first) or sort="relevance".')
        if not isinstance(limit, int) or limit < 0:
            raise UsageError(f"{limit!r} hits cannot be had. Write a limit of 0 or more.")
        (query,) = texts("query", query)
        from archive.search.find import Page, find  # noqa: PLC0415 - numpy takes a while to load

        return find(self.catalogue, self._answers, query, Page(limit, sort=sort, folded=False))[0]

    @cached_property
    def _answers(self) -> Answers:
        """Kept, for the facts of a million items take most of a second to read."""
        from archive.search.answers import Answers  # noqa: PLC0415

        return Answers()

    def get(self, item: str) -> NewsRecord:
        """The newest revision of an item, `portal:code`. Raises NothingFoundError."""
        return self.catalogue.get(item)

    def revisions(self, item: str) -> list[NewsRecord]:
        """All revisions of an item, oldest first, the newest as `get` gives it. Raises NothingFoundError."""
        return self.catalogue.revisions(item)

    def stories(self) -> dict[str, list[str]]:
        """The ids of items that tell the same at several offices, first published first, by the first of them."""
        rows = self.catalogue.db.execute(
            "SELECT story, item FROM sketches WHERE story IS NOT NULL ORDER BY story, docid >> ?, item", (MINUTE_BITS,)
        )
        told: dict[str, list[str]] = {}
        for story, item in rows:
            told.setdefault(story, []).append(item)
        return told

    def response(self, item: str) -> bytes:
        """What the server sent for an item: status line, header and body as on the wire.

        It is that of its newest revision. Raises NothingFoundError, and CollectionError when it is missing or damaged.
        """
        capture = self.catalogue.get(item).capture
        if capture is None:
            raise CollectionError(f"The record of {item} names no capture. `bayegan verify` tells more.")
        return self.read(capture).block

    def crawl_folder(self, crawl: str) -> Path:
        """Where a crawl keeps its log, settings and report."""
        return self.root / "crawls" / crawl

    def close(self) -> None:
        """Close the catalogue."""
        self.catalogue.close()


def open_collection(root: Path | str) -> Collection:
    """Open for reading; a crawl may write at the same time.

    Raises NothingFoundError when there is none, CollectionError when its catalogue is lost or cannot be used.
    """
    root = Path(root)
    check_catalogue(root)
    if not (root / CATALOGUE).exists():
        raise NothingFoundError(
            f"There is no collection at {root}. Name one with --collection DIR or $BAYEGAN_COLLECTION, "
            "or make one with `bayegan crawl`."
        )
    return Collection(root, Catalogue(root / CATALOGUE))


def check_catalogue(root: Path) -> None:
    """Raise CollectionError when there are WARC files and no catalogue: an empty one beside them would hide them."""
    path = root / CATALOGUE
    if (not path.exists() or not path.stat().st_size) and (files := warc.warc_files(root)):
        raise CollectionError(
            f"There are {len(files)} WARC files in {root} and no catalogue. "
            f"`bayegan rebuild --collection {root}` makes it from them."
        )


@dataclass(slots=True)
class Exchange:
    """What a capture hands over to be kept: the records of one exchange and the facts for the catalogue."""

    portal: str
    records: Sequence[warc.Record]  # the response or revisit first; without one, what is known of the failure
    url: str
    fetched: str
    status: int
    mime: str | None
    payload_digest: str
    ip: str | None
    crawl: str | None = None
    office: str | None = None
    refers_to: str | None = None


@dataclass
class CollectionWriter(Collection):
    """The one process that writes: WARC first, then the catalogue. Made by `lock_collection`."""

    root: Path
    catalogue: Catalogue
    lock: IO[str]
    recovered: list[recovery.Recovered]
    info: list[tuple[str, str]] = field(default_factory=list)
    max_bytes: int = warc.MAX_BYTES
    max_age: dt.timedelta = warc.MAX_AGE
    _writers: dict[str, warc.WarcWriter] = field(default_factory=dict)
    _lines: dict[str, list[str]] = field(default_factory=dict)
    """WARC file that is being written → the lines of its index: nobody need read the file again to seal it."""

    def keep(self, exchange: Exchange) -> Capture:
        """Append an exchange to its portal's WARC file and note its response, if it got one, in the catalogue.

        Neither is durable before `commit()`. Raises OSError when the disk refuses; then nothing was kept.
        """
        writer = self._writers.get(exchange.portal)
        if writer is None:
            writer = warc.WarcWriter(
                self.root, exchange.portal, self.info, self.max_bytes, self.max_age, seal=self._seal
            )
            self._writers[exchange.portal] = writer
        place = writer.write(exchange.records)[0]
        main = exchange.records[0]
        lines = self._lines.setdefault(place.warc, [])
        if indexed := cdxj.entry_written(main, place):
            lines.append(indexed.line())
        capture = Capture(
            place.warc,
            place.offset,
            place.length,
            main.id,
            exchange.payload_digest,
            exchange.fetched,
            exchange.status,
            exchange.ip,
        )
        if main.type in warc.CAPTURES:
            row = CaptureRow(
                capture,
                main.type,
                exchange.url,
                exchange.mime,
                exchange.crawl,
                exchange.office,
                exchange.refers_to,
                main.get("WARC-Truncated"),
            )
            self.catalogue.add_capture(row)
        return capture

    def _seal(self, path: Path, sha256: str | None) -> None:
        lines = self._lines.pop(path.relative_to(self.root).as_posix().removesuffix(warc.OPEN_SUFFIX), None)
        if sha256:
            seal(path, lines, sha256)
        else:
            seal(path)

    def commit(self) -> None:
        """Sync the WARC files, then commit the catalogue: a row never points at bytes that may vanish."""
        for writer in self._writers.values():
            writer.sync()
        self.catalogue.commit()
        for writer in self._writers.values():
            writer.rotate()

    def finish_recovered(self) -> None:
        """Finish the files of a dead process; call it when the catalogue knows what is in them."""
        _finish_recovered(self.root, self.recovered)
        self.recovered = []

    def finish_files(self) -> list[str]:
        """Finish the open WARC files; the names of all files finished by this writer."""
        for writer in self._writers.values():
            writer.finish()
        return sorted(name for writer in self._writers.values() for name in writer.finished)

    def abandon(self) -> None:
        """Drop what was not committed and leave the files `.open`, as a dying process would."""
        self.catalogue.rollback()
        for writer in self._writers.values():
            writer.abandon()
        self._writers, self._lines = {}, {}

    def close(self) -> None:
        """Commit, finish the files, let go of the lock."""
        try:
            self.commit()
            self.finish_files()
        finally:
            super().close()
            self.lock.close()


def lock_collection(root: Path) -> CollectionWriter:
    """Open for writing, making the folder when there is none, and recover what a dead process left unfinished.

    Raises CollectionLockedError naming the holder when another process writes to it, CollectionError when it cannot be
    written to or its catalogue is lost.
    """
    lock = _take_lock(root)
    try:
        check_catalogue(root)
        recovered = recovery.recover(root)
        return CollectionWriter(root, Catalogue(root / CATALOGUE, write=True), lock, recovered)
    except BaseException:
        lock.close()
        raise


def seal(path: Path, lines: list[str] | None = None, sha256: str | None = None) -> None:
    """Write index and manifest of a complete WARC file; it gets its final name afterwards, so none is ever without."""
    cdxj.seal(path, lines)
    manifest.seal(path, sha256)


def _finish_recovered(root: Path, recovered: list[recovery.Recovered]) -> None:
    for file in recovered:
        path = root / f"{file.warc}{warc.OPEN_SUFFIX}"
        seal(path)
        warc.finish_file(path)


@contextmanager
def repairing(root: Path, look: Callable[[], T]) -> Iterator[T]:
    """Hold the lock of a collection whose catalogue may be missing or damaged; its WARC files are whole inside.

    `look` is called before anything is changed; what it returns is handed on.

    Raises CollectionLockedError, CollectionError when nothing can be written there, and NothingFoundError when there
    are no WARC files.
    """
    if not (root / "warc").is_dir():
        raise NothingFoundError(f"There are no WARC files in {root}. Name a collection with --collection DIR.")
    with _take_lock(root):
        found = look()
        recovered = recovery.recover(root)
        yield found
        _finish_recovered(root, recovered)


def _take_lock(root: Path) -> IO[str]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        return _locked(root)
    except OSError as error:
        raise cannot_write(f"The collection {root}", error, "Choose another folder with --collection.") from error


def _locked(root: Path) -> IO[str]:
    # The kernel lets go of a flock when its process dies, so a lock never outlives a kill -9.
    lock = (root / LOCK).open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        holder = lock.read().strip()
        lock.close()
        raise CollectionLockedError(
            f"Another process is writing to the collection {root}: {_holder(holder)}. "
            "Wait until it has ended, or stop it; searching, showing and dumping go on meanwhile."
        ) from None
    lock.truncate(0)
    json.dump({"pid": os.getpid(), "host": socket.gethostname()}, lock)
    lock.flush()
    return lock


def lock_holder(root: Path) -> str | None:
    """The process that writes to a collection, in words; None when none does, whatever a dead one left behind."""
    try:
        with (root / LOCK).open(encoding="utf-8") as lock:
            if _dead(lock.read()):  # asking for the lock would stand in the way of a crawl that starts now
                return None
            lock.seek(0)
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _holder(lock.read().strip())
    except OSError:
        pass
    return None


def _dead(text: str) -> bool:
    """Whether the process that wrote this into the lock is known to have ended."""
    try:
        facts = json.loads(text)
        here, pid = facts["host"] == socket.gethostname(), int(facts["pid"])
    except (ValueError, KeyError, TypeError):
        return False
    return here and Path("/proc/self").exists() and not Path(f"/proc/{pid}").exists()


def _holder(text: str) -> str:
    try:
        facts = json.loads(text)
        return f"process {facts['pid']} on {facts['host']}"
    except (ValueError, KeyError, TypeError):
        return "it has not said which"
