"""A question and its answer: hits with what a list of results shows of each."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from archive.catalogue import Catalogue
from archive.persian import ZWNJ
from archive.record import NewsRecord, Status
from archive.records import one_moment
from archive.search import index, stories
from archive.search.answers import Answers, Spread
from archive.search.highlight import Segment, highlight, snippet
from archive.search.tree import Query


@dataclass(frozen=True, slots=True)
class Telling:
    """Another item that tells the story of a hit."""

    id: str
    title: str
    office: str | None
    portal: str
    published: str | None
    published_jalali: str | None


@dataclass(frozen=True, slots=True)
class Hit:
    """An item as lists show it. `headline` and `snippet` are (text, matched) segments of the original."""

    id: str
    url: str
    title: str
    headline: list[Segment]
    snippet: list[Segment]
    published: str | None
    published_jalali: str | None
    organisation: str | None
    office: str | None
    province: str | None
    kind: str
    status: Status
    revision: int
    story: str | None = None
    """The id of the item that told its story first, if several offices did."""
    places: int = 1
    """How many offices told it."""
    elsewhere: list[Telling] = field(default_factory=list)
    """The other items that did, first published first; of a long story those published next to this."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of an answer. `total` items answer exactly; they tell `stories` different stories."""

    query: str
    total: int
    stories: int
    folded: bool
    seconds: float
    hits: list[Hit]


@dataclass(frozen=True, slots=True)
class Page:
    """Which hits of an answer are wanted. Folded, only the first hit of each story counts."""

    limit: int = 10
    offset: int = 0
    sort: index.Sort = "date"
    folded: bool = True


def find(catalogue: Catalogue, answers: Answers, query: Query | str, page: Page) -> tuple[Found, Spread]:
    """Answer a query: one page, and how all hits spread. Raises QueryError for one that cannot be parsed."""
    with one_moment(catalogue):
        return _find(catalogue, answers, query, page)


def _find(catalogue: Catalogue, answers: Answers, query: Query | str, page: Page) -> tuple[Found, Spread]:
    begun = time.perf_counter()
    db = catalogue.db
    resolved = index.resolve(db, query)
    rows = answers.rows(db, resolved)
    spread = answers.spread(db, resolved)
    ids: Iterator[int] = iter(())
    if page.offset < (spread.stories if page.folded else len(rows)):
        ids = answers.ordered(db, resolved, page.sort)
        ids = _folded(answers, catalogue, ids) if page.folded else ids
    hits = hits_of(catalogue, islice(ids, page.offset, page.offset + page.limit), resolved)
    found = Found(resolved.text, len(rows), spread.stories, page.folded, round(time.perf_counter() - begun, 4), hits)
    return found, spread


def _folded(answers: Answers, catalogue: Catalogue, ids: Iterator[int]) -> Iterator[int]:
    """Leave out what tells a story that a hit before it told."""
    known = answers.facts(catalogue.db)
    seen: set[int] = set()
    for docid in ids:
        story = int(known.of(np.array([docid]))[1][0])
        if not story or story not in seen:
            seen.add(story)
            yield docid


def hits_of(catalogue: Catalogue, docids: Iterator[int] | list[int], query: Query | None = None) -> list[Hit]:
    """The hits with these row ids, in their order, each with who else tells its story."""
    return [
        hit_of(catalogue.by_docid(docid), query, stories.story_of(catalogue.db, docid), catalogue) for docid in docids
    ]


def hit_of(
    record: NewsRecord, query: Query | None = None, story: str | None = None, catalogue: Catalogue | None = None
) -> Hit:
    """What a list shows of a record, with what answers a query marked."""
    query = query or Query()
    elsewhere = tellings(catalogue, story, record.id) if catalogue and story else []
    return Hit(
        id=record.id,
        url=record.url,
        title=record.title,
        headline=_joined(highlight(record.title, query)),
        snippet=_joined(snippet("\n".join(text for text in (record.lead, record.body) if text), query)),
        published=record.published,
        published_jalali=record.published_jalali,
        organisation=record.organisation,
        office=record.office,
        province=record.province,
        kind=record.kind,
        status=record.status,
        revision=record.revision,
        story=story,
        places=len({record.office or record.portal, *(each.office or each.portal for each in elsewhere)}),
        elsewhere=elsewhere,
    )


def tellings(catalogue: Catalogue, story: str, but: str) -> list[Telling]:
    """The items of a story that were published next to one of them, first published first."""
    row = "SELECT id, title, office, portal, published, published_jalali FROM items WHERE docid = ?"
    docids = [docid for docid, item in stories.near(catalogue.db, story, but) if item != but]
    return [Telling(*catalogue.db.execute(row, (docid,)).fetchone()) for docid in docids]


def _joined(segments: Iterable[Segment]) -> list[Segment]:
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
