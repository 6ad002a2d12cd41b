"""robots.txt as RFC 9309 has it: learnt once a host and crawl, archived, and a «no» as long as it cannot be had.

Scrapy's own middleware reads the error page of a 503 as rules, and lets everything through when nothing answers.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.utils.httpobj import urlparse_cached

from scraper.middlewares import RETRIED_STATUS, RobotsUnreachableError, failure_word, retry_after
from scraper.session import CrawlSession

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

_MOST_BYTES = 500 * 1024  # of a longer file the beginning counts (RFC 9309 §2.5)
_MOST_HOPS = 5  # redirects followed; after more, there are no rules (§2.3.1.2)
_FRESH = 24 * 3600.0  # seconds for which what was learnt holds (§2.4)
_OURS = "robots"  # key of request.meta: the request is for robots.txt itself

_log = logging.getLogger("bayegan")


@dataclass(slots=True)
class _Site:
    """What is known of one scheme, host and port. Without rules everything is allowed, unless `reason` says why not."""

    rules: ProtegoRobotParser | None = None
    reason: str = ""
    tries: int = 0
    due: float = 0.0  # when robots.txt is asked for (again)
    final: bool = False  # the tries are used up
    slow: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class RobotsMiddleware:
    """Lets a request pass if robots.txt allows it to us, and keeps to its Crawl-delay.

    Raises IgnoreRequest for what is forbidden and RobotsUnreachableError for what is not known to be allowed.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        if not settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self._crawler = crawler
        self._agent: str = settings["ROBOTSTXT_USER_AGENT"] or settings["USER_AGENT"]
        self._tries = settings.getint("BAYEGAN_TRIES")
        self._retry_delay = settings.getfloat("BAYEGAN_RETRY_DELAY")
        self._most_wait = settings.getfloat("BAYEGAN_RETRY_AFTER_MAX")
        self._most_delay = settings.getfloat("BAYEGAN_CRAWL_DELAY_MAX")
        self._sites: dict[str, _Site] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RobotsMiddleware:
        """Made by Scrapy as a downloader middleware."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Called by Scrapy before each download."""
        if _OURS in request.meta:
            return
        parts = urlparse_cached(request)
        site = await self._learnt(f"{parts.scheme}://{parts.netloc.lower()}")
        if site.reason:
            raise RobotsUnreachableError(site.reason, None if site.final else max(0.0, site.due - time.monotonic()))
        if site.slow:  # AutoThrottle would go back to its own idea of a delay
            request.meta["autothrottle_dont_adjust_delay"] = True
        if site.rules is not None and not site.rules.allowed(request.url, self._agent):
            raise IgnoreRequest(f"robots.txt forbids {request.url}")

    async def _learnt(self, origin: str) -> _Site:
        site = self._sites.setdefault(origin, _Site())
        async with site.lock:  # the first request of a host asks, the others wait for what it learns
            if time.monotonic() >= site.due:
                await self._learn(site, origin)
        return site

    async def _learn(self, site: _Site, origin: str) -> None:
        if site.final or not site.reason:  # for the first time, or anew after a day
            site.tries, site.final = 0, False
        site.tries += 1
        try:
            response = await self._fetch(f"{origin}/robots.txt")
        except Exception as error:  # noqa: BLE001 - whatever it is, the rules are not known
            self._unreachable(site, origin, failure_word(error, urlsplit(origin).hostname or ""), None)
            return
        if response is not None and (response.status >= 500 or response.status in RETRIED_STATUS):  # noqa: PLR2004
            asked = retry_after(response, dt.datetime.now(dt.UTC))
            self._unreachable(site, origin, f"http-{response.status}", asked)
            return
        site.reason, site.due = "", time.monotonic() + _FRESH
        if response is not None and 200 <= response.status < 300:  # noqa: PLR2004 - anything else means: no rules
            site.rules = ProtegoRobotParser(response.body[:_MOST_BYTES], None)
            self._slow_down(site, urlsplit(origin).hostname or "", site.rules.crawl_delay(self._agent))
        else:
            site.rules = None

    async def _fetch(self, url: str) -> Response | None:
        """The answer after redirects; None when they lead nowhere or too far. Raises what a download raises."""
        engine = self._crawler.engine
        assert engine is not None
        for _ in range(_MOST_HOPS + 1):
            response = await engine.download_async(Request(url, meta={_OURS: True}, callback=NO_CALLBACK))
            location = (response.headers.get("Location") or b"").decode("utf-8", "replace")
            if not 300 <= response.status < 400:  # noqa: PLR2004 - the redirects
                return response
            url = urljoin(url, location)
            if not location or urlsplit(url).scheme not in {"http", "https"}:
                return None
        return None

    def _unreachable(self, site: _Site, origin: str, reason: str, asked: float | None) -> None:
        wait = self._retry_delay * 2 ** (site.tries - 1) if asked is None else asked
        site.reason, site.final = reason, site.tries >= self._tries or wait > self._most_wait
        site.due = time.monotonic() + (_FRESH if site.final else wait)
        told = "not again in this crawl" if site.final else f"again in {wait:.0f} s"
        _log.warning("%s/robots.txt cannot be had (%s); it is asked for %s", origin, reason, told)
        session = self._crawler.get_extension(CrawlSession)
        if session is not None and site.final:
            session.count(f"robots-unreachable/{urlsplit(origin).netloc}")

    def _slow_down(self, site: _Site, host: str, asked: float | None) -> None:
        """Keep to a Crawl-delay, within reason; a shorter one than ours changes nothing."""
        delay = min(asked or 0.0, self._most_delay)
        engine = self._crawler.engine
        if engine is None or not delay > self._crawler.settings.getfloat("DOWNLOAD_DELAY"):  # «nan» is read as a number
            return
        site.slow = True
        downloader = engine.downloader
        downloader.per_slot_settings[host] = {"delay": delay, "jitter": 0.0}  # for slots made later
        if slot := downloader.slots.get(host):
            slot.delay, slot.jitter = max(slot.delay, delay), 0.0
        _log.info("%s asks for %g s between requests; it gets %g", host, asked, delay)
