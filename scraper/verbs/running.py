"""Verbs of the archivist who lets it run by itself: what is due, when, and who starts it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from scraper import console, console_running
from scraper.verbs.common import DEFAULT, Collection, Json, OfficesFile, Resolve, Settings, pairs

schedule_app = typer.Typer(help="Show which office is crawled when; pause and resume offices.")

ScheduleFile = Annotated[
    Path | None,
    typer.Option("--schedule", help="The schedule file; schedule.toml in the collection unless named."),
]
MetricsFile = Annotated[
    Path | None,
    typer.Option("--metrics", metavar="FILE.prom", help="Write metrics for Prometheus there."),
]


def run(
    offices: OfficesFile = None,
    schedule: ScheduleFile = None,
    collection: Collection = DEFAULT,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is due.")] = False,
    metrics: MetricsFile = None,
    resolve: Resolve = None,
    setting: Settings = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only what is new about alarms, and errors.")] = False,
    json: Json = False,
) -> None:
    """Crawl what is due now, and look for alarms. Safe to call every few minutes."""
    from scraper import run as runs  # noqa: PLC0415

    order = _order(offices, schedule, collection, metrics)
    order.resolve, order.options = pairs(resolve, "--resolve"), pairs(setting, "-s")
    if dry_run:
        ahead = runs.outlook(order, _now())
        console.print_json(console_running.plan(ahead)) if json else console_running.show_plan(ahead)
        return
    result = runs.run(order, _now)
    if json:
        console.print_json(console_running.plain_run(result))
    else:
        console_running.show_run(result, quiet=quiet)
    raise typer.Exit(result.code)


@schedule_app.callback(invoke_without_command=True)
def schedule(
    context: typer.Context,
    offices: OfficesFile = None,
    schedule: ScheduleFile = None,
    collection: Collection = DEFAULT,
    install: Annotated[
        Literal["systemd", "cron"] | None, typer.Option(help="Write what makes `bayegan run` run by itself.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", help="The folder for the units; your own unless named.")] = None,
    metrics: MetricsFile = None,
    json: Json = False,
) -> None:
    """Show which office is crawled when, and why then."""
    if context.invoked_subcommand:
        return
    from scraper import install as units  # noqa: PLC0415
    from scraper.run import outlook  # noqa: PLC0415

    order = _order(offices, schedule, collection, metrics)
    ahead = outlook(order, _now())
    if install == "systemd":
        console_running.show_units(units.systemd(order, to), default=to is None)
    elif install == "cron":
        console_running.show_cron(units.cron(order))
    else:
        console.print_json(console_running.plan(ahead)) if json else console_running.show_schedule(ahead)


@schedule_app.command()
def pause(
    target: Annotated[str, typer.Argument(help="An office, organisation, province or `all`.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is shown until the pause is lifted.")],
    offices: OfficesFile = None,
    schedule: ScheduleFile = None,
    collection: Collection = DEFAULT,
) -> None:
    """Leave offices out until they are resumed."""
    from scraper.pauses import pause as write  # noqa: PLC0415

    path, known = _file(offices, schedule, collection)
    console.say(f"Paused in {path}: {', '.join(write(path, known, target, reason))}.")


@schedule_app.command()
def resume(
    target: Annotated[str, typer.Argument(help="An office, organisation, province or `all`.")],
    offices: OfficesFile = None,
    schedule: ScheduleFile = None,
    collection: Collection = DEFAULT,
) -> None:
    """Crawl paused offices again."""
    from scraper.pauses import resume as write  # noqa: PLC0415

    path, known = _file(offices, schedule, collection)
    console.say(f"Resumed in {path}: {', '.join(write(path, known, target))}.")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _order(offices: Path | None, schedule: Path | None, collection: Path, metrics: Path | None) -> Any:
    from scraper.run import RunOrder  # noqa: PLC0415

    return RunOrder(collection, offices or console.BUILTIN_OFFICES, schedule, metrics)


def _file(offices: Path | None, schedule: Path | None, collection: Path) -> tuple[Path, Any]:
    from archive.offices import load_offices  # noqa: PLC0415
    from scraper.schedule import NAME  # noqa: PLC0415

    return schedule or collection / NAME, load_offices(offices or console.BUILTIN_OFFICES)
