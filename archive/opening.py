"""Opens the catalogue's SQLite file, for reading also where nothing can be written, and says what an error asks for."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from archive.errors import MAKE_ROOM, CollectionError

_AGAIN = "`bayegan rebuild` makes it anew from the WARC files."
_NOT_ALLOWED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_NO_DATABASE = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
_ADVICE = (
    (_NOT_ALLOWED, "Give the right to read and write there."),
    ({sqlite3.SQLITE_FULL}, MAKE_ROOM),
    ({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}, "Another process is at it; try again in a moment."),
    ({sqlite3.SQLITE_IOERR}, "The disk refuses: see that it has room and is sound."),
)


def connect(path: Path, *, write: bool = False, **options: Any) -> sqlite3.Connection:
    """Open a catalogue. Reading also works on a medium that cannot be written to.

    Raises sqlite3.Error, and CollectionError where changes lie in a log that can only be read where one can write.
    """
    address = path.absolute().as_uri()
    options = {"uri": True, "isolation_level": None} | options
    if write:
        return sqlite3.connect(f"{address}?mode=rwc", **options)
    db = sqlite3.connect(f"{address}?mode=ro", **options)
    try:
        db.execute("PRAGMA schema_version")  # the first look at the file: only here a reader wants to write beside it
    except sqlite3.OperationalError as error:
        db.close()
        if _kind(error) not in _NOT_ALLOWED or os.access(path.parent, os.W_OK) or not os.access(path, os.R_OK):
            raise
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise CollectionError(
                f"The catalogue {path} has its newest changes in {log.name}, which can only be read where one can "
                "write. Copy the collection, that file too, to a folder of yours, and read it there."
            ) from error
        return sqlite3.connect(f"{address}?immutable=1", **options)
    return db


def no_database(error: sqlite3.Error) -> bool:
    """Whether an error says that a file is no sound database: nobody can be using it."""
    return _kind(error) in _NO_DATABASE


def unusable(path: Path, error: sqlite3.Error, what: str = "opened") -> CollectionError:
    """The error for a catalogue that SQLite does not open, read or write, with what to do about it."""
    return CollectionError(f"The catalogue {path} cannot be {what}: {error}. {advice(error) or _AGAIN}")


def advice(error: sqlite3.Error) -> str | None:
    """What to do about an error that comes from the system around SQLite; None for another."""
    return next((advice for kinds, advice in _ADVICE if _kind(error) in kinds), None)


def _kind(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest tells the kind more closely
