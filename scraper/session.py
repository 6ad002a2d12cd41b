"""One crawl's session: the collection it writes to, its id, its counters. Shared by capture, frontier and pipeline.

A Scrapy extension, so that `bayegan crawl` and `scrapy crawl` open and close a collection in the same way.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import sqlite3
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from archive import crawlpage, crawls, drift
from archive.collection import CollectionWriter, Exchange, lock_collection
from archive.record import Capture
from scraper import warcinfo
from scraper.reextract import index_recovered
from scraper.repeats import learn_all
from scraper.warcinfo import Context

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
        self.frontier: Frontier | None = None
        self.counts: Counter[str] = Counter()
        self.tally = drift.Tally()
        self.run = uuid.uuid4().hex
        self._noted = time.monotonic()
        self.collection: CollectionWriter = lock_collection(Path(crawler.settings["BAYEGAN_COLLECTION"]))
        self.catalogue: Catalogue = self.collection.catalogue
        self.collection.max_bytes = crawler.settings.getint("BAYEGAN_WARC_MAX_BYTES")
        self.collection.max_age = dt.timedelta(hours=crawler.settings.getfloat("BAYEGAN_WARC_MAX_HOURS"))
        self.crawl, self.resumed = crawls.begin_crawl(self.catalogue, spider.scope, dt.datetime.now(dt.UTC))
        self.started: str = self.catalogue.db.execute(
            "SELECT started FROM crawls WHERE id = ?", (self.crawl,)
        ).fetchone()[0]
        repeated = learn_all(self.catalogue, (office.portal for office in spider.chosen))
        self.context = Context(spider.offices, spider.scope.since, spider.scope.until, repeated=repeated)
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
        for file, added in index_recovered(self.collection):
            self.count("recovered/captures", added)
            self.count("recovered/bytes-cut", file.cut)
            told = (file.warc, file.records, added, file.cut)
            self.log.info("Recovered %s: %d records, %d captures indexed, %d bytes cut", *told)

    def _opened(self) -> None:
        self._loop.start(_COMMIT_SECONDS, now=False)

    def _closed(self, spider: Spider, reason: str) -> None:  # noqa: ARG002 - Scrapy's signature
        """Runs after the frontier was closed: commit, finish the files, write the report."""
        if self._loop.running:
            self._loop.stop()
        try:
            self.commit()
            if self.failure is None:
                self._end(reason)
        except (OSError, sqlite3.Error) as error:
            self.fail(_cannot_write(error))
        except Exception as error:
            self.failure = f"a defect of Bayegan, {error!r}"  # Scrapy only logs it, and its log is not shown
            raise
        finally:
            if self.failure is not None:
                self._abandon()
            self.collection.close()
            logging.getLogger().removeHandler(self._log_file)
            self._log_file.close()

    def _end(self, reason: str) -> None:
        if reason == "finished" and self.frontier is not None and self.frontier.enough():
            reason = "limit"
        elif reason == "finished" and self.frontier is not None and self.frontier.waiting:
            reason = "hosts-in-trouble"  # left to the next crawl
        self.collection.finish_files()
        now = dt.datetime.now(dt.UTC)
        finished = crawls.end_crawl(self.catalogue, self.crawl, self._stopped_by or reason, now, *self._since_noted())
        if finished and not (self.context.since or self.context.until):
            crawls.note_walks(self.catalogue, self.crawl, now)
        drift.forget(self.catalogue, self.crawl)
        days = self._crawler.settings.getfloat("BAYEGAN_FRONTIER_DAYS")
        crawls.forget(self.catalogue, now - dt.timedelta(days=days))
        self.report = crawls.report(self.catalogue, self.crawl)
        folder = self.collection.crawl_folder(self.crawl)
        crawls.write_report(folder / "report.json", self.report)
        crawlpage.write_page(folder / crawlpage.NAME, self.catalogue, self.report)

    def _abandon(self) -> None:
        """Leave what was not committed to the next start, which recovers it from the files that stay `.open`."""
        self.collection.abandon()
        self.report = crawls.report(self.catalogue, self.crawl)
        self.report.state, self.report.reason = "stopped", self.failure
        self.report.unrecovered = crawls.unrecovered(self.catalogue)

    def keep(self, exchange: Exchange) -> Capture:
        """Write an exchange to the archive. Raises OSError, and then stops the crawl, when the disk refuses."""
        try:
            return self.collection.keep(exchange)
        except (OSError, sqlite3.Error) as error:
            self.fail(_cannot_write(error))
            raise

    def commit(self) -> None:
        """Make durable what has arrived: WARC files first, then captures, records and frontier in one transaction."""
        if self.failure is not None:
            return
        try:
            if self.frontier is not None:
                self.frontier.sweep()
            self.tally.flush(self.catalogue, self.crawl)
            if self.catalogue.db.in_transaction:  # time alone is not worth a commit
                crawls.note_run(self.catalogue, self.crawl, *self._since_noted())
            self.collection.commit()
        except (OSError, sqlite3.Error) as error:
            self.fail(_cannot_write(error))
        else:
            self._wake()

    def _since_noted(self) -> tuple[float, dict[str, int]]:
        """Seconds and counts since this was last asked."""
        before, self._noted = self._noted, time.monotonic()
        counts, self.counts = self.counts, Counter()
        return self._noted - before, dict(counts)

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

    def first_walk(self, office: str) -> bool:
        """Whether an office's listings have never been walked to their end."""
        return self.catalogue.meta(f"walked/{office}") is None

    def complete_until(self, office: str) -> str:
        """When all that an office's listings name was last known to be settled; before that, when this crawl began."""
        return self.catalogue.meta(f"walked/{office}") or self.started

    def walk_is_due(self, office: str) -> bool:
        """Whether an office's listings were never walked, or not for so long that its feed alone is not enough."""
        tried = self.catalogue.meta(f"walk-tried/{office}")
        pause = dt.timedelta(hours=self._crawler.settings.getfloat("BAYEGAN_WALK_HOURS"))
        return tried is None or dt.datetime.fromisoformat(tried) <= dt.datetime.now(dt.UTC) - pause

    def count(self, what: str, number: int = 1) -> None:
        """Count what no table counts; it ends in the report."""
        self.counts[what] += number

    def count_anew(self, what: str, number: int) -> None:
        """Count what the last run knows best, in place of what earlier runs on this crawl counted."""
        self.counts[what] = number - crawls.noted_counts(self.catalogue, self.crawl)[what]

    def _info(self, crawler: Crawler) -> list[tuple[str, str]]:
        settings = crawler.settings
        further = {
            "http-header-user-agent": settings["USER_AGENT"],
            "robots": "obey" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
            "crawl": self.crawl,
            "scope": self._spider.scope.text(),
        }
        if self.context.repeated:
            further["repeated"] = json.dumps(self.context.repeated, ensure_ascii=False, separators=(",", ":"))
        return warcinfo.compose(self.offices, settings["BAYEGAN_OPERATOR"], **further)

    def _leave_settings(self, crawler: Crawler) -> None:
        folder = self.collection.crawl_folder(self.crawl)
        folder.mkdir(parents=True, exist_ok=True)
        changed = {k: v for k, v in crawler.settings.copy_to_dict().items() if crawler.settings.getpriority(k)}
        (folder / "settings.json").write_text(
            json.dumps(changed, indent=1, ensure_ascii=False, sort_keys=True, default=repr) + "\n", encoding="utf-8"
        )

    def _start_log(self) -> logging.Handler:
        handler = _LogFile(self.collection.crawl_folder(self.crawl) / "log", encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        handler.setLevel(logging.INFO)
        logging.getLogger().addHandler(handler)
        return handler


class _LogFile(logging.FileHandler):
    """The log of a crawl. When the disk is full it is silent: the crawl itself says so."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        pass


def _cannot_write(error: Exception) -> str:
    return f"the archive could not be written to ({getattr(error, 'strerror', None) or error})"
