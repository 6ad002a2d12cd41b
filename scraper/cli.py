"""The `bayegan` command: every verb one call into a module, its result on stdout, messages on stderr."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from archive.collection import open_collection
from archive.errors import BayeganError, NothingFoundError, UsageError
from scraper import console

app = typer.Typer(
    help="Keeps the news of Iran's provincial welfare and endowment offices: bytes (WARC) and clean records.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_Collection = Annotated[
    Path,
    typer.Option("--collection", envvar="BAYEGAN_COLLECTION", help="The collection folder.", show_default=True),
]
_Offices = Annotated[
    Path | None,
    typer.Option("--offices", help="Take the offices from this file instead of the built-in list."),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_DEFAULT = Path("collection")


@app.command()
def offices(offices: _Offices = None, json: _Json = False) -> None:
    """List the offices that can be crawled."""
    from archive.offices import load_offices  # noqa: PLC0415

    listed = load_offices(offices or console.BUILTIN_OFFICES)
    console.print_json([console.plain(office) for office in listed.all]) if json else console.show_offices(listed)


@app.command()
def crawl(
    targets: Annotated[
        list[str], typer.Argument(help="Offices, organisations, provinces or `all`; see `bayegan offices`.")
    ],
    since: Annotated[str, typer.Option(help="First day, Jalali or Gregorian: 1402-01-01, 2023-09.")] = "",
    until: Annotated[str, typer.Option(help="Last day.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many new items.")] = None,
    recheck: Annotated[bool, typer.Option("--recheck", help="Fetch items that are recorded already, too.")] = False,
    offices: _Offices = None,
    collection: _Collection = _DEFAULT,
    resolve: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST=ADDRESS", help="Answer for DNS; a leading `*.` and a `:port` are allowed."),
    ] = None,
    setting: Annotated[list[str] | None, typer.Option("-s", metavar="NAME=VALUE", help="Set a Scrapy setting.")] = None,
    json: _Json = False,
) -> None:
    """Crawl offices into the collection. A crawl that was cut off goes on where it stopped."""
    from scraper.crawl import CrawlOrder, exit_code, run_crawl  # noqa: PLC0415

    order = CrawlOrder(
        targets,
        collection,
        offices,
        since,
        until,
        limit,
        recheck,
        _pairs(resolve, "--resolve"),
        _pairs(setting, "-s"),
    )
    result = run_crawl(order)
    console.print_json(console.plain(result.report)) if json else console.show_report(result.report)
    if result.failure:
        console.say(
            f"The crawl stopped: {result.failure}. Run it again when that is mended: it goes on where it stopped."
        )
    raise typer.Exit(exit_code(result))


@app.command()
def report(
    crawl: Annotated[str | None, typer.Argument(help="The id of a crawl; the last one unless named.")] = None,
    collection: _Collection = _DEFAULT,
    json: _Json = False,
) -> None:
    """Show what a crawl did."""
    from archive.crawls import report as count  # noqa: PLC0415

    found = count(open_collection(collection).catalogue, crawl)
    console.print_json(console.plain(found)) if json else console.show_report(found)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help='Words, "phrase", -not, OR, title:, province:, from:1402-01 …')],
    sort: Annotated[Literal["date", "relevance"], typer.Option(help="Order of the hits.")] = "date",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Hits to print.")] = 10,
    collection: _Collection = _DEFAULT,
    json: _Json = False,
) -> None:
    """Search the records."""
    from archive.search.find import find  # noqa: PLC0415

    found = find(open_collection(collection).catalogue, query, sort=sort, limit=limit)
    if json:
        console.print_json(console.plain(found))
    else:
        console.show_hits(found)
    if not found.total:
        raise NothingFoundError(f"Nothing matches «{query}». Fewer words, or word* for a beginning, find more.")


@app.command()
def show(
    item: Annotated[str, typer.Argument(help="An id such as behzisti:70583.")],
    collection: _Collection = _DEFAULT,
    json: _Json = False,
    revisions: Annotated[bool, typer.Option("--revisions", help="Every version of the record, oldest first.")] = False,
) -> None:
    """Show one record."""
    catalogue = open_collection(collection).catalogue
    records = catalogue.revisions(item) if revisions else [catalogue.get(item)]
    if json:
        console.print_json([console.plain(r) for r in records] if revisions else console.plain(records[0]))
    else:
        for record in records:
            console.show_record(record)


@app.command()
def dump(
    dest: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    format: Annotated[str, typer.Option("--format", help="jsonl")] = "jsonl",  # noqa: A002
    collection: _Collection = _DEFAULT,
) -> None:
    """Write every record as files for analysis."""
    from archive.dump import dump as write  # noqa: PLC0415

    opened = open_collection(collection)
    with console.progress("Dumping", opened.catalogue.count()) as advance:
        files = write(opened, dest, format, advance)
    console.show_dump(dest, files)


@app.command()
def verify(collection: _Collection = _DEFAULT, json: _Json = False) -> None:
    """Check that everything kept is still as it was written."""
    from archive.fixity import verify as check  # noqa: PLC0415
    from archive.warc import warc_files  # noqa: PLC0415

    opened = open_collection(collection)
    with console.progress("Verifying", sum(p.stat().st_size for p in warc_files(opened.root)), unit="bytes") as advance:
        result = check(opened, advance)
    console.print_json(console.plain(result)) if json else console.show_verification(result)
    raise typer.Exit(1 if result.faults else 0)


@app.command()
def extract(
    file: Annotated[Path, typer.Argument(help="An HTML page.")],
    url: Annotated[str, typer.Option(help="The address it was fetched from.")],
) -> None:
    """Print the record of a saved page."""
    from scraper.extract import extract as read  # noqa: PLC0415

    try:
        body = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}. Name an HTML file that exists.") from error
    found = read(body, url, fetched=dt.datetime.now(dt.UTC))
    if found.record is None:
        assert found.refusal is not None
        raise NothingFoundError(f"{file} gives no record ({found.refusal.reason}): {found.refusal.message}")
    console.print_json(console.plain(found.record))


_EXAMPLES = {
    "--resolve": "For example: --resolve '*.behzisti.ir=127.0.0.1:8080'.",
    "-s": "For example: -s DOWNLOAD_DELAY=2.",
}


def _pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(
                f"{option} takes a name and a value with «=» between them, not «{text}». {_EXAMPLES[option]}"
            )
        pairs[name.strip()] = value.strip()
    return pairs


def main() -> None:
    """Run the command line. An error becomes a paragraph and an exit code; BAYEGAN_DEBUG=1 shows tracebacks."""
    try:
        app()
    except BayeganError as error:
        console.say(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("BAYEGAN_DEBUG"):
            raise
        console.say(
            f"This is a defect of Bayegan: {type(error).__name__}: {error}. Nothing that was committed is lost. "
            "Run the command again with BAYEGAN_DEBUG=1 to see where, and report it."
        )
        sys.exit(1)
