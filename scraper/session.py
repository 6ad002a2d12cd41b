"""One crawl's session: the collection it writes to, its id, its counters. Shared by capture, frontier and pipeline.

A Scrapy extension, so that `bayegan crawl` and `scrapy crawl` open and close a collection in the same way.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import platform
import time
import uuid
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from archive import crawls, warc
from archive.collection import CollectionWriter, Exchange, lock_collection
from archive.record import Capture
from scraper.reextract import Context, index_captures

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

    from archive.catalogue import Catalogue
    from archive.offices import Offices
    from scraper.frontier import Frontier

_COMMIT_SECONDS = 0.5


class CrawlSession:
    """What the parts of one crawl share.

    Raises NotConfigured for a spider that is not ours (`scrapy shell`), CollectionLockedError and CollectionError
    when the collection cannot be written to.
    """

    log = logging.getLogger("bayegan")

    def __init__(self, crawler: Crawler) -> None:
        spider: Any = crawler.spider
        if not hasattr(spider, "scope"):
            raise NotConfigured("no office is crawled")
        self._crawler = crawler
        self._spider = spider
        self.offices: Offices = spider.offices
        self.context = Context(spider.offices, spider.scope.since, spider.scope.until)
        self.frontier: Frontier | None = None
        self.counts: Counter[str] = Counter()
        self.run = uuid.uuid4().hex
        self._begun = time.monotonic()
        self.collection: CollectionWriter = lock_collection(Path(crawler.settings["BAYEGAN_COLLECTION"]))
        self.catalogue: Catalogue = self.collection.catalogue
        self.collection.max_bytes = crawler.settings.getint("BAYEGAN_WARC_MAX_BYTES")
        self.crawl, self.resumed = crawls.begin_crawl(self.catalogue, spider.scope, dt.datetime.now(dt.UTC))
        self.collection.info = self._info(crawler)
        self._recover()
        self._loop = create_looping_call(self.commit)
        self.failure: str | None = None
        self.report: crawls.CrawlReport | None = None
        self._stopped_by = ""
        self._closing: asyncio.Future[None] | None = None
        self._leave_settings(crawler)
        self._log_file = self._start_log()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CrawlSession:
        """Made by Scrapy; opens the collection."""
        session = cls(crawler)
        crawler.signals.connect(session._opened, signals.spider_opened)
        crawler.signals.connect(session._closed, signals.spider_closed)
        return session

    def _recover(self) -> None:
        """Index what a dead process wrote to its WARC files and did not commit."""
        for file in self.collection.recovered:
            added = index_captures(self.collection, warc.locate(self.collection.root, file.warc))
            self.catalogue.commit()
            self.count("recovered/captures", added)
            self.count("recovered/bytes-cut", file.cut)
            self.log.info(
                "Recovered %s: %d records, %d captures indexed, %d bytes cut",
                file.warc,
                file.records,
                added,
                file.cut,
            )

        self.collection.finish_recovered()

    def _opened(self) -> None:
        self._loop.start(_COMMIT_SECONDS, now=False)

    def _closed(self, spider: Spider, reason: str) -> None:  # noqa: ARG002 - Scrapy's signature
        """Runs after the frontier was closed: settle, commit, finish the files, write the report."""
        if self._loop.running:
            self._loop.stop()
        seconds = time.monotonic() - self._begun
        try:
            if self.frontier is not None:
                self.frontier.sweep()
            self.collection.commit()
            self.collection.finish_files()
            if reason == "finished" and self.frontier is not None and self.frontier.enough():
                reason = "limit"
            reason = self.failure or self._stopped_by or reason
            crawls.end_crawl(self.catalogue, self.crawl, reason, dt.datetime.now(dt.UTC), seconds, dict(self.counts))
            self.report = crawls.report(self.catalogue, self.crawl)
            self._leave_report(self.report)
        except OSError as error:
            self.failure = f"the archive could not be written to: {error.strerror or error}"
            self.log.error("Closing the collection failed: %s", error)  # noqa: TRY400 - a message, not a traceback
        finally:
            self.collection.close()
            logging.getLogger().removeHandler(self._log_file)
            self._log_file.close()

    def keep(self, exchange: Exchange) -> Capture:
        """Write an exchange to the archive. Raises OSError, and then stops the crawl, when the disk refuses."""
        try:
            return self.collection.keep(exchange)
        except OSError as error:
            self.fail(f"the archive could not be written to: {error.strerror or error}")
            raise

    def commit(self) -> None:
        """Make durable what has arrived: WARC files first, then captures, records and frontier in one transaction."""
        try:
            if self.frontier is not None:
                self.frontier.sweep()
            self.collection.commit()
            self._wake()
        except Exception as error:  # noqa: BLE001 - whatever it is, going on would lose what arrives
            self.fail(f"the archive could not be written to: {getattr(error, 'strerror', None) or error}")

    def _wake(self) -> None:
        # Rows that were not due may be due now; Scrapy itself looks only every five seconds.
        slot = self._crawler.engine._slot if self._crawler.engine else None
        if slot is not None and slot.closing is None:
            slot.nextcall.schedule()

    def fail(self, why: str) -> None:
        """Stop the crawl because going on would lose something."""
        if self.failure is None:
            self.failure = why
            self.log.error("The crawl stops: %s", why)
            self.stop("failed")

    def stop(self, reason: str) -> None:
        """Let requests in flight end, then close the spider."""
        engine = self._crawler.engine
        if not self._stopped_by and engine is not None and engine.spider is not None:
            self._stopped_by = reason
            self._closing = asyncio.ensure_future(engine.close_spider_async(reason=reason))

    def count(self, what: str, number: int = 1) -> None:
        """Count what no table counts; it ends in the report."""
        self.counts[what] += number

    def _info(self, crawler: Crawler) -> list[tuple[str, str]]:
        """The warcinfo fields: who crawled, with what, under which rules, and all a rebuild needs to know."""
        settings = crawler.settings
        offices = [
            {
                "id": o.id,
                "organisation": o.organisation,
                "province": o.province,
                "url": o.url,
                "portal": o.portal,
            }
            for o in self.offices.all
        ]
        return [
            (
                "software",
                f"Bayegan/{version('bayegan')} Scrapy/{version('scrapy')} Python/{platform.python_version()}",
            ),
            ("format", "WARC File Format 1.1"),
            ("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
            ("operator", settings["BAYEGAN_OPERATOR"]),
            ("http-header-user-agent", settings["USER_AGENT"]),
            ("robots", "obey" if settings.getbool("ROBOTSTXT_OBEY") else "ignore"),
            ("crawl", self.crawl),
            ("scope", self._spider.scope.text()),
            ("offices", json.dumps(offices, ensure_ascii=False, separators=(",", ":"))),
        ]

    def _leave_settings(self, crawler: Crawler) -> None:
        folder = self.collection.crawl_folder(self.crawl)
        folder.mkdir(parents=True, exist_ok=True)
        changed = {k: repr(crawler.settings[k]) for k in crawler.settings if crawler.settings.getpriority(k)}
        (folder / "settings.json").write_text(
            json.dumps(changed, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
        )

    def _start_log(self) -> logging.Handler:
        handler = logging.FileHandler(self.collection.crawl_folder(self.crawl) / "log", encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        handler.setLevel(logging.INFO)
        logging.getLogger().addHandler(handler)
        return handler

    def _leave_report(self, report: crawls.CrawlReport) -> None:
        path = self.collection.crawl_folder(self.crawl) / "report.json"
        crawls.write_report(path, report)
