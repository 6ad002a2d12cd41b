"""Verbs of the archivist who looks after things: is a page read well, is the installation well."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from scraper import console, console_tending
from scraper.verbs.common import DEFAULT, Collection, Json, OfficesFile, Resolve, Settings, pairs


def doctor(
    url: Annotated[str | None, typer.Argument(help="The address of one page; without it, the installation.")] = None,
    offices: OfficesFile = None,
    collection: Collection = DEFAULT,
    resolve: Resolve = None,
    setting: Settings = None,
    json: Json = False,
) -> None:
    """Fetch one page and say what is read from it; without a page, check this installation."""
    if url is None:
        _check_up(collection, offices or console.BUILTIN_OFFICES, json)
    from archive.offices import load_offices  # noqa: PLC0415
    from scraper.examine import examine  # noqa: PLC0415
    from scraper.probe import ProbeOrder, check_address, probe  # noqa: PLC0415

    address = check_address(url)
    known = load_offices(offices or console.BUILTIN_OFFICES)
    order = ProbeOrder(offices, pairs(resolve, "--resolve"), pairs(setting, "-s"))
    found = examine(probe(order, lambda fetch: fetch(address)), known)
    console.print_json(console.plain(found)) if json else console_tending.show_examination(found)
    raise typer.Exit(0 if found.usable else 3)


def _check_up(collection: Path, offices: Path, json: bool) -> NoReturn:
    from scraper.doctor import check_up  # noqa: PLC0415

    found = check_up(collection, offices, dt.datetime.now(dt.UTC))
    console.print_json([console.plain(f) for f in found]) if json else console_tending.show_findings(found)
    raise typer.Exit(1 if any(f.state == "bad" for f in found) else 0)
