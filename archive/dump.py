"""Dumps: the records as files that explain themselves. The same collection gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
import zstandard

from archive.collection import Collection
from archive.errors import UsageError
from archive.record import KEYS, NewsRecord, from_json, to_json

FORMATS = ("jsonl",)
_LEVEL = 10
UNDATED = "undated"


@dataclass(slots=True, frozen=True)
class DumpFile:
    """One file of a dump, as `manifest.json` lists it. `records` is null for files that hold none."""

    path: str
    bytes: int
    sha256: str
    records: int | None = None
    first: str | None = None
    last: str | None = None


def dump(
    collection: Collection, dest: Path, fmt: str = "jsonl", progress: Callable[[int], None] = lambda _: None
) -> list[DumpFile]:
    """Write every record below `dest`, which must not exist yet; all of the dump appears there or nothing.

    Raises UsageError for an unknown format or a `dest` that exists.
    """
    if fmt not in FORMATS:
        raise UsageError(f"There is no dump format «{fmt}». Choose one of: {', '.join(FORMATS)}.")
    if dest.exists():
        raise UsageError(f"{dest} exists already and is left alone. Name a folder that does not exist yet.")
    part = dest.with_name(f".{dest.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        files = [_write_jsonl(collection, part, year, progress) for year in _years(collection)]
        files.append(
            _write_text(
                part,
                "schema/record.schema.json",
                json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n",
            )
        )
        listing = {
            "format": fmt,
            "records": sum(f.records or 0 for f in files),
            "files": [asdict(f) for f in files],
        }
        manifest = _write_text(part, "manifest.json", json.dumps(listing, indent=1, ensure_ascii=False) + "\n")
        sums = "".join(f"{f.sha256}  {f.path}\n" for f in [*files, manifest])
        _write_text(part, "SHA256SUMS", sums)
        part.rename(dest)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return files


def json_schema() -> dict[str, object]:
    """JSON Schema 2020-12 of a record, from the dataclass."""
    schema = msgspec.json.schema(NewsRecord)
    definition = schema["$defs"]["NewsRecord"]
    definition["properties"] = {key: definition["properties"][key] for key in KEYS}
    definition["required"] = list(KEYS)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _years(collection: Collection) -> list[str]:
    rows = collection.catalogue.db.execute(
        "SELECT DISTINCT coalesce(substr(published_jalali, 1, 4), ?) FROM items ORDER BY 1", (UNDATED,)
    )
    return [year for (year,) in rows]


def _of_year(collection: Collection, year: str) -> Iterator[NewsRecord]:
    rows = collection.catalogue.db.execute(
        "SELECT record FROM items WHERE coalesce(substr(published_jalali, 1, 4), ?) = ?"
        " ORDER BY published, portal, length(code), code",
        (UNDATED, year),
    )
    for (body,) in rows:
        yield collection.catalogue.with_aliases(from_json(body))


def _write_jsonl(collection: Collection, part: Path, year: str, progress: Callable[[int], None]) -> DumpFile:
    name = f"data/jsonl/{year}.jsonl.zst"
    path = part / name
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    first: str | None = None
    last: str | None = None
    with path.open("wb") as raw, zstandard.ZstdCompressor(level=_LEVEL).stream_writer(raw) as out:
        for record in _of_year(collection, year):
            out.write(to_json(record) + b"\n")
            count += 1
            first, last = first or record.published, record.published
            progress(1)
    return DumpFile(name, path.stat().st_size, _sha256(path), count, first, last)


def _write_text(part: Path, name: str, text: str) -> DumpFile:
    path = part / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return DumpFile(name, path.stat().st_size, _sha256(path))


def _sha256(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
