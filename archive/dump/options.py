"""What a dump holds and in which formats; and its manifest, which says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from archive.coverage import Month
from archive.errors import CollectionError, NothingFoundError, UsageError
from archive.selection import Selection

FORMATS = ("jsonl", "parquet", "csv")
COMPRESSIONS = {"zstd": ".zst", "gzip": ".gz", "none": ""}
"""How JSON lines are packed, and the suffix of such a file. Parquet packs itself; spreadsheets open only plain CSV."""

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"

Compression = Literal["zstd", "gzip", "none"]


@dataclass(slots=True, frozen=True)
class Options:
    """What a dump holds. `html`: whether `body_html` is kept; without it the field is null."""

    formats: tuple[str, ...] = ("jsonl",)
    compression: Compression = "zstd"
    html: bool = True
    selection: Selection = field(default_factory=Selection)


def options_of(formats: Sequence[str], compression: str, html: bool, selection: Selection) -> Options:
    """Options as a person names them; `formats` are of `FORMATS`, or `all`. Raises UsageError."""
    if unknown := sorted({*formats} - {*FORMATS, "all"}):
        raise UsageError(f"There is no dump format «{', '.join(unknown)}». Choose of: {', '.join(FORMATS)}, all.")
    # In one order, whatever the order in which they are named: the same options give the same bytes.
    chosen = tuple(name for name in FORMATS if name in formats or "all" in formats)
    if compression not in COMPRESSIONS:
        raise UsageError(f"There is no compression «{compression}». Choose one of: {', '.join(COMPRESSIONS)}.")
    return Options(chosen, compression, html, selection)  # type: ignore[arg-type]  # one of COMPRESSIONS


@dataclass(slots=True, frozen=True)
class DumpFile:
    """One file of a dump, as `manifest.json` lists it. `records` is null for files that hold none."""

    path: str
    bytes: int
    sha256: str
    records: int | None = None
    first: str | None = None
    last: str | None = None


@dataclass(slots=True)
class Manifest:
    """`manifest.json`. `content` is the SHA-256 of all records as JSON lines in order: equal means equal records.

    `gaps` are the months of offices in which listings name items that the collection lacks.
    A delta has `base`, the content of the version it begins from; its own content is that of the version it leads to.
    """

    kind: Literal["full", "delta"]
    options: Options
    records: int
    content: str
    newest: str | None
    files: list[DumpFile]
    base: str | None = None
    gaps: list[Month] = field(default_factory=list)


def manifest_text(manifest: Manifest) -> str:
    """The manifest as indented JSON; conditions that were not given are left out."""
    plain = msgspec.to_builtins(manifest)
    plain["options"]["selection"] = msgspec.to_builtins(manifest.options.selection.asked())
    return msgspec.json.format(msgspec.json.encode(plain), indent=1).decode() + "\n"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a dump.

    Raises NothingFoundError when there is none, UsageError for a file, CollectionError when it cannot be read.
    """
    path = folder / MANIFEST
    if folder.is_file():
        raise UsageError(f"{folder} is a file. Name the folder that `bayegan dump` wrote, with {MANIFEST} in it.")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise NothingFoundError(
            f"There is no dump in {folder}: it has no {MANIFEST}. Name a folder that `bayegan dump` wrote."
        ) from None
    except (OSError, msgspec.DecodeError) as error:
        raise CollectionError(
            f"{path} is not the manifest of a dump: {error}. Take another copy of the dump."
        ) from error
