"""Records as Arrow tables and Parquet files; the columns come from the one dataclass."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pyarrow as pa
import pyarrow.json as pa_json
import pyarrow.parquet as pq

from archive.errors import UsageError
from archive.record import KEYS, NewsRecord

MOMENT = "published_at"
"""The one column that is not in the JSON: `published` as a moment, so that files can be cut by time."""
_MOMENT_TYPE = pa.timestamp("s", tz="Asia/Tehran")
_FEW_VALUES = (
    "portal office organisation province province_source kind language status published_jalali "
    "extractor.dialect capture.warc"
).split()
_PARQUET: dict[str, Any] = {
    "version": "2.6",
    "data_page_version": "1.0",
    "compression": "zstd",
    "compression_level": 6,
}


def _arrow_type(hint: Any) -> pa.DataType:
    if hint in {str, int}:
        return pa.string() if hint is str else pa.int64()
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return pa.struct([pa.field(each.name, _arrow_type(hints[each.name])) for each in fields(hint)])
    if get_origin(hint) is list:
        return pa.list_(_arrow_type(get_args(hint)[0]))
    if get_origin(hint) is Literal:
        return pa.string()
    if get_origin(hint) in {Union, types.UnionType}:
        return _arrow_type(next(part for part in get_args(hint) if part is not types.NoneType))
    raise TypeError(hint)


def _schema() -> pa.Schema:
    hints = get_type_hints(NewsRecord)
    columns = [pa.field(key, _arrow_type(hints[key])) for key in KEYS]
    return pa.schema([*columns, pa.field(MOMENT, _MOMENT_TYPE)])


SCHEMA = _schema()
"""The columns of a record: the keys of its JSON, in order, with the same content, and `published_at`."""
_JSON = pa.schema(list(SCHEMA)[:-1])
_PUBLISHED = "published"


def table(lines: Iterable[bytes], columns: list[str] | None, batch: int) -> pa.Table:
    """Records, given as lines of JSON, as a table. Raises UsageError for a column that is none."""
    if unknown := set(columns or ()) - set(SCHEMA.names):
        raise UsageError(f"There is no column {', '.join(sorted(unknown))}. Columns are {', '.join(SCHEMA.names)}.")
    schema = pa.schema([SCHEMA.field(name) for name in columns or SCHEMA.names])
    parts = [columns_of(some).select(schema.names) for some in _batches(lines, batch)]
    return pa.concat_tables(parts) if parts else schema.empty_table()


def columns_of(lines: list[bytes]) -> pa.Table:
    """Records, given as lines of JSON, as columns. Arrow reads the JSON itself, in one block."""
    text = b"".join(lines)
    found = pa_json.read_json(
        pa.BufferReader(text),
        pa_json.ReadOptions(use_threads=False, block_size=len(text) + 1),
        pa_json.ParseOptions(explicit_schema=_JSON, unexpected_field_behavior="error"),
    )
    # Read as finely as it may be written, then cut to seconds.
    moments = found[_PUBLISHED].cast(pa.timestamp("us", tz="UTC")).cast(_MOMENT_TYPE, safe=False)
    return found.append_column(SCHEMA.field(MOMENT), moments)


def _batches(lines: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    waiting = iter(lines)
    while some := list(islice(waiting, size)):
        yield some


def parquet_writer(path: Path) -> pq.ParquetWriter:
    """A Parquet file of records. Every option that shapes its bytes is named, so that equal rows give equal files."""
    return pq.ParquetWriter(
        path,
        SCHEMA,
        use_dictionary=_FEW_VALUES,
        write_statistics=["id", "portal", "code", "published_jalali", MOMENT],
        sorting_columns=pq.SortingColumn.from_ordering(SCHEMA, [(MOMENT, "ascending")]),
        **_PARQUET,
    )


def plain_parquet_writer(path: Path, row: type) -> tuple[pq.ParquetWriter, pa.Schema]:
    """A Parquet file of flat dataclasses, and its columns."""
    hints = get_type_hints(row)
    schema = pa.schema([pa.field(each.name, _arrow_type(hints[each.name])) for each in fields(row)])
    return pq.ParquetWriter(path, schema, **_PARQUET), schema


def read_parquet(path: Path) -> Iterator[NewsRecord]:
    """The records of a Parquet file of ours, one row group in memory at a time. Raises pyarrow.ArrowException."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_READ, columns=KEYS):
            for row in batch.to_pylist():
                yield msgspec.convert(row, NewsRecord)


_READ = 1000
