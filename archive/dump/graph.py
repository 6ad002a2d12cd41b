"""How items hang together: the links of each, resolved to items we hold, and the stories that several offices tell."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from archive.catalogue import Catalogue
from archive.cdxj import url_key
from archive.records import Facts


@dataclass(slots=True, frozen=True)
class Link:
    """A link in the body of an item. `target` is the item it leads to, null for an address of none that we hold."""

    item: str
    position: int
    url: str
    target: str | None


@dataclass(slots=True, frozen=True)
class Told:
    """An item that tells a story which other offices tell, too; `story` is the item that told it first."""

    item: str
    story: str


class Graph:
    """Knows what the items of a catalogue have to do with each other.

    A link leads to the item of its address, among all addresses ever seen for items, compared as replay systems do:
    scheme, `www.`, port, percent-encoding and the order of parameters make no difference. Of several items with one
    address the first by id counts. Stories are those of `archive.search.stories`.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._db = catalogue.db
        self._db.create_function("url_key", 1, url_key, deterministic=True)
        self._prepared = False
        told = self._db.execute("SELECT id FROM sketches JOIN items USING (docid) WHERE story IS NOT NULL")
        # Most items tell nothing that others tell; who does is held in eight bytes each, to ask for those alone.
        self._told = array("q", sorted(hash(item) for (item,) in told))

    def links_of(self, record: Facts) -> Iterator[Link]:
        """The links of an item, in the order of its body."""
        for position, url in enumerate(record.links):
            yield Link(record.id, position, url, self._item(url))

    def told_by(self, record: Facts) -> Iterator[Told]:
        """The story that an item tells, if others tell it."""
        at = bisect_left(self._told, hash(record.id))
        if at == len(self._told) or self._told[at] != hash(record.id):
            return
        row = self._db.execute(
            "SELECT story FROM items JOIN sketches USING (docid) WHERE id = ? AND story IS NOT NULL", (record.id,)
        ).fetchone()
        if row:
            yield Told(record.id, row[0])

    def _item(self, url: str) -> str | None:
        if not self._prepared:
            self._prepare()
        row = self._db.execute("SELECT item FROM temp.known WHERE key = ?", (url_key(url),)).fetchone()
        return row[0] if row else None

    def _prepare(self) -> None:
        """Make the table of addresses: on disk, in SQLite's temporary file, since a big collection has millions."""
        self._db.execute("CREATE TEMP TABLE IF NOT EXISTS known (key TEXT PRIMARY KEY, item TEXT) WITHOUT ROWID")
        self._db.execute("DELETE FROM temp.known")
        self._db.execute("INSERT OR IGNORE INTO temp.known SELECT url_key(url), item FROM addresses ORDER BY item, url")
        self._prepared = True
