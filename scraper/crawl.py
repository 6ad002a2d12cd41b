"""Runs a crawl in this process: settings, reactor, progress, and what it came to."""

from __future__ import annotations

import asyncio
import contextlib
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings
from twisted.internet.error import ReactorNotRunning

import settings as project
from archive.crawls import CrawlReport
from archive.errors import BayeganError, UsageError
from archive.offices import load_offices
from scraper.guard import split_address
from scraper.session import CrawlSession

_LAST_STEPS = 2.0  # seconds between the end of the reactor and that of its last task, at most


@dataclass(slots=True)
class CrawlOrder:
    """What `bayegan crawl` was asked for. Dates as written; `offices` is a file, None means the built-in list."""

    targets: list[str]
    collection: Path
    offices: Path | None = None
    since: str = ""
    until: str = ""
    limit: int | None = None
    recheck: bool = False
    resolve: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    sweep: bool = False


@dataclass(slots=True)
class CrawlResult:
    """The report of a crawl that ran; `failure` says why it had to stop, when it had to."""

    report: CrawlReport
    resumed: bool
    failure: str | None


def run_crawl(order: CrawlOrder) -> CrawlResult:
    """Crawl until done or stopped. Raises a BayeganError before anything is fetched when it cannot begin."""
    return run_crawls([order])[0]


def run_crawls(orders: list[CrawlOrder]) -> list[CrawlResult]:
    """Crawl one order after another; when one is told to stop or fails, the further ones are not begun.

    They share a process, for a reactor starts only once, and so one offices file and one `resolve`.
    """
    for order in orders:
        load_offices(Path(_settings(order)["BAYEGAN_OFFICES"])).select(order.targets)
        for address in order.resolve.values():
            split_address(address)
    # The process gives its settings to every crawl that lacks them: it must not have those of one order alone.
    shared = dict(set.intersection(*(set(order.options.items()) for order in orders)))
    process = AsyncCrawlerProcess(_settings(replace(orders[0], options=shared)))
    results: list[CrawlResult] = []
    task = asyncio.get_event_loop().create_task(_one_by_one(process, orders, results))
    task.add_done_callback(_stop_reactor)
    process.start(stop_after_crawl=False)
    try:  # after a signal the reactor may end a moment before the task does
        asyncio.get_event_loop().run_until_complete(asyncio.wait_for(task, _LAST_STEPS))
    except TimeoutError:
        raise BayeganError(
            "The crawl was ended at once, with requests in flight. Run it again: it goes on where it stopped."
        ) from None
    return results


async def _one_by_one(process: AsyncCrawlerProcess, orders: list[CrawlOrder], results: list[CrawlResult]) -> None:
    for order in orders:
        crawler = Crawler(process.spider_loader.load("portal"), _settings(order))
        await process.crawl(
            crawler,
            targets=",".join(order.targets),
            since=order.since,
            until=order.until,
            limit=str(order.limit) if order.limit else "",
            recheck="yes" if order.recheck else "",
            sweep="yes" if order.sweep else "",
        )
        session = crawler.get_extension(CrawlSession)
        if session is None or session.report is None:
            raise BayeganError(
                f"The crawl could not be closed properly: {session.failure if session else 'it never began'}. "
                "Run it again: it goes on where it stopped."
            )
        results.append(CrawlResult(session.report, session.resumed, session.failure))
        if session.failure or session.report.reason == "shutdown":
            return


def _stop_reactor(_: object) -> None:
    from twisted.internet import reactor  # noqa: PLC0415 - it must not be imported before it is chosen

    with contextlib.suppress(ReactorNotRunning):
        cast("Any", reactor).stop()


def _settings(order: CrawlOrder) -> Settings:
    values = project_settings(order.offices, order.resolve, order.options)
    values.set("BAYEGAN_COLLECTION", str(order.collection), priority="cmdline")
    extensions: dict[str, Any] = values.getdict("EXTENSIONS")
    extensions["scraper.progress.Progress"] = 10
    values.set("EXTENSIONS", extensions, priority="cmdline")
    return values


def project_settings(offices: Path | None, resolve: dict[str, str], options: dict[str, str]) -> Settings:
    """The settings of a process that fetches: the project's, what every verb can be told, and `-s` options."""
    values = Settings()
    values.setmodule(project, priority="project")
    values.set("BAYEGAN_RESOLVE", resolve, priority="cmdline")
    if offices:
        values.set("BAYEGAN_OFFICES", str(offices), priority="cmdline")
    values.set("LOG_ENABLED", False, priority="cmdline")  # the log is a file of the crawl; the terminal shows progress
    for name, value in options.items():
        if type(values.get(name)) in {int, float} and not _is_number(value):
            raise UsageError(f"The setting {name} is a number, and «{value}» is none: -s {name}={values.get(name)}.")
        values.set(name, value, priority="cmdline")
    return values


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def exit_code(result: CrawlResult) -> int:
    """0 done, 1 when nothing at all could be fetched, 4 when something is missing."""
    report = result.report
    if result.failure or (report.state != "finished" and report.reason != "limit"):
        return 4
    if report.problems:
        fetched = any(office.listings for office in report.offices.values()) or set(report.items) - {
            "failed",
            "refused",
        }
        return 4 if fetched else 1
    return 0
