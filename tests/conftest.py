"""What the tests share: the local portal, the command line as a person runs it, a crawled collection."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archive import warc
from archive.collection import Collection, open_collection
from tests import zygote
from tests.portal.server import Exchange, Portal, running_portal
from tests.portal.world import World

ROOT = Path(__file__).resolve().parent.parent
SHARED_PAGES = ROOT.parent / "shared" / "pages"
IMPOLITE = ("-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=0", "-s", "BAYEGAN_RETRY_DELAY=0.1")
"""The portal is ours: no pauses."""


@dataclass(frozen=True)
class Ran:
    """A finished run of the command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def command(*words: object, at: str = "") -> list[str]:
    """The line that runs `bayegan`, at another time when one is given (ISO 8601 with its offset)."""
    program = ["tests.at", at] if at else ["scraper"]
    return [sys.executable, "-m", *program, *map(str, words)]


def bayegan(*words: object, cwd: Path | None = None, timeout: float = 120, at: str = "") -> Ran:
    """Run `bayegan` in a process of its own."""
    done = zygote.run(command(*words, at=at), cwd=cwd or ROOT, env=environment(), timeout=timeout)
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "BAYEGAN_DEBUG": ""}


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    """A portal of its own for a test that edits, deletes or breaks; its offices file is `portal.toml`."""
    with running_portal(World(seed=1, items=20)) as running:
        running.offices_toml(tmp_path / "portal.toml")
        yield running


def crawl(folder: Path, *words: object, collection: str = "c", at: str = "") -> Ran:
    """Crawl the portal whose offices file lies in a folder into a collection there."""
    where = ("--offices", folder / "portal.toml", "--collection", folder / collection)
    return bayegan("crawl", *(words or ("all",)), *where, *IMPOLITE, at=at)


@dataclass(frozen=True)
class Crawled:
    """A collection of a whole portal, with what the portal says it sent and published."""

    folder: Path
    portal: Portal
    ran: Ran
    log: list[Exchange]
    """What went over the wire in this crawl; `portal.log` grows with whatever else a test fetches."""

    @property
    def path(self) -> Path:
        return self.folder / "c"

    def open(self) -> Collection:
        return open_collection(self.path)

    def copy(self, to: Path) -> Path:
        """A copy to damage."""
        shutil.copytree(self.path, to)
        return to


def flip_a_byte(path: Path, member: int) -> int:
    """Alter one bit in the middle of a gzip member; the member's offset."""
    offset, length, _ = list(warc.members(path))[member]
    data = bytearray(path.read_bytes())
    data[offset + length // 2] ^= 0x10
    path.write_bytes(data)
    return offset


@contextmanager
def whole_portal(folder: Path, items: int) -> Iterator[Crawled]:
    """A portal that was crawled once."""
    with running_portal(World(seed=1, items=items)) as running:
        running.offices_toml(folder / "portal.toml")
        ran = crawl(folder)
        yield Crawled(folder, running, ran, list(running.log))


@pytest.fixture(scope="session")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    """The whole portal, crawled once; for tests that only look."""
    with whole_portal(tmp_path_factory.mktemp("crawled"), items=60) as crawled:
        yield crawled
