"""The data files of a dump: records by Jalali year, and flat tables, in each of the formats."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol, Self

import msgspec
import zstandard

from archive import sheet
from archive.dump.options import COMPRESSIONS, Compression, DumpFile, Options
from archive.manifest import sha256_of
from archive.record import from_json
from archive.records import UNDATED, Facts, year_of

_LEVEL = 10
_GZIP_LEVEL = 6
_ROW_GROUP = 4000  # records: some 25 MB of text
_ROWS = 50_000  # of a flat table
NO_YEAR = "0"  # a number like the others: pandas fails on the name that stands for null


class Sink(Protocol):
    """Whatever bytes can be written to."""

    def write(self, data: bytes, /) -> object:
        """Append."""


def described(folder: Path, name: str, records: int | None = None, *span: str | None) -> DumpFile:
    """The entry of a complete file, which is brought to the disk here."""
    path = folder / name
    with path.open("rb") as source:
        os.fsync(source.fileno())
    return DumpFile(name, path.stat().st_size, sha256_of(path), records, *span)


def write_text(folder: Path, name: str, text: str) -> DumpFile:
    """Write a small file of a dump."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return described(folder, name)


@contextmanager
def packed(path: Path, compression: Compression) -> Iterator[Sink]:
    """A new file to write lines to; its bytes depend on nothing but the lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw:
        if compression == "zstd":
            with zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).stream_writer(raw, closefd=False) as out:
                yield out
        elif compression == "gzip":
            # Without name and time in the header.
            with gzip.GzipFile("", "wb", _GZIP_LEVEL, raw, mtime=0) as out:
                yield out
        else:
            yield raw


def unpacked(path: Path) -> Iterator[bytes]:
    """The lines of a file that `packed` wrote, line ends included. Raises OSError, EOFError or ZstdError."""
    with path.open("rb") as raw:
        if path.suffix == ".zst":
            yield from io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(raw))
        elif path.suffix == ".gz":
            yield from gzip.GzipFile(fileobj=raw)
        else:
            yield from raw


@contextmanager
def _closed(files: contextlib.ExitStack) -> Iterator[None]:
    """Close files after the last that is written to them; when that fails, it is the error to tell.

    Left to themselves they would be closed some time later, and on a full disk complain of that, too.
    """
    try:
        yield
    except BaseException:
        with contextlib.suppress(Exception):
            files.close()
        raise
    files.close()


class RecordFiles(ABC):
    """Records that come by year, written to a file a year. Used in a `with`, which closes the file on errors, too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._year: str | None = None
        self._file = contextlib.ExitStack()
        self._count = 0
        self._span: tuple[str | None, str | None] = (None, None)
        self.files: list[DumpFile] = []

    def put(self, facts: Facts, line: bytes) -> None:
        """Append a record, given as its line of JSON."""
        year = year_of(facts)
        if year != self._year:
            self.finish()
            self._year, self._count, self._span = year, 0, (facts.published, None)
            path = self._folder / self.name(year)
            path.parent.mkdir(parents=True, exist_ok=True)
            self.begin(path, self._file)
        self._count += 1
        self._span = (self._span[0], facts.published)
        self.write(line)

    def finish(self) -> None:
        """Complete the file of the year."""
        if self._year is not None:
            with _closed(self._file):
                self.end()
            self.files.append(described(self._folder, self.name(self._year), self._count, *self._span))
            self._year = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.finish()
        else:
            with contextlib.suppress(Exception):  # the first error is the one to tell
                self._file.close()

    @abstractmethod
    def name(self, year: str) -> str:
        """The path of a year's file below the dump."""

    @abstractmethod
    def begin(self, path: Path, file: contextlib.ExitStack) -> None:
        """Open a file; whatever has to be closed goes on the stack."""

    @abstractmethod
    def write(self, line: bytes) -> None:
        """Append a record to the open file."""

    def end(self) -> None:
        """Write what waits."""
        return


class JsonLines(RecordFiles):
    """`data/jsonl/<year>.jsonl.zst`."""

    def __init__(self, folder: Path, compression: Compression) -> None:
        super().__init__(folder)
        self._compression: Compression = compression

    def name(self, year: str) -> str:
        return f"data/jsonl/{year}.jsonl{COMPRESSIONS[self._compression]}"

    def begin(self, path: Path, file: contextlib.ExitStack) -> None:
        self._out = file.enter_context(packed(path, self._compression))

    def write(self, line: bytes) -> None:
        self._out.write(line)


