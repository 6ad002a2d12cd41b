"""Verbs of the archivist who keeps: check, make anew, take in, replay, pack."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from archive.collection import open_collection
from archive.errors import CollectionError, UsageError
from scraper import console
from scraper.verbs.common import DEFAULT, Collection, Json, OfficesFile


def verify(
    deep: Annotated[bool, typer.Option("--deep", help="Extract every item page again, too, and compare.")] = False,
    collection: Collection = DEFAULT,
    json: Json = False,
) -> None:
    """Check that everything kept is still as it was written."""
    from archive.fixity import verify as check  # noqa: PLC0415
    from archive.warc import warc_files  # noqa: PLC0415
    from scraper.deepcheck import deep_check  # noqa: PLC0415

    opened = open_collection(collection)
    size = sum(p.stat().st_size for p in warc_files(opened.root))
    with console.progress("Verifying", size * (1 + deep), unit="bytes") as advance:
        try:
            result = check(opened, advance)
            compared = deep_check(opened, advance) if deep else None
        except (TypeError, sqlite3.Error) as error:  # a column that holds what it never does
            raise CollectionError(
                f"The catalogue {opened.catalogue.path} is damaged and cannot be compared ({error}). "
                "The WARC files are what counts: `bayegan rebuild` makes it anew from them, then verify again."
            ) from error
        if compared:
            result.faults = sorted({*result.faults, *compared.faults})
            result.notes = sorted(result.notes + compared.notes)
    console.print_json(console.plain(result)) if json else console.show_verification(result)
    raise typer.Exit(1 if result.faults else 0)


def rebuild(
    without_missing: Annotated[
        bool,
        typer.Option(
            "--without-missing", help="Go on without WARC files that the old catalogue knows and that are gone."
        ),
    ] = False,
    collection: Collection = DEFAULT,
    json: Json = False,
) -> None:
    """Make catalogue and search index anew from the WARC files."""
    from archive.warc import warc_files  # noqa: PLC0415
    from scraper.rebuild import rebuild as again  # noqa: PLC0415

    with console.progress("Rebuilding", sum(p.stat().st_size for p in warc_files(collection)), unit="bytes") as advance:
        result = again(collection, advance, without_missing=without_missing)
    console.print_json(console.plain(result)) if json else console.show_rebuilt(result)
    raise typer.Exit(4 if result.damaged or result.lost.files else 0)


def import_(
    files: Annotated[list[Path], typer.Argument(help="WARC files (plain or gzip) or WACZ files.")],
    offices: OfficesFile = None,
    collection: Collection = DEFAULT,
    json: Json = False,
) -> None:
    """Take in the news pages of WARC files that other programs wrote."""
    import settings  # noqa: PLC0415
    from archive.offices import load_offices  # noqa: PLC0415
    from scraper.foreign import import_files  # noqa: PLC0415

    if missing := [str(file) for file in files if not file.is_file()]:
        raise UsageError(f"{', '.join(missing)} is not a file. Name WARC or WACZ files that exist.")
    known = load_offices(offices or console.BUILTIN_OFFICES)
    with console.progress("Importing", sum(f.stat().st_size for f in files), unit="bytes") as advance:
        result = import_files(collection, files, known, settings.BAYEGAN_OPERATOR, advance)
    console.print_json(console.plain(result)) if json else console.show_imported(result)
    raise typer.Exit(4 if result.malformed else 0 if result.responses else 3)


def replay(
    collection: Collection = DEFAULT,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8610,
) -> None:
    """Serve the WARC files through pywb, on this machine only."""
    import subprocess  # noqa: PLC0415
    import tempfile  # noqa: PLC0415

    from archive import pywb  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="bayegan-replay-") as folder:
        line = pywb.command(Path(folder), port)
        files = pywb.prepare(open_collection(collection).root, Path(folder))
        console.say(f"{files} WARC files at http://127.0.0.1:{port}/{pywb.NAME}/ until Ctrl-C")
        with contextlib.suppress(KeyboardInterrupt):
            raise typer.Exit(subprocess.run(line, check=False).returncode)  # noqa: S603 - our own words


def pack(
    file: Annotated[Path, typer.Argument(metavar="FILE.wacz", help="A file that does not exist yet.")],
    query: Annotated[str, typer.Option("--query", help="Items that a search finds.")] = "",
    office: Annotated[list[str] | None, typer.Option("--office", help="Items of this office; may be repeated.")] = None,
    since: Annotated[str, typer.Option("--since", help="First day of publication, Jalali or Gregorian.")] = "",
    until: Annotated[str, typer.Option("--until", help="Last day of publication.")] = "",
    collection: Collection = DEFAULT,
    json: Json = False,
) -> None:
    """Pack items with their captures into one WACZ file, for replay and for other archives."""
    from archive.selection import Selection, first_day, last_day  # noqa: PLC0415
    from archive.wacz import pack as write  # noqa: PLC0415

    selection = Selection(query, tuple(office or ()), since=first_day(since), until=last_day(until))
    opened = open_collection(collection)
    with console.progress("Packing", None) as advance:
        packed = write(opened, file, selection, advance)
    console.print_json(console.plain(packed)) if json else console.show_packed(packed)
