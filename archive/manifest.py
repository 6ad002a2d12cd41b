"""Fixity manifests: beside every finished WARC file its SHA-256, in the form that `sha256sum -c` reads."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from archive import warc
from archive.cdxj import write_durably

SUFFIX = ".sha256"
_LINE = re.compile(r"([0-9a-f]{64})  ([^\n]+)\n")


def manifest_of(path: Path) -> Path:
    """Where the manifest of a WARC file is, finished or not: `NAME.warc.gz.sha256`."""
    return path.with_name(path.name.removesuffix(warc.OPEN_SUFFIX) + SUFFIX)


def seal(path: Path, sha256: str | None = None) -> Path:
    """Write the manifest of a WARC file beside it, whole or not at all, and durably. Returns where.

    The manifest of a finished file is kept if there is one: a new one would hide what happened to the file since.

    Args:
        sha256: its SHA-256, where whoever wrote the file knows it; else the file is read.
    """
    target = manifest_of(path)
    if path.name.endswith(warc.OPEN_SUFFIX) or not target.exists():
        write_durably(target, [f"{sha256 or sha256_of(path)}  {target.name.removesuffix(SUFFIX)}\n"])
    return target


def check(path: Path) -> Iterator[tuple[str, str]]:
    """One word and one sentence if a finished file has no manifest or is not the file that its manifest names."""
    target = manifest_of(path)
    try:
        text = target.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        yield "manifest-missing", f"the file has no manifest {target.name}; it got one when it was finished."
        return
    match = _LINE.fullmatch(text)
    if match is None or match[2] != path.name:
        yield "manifest-malformed", f"{target.name} does not give one SHA-256 of {path.name}."
    elif match[1] != sha256_of(path):
        yield "manifest-differs", f"the file is not the one of which {target.name} gives the SHA-256."


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