class ParquetFiles(RecordFiles):
    """`data/parquet/jyear=<year>/records.parquet`."""

    def name(self, year: str) -> str:
        return f"data/parquet/jyear={NO_YEAR if year == UNDATED else year}/records.parquet"

    def begin(self, path: Path, file: contextlib.ExitStack) -> None:
        from archive import arrow  # noqa: PLC0415 - only for who wants it: pyarrow takes a while to load

        self._columns_of = arrow.columns_of
        self._waiting: list[bytes] = []
        self._out = arrow.parquet_writer(path)
        file.callback(self._out.close)

    def write(self, line: bytes) -> None:
        self._waiting.append(line)
        if len(self._waiting) == _ROW_GROUP:
            self.end()

    def end(self) -> None:
        if self._waiting:
            self._out.write_table(self._columns_of(self._waiting))
            self._waiting = []


class Sheets(RecordFiles):
    """`data/csv/<year>.csv`."""

    def name(self, year: str) -> str:
        return f"data/csv/{year}.csv"

    def begin(self, path: Path, file: contextlib.ExitStack) -> None:
        self._out = file.enter_context(path.open("wb"))
        self._out.write(sheet.BOM + sheet.row(sheet.COLUMNS))

    def write(self, line: bytes) -> None:
        self._out.write(sheet.record_row(from_json(line)))


def record_files(folder: Path, options: Options) -> list[RecordFiles]:
    """A writer for each format."""
    made: dict[str, RecordFiles] = {
        "jsonl": JsonLines(folder, options.compression),
        "parquet": ParquetFiles(folder),
        "csv": Sheets(folder),
    }
    return [made[name] for name in options.formats]


@dataclass
class Table:
    """A flat table below `graph/`, in each format of the dump. `row` is the dataclass of its rows."""

    folder: Path
    name: str
    row: type
    options: Options
    _file: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _count: int = 0

    def __enter__(self) -> Self:
        (self.folder / "graph").mkdir(parents=True, exist_ok=True)
        self._paths = {
            "jsonl": f"graph/{self.name}.jsonl{COMPRESSIONS[self.options.compression]}",
            "parquet": f"graph/{self.name}.parquet",
            "csv": f"graph/{self.name}.csv",
        }
        self._waiting: list[Any] = []
        try:
            self._open()
        except BaseException:  # what fails here is not left again
            self.__exit__(*sys.exc_info())
            raise
        return self

    def _open(self) -> None:
        chosen = self.options.formats
        if "jsonl" in chosen:
            self._lines = self._file.enter_context(packed(self.folder / self._paths["jsonl"], self.options.compression))
        if "parquet" in chosen:
            from archive import arrow  # noqa: PLC0415

            self._parquet, self._schema = arrow.plain_parquet_writer(self.folder / self._paths["parquet"], self.row)
            self._file.callback(self._parquet.close)
        if "csv" in chosen:
            self._csv = self._file.enter_context((self.folder / self._paths["csv"]).open("wb"))
            self._csv.write(sheet.BOM + sheet.row(each.name for each in fields(self.row)))

    def put(self, row: Any) -> None:
        """Append a row."""
        self._count += 1
        if "jsonl" in self.options.formats:
            self._lines.write(msgspec.json.encode(row) + b"\n")
        if "csv" in self.options.formats:
            self._csv.write(sheet.row(astuple(row)))
        if "parquet" in self.options.formats:
            self._waiting.append(row)
            if len(self._waiting) == _ROWS:
                self._flush()

    def _flush(self) -> None:
        import pyarrow as pa  # noqa: PLC0415

        rows, self._waiting = msgspec.to_builtins(self._waiting), []
        self._parquet.write_batch(pa.RecordBatch.from_pylist(rows, self._schema))

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            with contextlib.suppress(Exception):
                self._file.close()
            return
        with _closed(self._file):
            if self._waiting:
                self._flush()

    @property
    def files(self) -> list[DumpFile]:
        """The entries of the complete files."""
        return [described(self.folder, self._paths[name], self._count) for name in self.options.formats]
