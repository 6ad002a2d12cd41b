"""The deep part of `bayegan verify`: every item page is read again and held against the record that is stored."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from archive import warc
from archive.catalogue import Catalogue
from archive.collection import CATALOGUE, Collection
from archive.fixity import Fault
from archive.record import KEYS, NewsRecord, content_sha256, from_json
from scraper.newscode import identify
from scraper.reextract import Captured, interpret, read_warc

_LATER = {"aliases", "content_sha256", "revision", "status", "first_seen", "last_seen", "capture", "warnings"}
"""What the catalogue adds to a record; the page does not say it."""
_STORED = "SELECT record FROM revisions WHERE item = ? UNION ALL SELECT record FROM items WHERE id = ?"
_COMPARED = [key for key in KEYS if key not in _LATER]


@dataclass(slots=True)
class DeepResult:
    """How many item pages were read again, and which records are not what their page says."""

    compared: int = 0
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)


def deep_check(collection: Collection, progress: Callable[[int], None] = lambda _: None) -> DeepResult:
    """Extract every captured item page again and compare with the stored record.

    Args:
        progress: called with the bytes of WARC done since the last call.
    """
    result = DeepResult()
    paths = warc.warc_files(collection.root)
    # Spawned, not forked: a fork would inherit the thread of the progress bar and the open database.
    with ProcessPoolExecutor(min(os.cpu_count() or 1, len(paths) or 1), get_context("spawn")) as pool:
        futures = {pool.submit(_check_file, collection.root, path): path for path in paths}
        for future in as_completed(futures):
            part = future.result()
            result.compared += part.compared
            result.faults += part.faults
            result.notes += part.notes
            progress(
                warc.locate(collection.root, futures[future].relative_to(collection.root).as_posix()).stat().st_size
            )
    result.faults = sorted(set(result.faults))
    result.notes = sorted(set(result.notes))
    return result


def _check_file(root: Path, path: Path) -> DeepResult:
    result = DeepResult()
    catalogue = Catalogue(root / CATALOGUE)
    try:
        for captured in read_warc(root, path, lambda _: None):  # damage is told by `archive.fixity`
            if captured.facts.get("role") == "item" and catalogue.has_capture(captured.row.capture.record_id):
                result.compared += 1
                _compare(catalogue, captured, result)
    finally:
        catalogue.close()
    return result


def _compare(catalogue: Catalogue, captured: Captured, result: DeepResult) -> None:
    fresh, capture = interpret(captured).record, captured.row.capture
    address = identify(captured.row.url, captured.portal)
    item = fresh.id if fresh else address.id if address else ""
    known = [from_json(body) for (body,) in catalogue.db.execute(_STORED, (item, item))]
    stored = [record for record in known if record.capture and record.capture.record_id == capture.record_id]
    if not stored and fresh and content_sha256(fresh) not in {record.content_sha256 for record in known}:
        message = f"the page gives a record of {item} that the catalogue lacks."
        result.faults.append(Fault(capture.warc, capture.offset, "record-unstored", message))
    for record in stored:
        said = f"revision {record.revision} of {item}"
        differing = _differing(fresh, record) if fresh else ["record: the page gives none"]
        if differing and fresh and fresh.extractor != record.extractor:
            message = f"{said} was read by older rules; today's give another {', '.join(differing)}."
            result.notes.append(Fault(capture.warc, capture.offset, "rules-changed", message))
        elif differing:
            message = f"{said} is not what its page says: it has another {', '.join(differing)}."
            result.faults.append(Fault(capture.warc, capture.offset, "record-differs", message))


def _differing(fresh: NewsRecord, stored: NewsRecord) -> list[str]:
    return [key for key in _COMPARED if getattr(fresh, key) != getattr(stored, key)] + (
        ["content_sha256"] if stored.content_sha256 != content_sha256(stored) else []
    )
