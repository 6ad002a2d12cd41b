"""One dump in all formats, and a copy of the collection that may be changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from archive.collection import Collection, CollectionWriter, lock_collection, open_collection
from archive.dump.files import unpacked
from archive.dump.options import FORMATS, Manifest, Options
from archive.dump.write import dump
from archive.record import NewsRecord
from archive.records import Records
from tests.conftest import Crawled

EVERYTHING = Options(FORMATS)


@dataclass(frozen=True)
class Dumped:
    """A dump of the whole portal in all formats, with what the collection has."""

    folder: Path
    manifest: Manifest
    records: list[NewsRecord]


@pytest.fixture(scope="session")
def dumped(crawled: Crawled, tmp_path_factory: pytest.TempPathFactory) -> Dumped:
    folder = tmp_path_factory.mktemp("dumped") / "all"
    collection = crawled.open()
    return Dumped(folder, dump(collection, folder, EVERYTHING), list(Records(collection.catalogue)))


@pytest.fixture
def changing(crawled: Crawled, tmp_path: Path) -> Iterator[tuple[Collection, Callable[..., None]]]:
    """A collection, and the function that changes it: `change(lambda writer: …)`."""
    root = crawled.copy(tmp_path / "changing")
    collection = open_collection(root)

    def change(action: Callable[[CollectionWriter], object]) -> None:
        writer = lock_collection(root)
        try:
            action(writer)
        finally:
            writer.close()

    yield collection, change
    collection.close()


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lines(folder: Path) -> list[bytes]:
    return [line for path in sorted(folder.glob("data/jsonl/*")) for line in unpacked(path)]


def other_bytes(record: NewsRecord) -> NewsRecord:
    """The record as if it had been read from another capture."""
    assert record.capture is not None
    return replace(
        record, capture=replace(record.capture, payload_digest="sha256:" + "A" * 52, record_id="urn:uuid:new")
    )
