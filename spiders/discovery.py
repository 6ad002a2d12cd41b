"""Where the items of an office are looked for, and when a listing has been read far enough."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urljoin

from archive.jalali import to_jalali
from scraper.dialects.base import Seeds
from scraper.listing import Listing

TOO_MANY = "too-many"
_EARLIEST_YEAR = 1380  # no office had a site before
NEWEST = 2  # days of a range of which the lists may have grown since they were read
_EDGE = 2  # leaves at each end of a sitemap index that are read again: new items come at one of them
_SESSION = re.compile(
    r";jsessionid=[^?#/]*|/\(S\([^)]*\)\)(?=/)|(?<=[?&])(?:jsessionid|phpsessid|aspsessionid\w*|sessionid|sid)=[^&#]*&?",
    re.IGNORECASE,
)


def seeds_of(home: str, seeds: Seeds, first: dt.date | None, last: dt.date) -> Iterator[tuple[str, str]]:
    """What to fetch beside an office's home page and feeds: (sitemap or archive, address).

    Args:
        home: the office's address.
        first, last: the range of days; without a first day the archive is walked from its newest page.
    """
    # Without a range two years are enough to begin with: each that has a sitemap leads to the year before, and in
    # Farvardin the new one may have none yet.
    years = range(to_jalali(last)[0], (to_jalali(first)[0] if first else to_jalali(last)[0] - 1) - 1, -1)
    for template in seeds.sitemaps:
        for path in dict.fromkeys(template.format(year=year) for year in years):
            yield "sitemap", urljoin(home, path)
    if first and seeds.archive_day:
        for offset in range((last - first).days + 1):
            year, month, day = to_jalali(last - dt.timedelta(days=offset))
            path = seeds.archive_day.format(page=seeds.first_page, year=year, month=month, day=day)
            yield "archive", urljoin(home, path)
    elif seeds.archive:
        yield "archive", urljoin(home, seeds.archive.format(page=seeds.first_page))


def year_before(url: str, seeds: Seeds) -> str | None:
    """The sitemap of the year before the one at an address; None for every other address."""
    for template in seeds.sitemaps:
        if "{year}" not in template:
            continue
        start, end = template.split("{year}")
        match = re.search(f"{re.escape(start)}([0-9]{{4}}){re.escape(end)}$", url)
        if match and int(match[1]) > _EARLIEST_YEAR:
            return urljoin(url, template.format(year=int(match[1]) - 1))
    return None


def without_session(url: str) -> str:
    """An address without the session id that makes it a new one on every visit."""
    return _SESSION.sub("", url).rstrip("?&")


def edges(leaves: list[str]) -> set[str]:
    """The leaves of a sitemap index that may have grown since they were read."""
    return {*leaves[:_EDGE], *leaves[-_EDGE:]}


class Walks:
    """The listings read in this run: tells pages that repeat each other and counts them by office.

    A listing without end (a calendar that goes on for ever, a pager that gives its last page again and again) is
    known by an empty page, by a page with the same entries as another, or at last by the number of its pages.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._pages: Counter[str] = Counter()
        self._read: set[int] = set()

    def may_go_on(self, listing: Listing, office: str, path: str) -> str:
        """Nothing when the further pages of a listing are to be followed, else the word for why not."""
        if not listing.entries:
            return "empty"
        signature = hash((office, path, frozenset(entry.url for entry in listing.entries)))
        if signature in self._read:
            return "repeating"
        self._read.add(signature)
        self._pages[office] += 1
        return TOO_MANY if self._pages[office] > self._most else ""
