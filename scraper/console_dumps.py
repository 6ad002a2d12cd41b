"""How dumps and what is wrong with them look on a terminal."""

from __future__ import annotations

from pathlib import Path

from archive.dump.check import Checked
from archive.dump.options import Manifest
from scraper import console
from scraper.console import escape


def show_dump(dest: Path, manifest: Manifest) -> None:
    """What a dump wrote."""
    for file in manifest.files:
        rows = (
            "" if file.records is None else f"  {file.records} {'rows' if '/records' not in file.path else 'records'}"
        )
        console.write(escape(f"{file.path}  {console.size(file.bytes)}{rows}"))
    said = "records in" if manifest.kind == "full" else "records in the version that follows from"
    console.say(f"{manifest.records} {said} {dest}; its README.md says what is where and how to load it.")


def show_checked(checked: Checked) -> None:
    """Faults, one a line, and the sum."""
    for fault in checked.faults:
        console.write(escape(f"{fault.what}: {fault.path}: {fault.message}"))
    looked_at = f"{checked.files} files, {checked.records} records, {console.size(checked.bytes)}"
    if checked.captures:
        looked_at += f", {checked.captures} captures"
    if checked.faults:
        console.say(f"{len(checked.faults)} faults in {looked_at}. Take another copy of the dump, or make it anew.")
    else:
        console.say(f"{looked_at}: all as written.")
