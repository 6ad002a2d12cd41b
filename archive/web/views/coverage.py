"""Coverage: what the archive has of each office month by month, what is known of every code, and what is missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from starlette.responses import Response

from archive import calendarpicture
from archive.coverage import Ledger, Missing, ledger
from archive.crawls import CrawlReport, report
from archive.errors import NothingFoundError
from archive.web.page import Answer, Ask
from archive.web.reading import Reading

_MOST_LACKING = 200  # shown; `bayegan report --coverage --json` has all


@dataclass(frozen=True, slots=True)
class OfficeCoverage:
    """An office in one year: items a month, and the first and last day of publication in all years."""

    office: str
    total: int
    undated: int
    first: str | None
    last: str | None
    months: list[int]
    missing: dict[str, int]


@dataclass(frozen=True, slots=True)
class Codes:
    """What is known of the codes of a portal, from the lowest to the highest seen; `states` counts them."""

    portal: str
    lowest: int | None
    highest: int | None
    states: dict[str, int]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every office in one Jalali year. `missing` counts what the last crawl could not get, by outcome.

    `lacking` has the first of the `lacks` items that sites list and that are not here.
    """

    year: int | None
    years: list[int]
    offices: list[OfficeCoverage]
    crawl: str | None
    missing: dict[str, int]
    codes: list[Codes]
    lacks: int
    lacking: list[Missing]


def coverage(ask: Ask) -> Answer:
    """The coverage of a year, the last one with items unless it is named."""
    counted = ask.reading.once("coverage", lambda: _count(ask.reading))
    years = sorted({int(month[:4]) for _, month in counted if month}, reverse=True)
    year: int | None = ask.values.get("year", years[0] if years else None)
    crawl = ask.reading.once("crawl", lambda: _last_crawl(ask.reading))
    known: Ledger = ask.reading.once("ledger", lambda: ledger(ask.reading.db))
    offices = {office for office, _ in counted if office} | set(crawl.offices if crawl else ())
    problems = Counter(p.outcome for p in crawl.problems) if crawl else Counter()
    data = Coverage(
        year,
        years,
        [_office(counted, office, year, crawl) for office in sorted(offices)],
        crawl.crawl if crawl else None,
        dict(problems),
        [Codes(p.portal, p.lowest, p.highest, p.states) for p in known.portals],
        len(known.missing),
        known.missing[:_MOST_LACKING],
    )
    return Answer(data, "coverage.html")


def picture(ask: Ask) -> Response:
    """A year as a calendar, of all offices or of one; an empty one when there is no year."""
    years = ask.reading.once("years", lambda: calendarpicture.years(ask.reading.db))
    year = ask.values.get("year") or (years[0] if years else 1400)
    svg = calendarpicture.picture(ask.reading.db, year, ask.values.get("office"))
    return Response(svg, media_type="image/svg+xml")


def _count(reading: Reading) -> dict[tuple[str | None, str | None], int]:
    rows = reading.db.execute("SELECT office, substr(published_jalali, 1, 7), count(*) FROM items GROUP BY 1, 2")
    return {(office, month): number for office, month, number in rows}


def _last_crawl(reading: Reading) -> CrawlReport | None:
    try:
        return report(reading)
    except NothingFoundError:
        return None


def _office(
    counted: dict[tuple[str | None, str | None], int], office: str, year: int | None, crawl: CrawlReport | None
) -> OfficeCoverage:
    own = {month: number for (name, month), number in counted.items() if name == office}
    dated = sorted(month for month in own if month)
    part = crawl.offices.get(office) if crawl else None
    return OfficeCoverage(
        office=office,
        total=sum(own.values()),
        undated=own.get(None, 0),
        first=dated[0] if dated else None,
        last=dated[-1] if dated else None,
        months=[own.get(f"{year}-{month:02}", 0) for month in range(1, 13)],
        missing={name: n for name, n in part.items.items() if name in {"refused", "failed", "collided"}}
        if part
        else {},
    )
