"""Whatever kills a crawl, the next one goes on: the same items, each once, every capture known and whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import warc
from archive.collection import lock_collection, open_collection
from archive.search import index
from scraper.reextract import index_captures
from tests import zygote
from tests.conftest import IMPOLITE, Crawled, Ran, bayegan, environment, whole_portal
from tests.crash import POINTS

ROTATE = ("-s", "BAYEGAN_WARC_MAX_BYTES=100000")


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    """A small portal, crawled once undisturbed: enough for every point to be reached several times."""
    with whole_portal(tmp_path_factory.mktemp("small"), items=14) as crawled:
        yield crawled


def words(crawled: Crawled, collection: Path) -> list[str]:
    return [
        "crawl",
        "all",
        "--offices",
        f"{crawled.folder}/portal.toml",
        "--collection",
        str(collection),
        *IMPOLITE,
        *ROTATE,
    ]


def crash(point: str, number: int, line: list[str]) -> int:
    """Run until the point kills the process; its exit code."""
    start = [sys.executable, "-m", "tests.crash", point, str(number), *line]
    return zygote.run(start, env=environment(), timeout=60).returncode


def assert_whole(crawled: Crawled, collection: Path) -> None:
    """Every item once, with the content of an undisturbed crawl; catalogue and files agree."""
    catalogue, undisturbed = open_collection(collection).catalogue, crawled.open().catalogue
    assert {r.id: r.content_sha256 for r in catalogue.records()} == {
        r.id: r.content_sha256 for r in undisturbed.records()
    }
    assert catalogue.db.execute("SELECT count(*) FROM revisions").fetchone()[0] == catalogue.count()
    pictures = "SELECT DISTINCT url FROM captures WHERE mime LIKE 'image/%' AND status = 200"
    assert set(catalogue.db.execute(pictures)) == set(undisturbed.db.execute(pictures))
    assert not list(collection.rglob("*.open"))
    verified = bayegan("verify", "--collection", collection)
    assert verified.code == 0, verified.out


@pytest.mark.parametrize("point", POINTS)
def test_after_a_kill_at_a_named_point_nothing_is_lost_or_doubled(crawled: Crawled, tmp_path: Path, point: str) -> None:
    line = words(crawled, tmp_path / "c")
    killed = [crash(point, number, line) for number in (2, 5)]
    assert -9 in killed, f"{point} was never reached"
    finished = bayegan(*line)
    assert finished.code == 0, finished.err
    assert_whole(crawled, tmp_path / "c")


@pytest.mark.soak
@pytest.mark.parametrize("point", POINTS)
def test_a_storm_of_kills_at_every_point(crawled: Crawled, tmp_path: Path, point: str) -> None:
    line = words(crawled, tmp_path / "c")
    killed = sum(crash(point, 1 + number * 3 % 40, line) == -9 for number in range(20))
    assert bayegan(*line).code == 0
    print(f"{point}: {killed} kills")
    assert killed
    assert_whole(crawled, tmp_path / "c")


def test_what_recovery_cut_and_found_is_reported(crawled: Crawled, tmp_path: Path) -> None:
    line = words(crawled, tmp_path / "c")
    assert crash("mid-record", 40, line) == -9
    report = bayegan(*line, "--json").json
    assert report["counts"]["recovered/captures"] > 0
    assert report["counts"]["recovered/bytes-cut"] > 0
    assert report["runs"] == 2


def test_a_page_that_was_captured_and_not_yet_read_is_read_by_the_next_start(crawled: Crawled, tmp_path: Path) -> None:
    with contextlib.closing(lock_collection(crawled.copy(tmp_path / "c"))) as collection:
        catalogue = collection.catalogue
        record = next(catalogue.records())
        (docid,) = catalogue.db.execute("SELECT docid FROM items WHERE id = ?", (record.id,)).fetchone()
        index.remove(catalogue.db, docid, record)
        for table, key in (("items", "id"), ("revisions", "item")):
            catalogue.db.execute(f"DELETE FROM {table} WHERE {key} = ?", (record.id,))
        assert not catalogue.knows(record.id)
        assert not any(index_captures(collection, path) for path in warc.warc_files(collection.root))
        assert catalogue.get(record.id) == record


# --- a disk that refuses ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own, of a few megabytes."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a tmpfs cannot be mounted here; run as root to see what a full disk does")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("size", ["700k", "1000k", "1500k"])
def test_a_full_disk_stops_the_crawl_cleanly_and_it_resumes_when_there_is_space(
    crawled: Crawled, tmp_path: Path, size: str
) -> None:
    with small_disk(tmp_path / "disk", size) as disk:
        collection = disk / "c"
        stopped = bayegan(*words(crawled, collection))
        assert stopped.code == 4, stopped.err + stopped.out
        assert "No space left" in stopped.err or "disk is full" in stopped.err or "disk I/O" in stopped.err
        assert "Run it again" in stopped.err
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        finished = bayegan(*words(crawled, collection))
        assert finished.code == 0, finished.err
        assert_whole(crawled, collection)


EIO = """
import os, sys
real, left = os.fsync, [{calls}]
def fsync(handle):
    left[0] -= 1
    if left[0] == 0:
        raise OSError(5, "Input/output error")
    real(handle)
os.fsync = fsync
sys.argv[:] = ["bayegan", *sys.argv[1:]]
from scraper.cli import main
main()
"""


@pytest.mark.parametrize("calls", [1, 2, 4])
def test_an_io_error_stops_the_crawl_cleanly_and_it_resumes(crawled: Crawled, tmp_path: Path, calls: int) -> None:
    line = words(crawled, tmp_path / "c")
    code = EIO.replace("{calls}", str(calls))
    done = zygote.run([sys.executable, "-c", code, *line], env=environment(), timeout=60)
    stopped = Ran(done.returncode, done.stdout, done.stderr)
    assert stopped.code == 4, stopped.err
    assert "Input/output error" in stopped.err
    assert bayegan(*line).code == 0
    assert_whole(crawled, tmp_path / "c")


def test_zeros_after_a_power_loss_are_cut_and_the_rest_kept(crawled: Crawled, tmp_path: Path) -> None:
    line = words(crawled, tmp_path / "c")
    assert crash("after-fsync-before-commit", 4, line) == -9
    for path in warc.warc_files(tmp_path / "c"):
        if path.name.endswith(".open"):
            with path.open("ab") as tail:
                tail.write(bytes(8192))
    assert bayegan(*line).code == 0
    assert_whole(crawled, tmp_path / "c")


def test_a_copied_collection_is_as_good_as_the_first(crawled: Crawled, tmp_path: Path) -> None:
    shutil.copytree(crawled.path, tmp_path / "c")
    assert_whole(crawled, tmp_path / "c")
    assert os.access(tmp_path / "c", os.W_OK)
