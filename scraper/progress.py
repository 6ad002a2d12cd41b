"""The progress of a crawl on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from scrapy import signals
from scrapy.utils.asyncio import create_looping_call

from scraper.contact import ADVICE, lacks_contact
from scraper.session import CrawlSession

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

_SECONDS = 0.25
_LINE_SECONDS = 30.0


class Progress:
    """Scrapy extension, switched on by `bayegan crawl`; at the start it advises a person who left no contact."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._loop = create_looping_call(self._tick)
        self._bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("addresses · {task.fields[recorded]} new items"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task("Crawling", total=None, recorded=0)
        self._next_line = time.monotonic() + _LINE_SECONDS

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Progress:
        """Made by Scrapy."""
        progress = cls(crawler)
        crawler.signals.connect(progress._start, signals.spider_opened)
        crawler.signals.connect(progress._stop, signals.spider_closed)
        return progress

    def _start(self, spider: Any) -> None:
        settings = self._crawler.settings
        answers = {**spider.offices.resolve, **settings.getdict("BAYEGAN_RESOLVE")}
        if lacks_contact(settings["USER_AGENT"], spider.chosen, answers):
            sys.stderr.write(f"bayegan: {ADVICE}\n")
        self._bar.start()
        self._loop.start(_SECONDS, now=False)

    def _stop(self) -> None:
        if self._loop.running:
            self._loop.stop()
        self._bar.stop()

    def _tick(self) -> None:
        session = self._crawler.get_extension(CrawlSession)
        frontier = session.frontier if session else None
        if frontier is None:
            return
        done, total = frontier.settled, frontier.settled + frontier.waiting
        self._bar.update(self._task, completed=done, total=total, recorded=frontier.items_recorded)
        if self._bar.disable and time.monotonic() >= self._next_line:
            self._next_line += _LINE_SECONDS
            sys.stderr.write(f"{done} of {total} addresses, {frontier.items_recorded} new items\n")
