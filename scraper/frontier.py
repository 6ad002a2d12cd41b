"""The frontier: what a crawl has to fetch, as rows with leases in the catalogue.

Scrapy's own queues lose what is in flight when the process is killed. Here every request is a row: queued, leased,
done. A row becomes done only after Scrapy has let go of the request (download, callback and pipelines have ended, so
its children are rows already), and in the same transaction as what it brought. A run that dies leaves leases; the
next one takes them back at once, because the collection's lock proves that their holder is dead.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.core.scheduler import BaseScheduler

from scraper.breaker import Breaker, Limits
from scraper.priorities import priority_of
from scraper.session import CrawlSession

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

_PREFETCH = 64  # rows of a host read at once
_COLUMNS = "key, url, role, office, portal, dialect, via, path, hops, attempts, id"
_IN_FLIGHT_A_HOST = 2  # times CONCURRENT_REQUESTS_PER_DOMAIN: the slot never waits, other hosts get their share


@dataclass(slots=True)
class Visit:
    """A request as the crawl knows it; the row of the frontier, found in `request.meta["visit"]`."""

    key: str
    url: str
    role: str
    office: str
    portal: str
    dialect: str
    via: str | None = None
    path: str = "seed"
    hops: int = 0
    attempts: int = 0
    id: int = 0


@dataclass(slots=True)
class _Host:
    """The queue of one host: how many rows wait, which were read ahead, how many are in flight."""

    breaker: Breaker
    queued: int = 0
    assets: int = 0  # of the queued
    ahead: deque[Visit] = field(default_factory=deque)
    in_flight: int = 0
    asleep_until: float = 0.0  # no row is due before
    paused_until: float = 0.0  # the server asked to be left alone until then


@dataclass(slots=True)
class _Settled:
    outcome: str
    reason: str = ""
    due: float | None = None  # set: back into the queue, not before this time
    url: str | None = None  # set with it: to be fetched at another address


class Frontier(BaseScheduler):
    """Scrapy scheduler over the table `frontier`. Requests without a visit (Scrapy's own tools) pass through memory."""

    def __init__(self, crawler: Crawler, clock: Callable[[], float] = time.time) -> None:
        self._crawler = crawler
        self._clock = clock
        self._session: CrawlSession | None = crawler.get_extension(CrawlSession)
        settings = crawler.settings
        self._cap = settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN") * _IN_FLIGHT_A_HOST
        self._limits = Limits(
            settings.getint("BAYEGAN_BREAKER_FAILURES"),
            settings.getfloat("BAYEGAN_BREAKER_PAUSE"),
            settings.getfloat("BAYEGAN_BREAKER_PAUSE_MAX"),
            settings.getint("BAYEGAN_BREAKER_PAUSES"),
        )
        self._hosts: dict[str, _Host] = {}
        self._leased: dict[int, Request] = {}
        self._settled: dict[int, _Settled] = {}
        self._plain: deque[Request] = deque()
        self._items_in_flight = 0
        self.items_recorded = 0
        self.settled = 0
        self._earlier_rows = 0  # up to this id rows are of earlier runs
        self.limit: int | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Frontier:
        """Made by Scrapy as the SCHEDULER."""
        return cls(crawler)

    def open(self, spider: Spider) -> None:
        """Take back the leases of dead runs and count what waits."""
        if self._session is None:
            return
        self.limit = getattr(spider, "limit", None)
        self._session.frontier = self
        db = self._session.catalogue.db
        self._session.catalogue.begin()
        self._session.catalogue.owe_files_of_leased(self._session.crawl)
        db.execute("UPDATE frontier SET state = 'queued', lease = NULL WHERE state = 'leased'")
        self._earlier_rows = db.execute("SELECT coalesce(max(id), 0) FROM frontier").fetchone()[0]
        if not getattr(spider, "recheck", False):
            # What recovery found in a WARC tail was fetched by the run that died: not again.
            db.execute(
                "UPDATE frontier SET state = 'done', outcome = 'recorded' WHERE crawl = ? AND state = 'queued'"
                " AND role = 'item' AND path <> 'recheck' AND key IN (SELECT id FROM items)",
                (self._session.crawl,),
            )
        self.count_waiting()

    def met_before(self, key: str) -> bool:
        """Whether an earlier run of this crawl has met a key."""
        assert self._session is not None
        rows = self._session.catalogue.db.execute(
            "SELECT 1 FROM frontier WHERE crawl = ? AND key = ? AND id <= ?",
            (self._session.crawl, key, self._earlier_rows),
        )
        return rows.fetchone() is not None

    def count_waiting(self) -> None:
        """Count the rows that wait, after others than this scheduler have added some."""
        assert self._session is not None
        db = self._session.catalogue.db
        rows = db.execute(
            "SELECT host, count(*), sum(role = 'asset') FROM frontier WHERE crawl = ? AND state = 'queued'"
            " GROUP BY host",
            (self._session.crawl,),
        )
        for name, number, assets in rows:
            host = self._host(name)
            host.queued, host.assets = number, assets

    def _host(self, name: str) -> _Host:
        if name not in self._hosts:
            self._hosts[name] = _Host(Breaker(self._limits))
        return self._hosts[name]

    def close(self, reason: str) -> None:  # noqa: ARG002 - Scrapy's signature
        """Settle what Scrapy has let go of; what it has not stays leased for the next run."""
        self.sweep()

    def has_pending_requests(self) -> bool:
        """Whether rows wait, also those that are not due yet."""
        if self._plain:
            return True
        asked = (host for host in self._hosts.values() if not host.breaker.given_up)
        return any(host.assets if self.enough() else host.queued for host in asked)

    def enqueue_request(self, request: Request) -> bool:
        """Store a request as a row; false when the crawl has its key already."""
        visit: Visit | None = request.meta.get("visit")
        if self._session is None or visit is None:
            self._plain.append(request)
            return True
        return self.push(visit, again=request.dont_filter)

    def push(self, visit: Visit, *, again: bool = False) -> bool:
        """Store a visit as a queued row. `again` reopens a row that is done, with its attempts forgotten."""
        assert self._session is not None
        db, crawl = self._session.catalogue.db, self._session.crawl
        host = host_of(visit.url)
        self._session.catalogue.begin()
        new = db.execute(
            "INSERT OR IGNORE INTO frontier (crawl, key, url, role, office, portal, dialect, host, via, path, priority,"
            " hops, state) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,'queued')",
            (crawl, visit.key, visit.url, visit.role, visit.office, visit.portal, visit.dialect, host, visit.via,
             visit.path, priority_of(visit.role, visit.path), visit.hops),
        ).rowcount  # fmt: skip
        if not new and again:
            new = db.execute(
                "UPDATE frontier SET state = 'queued', attempts = 0, due = 0, outcome = NULL, reason = NULL,"
                " dialect = ? WHERE crawl = ? AND key = ? AND state = 'done'",
                (visit.dialect, crawl, visit.key),
            ).rowcount
        if new:
            self._add(self._host(host), visit)
        return bool(new)

    def note(self, visit: Visit, outcome: str, reason: str | None = None) -> bool:
        """Store a visit that is not made with its outcome; false when the crawl has its key already."""
        assert self._session is not None
        self._session.catalogue.begin()
        return bool(
            self._session.catalogue.db.execute(
                "INSERT OR IGNORE INTO frontier (crawl, key, url, role, office, portal, dialect, host, via, path,"
                " priority, state, outcome, reason) VALUES (?,?,?,?,?,?,?,?,?,?,0,'done',?,?)",
                (self._session.crawl, visit.key, visit.url, visit.role, visit.office, visit.portal, visit.dialect,
                 host_of(visit.url), visit.via, visit.path, outcome, reason),
            ).rowcount
        )  # fmt: skip

    def next_request(self) -> Request | None:
        """Lease the next row: of the host with the fewest requests in flight, the most urgent, then the oldest."""
        if self._plain:
            return self._plain.popleft()
        if self._session is None:
            return None
        self.sweep()
        visit = self._take() if self.has_pending_requests() else None
        if visit is None:
            return None
        spider: Any = self._crawler.spider
        request = Request(
            visit.url,
            callback=spider.parse,
            errback=spider.failed,
            meta={"visit": visit},
            dont_filter=True,
        )
        spider.prepare(request)
        self._leased[visit.id] = request
        self._session.catalogue.begin()
        self._session.catalogue.db.execute(
            "UPDATE frontier SET state = 'leased', lease = ?, attempts = attempts + 1 WHERE id = ?",
            (self._session.run, visit.id),
        )
        visit.attempts += 1
        self._items_in_flight += visit.role == "item"
        return request

    def settle(self, request: Request, outcome: str, reason: str = "", *, asked: bool = True) -> None:
        """Say what a request came to. It is written when Scrapy has let go of the request.

        Args:
            asked: whether its host was asked at all; if not, the outcome says nothing about the host.
        """
        self._settled[request.meta["visit"].id] = _Settled(outcome, reason)
        if asked:
            self._note(request, reason)

    def retry(self, request: Request, reason: str, delay: float, *, whole_host: bool = False) -> None:
        """Put a request back into the queue, to be leased again after `delay` seconds; perhaps its host with it."""
        due = self._clock() + delay
        self._settled[request.meta["visit"].id] = _Settled("retry", reason, due)
        self._note(request, reason)
        if whole_host:
            host = self._hosts[host_of(request.url)]
            host.paused_until = max(host.paused_until, due)

    def postpone(self, request: Request, reason: str, delay: float) -> None:
        """Put a request back that could not be made yet, and let its host wait; it does not count as a try."""
        visit, due = request.meta["visit"], self._clock() + delay
        visit.attempts -= 1
        self._settled[visit.id] = _Settled("retry", reason, due)
        host = self._hosts[host_of(request.url)]
        host.paused_until = max(host.paused_until, due)

    def leave(self, request: Request, reason: str) -> None:
        """Put a request back and leave its host, with all that waits for it, to the next crawl."""
        self._settled[request.meta["visit"].id] = _Settled("retry", reason, self._clock())
        host = self._hosts[host_of(request.url)]
        if not host.breaker.given_up:
            host.breaker.given_up = True
            self._tell(host_of(request.url), host)

    def in_trouble(self, request: Request) -> bool:
        """Whether a request's host has its breaker open: a failure then says nothing about the page."""
        breaker = self._hosts[host_of(request.url)].breaker
        return breaker.tripped or breaker.given_up

    def _note(self, request: Request, reason: str) -> None:
        name = host_of(request.url)
        if self._host(name).breaker.note(request.url, reason, self._clock()):
            self._tell(name, self._hosts[name])

    def _tell(self, name: str, host: _Host) -> None:
        assert self._session is not None
        if host.breaker.given_up:
            self._session.count(f"host-given-up/{name}")
            self._session.log.warning("%s is left to the next crawl, with %d addresses", name, host.queued)
        else:
            self._session.count(f"host-paused/{name}")
            seconds = host.breaker.until - self._clock()
            self._session.log.warning("%s is in trouble: it is left alone for %.0f s", name, seconds)

    def redirect(self, request: Request, url: str) -> None:
        """Put a request back into the queue, to be fetched at the address it was sent on to."""
        self._settled[request.meta["visit"].id] = _Settled("redirect", "", self._clock(), url)
        self._note(request, "")

    def sweep(self) -> None:
        """Write the outcome of every leased request that has left the engine."""
        slot = self._crawler.engine._slot if self._crawler.engine else None
        in_progress = slot.inprogress if slot else set()
        for row, request in [pair for pair in self._leased.items() if pair[1] not in in_progress]:
            del self._leased[row]
            self._write_outcome(row, request.meta["visit"])

    def _write_outcome(self, row: int, visit: Visit) -> None:
        assert self._session is not None
        # A request that nobody settled was dropped somewhere in Scrapy: counted, never silent.
        end = self._settled.pop(row, None) or _Settled("failed", "dropped")
        host = self._hosts[host_of(visit.url)]
        host.in_flight -= 1
        self._items_in_flight -= visit.role == "item"
        self.items_recorded += end.outcome == "recorded"
        self.settled += end.due is None
        self._session.catalogue.begin()
        db = self._session.catalogue.db
        if end.due is None:
            db.execute(
                "UPDATE frontier SET state = 'done', lease = NULL, outcome = ?, reason = ? WHERE id = ?",
                (end.outcome, end.reason or None, row),
            )
        else:
            self._requeue(row, visit, end)

    def _requeue(self, row: int, visit: Visit, end: _Settled) -> None:
        assert self._session is not None
        url = end.url or visit.url
        self._session.catalogue.db.execute(
            "UPDATE frontier SET state = 'queued', lease = NULL, due = ?, reason = ?, url = ?, host = ?, hops = ?,"
            " attempts = ? WHERE id = ?",
            (
                end.due,
                end.reason or None,
                url,
                host_of(url),
                visit.hops + bool(end.url),
                0 if end.url else visit.attempts,
                row,
            ),
        )
        self._add(self._host(host_of(url)), visit)

    @staticmethod
    def _add(host: _Host, visit: Visit) -> None:
        host.queued += 1
        host.assets += visit.role == "asset"
        host.asleep_until = 0.0

    def enough(self) -> bool:
        """Whether the limit on new items is reached."""
        return self.limit is not None and self.items_recorded >= self.limit

    def _take(self) -> Visit | None:
        now = self._clock()
        ready = [
            (name, host)
            for name, host in self._hosts.items()
            if host.queued
            and host.in_flight < self._cap
            and max(host.asleep_until, host.paused_until) <= now
            and host.breaker.allows(host.in_flight, now)
        ]
        for name, host in sorted(ready, key=lambda pair: pair[1].in_flight):
            if host.ahead and self.enough() and host.ahead[0].role != "asset":
                host.ahead.clear()  # the pictures of the last items are more urgent, and may have come later
            if not host.ahead:
                self._read_ahead(name, host, now)
            if host.ahead and self._within_limit(host.ahead[0]):
                visit = host.ahead.popleft()
                host.queued -= 1
                host.assets -= visit.role == "asset"
                host.in_flight += 1
                return visit
        return None

    def _within_limit(self, visit: Visit) -> bool:
        if self.enough():
            return visit.role == "asset"
        return visit.role != "item" or self.limit is None or self.items_recorded + self._items_in_flight < self.limit

    def _read_ahead(self, name: str, host: _Host, now: float) -> None:
        assert self._session is not None
        db, crawl = self._session.catalogue.db, self._session.crawl
        rows = db.execute(
            f"SELECT {_COLUMNS} FROM frontier WHERE crawl = ? AND host = ? AND state = 'queued' AND due <= ?"  # noqa: S608
            " ORDER BY priority DESC, id LIMIT ?",
            (crawl, name, now, _PREFETCH),
        )
        host.ahead.extend(Visit(*row) for row in rows)
        if not host.ahead:
            soonest = db.execute(
                "SELECT min(due) FROM frontier WHERE crawl = ? AND host = ? AND state = 'queued'",
                (crawl, name),
            ).fetchone()[0]
            host.asleep_until = soonest if soonest is not None else float("inf")

    @property
    def waiting(self) -> int:
        """Rows that are queued or leased."""
        return sum(host.queued for host in self._hosts.values()) + len(self._leased)


def host_of(url: str) -> str:
    """Host and port of an address, as it stands there."""
    return url.split("/", 3)[2].lower()
