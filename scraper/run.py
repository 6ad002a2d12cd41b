"""`bayegan run`: crawl what is due now, look for alarms, say so. Safe to call every few minutes.

What an office did last is read from the catalogue; nothing else is remembered, so a run that was killed, missed or
called twice leaves nothing to mend.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from archive import alarms, crawlpage, metrics
from archive.alarms import Changes
from archive.collection import Collection, open_collection
from archive.crawls import CrawlReport
from archive.errors import CollectionLockedError, NothingFoundError
from archive.offices import Offices, load_offices
from archive.rhythm import Past, pasts
from scraper import due, notify
from scraper.due import Group, Turn
from scraper.schedule import NAME, Schedule, load_schedule

_LAST_PART = 10  # of the free space that is an alarm: no crawl begins in it


@dataclass(slots=True)
class RunOrder:
    """What `bayegan run` was asked for."""

    collection: Path
    offices: Path
    schedule: Path | None = None
    metrics: Path | None = None
    resolve: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Outlook:
    """The schedule against what has been done: every office's next turn, and the crawls that are due now."""

    now: dt.datetime
    schedule: Schedule
    pasts: dict[str, Past]
    turns: list[Turn]
    groups: list[Group]


@dataclass(slots=True)
class RunResult:
    """What a run did: reports of its crawls, its exit code, alarms, and the turns that come next."""

    crawls: list[CrawlReport]
    code: int
    stopped: str | None
    alarms: Changes
    next: list[Turn]
    notices: list[str]


def outlook(order: RunOrder, now: dt.datetime) -> Outlook:
    """What is due, and what comes next. Raises UsageError for a schedule or offices file that cannot be used."""
    offices = load_offices(order.offices)
    schedule = read_schedule(order, offices)
    known = _pasts(order.collection, schedule)
    turns = due.turns(schedule, known, now)
    ids = [office.id for office in offices.all]
    return Outlook(now, schedule, known, turns, due.groups(turns, schedule, known, now, ids))


def read_schedule(order: RunOrder, offices: Offices) -> Schedule:
    """The schedule file that was named, or the collection's own."""
    path = order.schedule or order.collection / NAME
    return load_schedule(path, offices, needed=order.schedule is not None)


def _pasts(root: Path, schedule: Schedule) -> dict[str, Past]:
    try:
        collection = open_collection(root)
    except NothingFoundError:
        return {}
    try:
        return pasts(collection.catalogue, schedule.rules)
    finally:
        collection.close()


def run(order: RunOrder, clock: Callable[[], dt.datetime]) -> RunResult:
    """Crawl what is due, then look for alarms and tell of them, and write metrics.

    Raises UsageError; CollectionLockedError when another process writes to the collection, after the alarms.
    """
    ahead = outlook(order, clock())
    reports, code, stopped, locked = _crawl(order, ahead)
    try:
        collection = open_collection(order.collection)
    except NothingFoundError:
        if locked:
            raise locked from None
        return RunResult(reports, code, stopped, Changes([], [], [], []), ahead.turns, [])
    try:
        result = _look_around(order, collection, reports, clock())
    finally:
        collection.close()
    if locked:
        raise locked
    standing = 4 if result.alarms.standing else 0
    result.stopped, result.code = stopped, code or standing
    return result


def _crawl(order: RunOrder, ahead: Outlook) -> tuple[list[CrawlReport], int, str | None, CollectionLockedError | None]:
    """The reports of the crawls that were due, the exit code, why they had to stop, and who holds the lock."""
    if not ahead.groups:
        return [], 0, None, None
    if full := _disk_is_full(order.collection, ahead.schedule):
        return [], 4, full, None
    from scraper.crawl import CrawlOrder, exit_code, run_crawls  # noqa: PLC0415 - Scrapy, only when there is work

    orders = [
        CrawlOrder(
            list(group.offices),
            order.collection,
            order.offices,
            resolve=order.resolve,
            options=_limits(group, ahead.now) | order.options,
        )
        for group in ahead.groups
    ]
    try:
        results = run_crawls(orders)
    except CollectionLockedError as error:
        return [], 0, None, error
    codes = [exit_code(result) for result in results]
    code = 4 if 4 in codes or len(set(codes)) > 1 or len(results) < len(orders) else codes[0]  # noqa: PLR2004
    return [result.report for result in results], code, next((r.failure for r in results if r.failure), None), None


def _disk_is_full(root: Path, schedule: Schedule) -> str | None:
    """Why not to begin, when a crawl could hardly write anything before it had to stop."""
    least = schedule.limits.disk_free // _LAST_PART
    free = shutil.disk_usage(root).free if root.exists() else least
    return f"only {free / 1e6:.0f} MB are free for the collection" if free < least else None


def _limits(group: Group, now: dt.datetime) -> dict[str, str]:
    """A group's window, budget and days of re-checks, as settings of its crawl."""
    rule = group.rule
    limits: dict[str, object] = {}
    if rule.window:
        limits["BAYEGAN_RUN_UNTIL"] = rule.window.closing(now).timestamp()
    if rule.requests:
        limits["BAYEGAN_RUN_REQUESTS"] = rule.requests
    if rule.bytes:
        limits["BAYEGAN_RUN_BYTES"] = rule.bytes
    if rule.recheck is not None:
        limits["BAYEGAN_RECHECK_DAYS"] = ",".join(map(str, rule.recheck))
    return {name: str(value) for name, value in limits.items()}


def _look_around(order: RunOrder, collection: Collection, reports: list[CrawlReport], now: dt.datetime) -> RunResult:
    """Alarms, metrics and what comes next, as things are after the crawls."""
    ahead = outlook(order, now)
    watched = {id_: ahead.pasts[id_] for id_, rule in ahead.schedule.rules.items() if not rule.paused}
    found = alarms.find(collection.catalogue, collection.root, watched, ahead.schedule.limits, now)
    changes = alarms.note(collection.root, found, now)
    notices = _tell(collection.root, ahead.schedule, changes, now)
    comes_next = {turn.office: (turn.when, turn.why) for turn in ahead.turns}
    for report in reports:
        folder = collection.crawl_folder(report.crawl)
        crawlpage.write_page(folder / crawlpage.NAME, collection.catalogue, report, comes_next)
    if order.metrics:
        metrics.write(order.metrics, collection.catalogue, collection.root, now)
    return RunResult(reports, 0, None, changes, ahead.turns, notices)


def _tell(root: Path, schedule: Schedule, changes: Changes, now: dt.datetime) -> list[str]:
    """Tell webhook and mail command of what is new or over; what nobody could be told of is told of next time."""
    if not (schedule.webhook or schedule.mail) or not (changes.untold or changes.cleared):
        return []
    time = now.astimezone(dt.UTC).isoformat(timespec="seconds")
    told, failures = notify.tell(schedule.webhook, schedule.mail, notify.Message(time, changes.untold, changes.cleared))
    if told:
        alarms.note_told(root, changes.untold, now)
    return failures
