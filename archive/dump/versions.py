"""The versions of a dump that a collection keeps: named by their newest capture and content, pruned by number."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import shutil
from pathlib import Path

from archive.collection import Collection
from archive.dump.options import MANIFEST, Manifest, Options
from archive.dump.write import Progress, reading, whole_or_nothing, write_version
from archive.errors import UsageError

_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


def dump_version(
    collection: Collection, options: Options, keep: int | None = None, progress: Progress = lambda _: None
) -> tuple[Path, Manifest]:
    """Write a dump to `dumps/<version>/` of the collection, then remove all but the `keep` newest versions.

    The name is made of the newest capture in it and of its content, so that an unchanged collection gives no second
    version. Raises as `dump` does.
    """
    folder = collection.root / "dumps"
    with whole_or_nothing(folder / "next") as part, reading(collection, options) as content:
        manifest = write_version(part.folder, content, options, progress)
        part.dest = folder / _name(part.folder, manifest)
    if keep is not None:
        prune(folder, keep, part.dest)
    return part.dest, manifest


def prune(folder: Path, keep: int, newest: Path | None = None) -> list[Path]:
    """Remove all but the `keep` newest versions in a folder; `newest` counts as such. Returns what was removed.

    Only folders named like versions are touched. Raises UsageError for a `keep` below 1.
    """
    if keep < 1:
        raise UsageError(f"{keep} versions cannot be kept. Keep at least 1.")
    versions = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and (path / MANIFEST).exists())
    versions.sort(key=lambda path: path == newest)
    removed = versions[:-keep]
    for path in removed:
        # Under a name that is no version's first: one that is half removed must not be taken for a whole one.
        shutil.rmtree(path.rename(path.with_name(f".{path.name}.part")))
    return removed


def _name(folder: Path, manifest: Manifest) -> str:
    stamp = "00000000T000000Z"
    if manifest.newest:
        stamp = dt.datetime.fromisoformat(manifest.newest).astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{stamp}-{hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()[:8]}"
