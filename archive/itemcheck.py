"""The records of the catalogue under examination: items, revisions, columns, index agree; each leads to its capture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from archive import cdxj
from archive.catalogue import Catalogue
from archive.collection import CATALOGUE
from archive.filecheck import Fault
from archive.record import KEYS, NewsRecord, content_sha256, from_json, to_json

_MIRRORED = (
    "id", "portal", "code", "office", "organisation", "province", "kind", "title", "published", "published_jalali",
    "revision", "content_sha256", "first_seen",
)  # fmt: skip
"""Columns of `items` that say what its newest revision says."""
_MOVING = ("status", "last_seen")
"""What looking again changes in `items`, and not in `revisions`."""
_ROWS = f"""
SELECT r.item, r.revision, r.record, i.revision, CASE r.revision WHEN i.revision THEN i.record END,
       {", ".join(f"i.{name}" for name in (*_MIRRORED, *_MOVING))}
FROM revisions AS r LEFT JOIN items AS i ON i.id = r.item ORDER BY r.item, r.revision
"""  # noqa: S608 - names of ours
_WITHOUT_REVISION = """
SELECT id, revision, record FROM items
WHERE NOT EXISTS (SELECT 1 FROM revisions AS r WHERE r.item = items.id AND r.revision = items.revision)
"""
_NOT_FOUND_BY_SEARCH = "SELECT id FROM items WHERE docid NOT IN (SELECT id FROM news_docsize)"
_FOUND_BY_SEARCH_ALONE = "SELECT count(*) FROM news_docsize WHERE id NOT IN (SELECT docid FROM items)"


def item_faults(catalogue: Catalogue) -> Iterator[Fault]:
    """Items that are missing or say something else than their newest revision, and records that were altered."""
    before: tuple[str, int] = ("", 0)
    for item, revision, body, newest, shown, *columns in catalogue.db.execute(_ROWS):
        expected = before[1] + 1 if before[0] == item else 1
        before = (item, revision)
        said = f"revision {revision} of {item}"
        if newest is None:
            if revision == 1:
                yield missing_item(item)
        elif revision > newest:
            yield _fault("item-differs", f"{said} is there; the item stands at revision {newest}.")
        for number in range(expected, revision):
            yield _fault("revision-missing", f"revision {number} of {item} is not there.")
        record = read_record(body)
        if record is None:
            yield _fault("record-malformed", f"{said} cannot be read.")
            continue
        yield from _record_faults(catalogue, record, said, item, revision)
        if shown is not None:
            yield from _shown_faults(record, shown, columns)
    for item, revision, body in catalogue.db.execute(_WITHOUT_REVISION):
        yield _fault("revision-missing", f"revision {revision} of {item} is not there.")
        if record := read_record(body):
            yield from _record_faults(catalogue, record, item, item, revision)
    yield from _index_faults(catalogue)


def missing_item(item: str) -> Fault:
    """An item of which there are revisions, or captures, and no row."""
    return _fault("item-missing", f"{item} is not among the items.")


def differing(one: NewsRecord, two: NewsRecord) -> list[str]:
    """The keys in which two records differ."""
    return [key for key in KEYS if getattr(one, key) != getattr(two, key)]


def _fault(what: str, message: str) -> Fault:
    return Fault(CATALOGUE, 0, what, message)


def read_record(body: bytes) -> NewsRecord | None:
    """A stored record; None for what is none."""
    try:
        return from_json(body)
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError):  # TypeError: a number or none in its place
        return None


def _shown_faults(newest: NewsRecord, shown: bytes, columns: list[Any]) -> Iterator[Fault]:
    """Hold the row of an item, its record and its columns, against its newest revision."""
    wrong = [name for name, value in zip(_MIRRORED, columns, strict=False) if getattr(newest, name) != value]
    newest.status, newest.last_seen = columns[len(_MIRRORED) :]
    if to_json(newest) != shown:
        record = read_record(shown)
        wrong += ["record"] if record is None else differing(newest, record)
    if wrong:
        what = ", ".join(dict.fromkeys(wrong))
        yield _fault("item-differs", f"the row of {newest.id} does not agree with its newest revision: {what}.")


def _record_faults(catalogue: Catalogue, record: NewsRecord, said: str, item: str, revision: int) -> Iterator[Fault]:
    if (record.id, record.revision) != (item, revision):
        yield _fault("record-differs", f"{said} says that it is revision {record.revision} of {record.id}.")
    if record.content_sha256 != content_sha256(record):
        yield _fault("record-differs", f"the text of {said} is not the one of which it gives the SHA-256.")
    message = _capture_fault(catalogue, record, said)
    if message:
        capture = record.capture
        where = (capture.warc, capture.offset) if capture else (CATALOGUE, 0)
        yield Fault(*where, "item-capture", message)


def _capture_fault(catalogue: Catalogue, record: NewsRecord, said: str) -> str | None:
    """What is wrong when a record's capture is not there, or is that of another address or payload."""
    capture = record.capture
    if capture is None:
        return f"{said} names no capture."
    row = catalogue.db.execute(
        "SELECT warc, offset, length, payload_digest, url FROM captures WHERE record_id = ?", (capture.record_id,)
    ).fetchone()
    if row is None:
        return f"{said} names the capture {capture.record_id}, which the catalogue lacks."
    if row[:3] != (capture.warc, capture.offset, capture.length):
        return f"{said} names another place for its capture than the catalogue."
    if row[3] != capture.payload_digest:
        return f"{said} gives another payload digest than its capture."
    if not _same_address(catalogue, record, row[4]):
        return f"{said} has the address {record.url}, its capture {row[4]}."
    return None


def _same_address(catalogue: Catalogue, record: NewsRecord, url: str) -> bool:
    """Whether a record's address is the one it was captured from, or both are known to be the item's."""
    if url == record.url or cdxj.url_key(url) == cdxj.url_key(record.url):
        return True
    known = catalogue.db.execute(
        "SELECT count(*) FROM addresses WHERE item = ? AND url IN (?, ?)", (record.id, url, record.url)
    )
    return bool(known.fetchone()[0] == len({url, record.url}))


def _index_faults(catalogue: Catalogue) -> Iterator[Fault]:
    for (item,) in catalogue.db.execute(_NOT_FOUND_BY_SEARCH):
        yield _fault("index-differs", f"the search index lacks {item}.")
    if number := catalogue.db.execute(_FOUND_BY_SEARCH_ALONE).fetchone()[0]:
        yield _fault("index-differs", f"rows of the search index that belong to no item: {number}.")
