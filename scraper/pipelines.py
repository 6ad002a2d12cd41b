"""From an extracted page to the archive: the last step of an item's journey."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrapy.exceptions import NotConfigured

from archive.record import Capture
from scraper.extract import Extraction
from scraper.reextract import judge
from scraper.repeats import removed_lines
from scraper.session import CrawlSession

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler


@dataclass(slots=True)
class ExtractedPage:
    """What the spider yields for an item page: the request, what was read, where the bytes are."""

    request: Request
    extraction: Extraction
    capture: Capture
    seen: str


class ArchivePipeline:
    """Stores records and settles the requests that brought them."""

    def __init__(self, crawler: Crawler) -> None:
        session = crawler.get_extension(CrawlSession)
        if session is None:
            raise NotConfigured("no office is crawled")
        self._session = session

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ArchivePipeline:
        """Made by Scrapy as an item pipeline."""
        return cls(crawler)

    def process_item(self, item: ExtractedPage) -> ExtractedPage:
        """Store the record, or note the refusal; count the boilerplate that was removed."""
        session, page = self._session, item.extraction
        assert session.frontier is not None
        for rule, number in page.removed.items():
            session.count(f"removed/{rule}", number)
        visit = item.request.meta["visit"]
        if visit.path != "sweep":  # most codes that are tried name nothing: their refusals tell nothing of the site
            session.tally.page(visit.office, visit.url, page.dialect, page.record)
        verdict = judge(page, item.capture, session.context, visit.office, visit.key)
        if verdict.record is None:
            session.catalogue.looked(visit.key, item.seen)
            session.frontier.settle(item.request, verdict.outcome, verdict.reason)
            return item
        try:
            outcome = session.catalogue.store(verdict.record, item.seen)
        except sqlite3.Error as error:
            session.fail(f"the archive could not be written to ({error})")
            raise
        session.count("warnings", len(verdict.record.warnings))
        for line in removed_lines(verdict.record):
            session.count(f"learnt/{line}")
        session.frontier.settle(item.request, outcome)
        return item
