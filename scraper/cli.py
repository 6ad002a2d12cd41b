"""The `bayegan` command: every verb one call into a module, its result on stdout, messages on stderr."""

from __future__ import annotations

import contextlib
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
def diff(
    item: Annotated[str, typer.Argument(help="An id such as behzisti:70583.")],
    older: Annotated[int | None, typer.Argument(min=1, help="A revision; the one before the newer.")] = None,
    newer: Annotated[int | None, typer.Argument(min=1, help="A revision; the newest.")] = None,
    collection: _Collection = _DEFAULT,
    json: _Json = False,
) -> None:
    """Show what changed between two revisions of a record, word by word."""
    from archive.diff import compare  # noqa: PLC0415

    found = compare(open_collection(collection).catalogue.revisions(item), older, newer)
    console.print_json(console.plain(found)) if json else console.show_diff(found)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on. Others than loopback are open to others.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for any that is free.")] = 8600,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="Answer to this host name, too; may be repeated.")
    ] = None,
    collection: _Collection = _DEFAULT,
) -> None:
    """Serve the collection to browsers: search, read, compare, replay, export. Nothing can be changed."""
    from archive.web.app import serve as run  # noqa: PLC0415

    def ready(url: str) -> None:
        console.say(f"serving {collection} at {url} until Ctrl-C")

    run(collection, host, port, tuple(name or ()), ready)


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
def pack(
    file: Annotated[Path, typer.Argument(metavar="FILE.wacz", help="A file that does not exist yet.")],
    query: Annotated[str, typer.Option("--query", help="Items that a search finds.")] = "",
    office: Annotated[list[str] | None, typer.Option("--office", help="Items of this office; may be repeated.")] = None,
    since: Annotated[str, typer.Option("--since", help="First day of publication, Jalali or Gregorian.")] = "",
    until: Annotated[str, typer.Option("--until", help="Last day of publication.")] = "",
    collection: _Collection = _DEFAULT,
    json: _Json = False,
) -> None:
    """Pack items with their captures into one WACZ file, for replay and for other archives."""
    from archive.jalali import parse_period  # noqa: PLC0415
    from archive.wacz import Selection  # noqa: PLC0415
    from archive.wacz import pack as write  # noqa: PLC0415

    first = parse_period(since)[0] if since else None
    last = parse_period(until)[1] if until else None
    selection = Selection(query, tuple(office or ()), first, last)
    opened = open_collection(collection)
    with console.progress("Packing", None) as advance:
        packed = write(opened, file, selection, advance)
    console.print_json(console.plain(packed)) if json else console.show_packed(packed)


@app.command()
def verify(
    deep: Annotated[bool, typer.Option("--deep", help="Extract every item page again, too, and compare.")] = False,
    collection: _Collection = _DEFAULT,
    json: _Json = False,
) -> None:
    """Check that everything kept is still as it was written."""
    from archive.fixity import verify as check  # noqa: PLC0415
    from archive.warc import warc_files  # noqa: PLC0415
    from scraper.deepcheck import deep_check  # noqa: PLC0415

    opened = open_collection(collection)
    size = sum(p.stat().st_size for p in warc_files(opened.root))
    with console.progress("Verifying", size * (1 + deep), unit="bytes") as advance:
        result = check(opened, advance)
        if deep:
            compared = deep_check(opened, advance)
            result.faults = sorted(result.faults + compared.faults)
            result.notes = sorted(result.notes + compared.notes)
    console.print_json(console.plain(result)) if json else console.show_verification(result)
    raise typer.Exit(1 if result.faults else 0)


@app.command()
def replay(
    collection: _Collection = _DEFAULT,
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


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="WARC files (plain or gzip) or WACZ files.")],
    offices: _Offices = None,
    collection: _Collection = _DEFAULT,
    json: _Json = False,
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


@app.command()
def rebuild(collection: _Collection = _DEFAULT, json: _Json = False) -> None:
    """Make catalogue and search index anew from the WARC files."""
    from archive.warc import warc_files  # noqa: PLC0415
    from scraper.rebuild import rebuild as again  # noqa: PLC0415

    with console.progress("Rebuilding", sum(p.stat().st_size for p in warc_files(collection)), unit="bytes") as advance:
        result = again(collection, advance)
    console.print_json(console.plain(result)) if json else console.show_rebuilt(result)
    raise typer.Exit(4 if result.damaged else 0)


@app.command()
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
