"""Verbs of the archivist who gathers: which offices, crawls, reports."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import typer

from archive.collection import open_collection
from archive.jalali import TEHRAN
from scraper import console, console_coverage, console_tending
from scraper.verbs.common import DEFAULT, Collection, Json, OfficesFile, Resolve, Settings, pairs

offices_app = typer.Typer(help="List the offices that can be crawled.")


@offices_app.callback(invoke_without_command=True)
def offices(
    context: typer.Context, offices: OfficesFile = None, collection: Collection = DEFAULT, json: Json = False
) -> None:
    """List the offices that can be crawled, and what the last check of a collection found at each."""
    if context.invoked_subcommand:
        return
    from archive.officechecks import read_checks  # noqa: PLC0415
    from archive.offices import load_offices  # noqa: PLC0415
    from scraper.dialects import proven  # noqa: PLC0415

    listed, checks = load_offices(offices or console.BUILTIN_OFFICES), read_checks(collection)
    if json:
        of = {office: console.plain(check) for office, check in checks.items()}
        rows = [{**console.plain(o), "proven": proven(o.dialect), "checked": of.get(o.id)} for o in listed.all]
        console.print_json(rows)
    else:
        console_tending.show_offices(listed, checks)


@offices_app.command()
def check(
    targets: Annotated[list[str] | None, typer.Argument(help="As for `crawl`; all of them unless named.")] = None,
    offices: OfficesFile = None,
    collection: Collection = DEFAULT,
    resolve: Resolve = None,
    setting: Settings = None,
    json: Json = False,
) -> None:
    """Visit the home page of each office: is it there, and what it is thought to be? Kept with its date."""
    from archive.officechecks import keep_checks  # noqa: PLC0415
    from archive.offices import load_offices  # noqa: PLC0415
    from scraper.probe import ProbeOrder, probe  # noqa: PLC0415
    from scraper.visits import visit_all  # noqa: PLC0415

    chosen = load_offices(offices or console.BUILTIN_OFFICES).select(targets or ["all"])
    order = ProbeOrder(offices, pairs(resolve, "--resolve"), pairs(setting, "-s"))
    with console.progress("Visiting", len(chosen)) as advance:
        checks = probe(order, lambda fetch: visit_all(fetch, chosen, dt.datetime.now(dt.UTC), advance))
    keep_checks(collection, checks)
    console.print_json([console.plain(c) for c in checks]) if json else console_tending.show_checks(checks, offices)
    raise typer.Exit(0 if all(c.finding == "verified" for c in checks) else 4)


@offices_app.command()
def add(
    url: Annotated[str, typer.Argument(help="The home page of the office.")],
    id: Annotated[str, typer.Option("--id", help="What to call it; guessed from organisation and province.")] = "",  # noqa: A002
    organisation: Annotated[
        Literal["welfare", "endowment"] | None, typer.Option(help="Guessed from the page unless given.")
    ] = None,
    province: Annotated[str, typer.Option(help="ISO code, slug or name; guessed from page and host.")] = "",
    name: Annotated[str, typer.Option(help="Its Persian name.")] = "",
    to: Annotated[Path, typer.Option("--to", help="The offices file; made when there is none.")] = Path("offices.toml"),
    resolve: Resolve = None,
    setting: Settings = None,
    json: Json = False,
) -> None:
    """Look at a site and write its block into an offices file. A known system needs nothing else."""
    from scraper import newoffice  # noqa: PLC0415
    from scraper.probe import ProbeOrder, check_address, probe  # noqa: PLC0415

    address = check_address(url)
    newoffice.check_new(to, address)
    known = to if newoffice.names_offices(to) else None
    order = ProbeOrder(known, pairs(resolve, "--resolve"), pairs(setting, "-s"))
    site = probe(order, lambda fetch: newoffice.look_at(fetch, address))
    wanted = newoffice.Wanted(address, id, organisation, province, name)
    added = newoffice.add(site, wanted, to, dt.datetime.now(TEHRAN).date())
    console.print_json(console.plain(added)) if json else console_tending.show_added(added, order.resolve)


def crawl(
    targets: Annotated[
        list[str], typer.Argument(help="Offices, organisations, provinces or `all`; see `bayegan offices`.")
    ],
    since: Annotated[str, typer.Option(help="First day, Jalali or Gregorian: 1402-01-01, 2023-09.")] = "",
    until: Annotated[str, typer.Option(help="Last day.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many new items.")] = None,
    recheck: Annotated[bool, typer.Option("--recheck", help="Look at every known item again now.")] = False,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Try the codes between known ones, and read tag and topic pages, too.")
    ] = False,
    offices: OfficesFile = None,
    collection: Collection = DEFAULT,
    resolve: Resolve = None,
    setting: Settings = None,
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
        sweep,
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
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Instead: what is known of every code, and what sites list that we lack.")
    ] = False,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Draw a year as a calendar into this file.")
    ] = None,
    year: Annotated[int | None, typer.Option(help="The Jalali year of the picture; the last one with items.")] = None,
    office: Annotated[str | None, typer.Option(help="Draw this office alone.")] = None,
    collection: Collection = DEFAULT,
    json: Json = False,
) -> None:
    """Show what a crawl did, or what the archive has of what there is."""
    from archive.calendarpicture import draw  # noqa: PLC0415
    from archive.coverage import ledger  # noqa: PLC0415
    from archive.crawls import report as count  # noqa: PLC0415

    catalogue = open_collection(collection).catalogue
    if picture:
        draw(catalogue.db, picture, year, office)
        console.say(f"{picture} is written.")
    elif coverage:
        known = ledger(catalogue.db)
        console.print_json(console.plain(known)) if json else console_coverage.show_ledger(known)
    else:
        found = count(catalogue, crawl)
        console.print_json(console.plain(found)) if json else console.show_report(found)
