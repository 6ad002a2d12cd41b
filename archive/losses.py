"""What a rebuild would lose: captures that the old catalogue knows, and that lie in no WARC file here any more."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from archive import warc
from archive.collection import CATALOGUE
from archive.errors import CollectionError
from archive.opening import advice, connect, unusable

_NAMED = 20
_NEWEST_IN = "json_extract(CAST(record AS TEXT), '$.capture.warc')"
_AT = "json_extract(CAST(record AS TEXT), '$.capture.offset')"


@dataclass(slots=True)
class Losses:
    """WARC files that are gone or cut short, with what was in them. `compared`: there is a catalogue that knows."""

    compared: bool = False
    files: list[str] = field(default_factory=list)
    captures: int = 0
    items: int = 0
    """Items whose newest revision was read there."""

    def refusal(self) -> CollectionError:
        """Why not to go on, and what to do."""
        more = len(self.files) - _NAMED
        named = ", ".join(self.files[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        return CollectionError(
            f"WARC files that the catalogue knows are not here, or not whole ({len(self.files)}): {named}. Without "
            f"them {self.captures} captures and the newest text of {self.items} items would be lost, so nothing was "
            "changed. Bring them back from a copy and run it again, or say --without-missing to rebuild from what is "
            "here."
        )


def look_for(root: Path) -> Losses:
    """Hold the files that are here against the catalogue, whatever its version. It may be lost or damaged.

    Raises CollectionError when it cannot be read for another reason.
    """
    found, path = Losses(), root / CATALOGUE
    if not path.exists():
        return found
    try:
        with contextlib.closing(connect(path)) as db:
            ends = db.execute("SELECT warc, max(offset + length) FROM captures GROUP BY warc ORDER BY warc").fetchall()
            for name, end in ends:
                here = warc.locate(root, name)
                size = here.stat().st_size if here.exists() else 0
                if size < end:
                    _add(db, found, name, size)
    except sqlite3.Error as error:
        if advice(error):  # it may be sound: not to be passed over
            raise unusable(path, error) from error
        return Losses()
    found.compared = bool(ends)
    return found


def _add(db: sqlite3.Connection, found: Losses, name: str, size: int) -> None:
    """What a file of this size lacks."""
    found.files.append(name)
    lost = db.execute("SELECT count(*) FROM captures WHERE warc = ? AND offset + length > ?", (name, size))
    found.captures += lost.fetchone()[0]
    # A capture that is whole begins before the end; one that is not is of no use either way.
    first = db.execute("SELECT min(offset) FROM captures WHERE warc = ? AND offset + length > ?", (name, size))
    read = f"SELECT count(*) FROM items WHERE {_NEWEST_IN} = ? AND {_AT} >= ?"  # noqa: S608
    found.items += db.execute(read, (name, first.fetchone()[0])).fetchone()[0]
