"""The files of a dump that explain it: README, citation, schema, and the descriptions that programs read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from archive.coverage import Month
from archive.dump import packages
from archive.dump.loading import loaders
from archive.dump.options import COMPRESSIONS, Manifest
from archive.names import office_name
from archive.record import json_schema

SCHEMA = "schema/record.schema.json"
TITLE = "News of Iran's provincial welfare and endowment offices"
RIGHTS = (
    "The archived news belongs to the offices that published it. It is given out for research, journalism and "
    "preservation; this dump grants no further rights."
)
_ABOUT = (
    "Press releases and news as the provincial offices of welfare (بهزیستی) and endowment (اوقاف) published them, "
    "one record an item, made by Bayegan from captures of their pages. Text is as published: half-spaces (U+200C), "
    "Arabic letters and digits are untouched."
)
_CHECKING = (
    "`sha256sum -c SHA256SUMS` checks the files. `bayegan verify-dump .` checks the records, too; with "
    "`--collection DIR` it holds each against the capture it was read from. Every record names its capture: WARC "
    "file, offset, length and digest."
)

Counts = Counter[tuple[str | None, str]]
"""Records by office and Jalali year; the empty year stands for no date."""


def describing(manifest: Manifest, counts: Counts) -> Iterator[tuple[str, str]]:
    """Name and text of each describing file; `manifest` lists the data files."""
    yield SCHEMA, _json(json_schema())
    yield "datapackage.json", _json(packages.datapackage(manifest, TITLE, RIGHTS))
    yield "croissant.json", _json(packages.croissant(manifest, TITLE, RIGHTS))
    yield "CITATION.cff", _citation(manifest)
    yield "README.md", _readme(manifest, counts)


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _citation(manifest: Manifest) -> str:
    lines = [
        "cff-version: 1.2.0",
        "message: If you use this dump, please cite it, and the items themselves by their news code and capture.",
        "type: dataset",
        f'title: "{TITLE}"',
        "authors:",
        "  - name: Keepers of this Bayegan collection",
        f"version: {manifest.content[:16]}",
        f"abstract: {manifest.records} records, made with Bayegan. {RIGHTS}",
    ]
    if manifest.newest:
        lines.append(f"date-released: {manifest.newest[:10]}")
    return "\n".join(lines) + "\n"


def _readme(manifest: Manifest, counts: Counts) -> str:
    spans = [f.first for f in manifest.files if f.first] + [f.last for f in manifest.files if f.last]
    facts = [
        ("records", str(manifest.records)),
        ("published", f"{min(spans)} to {max(spans)}" if spans else "no item has a date"),
        ("newest capture", manifest.newest or "none"),
        ("selection", manifest.options.selection.title()),
        ("formats", ", ".join(manifest.options.formats)),
        ("content (SHA-256 of all records as JSON lines)", f"`{manifest.content}`"),
    ]
    parts = [
        f"# {TITLE}",
        _ABOUT,
        _table(("Fact", "Value"), facts),
        "## What is in which file?",
        _files(manifest),
        "## How is it loaded?",
        "The lines are to be run in this folder. Bayegan's tests run them on a dump like this one.",
        *_loading(manifest),
        "## What does a field mean?",
        _dictionary(),
        "## How many records are there, by office and year?",
        _counts(counts),
        "## What is known to be missing?",
        _gaps(manifest.gaps),
        "## How is it checked?",
        _CHECKING,
        "## Licence and citation",
        RIGHTS + " Cite the dump by `CITATION.cff`, and an item by its address, news code, `capture.fetched` and "
        "`capture.payload_digest`.",
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _files(manifest: Manifest) -> str:
    suffix = COMPRESSIONS[manifest.options.compression]
    formats = {
        "jsonl": (f"`data/jsonl/<Jalali year>.jsonl{suffix}`", "one record a line, all fields, nulls kept"),
        "parquet": (
            "`data/parquet/jyear=<Jalali year>/records.parquet`",
            "the same fields, and `published_at`: `published` as a moment; rows ascend by it",
        ),
        "csv": ("`data/csv/<Jalali year>.csv`", "for spreadsheets: the fields that fit into a cell"),
    }
    rows = [formats[name] for name in manifest.options.formats]
    rows += [
        ("`graph/links.*`", "every link in a body: item, position, address, and the item it leads to if we hold it"),
        ("`graph/stories.*`", "items that tell what other offices tell, too: item, and the item that told it first"),
        (f"`{SCHEMA}`", "JSON Schema (2020-12) of a record"),
        ("`datapackage.json`, `croissant.json`", "the same for programs: Data Package v2, Croissant 1.0"),
        ("`manifest.json`, `SHA256SUMS`", "every file with bytes, SHA-256, records and span of time"),
    ]
    return _table(("File", "Content"), rows) + (
        "\n\nItems without a visible date are in `undated` (Parquet: `jyear` is 0). The order of records is that of "
        "publication."
    )


def _loading(manifest: Manifest) -> Iterator[str]:
    for each in loaders(manifest.options):
        note = f" ({each.note})" if each.note else ""
        yield f"{each.tool}, from {each.format}{note}:\n\n```{each.language}\n{each.code}\n```"


def _dictionary() -> str:
    definitions = json_schema()["$defs"]
    rows = [*_fields(definitions, "NewsRecord", "")]
    return _table(("Field", "Type", "Meaning", "Unit", "Source"), rows)


def _fields(definitions: dict[str, Any], name: str, prefix: str) -> Iterator[tuple[str, ...]]:
    for key, said in definitions[name]["properties"].items():
        kind, inner = type_of(said)
        yield f"`{prefix}{key}`", kind, said["description"], said.get("x-unit", ""), said["x-source"]
        if inner:
            yield from _fields(definitions, inner, f"{prefix}{key}{'[]' if kind.startswith('list') else ''}.")


def type_of(said: dict[str, Any]) -> tuple[str, str | None]:
    """A type in words, and the definition it refers to."""
    if "anyOf" in said:
        kind, inner = type_of(said["anyOf"][0])
        return f"{kind} or null", inner
    if "$ref" in said:
        return "object", said["$ref"].rpartition("/")[2]
    if said.get("type") == "array":
        kind, inner = type_of(said["items"])
        return f"list of {kind}s", inner
    return said.get("type", "string"), None


def _counts(counts: Counts) -> str:
    years = sorted({year for _, year in counts}, key=lambda year: (not year, year))
    offices = sorted({office for office, _ in counts}, key=lambda office: (office is None, office or ""))
    rows = []
    for office in offices:
        name = f"{office_name(office, 'fa')} (`{office}`)" if office else "unknown"
        rows.append((name, *(str(counts[office, year] or "") for year in years), _sum(counts, office=office)))
    rows.append(("all", *(_sum(counts, year=year) for year in years), str(counts.total())))
    return _table(("Office", *(year or "no date" for year in years), "All"), rows)


def _sum(counts: Counts, **wanted: str | None) -> str:
    return str(sum(n for (office, year), n in counts.items() if wanted in ({"office": office}, {"year": year})))


def _gaps(gaps: list[Month]) -> str:
    if not gaps:
        return (
            "Nothing is listed. That does not prove that everything is there: only what a listing named can be missed."
        )
    rows = [(gap.office, gap.month or "no date", str(gap.listed), str(gap.recorded)) for gap in gaps]
    return _table(("Office", "Month", "Named by its listings", "In the collection"), rows)


def delta_readme(manifest: Manifest, counts: dict[str, int]) -> str:
    """The README of a delta."""
    files = [
        ("`delta/upserts.*`", str(counts["upserts"]), "records that are new or differ, whole"),
        ("`delta/tombstones.*`", str(counts["tombstones"]), "ids of records that are no longer there"),
        ("`delta/links.*`", str(counts["links"]), "the links of all items, anew"),
        ("`delta/stories.*`", str(counts["stories"]), "the stories of all items, anew"),
    ]
    return (
        f"# Changes to: {TITLE}\n\n"
        f"What leads from the version with the content `{manifest.base}` to the one with `{manifest.content}`.\n\n"
        f"{_table(('File', 'Rows', 'Content'), files)}\n\n"
        "`bayegan fold-dump DEST BASE DELTA…` makes the newer version of the older, byte for byte. By hand: take out "
        "the records with an id in tombstones or upserts, and put the upserts in.\n"
    )
