"""A question and its answer: hits with what a list of results shows of each."""

from __future__ import annotations

import time
from dataclasses import dataclass

from archive.catalogue import Catalogue
from archive.persian import ZWNJ
from archive.record import NewsRecord
from archive.search import index
from archive.search.highlight import Segment, snippet
from archive.search.tree import Query


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that answers: its facts, and the passage that answers as (text, matched) segments of the original."""

    id: str
    title: str
    url: str
    published: str | None
    published_jalali: str | None
    organisation: str | None
    office: str | None
    province: str | None
    kind: str
    snippet: list[Segment]


@dataclass(frozen=True, slots=True)
class Found:
    """One page of an answer. `total` is exact."""

    query: str
    total: int
    seconds: float
    hits: list[Hit]


def find(catalogue: Catalogue, query: str, *, sort: index.Sort = "date", limit: int = 10, offset: int = 0) -> Found:
    """Answer a query. Raises QueryError for one that cannot be parsed."""
    begun = time.perf_counter()
    found = index.search(catalogue.db, query, sort=sort, limit=limit, offset=offset)
    hits = [_hit(catalogue.by_docid(docid), found.query) for docid in found.ids]
    return Found(query, found.total, round(time.perf_counter() - begun, 4), hits)


def _hit(record: NewsRecord, query: Query) -> Hit:
    return Hit(
        id=record.id,
        title=record.title,
        url=record.url,
        published=record.published,
        published_jalali=record.published_jalali,
        organisation=record.organisation,
        office=record.office,
        province=record.province,
        kind=record.kind,
        snippet=_joined(snippet("\n".join(text for text in (record.lead, record.body) if text), query)),
    )


def _joined(segments: list[Segment]) -> list[Segment]:
    """Neighbouring matches as one, with the space or half-space between them."""
    joined: list[Segment] = []
    for text, matched in segments:
        between = len(joined) > 1 and matched and joined[-2][1] and joined[-1][0] in {" ", ZWNJ}
        if between:
            gap, _ = joined.pop()
            joined[-1] = (joined[-1][0] + gap + text, True)
        else:
            joined.append((text, matched))
    return joined
