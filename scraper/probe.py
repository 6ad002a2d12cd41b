"""A few pages fetched politely and not archived: for `doctor`, `offices add` and `offices check`.

The same downloader, settings, robots.txt rules and address guard as in a crawl. Redirects are followed here, one hop
after the other, so that each is asked of robots.txt and of the guard like any other address.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from scrapy import Request, Spider
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import AsyncCrawlerProcess

from archive.errors import BayeganError, UsageError
from archive.offices import load_offices
from scraper.crawl import project_settings
from scraper.guard import split_address
from scraper.middlewares import failure_word
from scraper.tls import CertificatePolicy

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import Settings

MOST_HOPS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

MESSAGES = {
    "dns": "Its name is not known to DNS. Check the spelling; the site may also be reachable from Iran only.",
    "tls": "Its certificate is not valid, or TLS failed. Try http://, or tell the site.",
    "timeout": "It did not answer in time. Try again later; some sites answer in Iran only.",
    "connection-refused": "Nothing listens there. Check the port; the site may be down.",
    "connection-lost": "It broke the connection off. Try again later; some sites answer in Iran only.",
    "truncated": "The answer ended too early. Try again later.",
    "undecodable": "The answer's content coding (gzip) is damaged. Try again later.",
    "too-large": "The answer is larger than DOWNLOAD_MAXSIZE allows.",
    "blocked-address": "The name leads to a loopback, private or link-local address. If that "
    "is meant, give --resolve HOST=ADDRESS.",
    "robots": "robots.txt forbids this address to us. Respect it, or ask the site to let the archive in.",
    "robots-unreachable": "robots.txt could not be read, so that nothing may be asked for (RFC 9309). Try again later.",
    "redirect-loop": f"It redirects more than {MOST_HOPS} times.",
    "redirect-to-nowhere": "It redirects without saying where to, or to something that is no http address.",
    "network": "The connection failed.",
}
"""Why nothing usable came, by the word for it, and what to do."""


@dataclass(slots=True)
class Fetched:
    """What came of one address. Either `status` and `body`, or `failure`, a word that MESSAGES explains."""

    asked: str
    url: str
    """The final address."""
    hops: list[str] = field(default_factory=list)
    """Every address that redirected, in order."""
    status: int | None = None
    body: bytes = b""
    content_type: str | None = None
    ip: str | None = None
    failure: str | None = None

    @property
    def usable(self) -> bool:
        """Whether a page came: an answer of the 200s."""
        return self.failure is None and self.status is not None and 200 <= self.status < 300  # noqa: PLR2004


Fetch = Callable[[str], Awaitable[Fetched]]
T = TypeVar("T")


@dataclass(slots=True)
class ProbeOrder:
    """How to fetch: an offices file (None: the built-in list), answers for DNS, Scrapy settings."""

    offices: Path | None = None
    resolve: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)


def probe(order: ProbeOrder, journey: Callable[[Fetch], Awaitable[T]]) -> T:
    """Run a journey: a coroutine that is given `fetch(url)`. Once a process, for the reactor cannot start twice.

    Raises UsageError for what cannot be resolved or read, and whatever the journey raises.
    """
    for address in order.resolve.values():
        split_address(address)
    process = AsyncCrawlerProcess(_settings(order))
    crawler = process.create_crawler(_Probe)
    task = process.crawl(crawler, journey=journey)
    process.start()
    if error := task.exception():
        raise error
    spider = crawler.spider
    assert isinstance(spider, _Probe)
    if spider.error is not None:
        raise spider.error
    if not spider.ended:
        raise BayeganError("It was stopped before it was done; nothing was kept.")
    result: T = spider.result
    return result


def check_address(url: str) -> str:
    """The address with http:// where a person left it out. Raises UsageError for what is no http address."""
    url = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or any(letter.isspace() for letter in url.split("/", 3)[2]):
        raise UsageError(f"«{url}» is not an http or https address. Write for example http://qom.behzisti.ir/.")
    return url if urlsplit(url).path or urlsplit(url).query else f"{url}/"


def _settings(order: ProbeOrder) -> Settings:
    values = project_settings(order.offices, order.resolve, order.options)
    handlers = {**values.getdict("DOWNLOAD_HANDLERS"), "http": _Handler, "https": _Handler}
    for name, value in {
        "DOWNLOAD_HANDLERS": handlers,
        "SPIDER_MODULES": [],  # the offices' spiders are not asked for
        "ITEM_PIPELINES": {},
        "SCHEDULER": "scrapy.core.scheduler.Scheduler",  # the frontier is a crawl's
    }.items():
        values.set(name, value, priority="cmdline")
    return values


class _Handler(HTTP11DownloadHandler):
    """Scrapy's own, with the certificate rules of a crawl."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        offices = load_offices(Path(crawler.settings["BAYEGAN_OFFICES"]))
        self._contextFactory = CertificatePolicy(self._contextFactory, offices)  # type: ignore[assignment]


class _Probe(Spider):
    """Runs the journey in place of start requests. Has no `scope`, so that nothing is archived."""

    name = "probe"
    error: Exception | None = None
    result: Any = None
    ended = False

    def __init__(self, journey: Callable[[Fetch], Awaitable[Any]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._journey = journey

    async def start(self) -> AsyncIterator[Any]:
        """Scrapy's entry: there is nothing to schedule."""
        try:
            self.result = await self._journey(self._fetch)
        except Exception as error:  # noqa: BLE001 - raised again by probe(), outside the reactor
            self.error = error
        self.ended = True
        return
        yield  # Scrapy wants an asynchronous generator

    async def _fetch(self, url: str) -> Fetched:
        found = Fetched(url, url)
        while True:
            try:
                response = await _download(self.crawler, found.url)
            except Exception as error:  # noqa: BLE001 - whatever it is, it has a word
                found.failure = failure_word(error, urlsplit(found.url).hostname or "")
                return found
            if response.status not in _REDIRECTS:
                _take(found, response)
                return found
            location = _header(response, "Location")
            found.hops.append(found.url)
            found.url = urljoin(found.url, location or "")
            if not location or urlsplit(found.url).scheme not in {"http", "https"}:
                found.failure = "redirect-to-nowhere"
            elif len(found.hops) > MOST_HOPS:
                found.failure = "redirect-loop"
            if found.failure:
                return found


async def _download(crawler: Crawler, url: str) -> Response:
    assert crawler.engine is not None
    return await crawler.engine.download_async(Request(url))


def _take(found: Fetched, response: Response) -> None:
    found.status = response.status
    found.body = response.body
    found.content_type = _header(response, "Content-Type")
    found.ip = str(response.ip_address) if response.ip_address else None


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("utf-8", "replace").strip() if value else None
