"""The crawl logic, for every portal: an office's home page → listings, feeds, sitemaps → items → records.

How a content system builds its pages is the dialect's business, what a page says the extractor's. Every request ends
in one outcome, told to the frontier: nothing is dropped silently.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from scrapy import Request

from archive.crawls import Scope
from archive.css import loaded_by
from archive.errors import UsageError
from archive.http import NOT_FOUND, read_head, read_response
from archive.jalali import parse_period
from archive.offices import load_offices
from archive.record import NewsRecord
from scraper.capture import CAPTURE, SEEN
from scraper.frontier import Visit
from scraper.listing import Entry
from scraper.middlewares import (
    RETRIED_FAILURES,
    RETRIED_STATUS,
    RobotsUnreachableError,
    failure_word,
    retry_after,
)
from scraper.newscode import identify
from scraper.pipelines import ExtractedPage
from scraper.queueing import queue_due, queue_failed, queue_gaps, queue_tags
from scraper.reextract import read_item, why_not_found, within
from scraper.refusals import leads_to_login, wall
from scraper.styles import stylesheets
from spiders.discovery import Walks
from spiders.listings import ListingSpider, content_type_of, request_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

_MAX_HOPS = 5
_WALLED = (401, 403, 429, 503)  # what bot checks and login pages are sent with, beside 200
_NOT_MODIFIED = 304
_OF_SHEET = "style"
"""How what a style sheet loads was found."""


class PortalSpider(ListingSpider):
    """Crawls the offices that are named.

    1. Queue the known items that are due for another look.
    2. Fetch each office's home page and detect its dialect.
    3. From there the feeds. When they do not reach back to what is known, or the last walk was long ago, the sitemaps
       and the archive too (by Jalali day when a range is given).
    4. From every listing the items that are not recorded yet, and the further pages of the listing: all of them on
       the first walk and in a range, later until a page brings nothing new.
    5. From every item page a record, or a refusal with its reason.

    Args:
        targets: offices, organisations, provinces or `all`, separated by commas.
        since, until: first and last day, Jalali or Gregorian.
        limit: stop after so many new items.
        recheck: every known item is due now, and every listing is walked to its end.
        sweep: try the codes between known ones, the pages of tags and of topics, too.
    """

    name = "portal"
    organisation: str | None = None

    def __init__(
        self,
        targets: str = "all",
        since: str = "",
        until: str = "",
        limit: str = "",
        recheck: str = "",
        sweep: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.targets = [target.strip() for target in targets.split(",") if target.strip()]
        self.since = parse_period(since)[0] if since else None
        self.until = parse_period(until)[1] if until else None
        if self.since and self.until and self.since > self.until:
            raise UsageError(f"--since {since} is later than --until {until}: no day lies between. Swap them.")
        self.limit = int(limit) if limit else None
        self.recheck = bool(recheck)
        self.sweep = bool(sweep)
        self.met: set[tuple[str, str, str | None]] = set()
        self.reread: set[str] = set()
        self.topics_of: set[str] = set()
        self.sheet_files: dict[str, set[str]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> PortalSpider:
        """Read the offices file and choose from it. Raises UsageError for a target that names nothing."""
        province = kwargs.pop("province", None)
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.offices = load_offices(Path(crawler.settings["BAYEGAN_OFFICES"]))
        chosen = spider.offices.select([province] if province else spider.targets)
        spider.chosen = [o for o in chosen if cls.organisation in {None, o.organisation}]
        spider.scope = Scope(
            tuple(o.id for o in spider.chosen),
            spider.since.isoformat() if spider.since else None,
            spider.until.isoformat() if spider.until else None,
            spider.recheck,
            spider.sweep,
        )
        spider.walks = Walks(crawler.settings.getint("BAYEGAN_LISTINGS_MAX"))
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Request the home page of every office, also in a crawl that goes on: there may be news."""
        days = None if self.recheck else [float(day) for day in self.settings.getlist("BAYEGAN_RECHECK_DAYS")]
        now = dt.datetime.now(dt.UTC)
        queue_due(self.session.catalogue, self.session.crawl, self.chosen, days, now, self.since, self.until)
        queue_failed(self.session.catalogue, self.session.crawl, self.chosen)
        if self.sweep:
            self._sweep()
        self.frontier.count_waiting()
        for item in self.session.catalogue.owed_files():
            self._queue_owed(item)
        for office in self.chosen:
            yield self.request(
                Visit(office.url, office.url, "home", office.id, office.portal, office.dialect), again=True
            )

    def _sweep(self) -> None:
        catalogue, crawl, settings = self.session.catalogue, self.session.crawl, self.settings
        queue_tags(catalogue, crawl, self.chosen, settings.getint("BAYEGAN_SWEEP_TAGS"))
        gaps = queue_gaps(catalogue, crawl, self.chosen, settings.getint("BAYEGAN_SWEEP_CODES"))
        for portal, (queued, left) in gaps.items():
            self.session.count(f"sweep-queued/{portal}", queued)
            self.session.count_anew(f"sweep-left/{portal}", left)

    def parse(self, response: Response, **_: Any) -> Iterator[Request | ExtractedPage]:
        """Decide by status, then by what the page was expected to be."""
        visit: Visit = response.meta["visit"]
        status = response.status
        if status in _WALLED and (why := wall(response.body, content_type_of(response))):
            self.settle(response, "refused", why)
        elif status in RETRIED_STATUS:
            self._try_again(request_of(response), f"http-{status}", retry_after(response, dt.datetime.now(dt.UTC)))
        elif status == _NOT_MODIFIED:
            self._not_modified(response, visit)
        elif 300 <= status < 400:  # noqa: PLR2004 - the redirects
            yield from self._redirected(response, visit)
        elif status in NOT_FOUND:
            self._not_found(response, visit, f"http-{status}")
        elif status >= 400:  # noqa: PLR2004 - every other error
            self.settle(response, "failed", f"http-{status}")
            self._without_feed(visit)
        elif visit.role == "item":
            yield from self._item(response, visit)
        elif visit.role == "asset":
            self.settle(response, "asset")
            yield from self._loaded_by(response, visit)
        else:
            yield from self.listing(response, visit)

    def failed(self, failure: Any) -> None:
        """A request that got no usable response: try again later, or settle it with the word for why."""
        request: Request = failure.request
        word = failure_word(failure.value, urlsplit(request.url).hostname or "")
        self.logger.info("%s: %s (%r)", word, request.url, failure.value)
        if isinstance(failure.value, RobotsUnreachableError):
            self._without_robots(request, word, failure.value.wait)
        elif word == "robots":
            self.frontier.settle(request, "refused", word, asked=False)
        elif word in RETRIED_FAILURES:
            self._try_again(request, word, None)
        else:
            too_large = word == "too-large" and request.meta["visit"].path == _OF_SHEET  # as we asked for it
            self.frontier.settle(request, "asset" if too_large else "failed", word)

    def prepare(self, request: Request) -> None:
        """Say how much may come, and ask for a known item whether it has changed since."""
        visit: Visit = request.meta["visit"]
        if visit.path == _OF_SHEET and (most := self.settings.getint("BAYEGAN_STYLE_FILE_BYTES")):
            request.meta["download_maxsize"] = most
        request.headers.update(self._conditions(request, visit))

    def _conditions(self, request: Request, visit: Visit) -> dict[str, str]:
        known = visit.role == "item" and self.session.catalogue.knows(visit.key)
        original = self.session.catalogue.original(request.url) if known else None
        if original is None:
            return {}
        head = read_head(self.session.collection.read(original).block)
        asked = {"If-None-Match": head.get("etag"), "If-Modified-Since": head.get("last-modified")}
        return {name: value for name, value in asked.items() if value}

    # --- items --------------------------------------------------------------------------------------------------

    def _item(self, response: Response, visit: Visit) -> Iterator[Request | ExtractedPage]:
        capture, seen, office = response.meta[CAPTURE], response.meta[SEEN], self.offices.get(visit.office)
        extraction = read_item(
            response.body,
            response.url,
            content_type_of(response),
            capture.fetched,
            visit.portal,
            office,
            self.session.context.repeated_on(visit.portal),
        )
        yield ExtractedPage(request_of(response), extraction, capture, seen)
        if extraction.record is not None:
            yield from self._files(extraction.record, response.body, response.url, visit)

    def _queue_owed(self, item: str) -> None:
        """Queue the files of an item whose page a run had captured when it died."""
        catalogue = self.session.catalogue
        record = catalogue.get(item)
        assert record.capture is not None
        body = read_response(self.session.collection.read(record.capture).block).body
        office = self.offices.get(record.office) or self.chosen[0]
        visit = Visit(item, record.url, "item", office.id, record.portal, office.dialect)
        for request in self._files(record, body, record.url, visit):
            self.frontier.enqueue_request(request)
        catalogue.settle_files(item)

    def _files(self, record: NewsRecord, body: bytes, page: str, visit: Visit) -> Iterator[Request]:
        for url in self._assets(record, body, page):
            yield self._asset(url, page, visit)

    def _assets(self, record: NewsRecord, body: bytes, page: str) -> Iterator[str]:
        """The files that belong to an item or its page and to its portal: they are captured, so replay shows them."""
        context = self.session.context
        if not within(record, context.since, context.until):
            return
        images = [image.url for image in record.images] if self.settings.getbool("BAYEGAN_IMAGES") else []
        files = [file.url for file in record.attachments] if self.settings.getbool("BAYEGAN_ATTACHMENTS") else []
        styles = stylesheets(body, page) if self.settings.getbool("BAYEGAN_STYLES") else []
        for url in (*images, *files, *styles):
            if self.offices.portal_of_url(url) == record.portal:
                yield url
            else:
                self.session.count("assets/off-site")

    def _asset(self, url: str, via: str, visit: Visit, path: str = "item") -> Request:
        asset = Visit(url, url, "asset", visit.office, visit.portal, visit.dialect, via, path)
        return self.request(asset)

    def _loaded_by(self, response: Response, visit: Visit) -> Iterator[Request]:
        """What a style sheet loads from its portal: sheets in every crawl, the rest when it or the sheet is new."""
        if "css" not in (content_type_of(response) or "").lower():
            return
        changed = response.meta[CAPTURE].fetched == response.meta[SEEN]  # else it is what was captured before
        files = self.sheet_files.setdefault(visit.office, set())
        for url, is_sheet in loaded_by(response.body, response.url).items():
            request = self._asset(url, response.url, visit, _OF_SHEET)
            if self.offices.portal_of_url(url) != visit.portal:
                self.session.count("assets/off-site")
            elif is_sheet or changed or self.session.catalogue.original(request.url) is None:
                if url not in files and len(files) >= self.settings.getint("BAYEGAN_STYLE_FILES"):
                    self.session.count("assets/too-many")
                    continue
                files.add(url)
                yield request

    # --- ends ---------------------------------------------------------------------------------------------------

    def _not_modified(self, response: Response, visit: Visit) -> None:
        asked = request_of(response).headers
        if "If-None-Match" in asked or "If-Modified-Since" in asked:
            self.session.catalogue.seen_again(visit.key, response.meta[SEEN])
            self.settle(response, "unchanged")
        else:
            self.settle(response, "failed", "unasked-304")

    def _not_found(self, response: Response, visit: Visit, why: str) -> None:
        if visit.role == "item":
            self._lost(response, visit, why)
        else:
            self.settle(response, "absent", why)
            self._without_feed(visit)

    def _lost(self, response: Response, visit: Visit, why: str) -> None:
        """An item is not where it was said to be: known ones are gone when a second look says so, too."""
        self.session.catalogue.not_found(visit.key, response.url, why, response.meta[SEEN])
        self.settle(response, "absent" if visit.path == "sweep" else "gone", why)

    def _redirected(self, response: Response, visit: Visit) -> Iterator[Request]:
        location = (response.headers.get("Location") or b"").decode("utf-8", "replace")
        url = urljoin(response.url, location)
        portal = self.offices.portal_of_url(url)
        target = identify(url, portal)
        if location and target and portal == visit.portal:
            self.session.catalogue.note_address(target.id, url)
        offices = self.offices
        lost = visit.role == "item" and why_not_found(response.status, response.url, location, visit.key, offices)
        if location and leads_to_login(url):
            self.settle(response, "refused", "login")
        elif lost:
            self._lost(response, visit, lost)
            if target:
                fetched = response.meta[CAPTURE].fetched
                yield from self.entry(Entry(url, None, None), response.url, visit, fetched)
        elif not location or visit.hops >= _MAX_HOPS:
            self.settle(response, "failed", "redirect-loop" if location else "redirect-to-nowhere")
        elif portal != visit.portal or urlsplit(url).scheme not in {"http", "https"}:
            self.settle(response, "refused", "off-site")
        else:
            self.frontier.redirect(request_of(response), url)

    def _without_robots(self, request: Request, word: str, wait: float | None) -> None:
        if wait is not None:
            self.frontier.postpone(request, word, wait)
        else:
            outcome = "refused" if word == "robots-unreachable" else "failed"  # else there is no host to refuse
            self.frontier.settle(request, outcome, word, asked=False)

    def _without_feed(self, visit: Visit) -> None:
        """Read sitemaps and archive in place of a feed that cannot be had."""
        if visit.path == "feed":
            for request in self.wider(visit):
                self.frontier.enqueue_request(request)

    def _try_again(self, request: Request, reason: str, wait: float | None) -> None:
        """Put a request back with a growing delay, or the one the server asked for, until its tries are used up."""
        settings, visit = self.settings, request.meta["visit"]
        if (wait or 0) > settings.getfloat("BAYEGAN_RETRY_AFTER_MAX"):
            self.frontier.leave(request, reason)
            return
        if visit.attempts >= settings.getint("BAYEGAN_TRIES") and not self.frontier.in_trouble(request):
            self.frontier.settle(request, "failed", reason)
            self._without_feed(visit)
            return
        delay = settings.getfloat("BAYEGAN_RETRY_DELAY") * 2 ** (visit.attempts - 1)
        self.frontier.retry(request, reason, delay if wait is None else wait, whole_host=wait is not None)
        self.session.count(f"retries/{reason}")
