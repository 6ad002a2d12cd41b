"""How the hits of a query spread over organisations, provinces, offices, kinds, years and months, for showing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from archive.search.answers import Spread


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet, and how many hits have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """How the hits spread over the values of one field. `name` is what narrows by it."""

    name: str
    values: list[FacetValue]


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
