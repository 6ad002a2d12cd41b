"""The catalogue and its index made again from the WARC files alone."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from archive import crawls, warc
from archive.catalogue import Catalogue
from archive.collection import CATALOGUE, repairing
from archive.errors import CollectionError
from archive.fixity import seal_all
from archive.losses import Losses, look_for
from archive.opening import advice, no_database, unusable
from archive.search import index
from scraper.reextract import Captured, Reading, index_reading, interpret, read_warc, with_original

_BATCH = 32
_AHEAD = 8  # batches in flight for each process: enough to keep them busy, few enough to keep memory flat
_RECENT = 5000  # captures whose place is remembered; more than are ever in flight
_COMMIT = 2000  # captures a transaction


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild found. `damaged` names each place that could not be read, with the reason."""

    files: int = 0
    captures: int = 0
    records: int = 0
    damaged: list[str] = field(default_factory=list)
    lost: Losses = field(default_factory=Losses)
    """What the old catalogue knew and is not here any more."""


def rebuild(
    root: Path,
    progress: Callable[[int], None] = lambda _: None,
    processes: int | None = None,
    *,
    without_missing: bool = False,
) -> Rebuilt:
    """Make catalogue and index anew from the WARC files; the old ones serve readers until the new ones are whole.

    Finished files without manifest or index get one; such a manifest cannot vouch for what was before it.
    Crawls and the frontier, which no WARC file holds, are taken over from the old catalogue when it can be read.

    Args:
        progress: called with the bytes of WARC read since the last call.
        without_missing: go on when files that the old catalogue knows are not here; what was in them is lost to it.

    Raises CollectionLockedError when a crawl is running, NothingFoundError when there is no collection, CollectionError
    when files are missing or the disk refuses; then nothing has changed.
    """

    def look() -> Losses:
        lost = look_for(root)
        if lost.files and not without_missing:
            raise lost.refusal()
        return lost

    with repairing(root, look) as lost:
        try:
            return _rebuild(root, progress, processes, lost)
        except sqlite3.Error as error:
            if advice(error) is None:
                raise
            raise unusable(root / CATALOGUE, error, "made") from error


def _rebuild(root: Path, progress: Callable[[int], None], processes: int | None, lost: Losses) -> Rebuilt:
    fresh = root / f"{CATALOGUE}.rebuild"
    _remove(fresh)
    result = Rebuilt(lost=lost)
    try:
        with contextlib.closing(Catalogue(fresh, write=True)) as catalogue:
            for captured, reading in readings(root, result, progress, catalogue, processes):
                index_reading(catalogue, captured.row, reading)
                crawls.found_crawl(catalogue, captured.row.crawl, captured.context.scope, captured.row.capture.fetched)
                result.captures += 1
                if result.captures % _COMMIT == 0:
                    catalogue.commit()
            catalogue.commit()
            index.settle(catalogue.db)
            crawls.take_over(catalogue, root / CATALOGUE, walks=not lost.files)
            result.records = catalogue.count()
            _switch(catalogue, root / CATALOGUE)
            seal_all(root)
    finally:
        _remove(fresh)
    return result


def readings(
    root: Path,
    result: Rebuilt,
    progress: Callable[[int], None],
    catalogue: Catalogue,
    processes: int | None = None,
) -> Iterator[tuple[Captured, Reading]]:
    """Every capture in the order of writing with what it brings: read again in parallel, given back in order.

    Args:
        catalogue: where the caller stores them; it says where a response is that a revisit refers to.
    """
    # Spawned, not forked: a child of a killed process must not keep the lock, nor the thread of a progress bar.
    with ProcessPoolExecutor(processes or os.cpu_count(), get_context("spawn")) as pool:
        yield from _in_order(pool, _captures(root, result, progress, catalogue))


def _captures(root: Path, result: Rebuilt, progress: Callable[[int], None], catalogue: Catalogue) -> Iterator[Captured]:
    """Every capture in the order of writing: by portal, then by name of file, then by place."""
    recent: OrderedDict[str, warc.Location] = OrderedDict()
    for path in warc.warc_files(root):
        result.files += 1
        at = 0
        for captured in read_warc(root, path, result.damaged.append):
            place = captured.row.capture
            progress(place.offset + place.length - at)
            at = place.offset + place.length
            recent[place.record_id] = warc.Location(place.warc, place.offset, place.length)
            if len(recent) > _RECENT:
                recent.popitem(last=False)
            yield with_original(captured, root, _place(captured.row.refers_to, recent, catalogue))
        progress(path.stat().st_size - at)


def _place(record_id: str | None, recent: dict[str, warc.Location], catalogue: Catalogue) -> warc.Location | None:
    """Where a response is that a revisit refers to: read just now, or in the catalogue already."""
    if record_id is None or record_id in recent:
        return recent.get(record_id or "")
    known = catalogue.capture(record_id)
    return warc.Location(known.warc, known.offset, known.length) if known else None


def _in_order(pool: ProcessPoolExecutor, captures: Iterator[Captured]) -> Iterator[tuple[Captured, Reading]]:
    """Interpret in parallel, give back in order."""
    waiting: deque[tuple[list[Captured], Future[list[Reading]]]] = deque()
    ahead = _AHEAD * (os.cpu_count() or 1)
    batch: list[Captured] = []
    for captured in captures:
        batch.append(captured)
        if len(batch) == _BATCH:
            waiting.append((batch, pool.submit(_interpret_all, batch)))
            batch = []
        if len(waiting) > ahead:
            done, future = waiting.popleft()
            yield from zip(done, future.result(), strict=True)
    waiting.append((batch, pool.submit(_interpret_all, batch)))
    for done, future in waiting:
        yield from zip(done, future.result(), strict=True)


def _interpret_all(batch: list[Captured]) -> list[Reading]:
    return [interpret(captured) for captured in batch]


def _switch(fresh: Catalogue, path: Path) -> None:
    """Put the new content into the old file in one transaction, so that readers see the old or the new, never half."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=60)) as old:
            old.execute("PRAGMA journal_mode = WAL")
            fresh.db.backup(old)
    except sqlite3.DatabaseError as error:
        if not no_database(error):
            raise
        _remove(path)
        fresh.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try:
            os.link(fresh.path, path)
        except OSError as error:
            raise CollectionError(f"The new catalogue could not be put at {path}: {error.strerror}.") from error
        warc.sync_folder(path.parent)


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
