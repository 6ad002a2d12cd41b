"""Runs a crawl in this process: settings, reactor, progress, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

import settings as project
from archive.crawls import CrawlReport
from archive.errors import BayeganError
from archive.offices import load_offices
from scraper.middlewares import split_address
from scraper.session import CrawlSession


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


@dataclass(slots=True)
class CrawlResult:
    """The report of a crawl that ran; `failure` says why it had to stop, when it had to."""

    report: CrawlReport
    resumed: bool
    failure: str | None


def run_crawl(order: CrawlOrder) -> CrawlResult:
    """Crawl until done or stopped. Raises a BayeganError before anything is fetched when it cannot begin."""
    values = _settings(order)
    load_offices(Path(values["BAYEGAN_OFFICES"])).select(order.targets)
    for address in order.resolve.values():
        split_address(address)
    process = AsyncCrawlerProcess(values)
    crawler = process.create_crawler("portal")
    task = process.crawl(
        crawler,
        targets=",".join(order.targets),
        since=order.since,
        until=order.until,
        limit=str(order.limit) if order.limit else "",
        recheck="yes" if order.recheck else "",
    )
    process.start()
    if error := task.exception():
        raise error
    session = crawler.get_extension(CrawlSession)
    if session is None or session.report is None:
        raise BayeganError(
            f"The crawl could not be closed properly: {session.failure if session else 'it never began'}. "
            "Run it again: it goes on where it stopped."
        )
    return CrawlResult(session.report, session.resumed, session.failure)


def _settings(order: CrawlOrder) -> Settings:
    values = Settings()
    values.setmodule(project, priority="project")
    values.set("BAYEGAN_COLLECTION", str(order.collection), priority="cmdline")
    values.set("BAYEGAN_RESOLVE", order.resolve, priority="cmdline")
    if order.offices:
        values.set("BAYEGAN_OFFICES", str(order.offices), priority="cmdline")
    values.set("LOG_ENABLED", False, priority="cmdline")  # the log is a file of the crawl; the terminal shows progress
    extensions: dict[str, Any] = values.getdict("EXTENSIONS")
    extensions["scraper.progress.Progress"] = 10
    values.set("EXTENSIONS", extensions, priority="cmdline")
    for name, value in order.options.items():
        values.set(name, value, priority="cmdline")
    return values


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
