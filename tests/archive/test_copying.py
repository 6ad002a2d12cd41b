"""The copy that docs/for-archivists.md describes: made at any moment of a crawl it verifies and is whole."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from archive import warc
from archive.collection import open_collection
from tests.archive.test_fixity import verify, words
from tests.conftest import ROOT, bayegan, command, environment
from tests.portal.server import Portal

POLITE = ("-s", "DOWNLOAD_DELAY=0.02", "-s", "AUTOTHROTTLE_ENABLED=0", "-s", "BAYEGAN_WARC_MAX_BYTES=60000")
"""Slow enough to be copied meanwhile; files are finished all the time."""


def files(root: Path, copy: Path) -> None:
    """What the first and the last line do: everything but the catalogue; a file that vanishes is asked for again."""
    for _ in range(20):
        try:
            shutil.copytree(root, copy, ignore=shutil.ignore_patterns("catalogue.sqlite*"), dirs_exist_ok=True)
            return
        except shutil.Error:
            pass  # renamed meanwhile: rsync ends with 24
    raise AssertionError("files vanish all the time")


def catalogue(root: Path, copy: Path) -> None:
    """What the line with sqlite3 does."""
    to = copy / "catalogue.sqlite"
    to.unlink(missing_ok=True)
    with closing(sqlite3.connect(root / "catalogue.sqlite")) as db:
        db.execute("VACUUM INTO ?", (str(to),))


def captures(root: Path) -> int:
    with closing(sqlite3.connect(root / "catalogue.sqlite")) as db:
        count: int = db.execute("SELECT count(*) FROM captures").fetchone()[0]
    return count


@pytest.fixture
def running(portal: Portal, tmp_path: Path) -> subprocess.Popen[bytes]:
    where = ("--offices", tmp_path / "portal.toml", "--collection", tmp_path / "c")
    return subprocess.Popen(
        command("crawl", "all", *where, *POLITE), cwd=ROOT, env=environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def wait_for(root: Path, number: int) -> None:
    for _ in range(600):
        if (root / "catalogue.sqlite").exists():
            try:
                if captures(root) >= number:
                    return
            except sqlite3.OperationalError:
                pass
        time.sleep(0.05)
    raise AssertionError("the crawl captures nothing")


def test_a_copy_made_while_a_crawl_runs_verifies_and_can_go_on(
    running: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    root, copy = tmp_path / "c", tmp_path / "copy"
    for number in (10, 40, 70):
        wait_for(root, number)
        files(root, copy)
        catalogue(root, copy)
        files(root, copy)
        assert running.poll() is None, "the crawl ended before the copy was made"
        assert verify(copy).faults == []
        known = captures(copy)
        assert known >= number
    assert running.wait(timeout=60) == 0
    deep = bayegan("verify", "--deep", "--collection", copy)
    assert deep.code == 0, deep.out
    assert bayegan("rebuild", "--collection", copy).code == 0
    assert captures(copy) >= known
    result = verify(copy)
    assert (result.faults, {note.what for note in result.notes} - {"stray-file"}) == ([], set())


def test_a_file_that_was_finished_after_the_catalogue_was_copied_is_a_note(
    running: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    root, copy = tmp_path / "c", tmp_path / "copy"
    wait_for(root, 20)
    copy.mkdir()
    catalogue(root, copy)
    running.wait(timeout=60)
    files(root, copy)
    result = verify(copy)
    assert (result.faults, {note.what for note in result.notes}) == ([], {"catalogue-older"})
    assert bayegan("rebuild", "--collection", copy).code == 0
    assert (captures(copy), verify(copy).notes) == (captures(root), [])


def test_captures_that_no_running_crawl_explains_are_a_fault(running: subprocess.Popen[bytes], tmp_path: Path) -> None:
    root, copy = tmp_path / "c", tmp_path / "copy"
    wait_for(root, 20)
    copy.mkdir()
    catalogue(root, copy)
    running.wait(timeout=60)
    files(root, copy)
    with closing(sqlite3.connect(copy / "catalogue.sqlite")) as db:
        db.execute("UPDATE crawls SET state = 'finished'")
        db.commit()
    assert words(copy)
    assert words(copy) <= {"not-in-catalogue", "file-unknown"}


def test_an_older_state_of_a_finished_file_harms_nobody(portal: Portal, tmp_path: Path) -> None:
    where = ("--offices", tmp_path / "portal.toml", "--collection", tmp_path / "c")
    assert bayegan("crawl", "behzisti", *where, *POLITE).code == 0
    path = warc.warc_files(tmp_path / "c")[0]
    whole = path.read_bytes()
    offset = [offset for offset, _, _ in warc.members(path)][9]
    older = path.with_name(path.name + warc.OPEN_SUFFIX)
    older.write_bytes(whole[: offset + 7])
    result = verify(tmp_path / "c")
    assert result.faults == []
    assert [(note.what, note.warc.rsplit("/")[-1]) for note in result.notes] == [("stray-file", older.name)]
    before = open_collection(tmp_path / "c").catalogue.count()
    assert bayegan("rebuild", "--collection", tmp_path / "c").code == 0
    assert path.read_bytes() == whole
    assert open_collection(tmp_path / "c").catalogue.count() == before
