"""An item as lists show it."""

from __future__ import annotations

from dataclasses import dataclass

from archive.record import NewsRecord, Status
from archive.search.highlight import Segment, highlight, snippet
from archive.search.tree import Query
from archive.web.reading import Reading


@dataclass(frozen=True, slots=True)
class Card:
    """What a list shows of an item. Title and snippet are (text, matched) segments of the original."""

    id: str
    url: str
    title: list[Segment]
    snippet: list[Segment]
    published: str | None
    published_jalali: str | None
    organisation: str | None
    office: str | None
    province: str | None
    kind: str
    status: Status
    revision: int


def card(record: NewsRecord, query: Query | None = None) -> Card:
    """The card of a record, with what answers a query marked."""
    query = query or Query()
    return Card(
        id=record.id,
        url=record.url,
        title=highlight(record.title, query),
        snippet=snippet("\n".join(text for text in (record.lead, record.body) if text), query),
        published=record.published,
        published_jalali=record.published_jalali,
        organisation=record.organisation,
        office=record.office,
        province=record.province,
        kind=record.kind,
        status=record.status,
        revision=record.revision,
    )


def cards(reading: Reading, docids: list[int], query: Query | None = None) -> list[Card]:
    """The cards of documents, in their order."""
    return [card(reading.by_docid(docid), query) for docid in docids]
