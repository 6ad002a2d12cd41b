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

from scrapy import Request, Spider

from archive.crawls import Scope
from archive.http import read_head
from archive.jalali import TEHRAN, parse_period, to_jalali
from archive.offices import Office, Offices, load_offices
from archive.record import NewsRecord
from scraper import dates
from scraper.capture import CAPTURE, SEEN
from scraper.dialects import DIALECTS, GENERIC, detect
from scraper.frontier import Frontier, Visit
from scraper.listing import Entry, Listing, read_listing
from scraper.middlewares import RETRIED_FAILURES, RETRIED_STATUS, failure_word, retry_after
from scraper.newscode import identify, normalise_url
from scraper.pipelines import ExtractedPage
from scraper.reextract import read_item, within
from scraper.session import CrawlSession

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from scraper.dialects import Dialect

_PRIORITY = {"asset": 20, "item": 10, "home": 9, "feed": 8, "sitemap": 4, "archive": 5}
_MAX_HOPS = 5
_MET = 200_000  # addresses remembered to save work; forgetting them costs nothing but time
_NOT_FOUND = (404, 410)
_NOT_MODIFIED = 304


class PortalSpider(Spider):
    """Crawls the offices that are named.

    1. Fetch each office's home page and detect its dialect.
    2. From there the dialect's feeds, sitemaps and archive (by Jalali day when a range is given).
    3. From every listing the items that are not recorded yet, and the further pages of the listing.
    4. From every item page a record, or a refusal with its reason.

    Args:
        targets: offices, organisations, provinces or `all`, separated by commas.
        since, until: first and last day, Jalali or Gregorian.
        limit: stop after so many new items.
        recheck: fetch known items too.
    """

    name = "portal"
    organisation: str | None = None
    offices: Offices
    chosen: list[Office]
    scope: Scope

    def __init__(
        self,
        targets: str = "all",
        since: str = "",
        until: str = "",
        limit: str = "",
        recheck: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.targets = [target.strip() for target in targets.split(",") if target.strip()]
        self.since = parse_period(since)[0] if since else None
        self.until = parse_period(until)[1] if until else None
        self.limit = int(limit) if limit else None
        self.recheck = bool(recheck)
        self._met: set[str] = set()

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
        )
        return spider

    @property
    def session(self) -> CrawlSession:
        """The session of this crawl."""
        session = self.crawler.get_extension(CrawlSession)
        assert session is not None
        return session

    @property
    def frontier(self) -> Frontier:
        """Where every request is settled."""
        frontier = self.session.frontier
        assert frontier is not None
        return frontier

    async def start(self) -> AsyncIterator[Request]:
        """Request the home page of every office, also in a crawl that goes on: there may be news."""
        for office in self.chosen:
            yield self._request(
                Visit(office.url, office.url, "home", office.id, office.portal, office.dialect), again=True
            )

    def parse(self, response: Response, **_: Any) -> Iterator[Request | ExtractedPage]:
        """Decide by status, then by what the page was expected to be."""
        visit: Visit = response.meta["visit"]
        status = response.status
        if status in RETRIED_STATUS:
            self._try_again(_request_of(response), f"http-{status}", retry_after(response, dt.datetime.now(dt.UTC)))
        elif status == _NOT_MODIFIED:
            self.session.catalogue.seen_again(visit.key, response.meta[SEEN])
            self._settle(response, "unchanged")
        elif 300 <= status < 400:  # noqa: PLR2004 - the redirects
            yield from self._redirected(response, visit)
        elif status in _NOT_FOUND:
            self._settle(
                response,
                *(("gone", f"http-{status}") if visit.role == "item" else ("absent", f"http-{status}")),
            )
        elif status >= 400:  # noqa: PLR2004 - every other error
            self._settle(response, "failed", f"http-{status}")
        elif visit.role == "item":
            yield from self._item(response, visit)
        elif visit.role == "asset":
            self._settle(response, "asset")
        else:
            yield from self._listing(response, visit)

    def failed(self, failure: Any) -> None:
        """A request that got no usable response: try again later, or settle it with the word for why."""
        request: Request = failure.request
        word = failure_word(failure.value, urlsplit(request.url).hostname or "")
        self.logger.info("%s: %s (%r)", word, request.url, failure.value)
        if word == "robots":
            self.frontier.settle(request, "refused", word)
        elif word in RETRIED_FAILURES:
            self._try_again(request, word, None)
        else:
            self.frontier.settle(request, "failed", word)

    def conditions(self, request: Request) -> dict[str, str]:
        """What a request for a known item asks the server first: whether it has changed since."""
        visit: Visit = request.meta["visit"]
        original = self.session.catalogue.original(request.url) if self.recheck and visit.role == "item" else None
        if original is None or not self.session.catalogue.knows(visit.key):
            return {}
        head = read_head(self.session.collection.read(original).block)
        asked = {"If-None-Match": head.get("etag"), "If-Modified-Since": head.get("last-modified")}
        return {name: value for name, value in asked.items() if value}

    # --- items --------------------------------------------------------------------------------------------------

    def _item(self, response: Response, visit: Visit) -> Iterator[Request | ExtractedPage]:
        capture, seen, office = response.meta[CAPTURE], response.meta[SEEN], self.offices.get(visit.office)
        extraction = read_item(
            response.body, response.url, _content_type(response), capture.fetched, visit.portal, office
        )
        yield ExtractedPage(_request_of(response), extraction, capture, seen)
        if extraction.record is not None:
            for url in self._assets(extraction.record):
                yield self._asset(url, response.url, visit)

    def _assets(self, record: NewsRecord) -> Iterator[str]:
        """The files that belong to an item and to its portal: they are captured, so that replay shows them."""
        context = self.session.context
        if not within(record, context.since, context.until):
            return
        images = [image.url for image in record.images] if self.settings.getbool("BAYEGAN_IMAGES") else []
        files = [file.url for file in record.attachments] if self.settings.getbool("BAYEGAN_ATTACHMENTS") else []
        for url in (*images, *files):
            if self.offices.portal_of_url(url) == record.portal:
                yield url
            else:
                self.session.count("assets/off-site")

    def _asset(self, url: str, via: str, visit: Visit) -> Request:
        asset = Visit(url, url, "asset", visit.office, visit.portal, visit.dialect, via, "item", _PRIORITY["asset"])
        return self._request(asset)

    # --- listings -----------------------------------------------------------------------------------------------

    def _listing(self, response: Response, visit: Visit) -> Iterator[Request]:
        dialect = self._dialect(response, visit) if visit.role == "home" else DIALECTS.get(visit.dialect, GENERIC)
        visit.dialect = dialect.name
        listing = read_listing(response.body, response.url, dialect.name, _content_type(response))
        for entry in listing.entries:
            yield from self._entry(entry, response.url, visit)
        if visit.role == "home":
            yield from self._seeds(visit, dialect)
        else:
            yield from self._further(listing, response.url, visit)
        self._settle(response, "listing")

    def _dialect(self, response: Response, visit: Visit) -> Dialect:
        found = detect(response.body)
        if found is None:
            self.session.count(f"dialect-unknown/{visit.office}")
            return DIALECTS.get(visit.dialect, GENERIC)
        dialect, evidence = found
        if visit.dialect not in {dialect.name, "unknown"}:
            self.session.count(f"dialect-changed/{visit.office}")
            self.logger.warning("%s is %s, not %s: %s", visit.office, dialect.name, visit.dialect, "; ".join(evidence))
        return dialect

    def _seeds(self, visit: Visit, dialect: Dialect) -> Iterator[Request]:
        seeds = dialect.seeds
        today = dt.datetime.now(TEHRAN).date()
        last = min(self.until or today, today)
        first = self.since or last
        for path in seeds.feeds:
            yield self._follow(urljoin(visit.url, path), visit.url, visit, "feed", again=True)
        years = range(to_jalali(last)[0], to_jalali(first)[0] - 1, -1)
        for template in seeds.sitemaps:
            for path in dict.fromkeys(template.format(year=year) for year in years):
                yield self._follow(urljoin(visit.url, path), visit.url, visit, "sitemap", again=True)
        if self.since and seeds.archive_day:
            for offset in range((last - first).days + 1):
                year, month, day = to_jalali(last - dt.timedelta(days=offset))
                path = seeds.archive_day.format(page=seeds.first_page, year=year, month=month, day=day)
                yield self._follow(urljoin(visit.url, path), visit.url, visit, "archive", again=True)
        elif seeds.archive:
            path = seeds.archive.format(page=seeds.first_page)
            yield self._follow(urljoin(visit.url, path), visit.url, visit, "archive", again=True)

    def _entry(self, entry: Entry, via: str, visit: Visit) -> Iterator[Request]:
        if entry.url in self._met:  # the same entry stands in feed, sitemap, archive and on the home page
            return
        if len(self._met) >= _MET:
            self._met.clear()
        self._met.add(entry.url)
        portal = self.offices.portal_of_url(entry.url)
        address = identify(entry.url, portal)
        if address is None or portal != visit.portal:
            self.session.count("links/not-an-item" if address is None else "links/off-site")
            return
        self.session.catalogue.note_address(address.id, entry.url)
        known = self.session.catalogue.knows(address.id)
        # A known item is looked at again where it was read before: there its ETag holds.
        url = self.session.catalogue.get(address.id).url if known and self.recheck else normalise_url(entry.url)
        path = "home" if visit.role == "home" else visit.path
        item = Visit(address.id, url, "item", visit.office, portal, visit.dialect, via, path, _PRIORITY["item"])
        if known and not self.recheck:
            self.frontier.note(item, "known")
        elif self._in_range(entry):
            yield self._request(item)
        else:
            self.frontier.note(item, "out-of-range")

    def _in_range(self, entry: Entry) -> bool:
        """Whether a listed item may lie in the range; without a readable date it may."""
        if not (self.since or self.until) or not entry.published_raw:
            return True
        published = dates.parse(entry.published_raw, dt.datetime.now(dt.UTC))
        if published is None:
            return True
        day = published.astimezone(TEHRAN).date()
        return (self.since or day) <= day <= (self.until or day)

    def _further(self, listing: Listing, via: str, visit: Visit) -> Iterator[Request]:
        for url in listing.sitemaps:
            yield self._follow(url, via, visit, "sitemap")
        if listing.entries:  # an empty page ends the walk, whatever its pager says
            for url in listing.pages:
                yield self._follow(url, via, visit, visit.path)

    def _follow(self, url: str, via: str, visit: Visit, path: str, *, again: bool = False) -> Request:
        child = Visit(url, url, "listing", visit.office, visit.portal, visit.dialect, via, path, _PRIORITY.get(path, 0))
        return self._request(child, again=again)

    # --- ends ---------------------------------------------------------------------------------------------------

    def _redirected(self, response: Response, visit: Visit) -> Iterator[Request]:
        location = (response.headers.get("Location") or b"").decode("utf-8", "replace")
        url = urljoin(response.url, location)
        portal = self.offices.portal_of_url(url)
        target = identify(url, portal)
        if target and portal == visit.portal:
            self.session.catalogue.note_address(target.id, url)
        if not location or visit.hops >= _MAX_HOPS:
            self._settle(response, "failed", "redirect-loop" if location else "redirect-to-nowhere")
        elif portal != visit.portal or urlsplit(url).scheme not in {"http", "https"}:
            self._settle(response, "refused", "off-site")
        elif visit.role != "item" or (target and target.id == visit.key):
            self.frontier.redirect(_request_of(response), url)
        elif target is None:
            self._settle(response, "gone", "redirected-to-no-item")
        else:
            self._settle(response, "gone", f"redirected-to-{target.id}")
            yield from self._entry(Entry(url, None, None), response.url, visit)

    def _try_again(self, request: Request, reason: str, wait: float | None) -> None:
        """Put a request back with a growing delay, or the one the server asked for, until its tries are used up."""
        settings, visit = self.settings, request.meta["visit"]
        if visit.attempts >= settings.getint("BAYEGAN_TRIES") or (wait or 0) > settings.getfloat(
            "BAYEGAN_RETRY_AFTER_MAX"
        ):
            self.frontier.settle(request, "failed", reason)
            return
        delay = settings.getfloat("BAYEGAN_RETRY_DELAY") * 2 ** (visit.attempts - 1)
        self.frontier.retry(request, reason, delay if wait is None else wait, whole_host=wait is not None)
        self.session.count(f"retries/{reason}")

    def _settle(self, response: Response, outcome: str, reason: str = "") -> None:
        self.frontier.settle(_request_of(response), outcome, reason)

    def _request(self, visit: Visit, *, again: bool = False) -> Request:
        return Request(visit.url, callback=self.parse, errback=self.failed, meta={"visit": visit}, dont_filter=again)


def _request_of(response: Response) -> Request:
    assert response.request is not None
    return response.request


def _content_type(response: Response) -> str | None:
    value = response.headers.get("Content-Type")
    return value.decode("latin-1") if value else None
