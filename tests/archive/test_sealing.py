"""A file that was just written is sealed from what is known of it; index and manifest are those of its bytes."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import cdxj, manifest, warc
from archive.collection import CollectionWriter, Exchange, lock_collection
from archive.spool import Spool
from tests.archive.test_warc import exchange

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[CollectionWriter]:
    writer = lock_collection(tmp_path)
    yield writer
    writer.close()


def keep(writer: CollectionWriter, records: list[warc.Record], portal: str = "p") -> None:
    url, date = records[0].get("WARC-Target-URI") or "", records[0].get("WARC-Date") or ""
    writer.keep(Exchange(portal, records, url, date, 200, "text/html", "sha256:x", None))


def spooled(size: int) -> list[warc.Record]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the record reads it later
    file.write(HEAD + os.urandom(size))
    records = exchange(b"", "http://x.test/large?b=2&a=1")
    records[0].spool = Spool(file, 0, len(HEAD) + size)
    return records


def assert_sealed(root: Path) -> None:
    for path in warc.warc_files(root):
        assert path.name.endswith(".warc.gz")
        assert cdxj.index_of(path).read_text() == "".join(cdxj.index_lines(path))
        assert not list(manifest.check(path))


def test_a_file_is_sealed_without_being_read_again(writer: CollectionWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    revisit = exchange(b"HTTP/1.1 304 Not Modified\r\n\r\n", "http://x.test/z")
    revisit[0].type = "revisit"
    failure = exchange()[1:]  # no response came
    for records in (exchange(HEAD + b"b", "http://x.test/b"), exchange(), revisit, failure, spooled(600_000)):
        keep(writer, records)
    keep(writer, exchange(HEAD, "http://y.test/"), "another")

    def read(path: Path) -> None:
        raise AssertionError(f"{path} was read")

    with monkeypatch.context() as patched:
        patched.setattr(cdxj, "index_lines", read)
        patched.setattr(manifest, "sha256_of", read)
        writer.commit()
        assert len(writer.finish_files()) == 2
    assert_sealed(writer.root)
    assert sum(cdxj.index_of(path).read_text().count("\n") for path in warc.warc_files(writer.root)) == 5


def test_each_file_has_the_seal_of_its_own_records(writer: CollectionWriter) -> None:
    writer.max_bytes = 500
    for _ in range(3):
        keep(writer, exchange())
        writer.commit()  # finishes the file
    assert len(warc.warc_files(writer.root)) == 3
    assert_sealed(writer.root)


def test_what_the_disk_refused_is_in_no_seal(writer: CollectionWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(writer, exchange())
    compressed = warc._compressed

    def full(pieces: Iterator[bytes]) -> Iterator[bytes]:
        yield next(compressed(pieces))[:10]
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(warc, "_compressed", full)
        with pytest.raises(OSError, match="No space"):
            keep(writer, exchange(HEAD, "http://x.test/refused"))
    keep(writer, exchange(HEAD, "http://x.test/after"))
    writer.commit()
    writer.finish_files()
    assert_sealed(writer.root)


def test_a_file_that_holds_more_than_was_written_is_read(writer: CollectionWriter) -> None:
    keep(writer, exchange())
    [path] = warc.warc_files(writer.root)
    with path.open("ab") as file:
        file.write(b"of somebody else")
    writer.commit()
    writer.finish_files()
    assert_sealed(writer.root)
