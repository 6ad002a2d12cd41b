"""The catalogue as one request sees it: read-only, one moment of it, and not for longer than allowed."""

from __future__ import annotations

import os
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from archive import warc
from archive.catalogue import Catalogue
from archive.collection import CATALOGUE
from archive.errors import CollectionError, NothingFoundError
from archive.opening import connect
from archive.record import Capture
from archive.search.answers import Answers

T = TypeVar("T")
State = tuple[Any, ...]

_STEPS = 20_000  # of SQLite's machine between two looks at the clock: about a millisecond
_SHM_HEADER = 48  # of the index of the write-ahead log: it changes with every commit
_MEMO_SIZE = 256
_TRIES = 5


class Shared:
    """The index of a catalogue's write-ahead log, which changes with every commit.

    It is held open: POSIX drops all locks of a process on a file when the process closes it once, and by locks on this
    one SQLite knows which moments are still being read.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inode = self._descriptor = -1

    def header(self, path: Path) -> bytes:
        """What it begins with; nothing when there is none."""
        try:
            with self._lock:
                if path.stat().st_ino != self._inode:
                    self._renew(path)
                return os.pread(self._descriptor, _SHM_HEADER, 0)
        except OSError:
            return b""

    def _renew(self, path: Path) -> None:
        """Open the file that has come to stand there; of the one before it nothing can be locked any more."""
        before, self._descriptor = self._descriptor, os.open(path, os.O_RDONLY)
        self._inode = os.fstat(self._descriptor).st_ino
        if before >= 0:
            os.close(before)


class Memo:
    """Results that are good until something is committed to the catalogue, and answers, which outlast that."""

    def __init__(self) -> None:
        self._state: State = ()
        self._kept: OrderedDict[Any, Any] = OrderedDict()
        self.answers = Answers()
        self.shared = Shared()
        self._lock = Lock()

    def get(self, state: State, key: Any, make: Callable[[], T]) -> T:
        """What was made in a state of the catalogue; made when there is nothing."""
        with self._lock:
            if state == self._state and key in self._kept:
                self._kept.move_to_end(key)
                kept: T = self._kept[key]
                return kept
        made = make()
        with self._lock:
            if state != self._state:
                self._state = state
                self._kept.clear()
            self._kept[key] = made
            while len(self._kept) > _MEMO_SIZE:
                self._kept.popitem(last=False)
        return made


class Reading(Catalogue):
    """The catalogue for one request.

    The connection can only read, and stays in one transaction: totals, hits and records agree with each other
    while a crawl writes. SQLite is stopped when `seconds` are over; `limit` sets them anew.
    """

    def __init__(self, root: Path, memo: Memo, seconds: float) -> None:
        self.root = root
        self.path = root / CATALOGUE
        self._memo = memo
        self.answers = memo.answers
        if not self.path.exists():
            raise NothingFoundError(f"There is no collection at {root} any more.")
        try:
            # Responses that are streamed are made by changing threads, one at a time.
            self.db = connect(self.path, timeout=2, check_same_thread=False)
            self.state = self._begin_reading()
        except sqlite3.Error as error:
            raise CollectionError(f"The catalogue {self.path} cannot be read: {error}.") from error
        self.limit(seconds)

    def _begin_reading(self) -> State:
        """Begin the transaction; the state that it sees, or one of its own when commits come too fast to tell."""
        for _ in range(_TRIES):
            before = self._state()
            self.db.execute("BEGIN")
            self._check_version()
            if before == self._state():
                return before
            self.db.execute("ROLLBACK")
        self.db.execute("BEGIN")
        self._check_version()
        return (object(),)

    def _state(self) -> State:
        """Something that is another with every commit and with every new catalogue file."""
        stat = self.path.stat()
        header = self._memo.shared.header(self.path.with_name(f"{self.path.name}-shm"))
        return (stat.st_ino, stat.st_mtime_ns, stat.st_size, header)

    def limit(self, seconds: float) -> None:
        """Allow so much time from now on."""
        self._until = time.monotonic() + seconds
        self.db.set_progress_handler(lambda: time.monotonic() > self._until, _STEPS)

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """A result that is made once and good until the next commit."""
        return self._memo.get(self.state, key, make)

    def known_capture(self, record_id: str) -> Capture:
        """The place and facts of a capture. Raises NothingFoundError."""
        found = self.capture(record_id)
        if found is None:
            raise NothingFoundError(f"No capture {record_id} in this collection.")
        return found

    def read(self, capture: Capture) -> warc.Record:
        """The WARC record of a capture. Raises CollectionError."""
        return warc.read_record(self.root, warc.Location(capture.warc, capture.offset, capture.length))
