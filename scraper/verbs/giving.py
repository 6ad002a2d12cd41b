"""Verbs of the analyst: dumps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive.collection import open_collection
from archive.errors import UsageError
from scraper import console
from scraper.verbs.common import DEFAULT, Collection, Json

Dest = Annotated[
    Path | None, typer.Argument(help="A folder that does not exist yet; dumps/<version>/ of the collection.")
]
Format = Annotated[
    list[str] | None, typer.Option("--format", help="jsonl, parquet, csv or all; may be repeated.  [default: jsonl]")
]
Compression = Annotated[str, typer.Option("--compression", help="Of JSON lines: zstd, gzip or none.")]
Query = Annotated[str, typer.Option("--query", help="Items that a search finds.")]
Offices = Annotated[list[str] | None, typer.Option("--office", help="Items of this office; may be repeated.")]
Provinces = Annotated[list[str] | None, typer.Option("--province", help="Items about this province; may be repeated.")]
Organisations = Annotated[list[str] | None, typer.Option("--organisation", help="welfare or endowment.")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="news, photo, video …; may be repeated.")]
Since = Annotated[str, typer.Option("--since", help="First day of publication, Jalali or Gregorian.")]
Until = Annotated[str, typer.Option("--until", help="Last day of publication.")]
Html = Annotated[bool, typer.Option("--html/--no-html", help="With or without body_html.")]
Base = Annotated[Path | None, typer.Option("--since-version", help="Only what changed since this full dump.")]
Keep = Annotated[int | None, typer.Option("--keep", min=1, help="Versions to keep in the collection.")]


def dump(
    dest: Dest = None,
    format: Format = None,  # noqa: A002
    compression: Compression = "zstd",
    query: Query = "",
    office: Offices = None,
    province: Provinces = None,
    organisation: Organisations = None,
    kind: Kinds = None,
    since: Since = "",
    until: Until = "",
    html: Html = True,
    since_version: Base = None,
    keep: Keep = None,
    collection: Collection = DEFAULT,
    json: Json = False,
) -> None:
    """Write records as files for analysis, with all that explains and proves them."""
    from archive.dump.delta import write_delta  # noqa: PLC0415
    from archive.dump.options import Options, options_of  # noqa: PLC0415
    from archive.dump.versions import dump_version  # noqa: PLC0415
    from archive.dump.write import dump as write  # noqa: PLC0415
    from archive.selection import Selection, first_day, last_day  # noqa: PLC0415
    from scraper.console_dumps import show_dump  # noqa: PLC0415

    lists = {"offices": office, "provinces": province, "organisations": organisation, "kinds": kind}
    named = {name: tuple(values or ()) for name, values in lists.items()}
    selection = Selection(query, **named, since=first_day(since), until=last_day(until))
    options = options_of(format or ("jsonl",), compression, html, selection)
    if since_version and (dest is None or options != Options()):
        raise UsageError("--since-version needs a DEST and takes all other options from the version it names.")
    if keep is not None and dest is not None:
        raise UsageError("--keep is about the versions in the collection. Leave DEST out, or leave --keep out.")
    opened = open_collection(collection)
    with console.progress("Dumping", None if options.selection.asked() else opened.catalogue.count()) as advance:
        if dest is None:
            dest, manifest = dump_version(opened, options, keep, advance)
        elif since_version:
            manifest = write_delta(opened, since_version, dest, advance)
        else:
            manifest = write(opened, dest, options, advance)
    console.print_json(console.plain(manifest)) if json else show_dump(dest, manifest)


def fold_dump(
    dest: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    base: Annotated[Path, typer.Argument(help="A full dump with JSON lines.")],
    deltas: Annotated[list[Path], typer.Argument(help="What `dump --since-version` wrote, oldest first.")],
    json: Json = False,
) -> None:
    """Make the newer full dump of an older one and the deltas since, byte for byte."""
    from archive.dump.delta import fold  # noqa: PLC0415
    from scraper.console_dumps import show_dump  # noqa: PLC0415

    with console.progress("Folding", None) as advance:
        manifest = fold(base, deltas, dest, advance)
    console.print_json(console.plain(manifest)) if json else show_dump(dest, manifest)


def verify_dump(
    folder: Annotated[Path, typer.Argument(help="A folder that `dump` wrote.")],
    collection: Annotated[
        Path | None, typer.Option("--collection", help="Hold each record against its capture in this collection.")
    ] = None,
    json: Json = False,
) -> None:
    """Check a dump: files, schema, counts and, given the collection, each record against its capture."""
    from archive.dump.check import verify_dump as check  # noqa: PLC0415
    from archive.dump.options import read_manifest  # noqa: PLC0415
    from scraper.console_dumps import show_checked  # noqa: PLC0415

    opened = open_collection(collection) if collection else None
    total = sum(file.bytes for file in read_manifest(folder).files)
    with console.progress("Verifying", total, unit="bytes") as advance:
        checked = check(folder, opened, advance)
    console.print_json(console.plain(checked)) if json else show_checked(checked)
    raise typer.Exit(1 if checked.faults else 0)
