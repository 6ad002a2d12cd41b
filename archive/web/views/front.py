"""The front page: what came last, and how the archive stands. And the help page."""

from __future__ import annotations

from dataclasses import dataclass

from archive.crawls import told_state
from archive.search import index
from archive.search.find import Hit, hits_of
from archive.web.page import Answer, Ask
from archive.web.reading import Reading
from archive.web.words import HELP

_LATEST = 12


@dataclass(frozen=True, slots=True)
class LastCrawl:
    """The crawl that began last."""

    id: str
    state: str
    started: str
    finished: str | None


@dataclass(frozen=True, slots=True)
class State:
    """The archive in numbers. Bytes are those of the captures in the WARC files."""

    items: int
    withdrawn: int
    offices: int
    first: str | None
    last: str | None
    captures: int
    bytes: int
    warc_files: int
    last_capture: str | None
    last_crawl: LastCrawl | None


@dataclass(frozen=True, slots=True)
class Front:
    """The front page."""

    state: State
    latest: list[Hit]


@dataclass(frozen=True, slots=True)
class HelpRow:
    """One way to ask, and what it finds."""

    write: str
    finds: str


@dataclass(frozen=True, slots=True)
class Help:
    """How to search."""

    queries: list[HelpRow]


def front(ask: Ask) -> Answer:
    """Latest items and the state of the archive."""
    latest = index.search(ask.reading.db, "", limit=_LATEST).ids
    return Answer(Front(state_of(ask.reading), hits_of(ask.reading, latest)), "front.html")


def help_page(ask: Ask) -> Answer:
    """The language of queries, in short."""
    rows = [HelpRow(write, finds[ask.lang == "en"]) for write, *finds in HELP]
    return Answer(Help(rows), "help.html")


def state_of(reading: Reading) -> State:
    """The numbers of the archive, counted once a commit."""
    return reading.once("state", lambda: _count(reading))


def _count(reading: Reading) -> State:
    db = reading.db
    captures, size, files, last = db.execute(
        "SELECT count(*), coalesce(sum(length), 0), count(DISTINCT warc), max(fetched) FROM captures"
    ).fetchone()
    offices, first_day, last_day = db.execute(
        "SELECT count(DISTINCT office), min(published_jalali), max(published_jalali) FROM items"
    ).fetchone()
    newest = "ORDER BY max(started, coalesce(finished, '')) DESC LIMIT 1"
    crawl = db.execute(f"SELECT id, state, started, finished FROM crawls {newest}").fetchone()  # noqa: S608
    if crawl:
        crawl = (crawl[0], told_state(reading, crawl[1], None)[0], *crawl[2:])
    return State(
        items=reading.count(),
        withdrawn=index.search(db, "status:gone", limit=0).total,
        offices=offices,
        first=first_day,
        last=last_day,
        captures=captures,
        bytes=size,
        warc_files=files,
        last_capture=last,
        last_crawl=LastCrawl(*crawl) if crawl else None,
    )
