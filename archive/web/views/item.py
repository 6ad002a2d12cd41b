"""An item: its text, where it comes from, how it changed, how it looked, how it is cited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import unquote

import msgspec
from msgspec import Meta
from starlette.responses import Response

from archive import cite as citing
from archive.diff import FieldDiff, compare, pick
from archive.errors import NothingFoundError
from archive.record import Capture, NewsRecord, Status, to_json
from archive.search import stories
from archive.search.find import Hit, hit_of, hits_of
from archive.search.similar import similar
from archive.web.page import Answer, Ask
from archive.web.reading import Reading
from archive.withdrawal import Withdrawal, withdrawal

Record = Annotated[msgspec.Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/NewsRecord"})]


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of the record."""

    revision: int
    title: str
    status: Status
    content_sha256: str | None
    capture: Capture | None


@dataclass(frozen=True, slots=True)
class Alike:
    """An item that tells the same story: `shared` of the four-word runs of the shorter of both are common."""

    item: Hit
    shared: float


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the item; `kept` is its path here when its bytes are in the archive."""

    url: str
    alt: str
    kept: str | None


@dataclass(frozen=True, slots=True)
class Item:
    """An item with what surrounds it."""

    record: Record
    revisions: list[Revision]
    pictures: list[Picture]
    previous: Hit | None
    next: Hit | None
    story: str | None
    same_story: list[Alike]
    similar: list[Hit]
    citation: str
    withdrawal: Withdrawal | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one revision to another, field by field, word by word."""

    id: str
    title: str
    older: Revision
    newer: Revision
    fields: list[FieldDiff]


@dataclass(frozen=True, slots=True)
class AsItWas:
    """A capture of the item's page; `replay` is the path of the page as it was, `raw` of the WARC record."""

    id: str
    title: str
    url: str
    revision: Revision
    revisions: list[Revision]
    replay: str
    raw: str


def item(ask: Ask) -> Answer:
    """Everything about one item."""
    record = ask.reading.get(ask.values["id"])
    before, after = _neighbours(ask.reading, record)
    story, alike = _same_story(ask.reading, record)
    data = Item(
        record=msgspec.Raw(to_json(record)),
        revisions=_revisions(ask.reading, record.id),
        pictures=_pictures(ask.reading, record),
        previous=before,
        next=after,
        story=story,
        same_story=alike,
        similar=hits_of(ask.reading, similar(ask.reading.db, record)),
        citation=" ".join(citing.apa(record, ask.lang)),
        withdrawal=withdrawal(ask.reading.db, record),
    )
    return Answer(data, "item.html", {"r": record, "others": _others(record), "citation": citing.apa(record, ask.lang)})


def difference(ask: Ask) -> Answer:
    """Two revisions compared; the last two unless `a` and `b` name others."""
    records = ask.reading.revisions(ask.values["id"])
    found = compare(records, ask.values.get("a"), ask.values.get("b"))
    older, newer = pick(records, found.older), pick(records, found.newer)
    data = Difference(newer.id, newer.title, _revision(older), _revision(newer), found.fields)
    return Answer(data, "diff.html", {"revisions": [_revision(r) for r in records]})


def as_it_was(ask: Ask) -> Answer:
    """The page of an item as it was captured for a revision; for the newest unless another is named."""
    records = ask.reading.revisions(ask.values["id"])
    chosen = pick(records, ask.values.get("revision", records[-1].revision))
    if chosen.capture is None:
        raise NothingFoundError(f"Revision {chosen.revision} of {chosen.id} names no capture.")
    ask.reading.read(chosen.capture)  # an error here is a page; in the frame it would be a blank
    data = AsItWas(
        id=chosen.id,
        title=chosen.title,
        url=chosen.url,
        revision=_revision(chosen),
        revisions=[_revision(r) for r in records],
        replay=f"/replay/{chosen.capture.record_id}",
        raw=f"/raw/{chosen.capture.record_id}",
    )
    return Answer(data, "replay.html")


def citation(ask: Ask) -> Response:
    """A citation as a file; the end of the path says which."""
    record = ask.reading.get(ask.values["id"])
    form = ask.request.url.path.rpartition("/cite.")[2]
    texts = {
        "txt": lambda: " ".join(citing.apa(record, ask.lang)) + "\n",
        "bib": lambda: citing.bibtex(record),
        "ris": lambda: citing.ris(record),
        "csl.json": lambda: msgspec.json.encode([citing.csl(record)]).decode(),
    }
    name = f"{record.portal}-{record.code}.{form}".encode("ascii", "replace").decode().replace('"', "_")
    return Response(
        texts[form](),
        media_type=CITATION_TYPES[form],
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


CITATION_TYPES = {
    "txt": "text/plain; charset=utf-8",
    "bib": "application/x-bibtex; charset=utf-8",
    "ris": "application/x-research-info-systems; charset=utf-8",
    "csl.json": "application/vnd.citationstyles.csl+json",
}


def _revision(record: NewsRecord) -> Revision:
    return Revision(record.revision, record.title, record.status, record.content_sha256, record.capture)


def _revisions(reading: Reading, item_id: str) -> list[Revision]:
    return [_revision(record) for record in reading.revisions(item_id)]


def _pictures(reading: Reading, record: NewsRecord) -> list[Picture]:
    captures = [(image, reading.original(image.url)) for image in record.images]
    return [Picture(i.url, i.alt, f"/replay/{c.record_id}" if c else None) for i, c in captures]


def _others(record: NewsRecord) -> list[str]:
    """The other addresses, each once: of one that is also written with %D8 and the like, the readable form."""
    readable = {unquote(url): url for url in sorted(record.aliases)}  # what has % in it comes first, and is replaced
    readable.pop(unquote(record.url), None)
    return [*readable.values()]


def _neighbours(reading: Reading, record: NewsRecord) -> tuple[Hit | None, Hit | None]:
    """The items before and after in the order of codes. Longer codes come later; the index on `id` finds them."""
    first, end, length = f"{record.portal}:", f"{record.portal};", len(record.id)
    before = _first(reading, "= ? ORDER BY id DESC", first, record.id, length) or _first(
        reading, "< ? ORDER BY length(id) DESC, id DESC", first, end, length
    )
    after = _first(reading, "= ? ORDER BY id", record.id, end, length) or _first(
        reading, "> ? ORDER BY length(id), id", first, end, length
    )
    return _card_of(reading, before), _card_of(reading, after)


def _first(reading: Reading, rest: str, low: str, high: str, length: int) -> str | None:
    sql = f"SELECT id FROM items WHERE id > ? AND id < ? AND length(id) {rest} LIMIT 1"  # noqa: S608
    row = reading.db.execute(sql, (low, high, length)).fetchone()
    return row[0] if row else None


def _card_of(reading: Reading, item_id: str | None) -> Hit | None:
    return hit_of(reading.get(item_id)) if item_id else None


def _same_story(reading: Reading, record: NewsRecord) -> tuple[str | None, list[Alike]]:
    """The story of an item, and the items next to it that tell it, most alike first."""
    story = stories.of_item(reading.db, record.id)
    if story is None:
        return None, []
    own = stories.shingles(record)
    alike = []
    for docid, _ in stories.near(reading.db, story, record.id):
        other = reading.by_docid(docid)
        theirs = stories.shingles(other)
        if other.id != record.id:
            shared = len(own & theirs) / min(len(own), len(theirs))
            alike.append(Alike(hit_of(other), round(shared, 2)))
    return story, sorted(alike, key=lambda each: (-each.shared, each.item.id))
