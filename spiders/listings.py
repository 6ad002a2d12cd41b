"""The half of the spider that reads listings: from a home page to feeds, sitemaps and archive, from them to items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from scrapy import Request, Spider

from archive.crawls import Scope
from archive.jalali import TEHRAN
from archive.offices import Office, Offices
from scraper import dates
from scraper.capture import CAPTURE
from scraper.dialects import DIALECTS, GENERIC, detect
from scraper.frontier import Frontier, Visit
from scraper.listing import Entry, Listing, links_to, read_listing
from scraper.newscode import normalise_url
from scraper.reextract import SHARED_LISTINGS, listed_under
from scraper.refusals import wall
from scraper.session import CrawlSession
from spiders.discovery import NEWEST, TOO_MANY, Walks, edges, seeds_of, without_session, year_before

if TYPE_CHECKING:
    from scrapy.http import Response

    from scraper.dialects import Dialect

_MET = 200_000  # addresses remembered to save work; forgetting them costs nothing but time


class ListingSpider(Spider):
    """What is common to reading listings and items, and the reading of listings."""

    offices: Offices
    chosen: list[Office]
    scope: Scope
    walks: Walks
    since: dt.date | None
    until: dt.date | None
    recheck: bool
    sweep: bool
    met: set[tuple[str, str, str | None]]
    reread: set[str]
    """Listings of earlier runs that this run of a crawl has read again."""
    topics_of: set[str]
    """Portals whose pages of topics are read: they are the same on every host."""

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

    def listing(self, response: Response, visit: Visit) -> Iterator[Request]:
        dialect = self._dialect(response, visit) if visit.role == "home" else DIALECTS.get(visit.dialect, GENERIC)
        visit.dialect = dialect.name
        content_type = content_type_of(response)
        listing = read_listing(response.body, response.url, dialect.name, content_type)
        if not (listing.entries or listing.sitemaps) and (why := wall(response.body, content_type)):
            self.settle(response, "refused", why)
            return
        for entry in listing.entries:
            yield from self.entry(entry, response.url, visit, response.meta[CAPTURE].fetched)
        if visit.role == "home":
            yield from self._feeds(visit, dialect)
            if not dialect.seeds.archive:  # then the home page itself may go on
                yield from self._further(listing, response.url, replace(visit, path="archive"))
            if self.sweep and visit.portal not in self.topics_of:
                self.topics_of.add(visit.portal)
                for url in links_to(response.body, response.url, dialect.seeds.services, content_type):
                    yield self.follow(without_session(url), response.url, visit, "service")
        elif visit.path != "feed":
            yield from self._further(listing, response.url, visit)
        elif not any(self._settled_before(entry, visit) for entry in listing.entries):
            yield from self.wider(visit)  # what is new may reach further back than the feed
        self.settle(response, "listing", "cut-off" if listing.cut_off else "")

    def _item_of(self, entry: Entry, visit: Visit) -> str | None:
        """The id of an entry; None when it is no item or another portal's."""
        portal = self.offices.portal_of_url(entry.url)
        return entry.item(portal) if portal == visit.portal else None

    def _settled_before(self, entry: Entry, visit: Visit) -> bool:
        """Whether an entry is no news: settled when the office was last known to be complete."""
        item = self._item_of(entry, visit)
        return item is None or self.session.catalogue.settled_before(item, self.session.complete_until(visit.office))

    def _unmet_before(self, entry: Entry, visit: Visit) -> bool:
        """Whether the earlier runs of a crawl that goes on did not meet an entry."""
        item = self._item_of(entry, visit)
        return item is not None and not self.frontier.met_before(item)

    def _once_again(self, url: str) -> bool:
        """Whether a listing that an earlier run of this crawl has read is to be read again; true once a run."""
        if url in self.reread or not self.frontier.met_before(url):
            return False
        self.reread.add(url)
        return True

    def _dialect(self, response: Response, visit: Visit) -> Dialect:
        found = detect(response.body)
        if found is None:
            self.session.count(f"dialect-unknown/{visit.office}")
            return DIALECTS.get(visit.dialect, GENERIC)
        dialect, evidence = found
        if visit.dialect not in {dialect.name, "unknown"}:
            self.session.count(f"dialect-changed/{visit.office}/{visit.dialect}/{dialect.name}")
            self.logger.warning("%s is %s, not %s: %s", visit.office, dialect.name, visit.dialect, "; ".join(evidence))
        return dialect

    def _feeds(self, visit: Visit, dialect: Dialect) -> Iterator[Request]:
        for path in dialect.seeds.feeds:
            yield self.follow(urljoin(visit.url, path), visit.url, visit, "feed", again=True)
        if not dialect.seeds.feeds or self._walks_everything or self.session.walk_is_due(visit.office):
            yield from self.wider(visit)

    @property
    def _walks_everything(self) -> bool:
        """Whether listings are walked to their end: in a range, and when everything is looked at again."""
        return bool(self.since or self.until or self.recheck)

    def wider(self, visit: Visit) -> Iterator[Request]:
        """Sitemaps and archive."""
        office = self.offices.get(visit.office)
        today = dt.datetime.now(TEHRAN).date()
        home, seeds = office.url if office else visit.url, DIALECTS.get(visit.dialect, GENERIC).seeds
        found = list(seeds_of(home, seeds, self.since, min(self.until or today, today)))
        days = [url for path, url in found if path == "archive"]
        for path, url in found:  # a day of the past does not grow: a crawl that goes on need not begin at the newest
            yield self.follow(url, visit.url, visit, path, again=path != "archive" or url in days[:NEWEST])

    def entry(self, entry: Entry, via: str, visit: Visit, fetched: str) -> Iterator[Request]:
        met = visit.office, entry.url, entry.code
        if met in self.met:  # the same entry stands in feed, sitemap, archive and on the home page
            return
        if len(self.met) >= _MET:
            self.met.clear()
        self.met.add(met)
        portal = self.offices.portal_of_url(entry.url)
        id_ = entry.item(portal)
        if id_ is None or portal != visit.portal:
            self.session.count("links/not-an-item" if id_ is None else "links/off-site")
            return
        self.session.catalogue.note_address(id_, entry.url)
        if visit.role != "item" and visit.path not in SHARED_LISTINGS:
            self.session.catalogue.note_listed(id_, visit.office, listed_under(entry, fetched))
        path = "home" if visit.role == "home" else visit.path
        url = normalise_url(entry.url)
        item = Visit(id_, url, "item", visit.office, portal, visit.dialect, via, path)
        if self.session.catalogue.knows(id_):
            self.frontier.note(item, "known")
        elif self._in_range(entry):
            yield self.request(item)
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
        whole = self._walks_everything or self.session.first_walk(visit.office)
        seeds = DIALECTS.get(visit.dialect, GENERIC).seeds
        grown = edges(listing.sitemaps)
        for url in self._own(listing.sitemaps, visit):
            if whole or url in grown or self.session.catalogue.original(url) is None:
                yield self.follow(url, via, visit, "sitemap", again=url in grown and self._once_again(url))
        if visit.path == "sitemap" and whole and (listing.sitemaps or listing.entries) and not self.since:
            if earlier := year_before(via, seeds):
                yield self.follow(earlier, via, visit, "sitemap")
            return
        why_not = self.walks.may_go_on(listing, visit.office, visit.path)
        if why_not in {"", TOO_MANY} and not whole and all(self._settled_before(e, visit) for e in listing.entries):
            why_not = "nothing-new"
        if why_not:
            self.session.count(f"walks-ended/{why_not}" + (f"/{visit.office}" if why_not == TOO_MANY else ""))
        if why_not in {"", TOO_MANY}:
            # What earlier runs of this crawl have not met pushed older entries on to pages that they have read.
            moved = self.session.resumed and any(self._unmet_before(entry, visit) for entry in listing.entries)
            for url in map(without_session, self._own(listing.pages, visit)):
                if why_not:  # a row that says what was left out: with it the walk does not count as whole
                    self.frontier.note(self._listing_at(url, via, visit, visit.path), "refused", TOO_MANY)
                else:
                    yield self.follow(url, via, visit, visit.path, again=moved and self._once_again(url))

    def _own(self, urls: Iterable[str], visit: Visit) -> Iterator[str]:
        """Those of the addresses that belong to the portal: a pager leads nowhere else."""
        for url in urls:
            if self.offices.portal_of_url(url) == visit.portal:
                yield url
            else:
                self.session.count("links/off-site")

    def follow(self, url: str, via: str, visit: Visit, path: str, *, again: bool = False) -> Request:
        return self.request(self._listing_at(url, via, visit, path), again=again)

    def _listing_at(self, url: str, via: str, visit: Visit, path: str) -> Visit:
        return Visit(url, url, "listing", visit.office, visit.portal, visit.dialect, via, path)

    # --- requests and their ends ---------------------------------------------------------------------------------

    def settle(self, response: Response, outcome: str, reason: str = "") -> None:
        self.frontier.settle(request_of(response), outcome, reason)

    def request(self, visit: Visit, *, again: bool = False) -> Request:
        # The frontier makes a row of it, and says who is called when it hands the row out.
        return Request(visit.url, meta={"visit": visit}, dont_filter=again)


def request_of(response: Response) -> Request:
    assert response.request is not None
    return response.request


def content_type_of(response: Response) -> str | None:
    value = response.headers.get("Content-Type")
    return value.decode("latin-1") if value else None
