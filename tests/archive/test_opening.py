"""Opening a collection: on a medium that cannot be written to, without its catalogue, without the right to it."""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import warc
from archive.collection import CATALOGUE
from tests.conftest import ROOT, Crawled, Ran, bayegan, command, crawl, environment

_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE = 24, 1
_CANNOT_DROP = 77


def as_others_do(line: list[str]) -> Ran:
    """Run a program without root's right to write where nobody may."""

    def drop() -> None:
        if os.getuid() == 0 and ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0):
            os._exit(_CANNOT_DROP)

    done = subprocess.run(line, preexec_fn=drop, cwd=ROOT, env=environment(), capture_output=True, check=False)
    if done.returncode == _CANNOT_DROP:
        pytest.skip("root's right to write everywhere cannot be given up here: run this as another user")
    ran = Ran(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode())
    assert "Traceback" not in ran.err, ran.err
    return ran


def forbid(root: Path, *, write: bool = False) -> None:
    """Take away the right to write, or give it back."""
    for path in (root, *root.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200 if write else path.stat().st_mode & ~0o222)


@pytest.fixture
def sealed(crawled: Crawled, tmp_path: Path) -> Iterator[Path]:
    """A copy as it lies on a medium that cannot be written to: nothing but what a crawl left."""
    copy = crawled.copy(tmp_path / "c")
    for end in ("-wal", "-shm"):
        (copy / f"{CATALOGUE}{end}").unlink(missing_ok=True)
    forbid(copy)
    yield copy
    forbid(copy, write=True)


# --- a medium that cannot be written to ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("search", "بهزیستی"),
        ("show", "ITEM", "--warc"),
        ("report",),
        ("report", "--coverage"),
        ("verify", "--deep"),
        ("dump", "DEST"),
        ("pack", "DEST"),
        ("schedule",),
    ],
    ids=" ".join,
)
def test_whoever_reads_needs_no_right_to_write(
    crawled: Crawled, sealed: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    places = {"DEST": str(tmp_path / "dest.wacz"), "ITEM": crawled.portal.world.joint[0]}
    ran = as_others_do(command(*(places.get(word, word) for word in words), "--collection", sealed))
    assert ran.code == 0, ran.err
    assert sorted(path.name for path in sealed.iterdir() if CATALOGUE in path.name) == [CATALOGUE], "nothing was left"


def test_it_is_served_from_there(sealed: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from starlette.testclient import TestClient;"
        "from archive.web.app import create_app;"
        "answer = TestClient(create_app(Path(sys.argv[1]), hosts=None)).get('/search.json?q=بهزیستی');"
        "print(answer.status_code, answer.json().get('total'))"
    )
    ran = as_others_do([sys.executable, "-c", code, str(sealed)])
    status, total = ran.out.split()
    assert (status, int(total) > 0) == ("200", True), ran.err


def test_changes_that_can_only_be_read_where_one_can_write_are_said_to_be_there(sealed: Path) -> None:
    forbid(sealed, write=True)
    db = sqlite3.connect(sealed / CATALOGUE)
    db.execute("PRAGMA wal_autocheckpoint = 0")
    db.execute("INSERT INTO meta VALUES ('new', '1')")
    db.commit()
    shutil.copytree(sealed, sealed.with_name("d"), ignore=shutil.ignore_patterns("*-shm"))
    db.close()
    forbid(sealed.with_name("d"))
    ran = as_others_do(command("search", "بهزیستی", "--collection", sealed.with_name("d")))
    forbid(sealed.with_name("d"), write=True)
    assert ran.code == 1
    assert f"{CATALOGUE}-wal" in ran.err
    assert "rebuild" not in ran.err
    assert bayegan("search", "بهزیستی", "--collection", sealed.with_name("d")).code == 0, "as the message says"


@pytest.mark.parametrize(
    "words",
    [
        ("crawl", "qom", "--offices", "OFFICES"),
        ("rebuild",),
        ("import", "README.md"),
        ("run", "--offices", "OFFICES"),
        ("schedule", "pause", "behzisti-qom", "--reason", "x"),
        ("offices", "check", "behzisti-qom", "--offices", "OFFICES"),
        ("dump",),
    ],
    ids=" ".join,
)
def test_whoever_writes_is_told_what_cannot_be_written(crawled: Crawled, sealed: Path, words: tuple[str, ...]) -> None:
    given = [word.replace("OFFICES", f"{crawled.folder}/portal.toml") for word in words]
    ran = as_others_do(command(*given, "--collection", sealed))
    assert (ran.code, "defect" in ran.err) == (1, False), ran.err
    assert "cannot be written" in ran.err
    assert "Permission denied" in ran.err


# --- the catalogue is lost ----------------------------------------------------------------------------------------


@pytest.fixture
def bare(crawled: Crawled, tmp_path: Path) -> Path:
    """What a copy is that took `warc/` alone."""
    shutil.copytree(crawled.path / "warc", tmp_path / "c" / "warc")
    shutil.copy(crawled.folder / "portal.toml", tmp_path)
    return tmp_path / "c"


@pytest.mark.parametrize(
    "words",
    [("verify",), ("search", "x"), ("report",), ("dump", "d"), ("serve", "--port", "0"), ("import", "README.md")],
    ids=" ".join,
)
def test_without_a_catalogue_every_command_says_how_it_is_made(bare: Path, words: tuple[str, ...]) -> None:
    ran = bayegan(*words, "--collection", bare)
    assert ran.code == 1
    assert "2 WARC files" in ran.err
    assert "`bayegan rebuild" in ran.err
    assert not (bare / CATALOGUE).exists()


@pytest.mark.parametrize("left", [None, b""], ids=["none", "an empty file"])
def test_no_crawl_begins_an_empty_catalogue_beside_files(crawled: Crawled, bare: Path, left: bytes | None) -> None:
    if left is not None:
        (bare / CATALOGUE).write_bytes(left)
    before = warc.warc_files(bare)
    refused = crawl(bare.parent, "qom"), bayegan("run", "--offices", bare.parent / "portal.toml", "--collection", bare)
    for ran in refused:
        assert ran.code == 1
        assert "`bayegan rebuild" in ran.err
    assert warc.warc_files(bare) == before
    rebuilt = bayegan("rebuild", "--collection", bare)
    assert rebuilt.code == 0
    assert "No old catalogue could be read" in rebuilt.err
    assert bayegan("verify", "--collection", bare).code == 0
    assert crawl(bare.parent, "--json", "all").json["items"] == {"known": len(crawled.portal.world.items)}
