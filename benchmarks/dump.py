"""How fast dumps are written and read, against msgspec and pyarrow doing the same with rows in memory; and the memory.

    python -m benchmarks.dump [records]                      speed; 20,000 records unless given
    python -m benchmarks.dump --memory 20000 1000000         peak memory of a dump in all formats, a process each

Speed is in CPU time, so that ratios hold on a busy machine. MB are those of the JSON lines before compression.
The texts are those of `benchmarks.made_up`; 4,000 take turns.
"""

from __future__ import annotations

import argparse
import datetime as dt
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from archive import arrow
from archive.catalogue import Catalogue
from archive.collection import CATALOGUE, Collection, open_collection
from archive.dump.files import packed, unpacked
from archive.dump.options import FORMATS, Options
from archive.dump.write import dump
from archive.jalali import TEHRAN, jalali_text
from archive.record import Capture, Extractor, NewsRecord, from_json, to_dict, to_json
from archive.search import index
from benchmarks import made_up

TEXTS = 4_000
FIRST = dt.datetime(2008, 4, 1, tzinfo=TEHRAN)
REPEATS = 3
ROW_GROUP = 4_000


def made(count: int) -> Iterator[NewsRecord]:
    """Records in order of publication, one every ten minutes."""
    texts = [text for text, _ in made_up.records(min(count, TEXTS))]
    for number in range(count):
        moment = FIRST + dt.timedelta(minutes=10 * number)
        published = moment.isoformat()
        yield replace(
            texts[number % len(texts)],
            id=f"p:{number}",
            code=str(number),
            url=f"https://p.ir/news/{number}",
            office="behzisti-qom",
            published=published,
            published_jalali=jalali_text(moment.date()),
            first_seen=published,
            last_seen=published,
            content_sha256="0" * 64,
            capture=Capture(
                "warc/x.warc.gz", number * 9000, 9000, f"urn:uuid:{number}", "sha256:A", published, 200, None
            ),
            extractor=Extractor("nastooh", 1),
        )


def collection_of(folder: Path, count: int) -> Collection:
    """A catalogue with records; without search terms, which a dump does not read."""
    catalogue = Catalogue(folder / CATALOGUE, write=True)
    catalogue.db.execute("PRAGMA synchronous = OFF")
    columns = [row[1] for row in catalogue.db.execute("PRAGMA table_info(items)")]
    catalogue.begin()
    for number, record in enumerate(made(count)):
        values = {
            **{name: getattr(record, name) for name in columns if hasattr(record, name)},
            "docid": index.rowid_base(record.published) + number % 1000,
            "record": to_json(record),
            "checked": record.last_seen,
            "missed": 0,
        }
        marks = ",".join("?" * len(columns))
        catalogue.db.execute(f"INSERT INTO items VALUES ({marks})", [values[name] for name in columns])
        catalogue.note_address(record.id, record.url)
    catalogue.commit()
    catalogue.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    catalogue.close()
    return open_collection(folder)


def cpu(*calls: Callable[[], object]) -> list[float]:
    """The least CPU time of some tries of each, taking turns after a first one that warms up.

    Of a call that measures itself, what it says.
    """
    took: list[list[float]] = [[] for _ in calls]
    for _ in range(REPEATS + 1):
        for call, tries in zip(calls, took, strict=True):
            began = time.process_time()
            said = call()
            tries.append(said if isinstance(said, float) else time.process_time() - began)
    return [min(tries[1:]) for tries in took]


def compare(what: str, count: int, size: int, ours: float, limit: float) -> None:
    print(
        f"{what:16} {count / ours:9.0f} records/s {size / ours / 1e6:7.0f} MB/s   "
        f"limit {count / limit:9.0f} records/s {size / limit / 1e6:7.0f} MB/s   ratio {limit / ours:.2f}"
    )


def speed(count: int) -> None:
    rows = list(made(count))
    size = sum(len(to_json(row)) + 1 for row in rows)
    print(f"{count} records, {size / 1e6:.0f} MB of JSON")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        collection = collection_of(folder, count)
        numbers = iter(range(1000))
        for fmt, limit in (("jsonl", write_lines), ("parquet", write_columns)):
            times = cpu(
                lambda fmt=fmt: dump(collection, folder / f"{fmt}{next(numbers)}", Options((fmt,))),
                lambda limit=limit: limit(folder, rows),
            )
            compare(f"write {fmt}", count, size, *times)
        lines, columns = next(folder.glob("jsonl*")), next(folder.glob("parquet*")) / "data/parquet"
        compare("read jsonl", count, size, *cpu(lambda: read_lines(lines), lambda: read_lines_at_once(folder)))
        limit_file = folder / "limit.parquet"
        compare("read parquet", count, size, *cpu(lambda: pq.read_table(columns), lambda: pq.read_table(limit_file)))


def write_lines(folder: Path, rows: list[NewsRecord]) -> None:
    """The limit: msgspec, zstd, and nothing else."""
    with packed(folder / "limit.jsonl.zst", "zstd") as out:
        for row in rows:
            out.write(to_json(row) + b"\n")


def write_columns(folder: Path, rows: list[NewsRecord]) -> float:
    """The limit: pyarrow with the same options, and rows that are Python's own types already."""
    plain = [to_dict(row) for row in rows]
    moments = [dt.datetime.fromisoformat(row.published) for row in rows]
    began = time.process_time()
    with arrow.parquet_writer(folder / "limit.parquet") as out:
        for at in range(0, len(rows), ROW_GROUP):
            part = [
                {**row, arrow.MOMENT: at}
                for row, at in zip(plain[at : at + ROW_GROUP], moments[at : at + ROW_GROUP], strict=True)
            ]
            out.write_table(pa.Table.from_pylist(part, arrow.SCHEMA))
    return time.process_time() - began


def read_lines(folder: Path) -> None:
    for path in sorted(folder.glob("data/jsonl/*")):
        for line in unpacked(path):
            from_json(line)


def read_lines_at_once(folder: Path) -> None:
    """The limit: unpacked in memory at once."""
    decoder = msgspec.json.Decoder(NewsRecord)
    data = zstandard.ZstdDecompressor().stream_reader((folder / "limit.jsonl.zst").read_bytes()).read()
    for line in data.splitlines():
        decoder.decode(line)


def peak(count: int, folder: str) -> None:
    collection = open_collection(Path(folder))
    began = time.perf_counter()
    dump(collection, Path(folder) / "dump", Options(FORMATS))
    took = time.perf_counter() - began
    print(
        f"{count:9} records in all formats: {took:7.0f} s, "
        f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("records", nargs="?", type=int, default=20_000)
    arguments.add_argument("--memory", nargs="+", type=int, default=[], help="peak memory at these numbers instead")
    options = arguments.parse_args()
    if not options.memory:
        speed(options.records)
    for count in options.memory:
        with tempfile.TemporaryDirectory() as folder:
            collection_of(Path(folder), count).close()
            child = multiprocessing.get_context("spawn").Process(target=peak, args=(count, folder))
            child.start()
            child.join()


if __name__ == "__main__":
    main()
