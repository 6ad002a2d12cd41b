"""Search: hits, facets with counts, pages."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from functools import partial

from archive.search import index
from archive.search.facets import Spread, Table, spread, table
from archive.search.tree import Query
from archive.web.cards import Card, cards
from archive.web.page import Answer, Ask
from archive.web.params import LAST_PAGE, PAGE_SIZE, Wish
from archive.web.reading import Reading


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet, and how many hits have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """How the hits spread over the values of one field. `name` is the parameter that narrows by it."""

    name: str
    values: list[FacetValue]


@dataclass(frozen=True, slots=True)
class Results:
    """One page of an answer. `total` is exact."""

    query: str
    filters: dict[str, str]
    sort: index.Sort
    total: int
    page: int
    pages: int
    seconds: float
    hits: list[Card]
    facets: list[Facet]


def search(ask: Ask) -> Answer:
    """One page of hits, newest or best first, and the facets of all of them."""
    begun = time.perf_counter()
    wish, page = Wish.of(ask.values), ask.values.get("page", 1)
    found = index.search(ask.reading.db, wish.query(), sort=wish.sort, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    asked = tuple(pair for pair in wish.values if pair[0] != "sort")
    facets = facets_of(spread_of(ask.reading, found.query, asked))
    hits = cards(ask.reading, found.ids, found.query)
    results = Results(
        query=wish.get("q"),
        filters={name: value for name, value in wish.values if name not in {"q", "sort"}},
        sort=wish.sort,
        total=found.total,
        page=page,
        pages=-(-found.total // PAGE_SIZE),
        seconds=round(time.perf_counter() - begun, 4),
        hits=hits,
        facets=facets,
    )
    return Answer(results, "search.html", {"asked": dict(wish.values), "last_page": LAST_PAGE})


def spread_of(reading: Reading, query: Query, asked: object) -> Spread:
    """How everything a query finds is spread, counted once a commit. `asked` names the query."""
    return reading.once(("spread", asked), lambda: spread(reading.db, query, partial(_table, reading)))


def _table(reading: Reading) -> Table:
    return reading.once("facts", lambda: table(reading.db))


def facets_of(found: Spread) -> list[Facet]:
    """The facets of a result. Months are offered within one year, a status when something was withdrawn."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("org", "province", "office", "kind", "status")}
    for facts, number in found.facts.items():
        for counter, value in zip(counts.values(), facts, strict=True):
            if value:
                counter[value] += number
    if not counts["status"]["gone"]:
        del counts["status"]
    years: Counter[str] = Counter()
    for month, number in found.months.items():
        years[month[:4]] += number
    facets = [Facet(name, _by_count(counter)) for name, counter in counts.items() if counter]
    facets.append(Facet("year", [FacetValue(*pair) for pair in sorted(years.items(), reverse=True)]))
    if len(years) == 1:
        facets.append(Facet("month", [FacetValue(*pair) for pair in found.months.items()]))
    return [facet for facet in facets if facet.values]


def _by_count(counter: Counter[str]) -> list[FacetValue]:
    return [FacetValue(*pair) for pair in sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))]
