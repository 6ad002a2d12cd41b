"""Ends a run on a crawl in good order when its time, its requests or its bytes are used up; it goes on another time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import call_later

from scraper.capture import CAPTURE
from scraper.session import CrawlSession

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.utils.asyncio import CallLaterResult


class RunLimits:
    """Scrapy extension. Requests in flight end as they do after SIGTERM; the reason is `window` or `budget`."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._until = settings.getfloat("BAYEGAN_RUN_UNTIL")
        self._requests = settings.getint("BAYEGAN_RUN_REQUESTS")
        self._bytes = settings.getint("BAYEGAN_RUN_BYTES")
        self._asked = self._kept = 0
        self._timer: CallLaterResult | None = None
        if not (self._until or self._requests or self._bytes):
            raise NotConfigured("no limit is set")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RunLimits:
        """Made by Scrapy."""
        limits = cls(crawler)
        crawler.signals.connect(limits._opened, signals.spider_opened)
        crawler.signals.connect(limits._closed, signals.spider_closed)
        crawler.signals.connect(limits._sent, signals.request_reached_downloader)
        crawler.signals.connect(limits._received, signals.response_downloaded)
        return limits

    def _opened(self) -> None:
        if self._until:
            self._timer = call_later(max(0.0, self._until - time.time()), self._stop, "window")

    def _closed(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _sent(self) -> None:
        self._asked += 1
        if self._requests and self._asked >= self._requests:
            self._stop("budget")

    def _received(self, response: Response, request: Request) -> None:  # noqa: ARG002 - Scrapy's signature
        capture = request.meta.get(CAPTURE)
        self._kept += capture.length if capture else 0
        if self._bytes and self._kept >= self._bytes:
            self._stop("budget")

    def _stop(self, reason: str) -> None:
        session = self._crawler.get_extension(CrawlSession)
        if session is not None:
            session.stop(reason)
