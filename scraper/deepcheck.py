"""The deep part of `bayegan verify`: all captures are read again, and what they give is held against the catalogue.

What they give is stored as a rebuild stores it, in a catalogue of its own that is thrown away; then the two are gone
through side by side.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive.catalogue import Catalogue
from archive.collection import CATALOGUE, Collection
from archive.filecheck import Fault
from archive.itemcheck import differing, missing_item, read_record
from archive.record import NewsRecord
from archive.records import one_moment
from scraper.rebuild import Rebuilt, readings
from scraper.reextract import Captured, Reading, index_reading

_COMMIT = 2000  # captures a transaction
_CAPTURES = ("url", "mime", "crawl", "office", "refers_to", "truncated")
"""Beside the address, what `archive.filecheck` does not look at."""
_ITEMS = (
    "portal", "code", "office", "organisation", "province", "kind", "title", "published", "published_jalali", "status",
    "revision", "content_sha256", "first_seen", "last_seen", "checked", "missed",
)  # fmt: skip
_PLAIN = {"addresses": (("item", "url"), ()), "listed": (("item", "office"), ("day",)),
          "absent": (("item",), ("url", "reason", "seen"))}  # fmt: skip
"""Tables that hold no records: their keys, and what stands beside these."""

_Row = tuple[Any, ...]


@dataclass(slots=True)
class DeepResult:
    """How many captures were read again, and where the catalogue says something else than they."""

    compared: int = 0
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)


def deep_check(collection: Collection, progress: Callable[[int], None] = lambda _: None) -> DeepResult:
    """Read every capture that the catalogue knows again, and compare what they give with the catalogue.

    What a crawl has in hand at the moment is left out.

    Args:
        progress: called with the bytes of WARC done since the last call.
    """
    with tempfile.TemporaryDirectory(prefix="bayegan-verify-") as folder, one_moment(collection.catalogue):
        again = Catalogue(Path(folder) / CATALOGUE, write=True)
        try:
            again.db.execute("PRAGMA synchronous = OFF")  # it need not survive us
            check = _Check(collection.catalogue, again)
            check.read(collection.root, progress)
            check.compare()
        finally:
            again.close()
    return check.result


class _Check:
    def __init__(self, kept: Catalogue, again: Catalogue) -> None:
        self.result = DeepResult()
        self._kept = kept
        self._again = again
        rows = kept.db.execute("SELECT role, key, url FROM frontier WHERE state <> 'done' AND attempts > 0")
        in_hand = list(rows)
        self._left_out = {key for role, key, _ in in_hand if role == "item"}
        self._pages_in_hand = {url for role, _, url in in_hand if role != "item"}

    def read(self, root: Path, progress: Callable[[int], None]) -> None:
        """Store what the files give, as a rebuild does. Damage in them is told by `archive.fixity`."""
        for captured, reading in readings(root, Rebuilt(), progress, self._again):
            if not self._kept.has_capture(captured.row.capture.record_id):
                continue
            self._leave_out(captured, reading)
            index_reading(self._again, captured.row, reading)
            self.result.compared += 1
            if self.result.compared % _COMMIT == 0:
                self._again.commit()
        self._again.commit()

    def _leave_out(self, captured: Captured, reading: Reading) -> None:
        if captured.row.url in self._pages_in_hand:
            self._left_out.update(item for item, _ in reading.addresses)

    def compare(self) -> None:
        """Go through both catalogues side by side."""
        if self._left_out:
            self._note(f"{len(self._left_out)} items that a crawl has in hand were left out.")
        unread = self._captures()
        if unread:
            self._note(f"captures of {len(unread)} addresses could not be read: what they alone tell was not compared.")
            addresses = self._kept.db.execute("SELECT item, url FROM addresses")
            self._left_out.update(item for item, url in addresses if url in unread)
        self._items(self._revisions())
        for table in _PLAIN:
            self._table(table, only_here=not unread)

    def _note(self, message: str) -> None:
        self.result.notes.append(Fault(CATALOGUE, 0, "not-compared", message))

    def _fault(self, what: str, message: str, record: NewsRecord | None = None) -> None:
        self.result.faults.append(Fault(*_place(record), what, message))

    def _captures(self) -> set[str]:
        """Compare captures; the addresses of those that could not be read again."""
        unread = set()
        for (warc, offset), kept, fresh in self._pairs("captures", ("warc", "offset"), _CAPTURES):
            if kept and fresh is None:
                unread.add(kept[0])
            elif kept and fresh:
                message = f"the catalogue gives another {_names(_CAPTURES, kept, fresh)} for this capture."
                self.result.faults.append(Fault(warc, offset, "catalogue-differs", message))
        return unread

    def _revisions(self) -> set[str]:
        """Compare revisions; the items of which something was told."""
        told = set(self._left_out)
        for (item, revision), kept, fresh in self._pairs("revisions", ("item", "revision"), ("record",)):
            if item in told:
                continue
            told.add(item)
            here, page = (read_record(row[0]) if row else None for row in (kept, fresh))
            said = f"revision {revision} of {item}"
            if kept and here is None:
                continue  # it cannot be read: that was told already
            if self._read_by_other_rules(item, said, here, page) or self._seen_later(said, here, page):
                continue
            if here is None:
                self._fault("record-unstored", f"the page gives {said}, which the catalogue lacks.", page)
            else:
                names = ", ".join(differing(here, page)) if page else "record: the page gives none"
                self._fault("record-differs", f"{said} is not what its page says: it has another {names}.", here)
        return told

    def _read_by_other_rules(self, item: str, said: str, here: NewsRecord | None, page: NewsRecord | None) -> bool:
        here, page = here or _newest(self._kept, item), page or _newest(self._again, item)
        if here is None or page is None or here.extractor == page.extractor:
            return False
        message = f"{said} was read by older rules; today's give another {', '.join(differing(here, page))}."
        self.result.notes.append(Fault(*_place(here), "rules-changed", message))
        return True

    def _seen_later(self, said: str, here: NewsRecord | None, page: NewsRecord | None) -> bool:
        """Whether a crawl died with the page in hand, so that the catalogue knows the item from the next look only."""
        if not here or not page or set(differing(here, page)) - {"first_seen", "last_seen", "capture"}:
            return False
        look = "SELECT 1 FROM captures WHERE fetched = ? AND url = (SELECT url FROM captures WHERE record_id = ?)"
        values = (here.first_seen, here.capture and here.capture.record_id)
        if (here.first_seen or "") <= (page.first_seen or "") or not self._kept.db.execute(look, values).fetchone():
            return False
        message = f"{said} was captured before, by a crawl that died before it read the page."
        self.result.notes.append(Fault(*_place(here), "seen-later", message))
        return True

    def _items(self, told: set[str]) -> None:
        for (item,), kept, fresh in self._pairs("items", ("id",), (*_ITEMS, "record")):
            if item in told:
                continue
            if kept is None:
                self.result.faults.append(missing_item(item))
            elif fresh is None:
                self._fault("item-differs", f"the files give no {item}.")
            else:
                names = _names((*_ITEMS, "record"), kept, fresh)
                self._fault("item-differs", f"the row of {item} is not what the files give: it has another {names}.")

    def _table(self, table: str, *, only_here: bool) -> None:
        keys, values = _PLAIN[table]
        for key, kept, fresh in self._pairs(table, keys, values):
            if key[0] in self._left_out or (fresh is None and not only_here) or (fresh and kept == ("",)):
                continue  # the last: of two listings that name an item, a crawl may have noted the one without a day
            if kept is None:
                said = "lacks the row"
            elif fresh is None:
                said = "has a row that the files do not give"
            else:
                said = f"does not give the {_names(values, kept, fresh)} that the files give"
            self._fault("table-differs", f"{table} {said}: {', '.join(map(str, key))}.")

    def _pairs(
        self, table: str, keys: tuple[str, ...], values: tuple[str, ...]
    ) -> Iterator[tuple[_Row, _Row | None, _Row | None]]:
        """The rows in which two tables differ, by key: what the catalogue has, and what the files give."""
        select = f"SELECT {', '.join((*keys, *values))} FROM {table} ORDER BY {', '.join(keys)}"  # noqa: S608
        one, two = self._kept.db.execute(select), self._again.db.execute(select)
        kept, fresh, size = next(one, None), next(two, None), len(keys)
        while kept or fresh:
            key = min(row[:size] for row in (kept, fresh) if row)
            here = kept if kept and kept[:size] == key else None
            there = fresh if fresh and fresh[:size] == key else None
            if here != there:
                yield key, here and here[size:], there and there[size:]
            kept = next(one, None) if here else kept
            fresh = next(two, None) if there else fresh


def _place(record: NewsRecord | None) -> tuple[str, int]:
    """The capture of a record, else the catalogue."""
    return (record.capture.warc, record.capture.offset) if record and record.capture else (CATALOGUE, 0)


def _newest(catalogue: Catalogue, item: str) -> NewsRecord | None:
    row = catalogue.db.execute("SELECT record FROM items WHERE id = ?", (item,)).fetchone()
    return read_record(row[0]) if row else None


def _names(columns: tuple[str, ...], one: _Row, two: _Row) -> str:
    return ", ".join(name for name, a, b in zip(columns, one, two, strict=True) if a != b)
