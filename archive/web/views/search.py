"""Search: hits, facets with counts, pages."""

from __future__ import annotations

import time
from dataclasses import dataclass

from archive.search import find, index
from archive.search.facets import Facet, facets_of
from archive.web.page import Answer, Ask
from archive.web.params import LAST_PAGE, PAGE_SIZE, Wish


@dataclass(frozen=True, slots=True)
class Results:
    """One page of an answer. `total` items answer exactly; folded, each of their `stories` is shown once."""

    query: str
    filters: dict[str, str]
    sort: index.Sort
    total: int
    stories: int
    folded: bool
    page: int
    pages: int
    seconds: float
    hits: list[find.Hit]
    facets: list[Facet]


def search(ask: Ask) -> Answer:
    """One page of hits, newest or best first, and the facets of all of them."""
    begun = time.perf_counter()
    wish, page = Wish.of(ask.values), ask.values.get("page", 1)
    wanted = find.Page(PAGE_SIZE, (page - 1) * PAGE_SIZE, wish.sort, wish.folded)
    found, spread = find.find(ask.reading, ask.reading.answers, wish.query(), wanted)
    results = Results(
        query=wish.get("q"),
        filters={name: value for name, value in wish.values if name not in {"q", "sort", "fold"}},
        sort=wish.sort,
        total=found.total,
        stories=found.stories,
        folded=found.folded,
        page=page,
        pages=-(-(found.stories if found.folded else found.total) // PAGE_SIZE),
        seconds=round(time.perf_counter() - begun, 4),
        hits=found.hits,
        facets=facets_of(spread),
    )
    return Answer(results, "search.html", {"asked": dict(wish.values), "last_page": LAST_PAGE})
