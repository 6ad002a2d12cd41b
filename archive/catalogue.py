"""The catalogue: which captures, items, revisions and addresses a collection has. One SQLite file in WAL mode."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from archive import schema
from archive.errors import CollectionError, NothingFoundError
from archive.opening import connect, unusable
from archive.persian import NORMALISER_VERSION, fold
from archive.record import Capture, NewsRecord, Status, content_sha256, from_json, to_json
from archive.search import index, stories

Stored = Literal["recorded", "changed", "unchanged", "collided"]
"""What storing a record came to; see the decision table in docs/design.md."""

CUT_OFF = "cut off"
"""The reason of a crawl whose process died."""

_LOOKS = 2  # that must find nothing before an item counts as gone: one may have met a site that was ill
_UNRELATED = 0.1  # of the words; two versions of one item share far more, two items far less


@dataclass(slots=True, frozen=True)
class CaptureRow:
    """A capture with what the catalogue knows of it beside its place."""

    capture: Capture
    type: str
    url: str
    mime: str | None
    crawl: str | None
    office: str | None
    refers_to: str | None = None
    truncated: str | None = None


class Catalogue:
    """Reads, and when opened for writing also writes, `catalogue.sqlite`.

    Writes join one open transaction until `commit()`; the caller syncs the WARC files before.
    """

    readers = 0
    """How many read in one transaction now: see `archive.records.one_moment`."""

    def __init__(self, path: Path, *, write: bool = False) -> None:
        self.path = path
        try:
            self.db = connect(path, write=write, timeout=10)
            if write:
                self._prepare()
            self._check_version()
        except sqlite3.Error as error:
            raise unusable(path, error) from error

    def _prepare(self) -> None:
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute("PRAGMA cache_size = -16000")
        self.db.executescript(schema.TABLES)
        index.create(self.db)
        facts = {
            "schema_version": str(schema.VERSION),
            "normaliser_version": str(NORMALISER_VERSION),
            "story_version": stories.VERSION,
        }
        self.db.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", facts.items())
        self.note_cut_off()

    def _check_version(self) -> None:
        found = self.meta("schema_version")
        if found != str(schema.VERSION):
            raise CollectionError(
                f"The catalogue {self.path} has schema {found}; this Bayegan reads {schema.VERSION}. "
                "`bayegan rebuild` makes it anew from the WARC files."
            )
        versions = self.meta("normaliser_version"), self.meta("story_version")
        if versions != (str(NORMALISER_VERSION), stories.VERSION):
            raise CollectionError(
                f"The search index in {self.path} was made by another version of the Persian normaliser "
                "or of the story sketches and would miss words. `bayegan rebuild` makes it anew from the WARC files."
            )

    def meta(self, key: str) -> str | None:
        """A stored fact about the catalogue itself."""
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def note_cut_off(self) -> None:
        """Note of crawls that say they run that they were cut off: only one process writes, and it has begun none."""
        self.db.execute("UPDATE crawls SET state = 'stopped', reason = ? WHERE state = 'running'", (CUT_OFF,))

    def begin(self) -> None:
        """Open the transaction that the following writes join."""
        if not self.db.in_transaction:
            self.db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make the writes since `begin()` visible and durable."""
        if self.db.in_transaction:
            self.db.execute("COMMIT")

    def rollback(self) -> None:
        """Drop what was not committed."""
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def close(self) -> None:
        """Drop what was not committed and close."""
        self.rollback()
        self.db.close()

    # --- captures -----------------------------------------------------------------------------------------------

    def add_capture(self, row: CaptureRow) -> None:
        """Note a response or revisit record; one that is already noted stays as it is."""
        c = row.capture
        self.begin()
        self.db.execute(
            "INSERT OR IGNORE INTO captures (record_id, warc, offset, length, type, url, status, mime, fetched,"
            " payload_digest, ip, crawl, office, refers_to, truncated)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (c.record_id, c.warc, c.offset, c.length, row.type, row.url, c.http_status, row.mime, c.fetched,
             c.payload_digest, c.ip, row.crawl, row.office, row.refers_to, row.truncated),
        )  # fmt: skip

    def has_capture(self, record_id: str) -> bool:
        """Whether the catalogue knows a response or revisit record."""
        return self._exists("SELECT 1 FROM captures WHERE record_id = ?", record_id)

    def original(self, url: str) -> Capture | None:
        """The response with what an address said last: the newest whole 200, or what the newest revisit refers to."""
        row = self.db.execute(
            "SELECT record_id, refers_to FROM captures WHERE url = ? AND (status = 200 OR type = 'revisit')"
            " AND truncated IS NULL ORDER BY id DESC LIMIT 1",
            (url,),
        ).fetchone()
        return self.capture(row[1] or row[0]) if row else None

    def capture(self, record_id: str) -> Capture | None:
        """The capture with a record id."""
        row = self.db.execute(
            "SELECT warc, offset, length, record_id, payload_digest, fetched, status, ip"
            " FROM captures WHERE record_id = ?",
            (record_id,),
        ).fetchone()
        return Capture(*row) if row else None

    # --- looks at items -----------------------------------------------------------------------------------------

    def seen_again(self, item: str, fetched: str) -> None:
        """Note that an item is still there, as it was."""
        row = self.db.execute("SELECT docid, record FROM items WHERE id = ?", (item,)).fetchone()
        if row is None:
            return
        record = from_json(row[1])
        record.last_seen = max(record.last_seen or "", fetched)
        self._set_status(row[0], record, "live")
        self._update(row[0], record, fetched)

    def not_found(self, item: str, url: str, reason: str, fetched: str) -> None:
        """Note a look that found nothing at an item's address. The second in a row makes a recorded item `gone`."""
        self.begin()
        row = self.db.execute("SELECT docid, record, missed FROM items WHERE id = ?", (item,)).fetchone()
        if row is None:
            self.db.execute("INSERT OR REPLACE INTO absent VALUES (?, ?, ?, ?)", (item, url, reason, fetched))
            return
        docid, record, missed = row[0], from_json(row[1]), row[2] + 1
        if missed >= _LOOKS:
            self._set_status(docid, record, "gone")
        self._update(docid, record, fetched, missed)

    def looked(self, item: str, fetched: str) -> None:
        """Note a look that told nothing about an item: the page was a login, or could not be read."""
        self.begin()
        self.db.execute("UPDATE items SET checked = max(checked, ?) WHERE id = ?", (fetched, item))

    def looked_since(self, item: str, when: str) -> bool:
        """Whether an item was looked at, found or not, at a time or later."""
        return self._exists("SELECT 1 FROM items WHERE id = ? AND checked >= ?", item, when) or self._exists(
            "SELECT 1 FROM absent WHERE item = ? AND seen >= ?", item, when
        )

    def _set_status(self, docid: int, record: NewsRecord, status: Status) -> None:
        if record.status != status:  # the index knows the status as a filter
            self.begin()
            index.remove(self.db, docid, record)
            record.status = status
            index.add(self.db, docid, index.terms_of(record))

    def _update(self, docid: int, record: NewsRecord, checked: str, missed: int = 0) -> None:
        self.begin()
        self.db.execute(
            "UPDATE items SET last_seen = ?, checked = max(checked, ?), missed = ?, status = ?, record = ?"
            " WHERE docid = ?",
            (record.last_seen, checked, missed, record.status, to_json(record), docid),
        )

    def settled_before(self, item: str, when: str) -> bool:
        """Whether an item had been recorded, looked for in vain or refused before a time: there is no news in it."""
        return self._exists("SELECT 1 FROM items WHERE id = ? AND first_seen < ?", item, when) or self._exists(
            "SELECT 1 FROM absent WHERE item = ? AND seen < ? UNION ALL"
            " SELECT 1 FROM frontier JOIN crawls ON crawls.id = frontier.crawl"
            " WHERE key = ? AND role = 'item' AND coalesce(outcome, '') <> 'known'"
            " AND outcome = 'refused' AND started < ?",
            item, when, item, when,
        )  # fmt: skip

    def note_listed(self, item: str, office: str, day: str) -> None:
        """Note that an office's listing named an item, under a Jalali day when it told one."""
        self.begin()
        self.db.execute(
            "INSERT INTO listed VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET day = excluded.day WHERE day = ''",
            (item, office, day),
        )

    # --- what recovery leaves to the next crawl -----------------------------------------------------------------

    def owe_files(self, item: str) -> None:
        """Note that the pictures and other files of a recorded item may not have been fetched."""
        self.begin()
        self.db.execute("INSERT OR IGNORE INTO meta VALUES ('files-of/' || ?, '')", (item,))

    def owe_files_of_leased(self, crawl: str) -> None:
        """Note the same of the recorded items that a run of a crawl had in hand when it died."""
        self.begin()
        self.db.execute(
            "INSERT OR IGNORE INTO meta SELECT 'files-of/' || key, '' FROM frontier"
            " WHERE crawl = ? AND state = 'leased' AND role = 'item' AND key IN (SELECT id FROM items)",
            (crawl,),
        )

    def owed_files(self) -> list[str]:
        """The items whose files may not have been fetched."""
        return [key for (key,) in self.db.execute("SELECT substr(key, 10) FROM meta WHERE key LIKE 'files-of/%'")]

    def settle_files(self, item: str) -> None:
        """Note that the files of an item are queued."""
        self.begin()
        self.db.execute("DELETE FROM meta WHERE key = 'files-of/' || ?", (item,))

    # --- items --------------------------------------------------------------------------------------------------

    def knows(self, item: str) -> bool:
        """Whether an item, `portal:code`, is recorded."""
        return self._exists("SELECT 1 FROM items WHERE id = ?", item)

    def note_address(self, item: str, url: str) -> None:
        """Keep an address under which an item was seen."""
        self.begin()
        self.db.execute("INSERT OR IGNORE INTO addresses VALUES (?, ?)", (item, url))

    def store(self, record: NewsRecord, seen: str | None = None, terms: index.Terms | None = None) -> Stored:
        """Record an item just captured: a new one, a new revision, or nothing new.

        `record.capture` must be set. Addresses in `record.aliases` are kept in `addresses`.

        Args:
            seen: when it was seen, if that was later than its capture: the server sent the same bytes again.
            terms: its terms for the index, where they have been made already.
        """
        assert record.capture is not None
        self.begin()
        for url in (record.url, *record.aliases):
            self.note_address(record.id, url)
        seen = seen or record.capture.fetched
        fresh = replace(record, aliases=[], first_seen=seen, last_seen=seen, content_sha256=content_sha256(record))
        row = self.db.execute("SELECT docid, record FROM items WHERE id = ?", (record.id,)).fetchone()
        if row is None:
            self._insert(fresh, terms)
            return "recorded"
        docid, old = row[0], from_json(row[1])
        fresh.first_seen, fresh.revision = old.first_seen, old.revision
        if fresh.content_sha256 == old.content_sha256 or _read_alike(old, fresh):
            self.seen_again(record.id, seen)
            return "unchanged"
        fresh.revision += 1
        collided = _unrelated(old, fresh)
        if collided:
            fresh.warnings.append(f"collision: revision {old.revision} of {record.id} is an unrelated text")
        index.remove(self.db, docid, old)
        self.db.execute("DELETE FROM items WHERE docid = ?", (docid,))
        self._insert(fresh, terms)
        return "collided" if collided else "changed"

    def _insert(self, record: NewsRecord, terms: index.Terms | None) -> None:
        docid = index.allocate(self.db, record.published)
        body = to_json(record)
        self.db.execute(
            "INSERT INTO items VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,?)",
            (docid, record.id, record.portal, record.code, record.office, record.organisation, record.province,
             record.kind, record.title, record.published, record.published_jalali, record.status, record.revision,
             record.content_sha256, record.first_seen, record.last_seen, record.last_seen, body),
        )  # fmt: skip
        self.db.execute("DELETE FROM absent WHERE item = ?", (record.id,))
        self.db.execute("INSERT INTO revisions VALUES (?, ?, ?)", (record.id, record.revision, body))
        index.add(self.db, docid, terms or index.terms_of(record))

    def get(self, item: str) -> NewsRecord:
        """The newest revision of an item, with its aliases. Raises NothingFoundError."""
        row = self.db.execute("SELECT record FROM items WHERE id = ?", (item,)).fetchone()
        if row is None:
            raise NothingFoundError(
                f"No item {item} in this collection. An id is portal:code, such as behzisti:70583; "
                "`bayegan search` finds them."
            )
        return self.with_aliases(from_json(row[0]))

    def by_docid(self, docid: int) -> NewsRecord:
        """The record a search hit points at. Raises NothingFoundError."""
        row = self.db.execute("SELECT record FROM items WHERE docid = ?", (docid,)).fetchone()
        if row is None:
            raise NothingFoundError(
                f"The search index names document {docid}, which the catalogue lacks. `bayegan rebuild` mends it."
            )
        return self.with_aliases(from_json(row[0]))

    def revisions(self, item: str) -> list[NewsRecord]:
        """All revisions of an item, oldest first; the newest as `get` has it. Raises NothingFoundError."""
        newest = self.get(item)
        sql = "SELECT record FROM revisions WHERE item = ? AND revision < ? ORDER BY revision"
        rows = self.db.execute(sql, (item, newest.revision))
        return [*(from_json(row[0]) for row in rows), newest]

    def records(self) -> Iterator[NewsRecord]:
        """Every record by portal and code (shorter codes first): an order that depends on the content alone."""
        for (body,) in self.db.execute("SELECT record FROM items ORDER BY portal, length(code), code"):
            yield self.with_aliases(from_json(body))

    def count(self) -> int:
        """Number of items."""
        total: int = self.db.execute("SELECT count(*) FROM items").fetchone()[0]
        return total

    def with_aliases(self, record: NewsRecord) -> NewsRecord:
        """The record with every other address seen for it, sorted."""
        rows = self.db.execute(
            "SELECT url FROM addresses WHERE item = ? AND url <> ? ORDER BY url", (record.id, record.url)
        )
        record.aliases = [row[0] for row in rows]
        return record

    def _exists(self, sql: str, *values: Any) -> bool:
        return self.db.execute(sql, values).fetchone() is not None


def _read_alike(old: NewsRecord, new: NewsRecord) -> bool:
    """Whether both come of the same bytes by the same rules: what differs is only what a crawl had learnt meanwhile."""
    assert old.capture is not None
    assert new.capture is not None
    return old.capture.record_id == new.capture.record_id and old.extractor == new.extractor


def _unrelated(old: NewsRecord, new: NewsRecord) -> bool:
    """Whether two versions share so few words that one code seems to name two items."""
    one, two = (set(fold(f"{r.title} {r.lead} {r.body}").split()) for r in (old, new))
    return len(one & two) < _UNRELATED * min(len(one), len(two))
