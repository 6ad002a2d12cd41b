"""Verbs of the analyst: dumps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.collection import open_collection
from scraper import console
from scraper.verbs.common import DEFAULT, Collection


def dump(
    dest: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    format: Annotated[str, typer.Option("--format", help="jsonl")] = "jsonl",  # noqa: A002
    collection: Collection = DEFAULT,
) -> None:
    """Write every record as files for analysis."""
    from archive.dump import dump as write  # noqa: PLC0415

    opened = open_collection(collection)
    with console.progress("Dumping", opened.catalogue.count()) as advance:
        files = write(opened, dest, format, advance)
    console.show_dump(dest, files)
