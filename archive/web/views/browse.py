"""Browsing without a query: by province, by office, by the Jalali calendar."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from archive.errors import NothingFoundError
from archive.jalali import month_length, to_gregorian
from archive.provinces import PROVINCES
from archive.search import index
from archive.search.answers import Spread
from archive.search.find import Hit, hits_of
from archive.search.tree import Query
from archive.web.page import Answer, Ask
from archive.web.params import Wish

_LATEST = 10


@dataclass(frozen=True, slots=True)
class Place:
    """A province, with its items by organisation."""

    province: str
    total: int
    organisations: dict[str, int]


@dataclass(frozen=True, slots=True)
class OfficeCount:
    """An office, and how many items it published."""

    office: str
    organisation: str | None
    total: int


@dataclass(frozen=True, slots=True)
class Places:
    """All provinces and offices. `elsewhere` counts items that name no province."""

    provinces: list[Place]
    elsewhere: int
    offices: list[OfficeCount]


@dataclass(frozen=True, slots=True)
class Year:
    """A Jalali year: items of each of its twelve months."""

    year: int
    total: int
    months: list[int]


@dataclass(frozen=True, slots=True)
class PlacePage:
    """A province or an office: how its items spread over time, and the latest."""

    filters: dict[str, str]
    total: int
    undated: int
    years: list[Year]
    offices: list[OfficeCount]
    latest: list[Hit]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Every year of the archive, month by month."""

    undated: int
    years: list[Year]


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a month. `weekday` counts from Saturday, 0."""

    date: str
    gregorian: str
    weekday: int
    items: int


@dataclass(frozen=True, slots=True)
class Month:
    """A Jalali month, day by day."""

    year: int
    month: int
    total: int
    days: list[Day]


def places(ask: Ask) -> Answer:
    """Provinces and offices with the number of their items."""
    found = _of_all(ask)
    provinces: dict[str | None, Counter[str]] = {}
    for facts, number in found.facts.items():
        provinces.setdefault(facts.province, Counter())[facts.organisation or ""] += number
    counted = [(p.code, provinces.get(p.code, Counter())) for p in PROVINCES]
    data = Places(
        [
            Place(code, counts.total(), {name: n for name, n in sorted(counts.items()) if name})
            for code, counts in counted
        ],
        provinces.get(None, Counter()).total(),
        sorted(_offices(found), key=lambda office: office.office),
    )
    return Answer(data, "places.html")


def _of_all(ask: Ask) -> Spread:
    return ask.reading.answers.spread(ask.reading.db, Query())


def _offices(found: Spread) -> list[OfficeCount]:
    counts: Counter[tuple[str, str | None]] = Counter()
    for facts, number in found.facts.items():
        if facts.office:
            counts[facts.office, facts.organisation] += number
    return [OfficeCount(*office, number) for office, number in counts.most_common()]


def province(ask: Ask) -> Answer:
    """One province."""
    return _place(ask, {"province": ask.values["province"]})


def office(ask: Ask) -> Answer:
    """One office. Raises NothingFoundError for one that published nothing here."""
    answer = _place(ask, {"office": ask.values["office"]})
    if not answer.data.total:
        raise NothingFoundError(f"No item of an office «{ask.values['office']}» is in this collection.")
    return answer


def _place(ask: Ask, filters: dict[str, str]) -> Answer:
    query = Wish.of(filters).query()
    answers, db = ask.reading.answers, ask.reading.db
    rows, spread = answers.rows(db, query), answers.spread(db, query)
    latest = hits_of(ask.reading, rows[: -_LATEST - 1 : -1].tolist())
    data = PlacePage(filters, len(rows), spread.undated, _years(spread), _offices(spread), latest)
    return Answer(data, "place.html")


def calendar(ask: Ask) -> Answer:
    """All years and months."""
    found = _of_all(ask)
    return Answer(Calendar(found.undated, _years(found)), "calendar.html")


def month(ask: Ask) -> Answer:
    """One month, day by day."""
    year, number = ask.values["year"], ask.values["month"]
    last = month_length(year, number)
    span = index.rowid_range(to_gregorian(year, number, 1), to_gregorian(year, number, last))
    rows = ask.reading.db.execute(
        "SELECT published_jalali, count(*) FROM items WHERE docid BETWEEN ? AND ? GROUP BY 1", span
    )
    counts = dict(rows.fetchall())
    days = []
    for day in range(1, last + 1):
        date, gregorian = f"{year:04}-{number:02}-{day:02}", to_gregorian(year, number, day)
        days.append(Day(date, gregorian.isoformat(), (gregorian.weekday() + 2) % 7, counts.get(date, 0)))
    return Answer(Month(year, number, sum(counts.values()), days), "month.html")


def _years(found: Spread) -> list[Year]:
    years: dict[int, list[int]] = {}
    for text, number in found.months.items():
        year, month_ = map(int, text.split("-"))
        years.setdefault(year, [0] * 12)[month_ - 1] = number
    return [Year(year, sum(counts), counts) for year, counts in sorted(years.items(), reverse=True)]
