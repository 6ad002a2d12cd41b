"""A request reads one moment of the catalogue, whatever is committed and tidied away meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from archive.catalogue import Catalogue
from archive.collection import CATALOGUE
from archive.web.reading import Memo, Reading

_WRITE_AND_TIDY = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
db.execute("UPDATE meta SET value = 'later' WHERE key = 'moment'")
print(db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
"""


def moment(reading: Reading) -> str | None:
    reading.db.execute("PRAGMA cache_size = 0")  # nothing is remembered: it must be in the file
    return reading.meta("moment")


def test_a_request_keeps_its_moment_though_others_begin_and_end(tmp_path: Path) -> None:
    writer = Catalogue(tmp_path / CATALOGUE, write=True)
    writer.db.execute("INSERT INTO meta VALUES ('moment', 'earlier')")
    memo = Memo()
    first = Reading(tmp_path, memo, 5)
    Reading(tmp_path, memo, 5).close()
    command = [sys.executable, "-c", _WRITE_AND_TIDY, str(tmp_path / CATALOGUE)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "1", "the writer may not tidy away what the first request still reads"
    assert moment(first) == "earlier"
    later = Reading(tmp_path, memo, 5)
    assert moment(later) == "later"
    assert later.state != first.state


def test_what_a_request_keeps_is_good_until_the_next_commit(tmp_path: Path) -> None:
    writer = Catalogue(tmp_path / CATALOGUE, write=True)
    memo = Memo()
    assert Reading(tmp_path, memo, 5).once("key", lambda: 1) == 1
    assert Reading(tmp_path, memo, 5).once("key", lambda: 2) == 1
    writer.db.execute("INSERT INTO meta VALUES ('moment', 'later')")
    assert Reading(tmp_path, memo, 5).once("key", lambda: 3) == 3
    writer.close()  # the last connection, so the files beside the catalogue go
    writer = Catalogue(tmp_path / CATALOGUE, write=True)
    writer.db.execute("UPDATE meta SET value = 'last' WHERE key = 'moment'")
    assert Reading(tmp_path, memo, 5).once("key", lambda: 4) == 4
