"""Records as an analyst takes them: chosen, in order of publication, one at a time or as a table."""

from __future__ import annotations

import datetime as dt
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from archive.catalogue import Catalogue
from archive.errors import UsageError
from archive.jalali import TEHRAN
from archive.record import NewsRecord, from_json
from archive.search import index
from archive.selection import Selection

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

UNDATED = "undated"
_ROWS = 500  # that are read at once
_BATCH = 2000  # records that become columns at once


@dataclass(frozen=True, slots=True)
class Records:
    """The selected records of a collection, read anew each time they are iterated.

    They come by Jalali year and moment of publication, those without a date last: an order that depends on nothing
    but the records. One iteration sees one moment of the catalogue, whatever a crawl writes meanwhile, and holds
    eight bytes of memory a record. Raises QueryError when iterated with a query that cannot be parsed.
    """

    catalogue: Catalogue
    selection: Selection = field(default_factory=Selection)

    def __iter__(self) -> Iterator[NewsRecord]:
        return map(from_json, self.lines())

    def lines(self) -> Iterator[bytes]:
        """The records as lines of JSON, which takes a third of the time of making them and writing them again."""
        with one_moment(self.catalogue):
            docids = _in_order(self.catalogue, self.selection)
            while some := list(islice(docids, _ROWS)):
                yield from _lines(self.catalogue, some)

    def __len__(self) -> int:
        return index.search(self.catalogue.db, self.selection.as_query(), limit=0).total

    def to_arrow(self, columns: list[str] | None = None) -> pa.Table:
        """The records as an Arrow table, all columns unless some are named; see `archive.arrow.SCHEMA`.

        Raises UsageError for a column that is none.
        """
        from archive import arrow  # noqa: PLC0415 - pyarrow takes a while to load

        return arrow.table(self.lines(), columns, _BATCH)

    def to_pandas(self, columns: list[str] | None = None) -> pd.DataFrame:
        """The records as a pandas data frame, by way of Arrow. Raises UsageError where pandas is not installed."""
        if find_spec("pandas") is None:
            raise UsageError("pandas is not installed. Run `pip install pandas`, or take to_arrow(), which needs none.")
        frame: pd.DataFrame = self.to_arrow(columns).to_pandas()
        return frame


class Facts(msgspec.Struct):
    """What has to be known of a line of JSON to put it in its place."""

    id: str
    portal: str
    code: str
    office: str | None
    published: str | None
    published_jalali: str | None
    last_seen: str | None
    links: list[str]


facts_of = msgspec.json.Decoder(Facts).decode
"""The facts of a line. Raises msgspec.DecodeError."""


def year_of(record: Facts | NewsRecord) -> str:
    """The Jalali year of publication, or `undated`."""
    return record.published_jalali[:4] if record.published_jalali else UNDATED


def order_of(record: Facts | NewsRecord) -> tuple[str, float, str, int, str]:
    """What `Records` are ordered by."""
    return year_of(record), instant(record.published), record.portal, len(record.code), record.code


def instant(published: str | None) -> float:
    """A moment of publication in seconds since 1970; 0 for none."""
    if published is None:
        return 0.0
    when = dt.datetime.fromisoformat(published)
    return (when if when.tzinfo else when.replace(tzinfo=TEHRAN)).timestamp()


@contextmanager
def one_moment(catalogue: Catalogue) -> Iterator[None]:
    """Let everything read inside agree, while a crawl writes. Of several inside each other the last to end ends it."""
    if catalogue.db.in_transaction and not catalogue.readers:  # somebody else began it, and will end it
        yield
        return
    if not catalogue.readers:
        catalogue.db.execute("BEGIN")
    catalogue.readers += 1
    try:
        yield
    finally:
        catalogue.readers -= 1
        if not catalogue.readers:
            catalogue.db.execute("COMMIT")


_NO_ALIASES = b'"aliases":[]'


def _lines(catalogue: Catalogue, docids: list[int]) -> Iterator[bytes]:
    rows = catalogue.db.execute(
        "SELECT docid, record, id, (SELECT count(*) FROM addresses WHERE item = id) FROM items"  # noqa: S608
        f" WHERE docid IN ({','.join('?' * len(docids))})",
        docids,
    )
    found = {docid: row for docid, *row in rows}
    for docid in docids:
        yield _line(catalogue, *found[docid])


def _line(catalogue: Catalogue, stored: bytes, item: str, addresses: int) -> bytes:
    """A record as it is stored, with its aliases, which are stored apart, and a line end."""
    if addresses > 1:
        own = _address.decode(stored).url
        rows = catalogue.db.execute("SELECT url FROM addresses WHERE item = ? AND url <> ? ORDER BY url", (item, own))
        # No text can hold these letters: its quotes have backslashes before them.
        aliases = b'"aliases":' + msgspec.json.encode([url for (url,) in rows])
        stored = stored.replace(_NO_ALIASES, aliases, 1)
    return stored + b"\n"


class _Address(msgspec.Struct):
    url: str


_address = msgspec.json.Decoder(_Address)


def _in_order(catalogue: Catalogue, selection: Selection) -> Iterator[int]:
    catalogue.db.create_function("instant", 1, instant, deterministic=True)
    chosen = array("q", sorted(selection.docids(catalogue.db))) if selection.asked() else None
    rows = catalogue.db.execute(
        "SELECT docid FROM items ORDER BY coalesce(substr(published_jalali, 1, 4), ?),"
        " instant(published), portal, length(code), code",
        (UNDATED,),
    )
    # Held as an array, because records are read by the same connection meanwhile.
    for docid in array("q", (docid for (docid,) in rows)):
        if chosen is None or _has(chosen, docid):
            yield docid


def _has(ascending: array[int], value: int) -> bool:
    at = bisect_left(ascending, value)
    return at < len(ascending) and ascending[at] == value
