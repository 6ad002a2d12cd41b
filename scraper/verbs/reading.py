"""Verbs of the journalist: search, read, compare, serve."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from archive.collection import open_collection
from archive.errors import NothingFoundError, UsageError
from scraper import console
from scraper.verbs.common import DEFAULT, Collection, Json


def search(
    query: Annotated[str, typer.Argument(help='Words, "phrase", -not, OR, title:, province:, from:1402-01 …')],
    sort: Annotated[Literal["date", "relevance"], typer.Option(help="Order of the hits.")] = "date",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Hits to print.")] = 10,
    offset: Annotated[int, typer.Option(min=0, max=10_000_000, help="Hits to leave out before them.")] = 0,
    facets: Annotated[bool, typer.Option("--facets", help="How all hits spread over places, kinds and years.")] = False,
    fold: Annotated[
        bool | None,
        typer.Option("--fold/--unfold", help="Show a story that several offices tell once; --json shows all of them."),
    ] = None,
    bidi: Annotated[
        Literal["auto", "on", "off"],
        typer.Option(help="Lay out right-to-left lines here: for terminals that put Persian down from left to right."),
    ] = "auto",
    collection: Collection = DEFAULT,
    json: Json = False,
) -> None:
    """Search the records."""
    if query.startswith("--"):
        raise UsageError(f"There is no option «{query}». `bayegan search --help` names those there are.")
    from archive.search.answers import Answers  # noqa: PLC0415
    from archive.search.facets import facets_of  # noqa: PLC0415
    from archive.search.find import Page, find  # noqa: PLC0415
    from scraper.console_search import show_hits  # noqa: PLC0415

    # A program that reads JSON wants every hit, and finds the story of each in it.
    page = Page(limit, offset, sort, folded=not json if fold is None else fold)
    found, spread = find(open_collection(collection).catalogue, Answers(), query, page)
    counted = facets_of(spread) if facets else []
    if json:
        console.print_json(console.plain(found) | ({"facets": [*map(console.plain, counted)]} if facets else {}))
    else:
        show_hits(found, counted, bidi)
    if not found.total:
        raise NothingFoundError(f"Nothing matches «{query}». Fewer words, or word* for a beginning, find more.")


def show(
    item: Annotated[str, typer.Argument(help="An id such as behzisti:70583.")],
    collection: Collection = DEFAULT,
    json: Json = False,
    revisions: Annotated[bool, typer.Option("--revisions", help="Every version of the record, oldest first.")] = False,
    warc: Annotated[bool, typer.Option("--warc", help="The captured response instead, byte for byte.")] = False,
) -> None:
    """Show one record."""
    from archive.withdrawal import withdrawal  # noqa: PLC0415
    from scraper.console_search import show_withdrawal  # noqa: PLC0415

    opened = open_collection(collection)
    catalogue = opened.catalogue
    if warc:
        sys.stdout.buffer.write(opened.response(item))
        return
    records = catalogue.revisions(item) if revisions else [catalogue.get(item)]
    if json:
        console.print_json([console.plain(r) for r in records] if revisions else console.plain(records[0]))
    else:
        for record in records:
            console.show_record(record)
        if found := withdrawal(catalogue.db, records[-1]):
            show_withdrawal(found)


def diff(
    item: Annotated[str, typer.Argument(help="An id such as behzisti:70583.")],
    older: Annotated[int | None, typer.Argument(min=1, help="A revision; the one before the newer.")] = None,
    newer: Annotated[int | None, typer.Argument(min=1, help="A revision; the newest.")] = None,
    collection: Collection = DEFAULT,
    json: Json = False,
) -> None:
    """Show what changed between two revisions of a record, word by word."""
    from archive.diff import compare  # noqa: PLC0415

    revisions = open_collection(collection).catalogue.revisions(item)
    found = compare(revisions, older, newer)
    if json:
        console.print_json(console.plain(found))
    elif len(revisions) == 1:
        console.say(f"{item} was never edited: it has one revision, and there is nothing to compare it with.")
    else:
        console.show_diff(found)


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on. Others than loopback are open to others.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for any that is free.")] = 8600,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="Answer to this host name, too; may be repeated.")
    ] = None,
    collection: Collection = DEFAULT,
) -> None:
    """Serve the collection to browsers: search, read, compare, replay, export. Nothing can be changed."""
    from archive.web.app import serve as run  # noqa: PLC0415

    def ready(url: str) -> None:
        console.say(f"serving {collection} at {url} until Ctrl-C")

    run(collection, host, port, tuple(name or ()), ready)


def extract(
    file: Annotated[Path, typer.Argument(help="An HTML page.")],
    url: Annotated[str, typer.Option(help="The address it was fetched from.")],
) -> None:
    """Print the record of a saved page."""
    from archive.offices import load_offices  # noqa: PLC0415
    from scraper.extract import extract as read  # noqa: PLC0415

    try:
        body = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}. Name an HTML file that exists.") from error
    found = read(body, url, fetched=dt.datetime.now(dt.UTC))
    if found.record is None:
        assert found.refusal is not None
        raise NothingFoundError(f"{file} gives no record ({found.refusal.reason}): {found.refusal.message}")
    publisher = load_offices(console.BUILTIN_OFFICES).publisher(found.record.portal, found.record.province)
    found.record.office = publisher.id if publisher else None
    console.print_json(console.plain(found.record))
