"""Records as CSV for spreadsheets: UTF-8 with a byte order mark, and no cell that would be computed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from archive.record import NewsRecord

BOM = b"\xef\xbb\xbf"
"""Without it Excel takes UTF-8 for something else."""

COLUMNS = (
    "id url published published_jalali organisation office province kind title kicker lead body authors categories "
    "tags status revision first_seen last_seen captured payload_digest warc offset"
).split()
"""The columns of a CSV file: what fits into a cell. Several values of one cell have ` | ` between them."""

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def csv_file(records: Iterable[NewsRecord]) -> Iterator[bytes]:
    """The bytes of a CSV file, a piece at a time."""
    yield BOM + row(COLUMNS)
    for record in records:
        yield record_row(record)


def record_row(record: NewsRecord) -> bytes:
    """The line of a record."""
    return row([_cell(record, column) for column in COLUMNS])


def row(cells: Iterable[object]) -> bytes:
    """One line of CSV. A text that begins like a formula gets an apostrophe, and nothing is None."""
    out = io.StringIO()
    csv.writer(out).writerow([_safe(cell) for cell in cells])
    return out.getvalue().encode()


def _cell(record: NewsRecord, column: str) -> object:
    capture = record.capture
    if column == "captured":
        return capture and capture.fetched
    if column in {"payload_digest", "warc", "offset"}:
        return capture and getattr(capture, column)
    value = getattr(record, column)
    return " | ".join(value) if isinstance(value, list) else value


def _safe(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return "'" + cell  # a spreadsheet would compute it
    return "" if cell is None else cell
