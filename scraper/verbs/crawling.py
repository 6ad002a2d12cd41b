"""Verbs of the archivist who gathers: which offices, crawls, reports."""

from __future__ import annotations

from typing import Annotated

import typer

from archive.collection import open_collection
from scraper import console
from scraper.verbs.common import DEFAULT, Collection, Json, OfficesFile, pairs

offices_app = typer.Typer(help="List the offices that can be crawled.")


@offices_app.callback(invoke_without_command=True)
def offices(context: typer.Context, offices: OfficesFile = None, json: Json = False) -> None:
    """List the offices that can be crawled."""
    if context.invoked_subcommand:
        return
    from archive.offices import load_offices  # noqa: PLC0415

    listed = load_offices(offices or console.BUILTIN_OFFICES)
    console.print_json([console.plain(office) for office in listed.all]) if json else console.show_offices(listed)


def crawl(
    targets: Annotated[
        list[str], typer.Argument(help="Offices, organisations, provinces or `all`; see `bayegan offices`.")
    ],
    since: Annotated[str, typer.Option(help="First day, Jalali or Gregorian: 1402-01-01, 2023-09.")] = "",
    until: Annotated[str, typer.Option(help="Last day.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many new items.")] = None,
    recheck: Annotated[bool, typer.Option("--recheck", help="Fetch items that are recorded already, too.")] = False,
    offices: OfficesFile = None,
    collection: Collection = DEFAULT,
    resolve: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST=ADDRESS", help="Answer for DNS; a leading `*.` and a `:port` are allowed."),
    ] = None,
    setting: Annotated[list[str] | None, typer.Option("-s", metavar="NAME=VALUE", help="Set a Scrapy setting.")] = None,
    json: Json = False,
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
        pairs(resolve, "--resolve"),
        pairs(setting, "-s"),
    )
    result = run_crawl(order)
    console.print_json(console.plain(result.report)) if json else console.show_report(result.report)
    if result.failure:
        console.say(
            f"The crawl stopped: {result.failure}. Run it again when that is mended: it goes on where it stopped."
        )
    raise typer.Exit(exit_code(result))


def report(
    crawl: Annotated[str | None, typer.Argument(help="The id of a crawl; the last one unless named.")] = None,
    collection: Collection = DEFAULT,
    json: Json = False,
) -> None:
    """Show what a crawl did."""
    from archive.crawls import report as count  # noqa: PLC0415

    found = count(open_collection(collection).catalogue, crawl)
    console.print_json(console.plain(found)) if json else console.show_report(found)
