"""WARC files: written, rotated, finished, recovered, read back."""

from __future__ import annotations

import datetime as dt
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from archive import warc

WHEN = dt.datetime(2026, 3, 21, 8, 30, tzinfo=dt.UTC)
INFO = [("software", "Bayegan/test"), ("crawl", "c-1")]


def writer(root: Path, **options: object) -> warc.WarcWriter:
    return warc.WarcWriter(root, "behzisti", INFO, now=lambda: WHEN, **options)  # type: ignore[arg-type]


def exchange(block: bytes = b"HTTP/1.1 200 OK\r\n\r\nhi", url: str = "http://x.test/") -> list[warc.Record]:
    common = [("WARC-Date", warc.warc_date(WHEN)), ("WARC-Target-URI", url)]
    response = warc.Record("response", block, common)
    tied = [*common, ("WARC-Concurrent-To", f"<{response.id}>")]
    return [
        response,
        warc.Record("metadata", b"via: x\r\n", tied),
        warc.Record("request", b"GET / HTTP/1.1\r\n\r\n", tied),
    ]


def written(root: Path, number: int = 3) -> Path:
    """An unfinished file of some exchanges, as a killed process leaves it."""
    out = writer(root)
    for n in range(number):
        out.write(exchange(f"HTTP/1.1 200 OK\r\n\r\n{n}".encode()))
    out.sync()
    return warc.warc_files(root)[0]


def types(path: Path) -> list[str]:
    return [warc.parse(data, path, offset).type for offset, _, data in warc.members(path)]


@given(
    block=st.binary(max_size=3000),
    url=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=60),
)
def test_a_record_reads_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, block: bytes, url: str
) -> None:
    root = tmp_path_factory.mktemp("w")
    places = writer(root).write(exchange(block, url))
    read = warc.read_record(root, places[0])
    assert read.block == block
    assert read.get("WARC-Target-URI") == url.strip()
    assert read.get("WARC-Block-Digest") == warc.digest(block)


def test_offset_and_length_cover_exactly_one_gzip_member(tmp_path: Path) -> None:
    places = writer(tmp_path).write(exchange())
    data = warc.warc_files(tmp_path)[0].read_bytes()
    for place in places:
        one = gzip.decompress(data[place.offset : place.offset + place.length])
        assert one.startswith(b"WARC/1.1\r\n")
        assert one.count(b"WARC/1.1\r\n") == 1


def test_warcio_reads_what_we_write(tmp_path: Path) -> None:
    path = written(tmp_path)
    with path.open("rb") as source:
        assert [record.rec_type for record in ArchiveIterator(source)] == types(path)


def test_a_file_is_open_while_it_is_written_and_renamed_when_finished(tmp_path: Path) -> None:
    out = writer(tmp_path)
    out.write(exchange())
    assert warc.warc_files(tmp_path)[0].name == "BAYEGAN-behzisti-20260321083000-00000.warc.gz.open"
    out.finish()
    assert [p.relative_to(tmp_path).as_posix() for p in warc.warc_files(tmp_path)] == [
        "warc/behzisti/2026/BAYEGAN-behzisti-20260321083000-00000.warc.gz"
    ]


def test_a_full_file_is_finished_and_the_next_one_gets_the_next_serial(tmp_path: Path) -> None:
    out = writer(tmp_path, max_bytes=500)
    for _ in range(3):
        out.write(exchange())
        out.rotate()
    out.finish()
    assert [p.name[-13:-8] for p in warc.warc_files(tmp_path)] == ["00000", "00001", "00002"]
    assert all(types(p)[0] == "warcinfo" for p in warc.warc_files(tmp_path))


def test_an_old_file_is_finished_too(tmp_path: Path) -> None:
    clock = [WHEN]
    out = warc.WarcWriter(tmp_path, "p", INFO, max_age=dt.timedelta(hours=6), now=lambda: clock[0])
    out.write(exchange())
    clock[0] += dt.timedelta(hours=5)
    out.rotate()
    assert out.finished == []
    clock[0] += dt.timedelta(hours=1)
    out.rotate()
    assert len(out.finished) == 1


def test_a_clock_that_jumps_back_breaks_neither_names_nor_their_order(tmp_path: Path) -> None:
    times = iter([WHEN, WHEN, WHEN - dt.timedelta(hours=2), WHEN])
    out = warc.WarcWriter(tmp_path, "p", INFO, now=lambda: next(times))
    for _ in range(4):
        out.write(exchange())
        out.finish()
    assert [p.relative_to(tmp_path).as_posix() for p in warc.warc_files(tmp_path)] == out.finished
    assert len(set(out.finished)) == 4


def test_a_write_that_the_disk_refuses_leaves_no_half_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = writer(tmp_path)
    out.write(exchange())
    path = warc.warc_files(tmp_path)[0]
    before = path.read_bytes()

    class Full(io.BufferedIOBase):
        """A file whose disk is full after ten more bytes."""

        def __init__(self, real: io.BufferedWriter) -> None:
            self.real = real

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.real.write(data[:10])
            self.real.flush()
            raise OSError(28, "No space left on device")

        def fileno(self) -> int:
            return self.real.fileno()

        def seek(self, *to: int) -> int:
            return self.real.seek(*to)

    real = out._file
    monkeypatch.setattr(out, "_file", Full(real))  # type: ignore[arg-type]
    with pytest.raises(OSError, match="No space"):
        out.write(exchange())
    assert path.read_bytes() == before
    monkeypatch.setattr(out, "_file", real)
    out.write(exchange())
    assert types(path).count("response") == 2


def test_a_damaged_member_is_named_with_its_place(tmp_path: Path) -> None:
    path = written(tmp_path)
    offset, length, _ = list(warc.members(path))[4]
    data = bytearray(path.read_bytes())
    data[offset + length // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(warc.DamagedMemberError, match=f"at byte {offset}"):
        list(warc.members(path))
