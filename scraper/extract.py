"""From the bytes of a page to a record, or to a refusal that says why not.

Pure: needs neither the network nor Scrapy nor a collection, and never raises for a bad page.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.record import NewsRecord, Organisation
from scraper import media, schema
from scraper.compose import Context, compose
from scraper.dialects import DIALECTS, GENERIC, Dialect, detect
from scraper.fields import Reader
from scraper.newscode import identify, normalise_url, portal_of
from scraper.page import Page, Source, is_feed, is_html, second_opinion, source, tree
from scraper.refusals import Reason, Refusal, not_an_item, refuse, says_listing
from scraper.slices import cut_out

if TYPE_CHECKING:
    import datetime as dt

    from lxml.etree import _Element as Element

ORGANISATIONS: dict[str, Organisation] = {"behzisti": "welfare", "oghaf": "endowment"}
"""Portals that belong to one organisation."""

MEDIA_KINDS = frozenset(
    {"photo", "video", "media", "live", "audio", "sound", "gallery", "film", "infographic", "cartoon"}
)
"""Kinds that may have no text of their own."""

_DOUBTFUL: frozenset[Reason] = frozenset({"no-code", "no-title", "no-content"})
"""Reasons that may lie in markup that lxml reads otherwise than a browser does."""


@dataclass(slots=True)
class Extraction:
    """What came of a page: either a record or a refusal, never both."""

    record: NewsRecord | None = None
    refusal: Refusal | None = None
    dialect: str | None = None
    evidence: list[str] = field(default_factory=list)
    """Why this dialect."""
    removed: dict[str, int] = field(default_factory=dict)
    """Boilerplate rule → how often it removed something in or beside the article."""


def extract(
    body: bytes,
    url: str,
    *,
    content_type: str | None = None,
    fetched: dt.datetime | None = None,
    portal: str | None = None,
    dialect: str | None = None,
    office_province: str | None = None,
    organisation: Organisation | None = None,
    repeated: frozenset[bytes] = frozenset(),
) -> Extraction:
    """Read a page. `url` is its final address; the rest is what the caller knows and may be left out.

    `content_type` is the header's value, `fetched` an aware time for relative dates, `portal` the namespace
    of codes (default: by host), `dialect` a name in DIALECTS that is tried first, `office_province` the ISO
    code of the office that was crawled, `repeated` the blocks that scraper.repeats has learnt of the site: they are
    removed from pages of unknown systems only. Never raises for anything in the page.
    """
    if not body or body.isspace():
        return Extraction(refusal=refuse("empty"))
    if is_feed(body):
        return Extraction(refusal=refuse("listing"))
    if not is_html(body):
        return Extraction(refusal=refuse("not-html"))
    url = normalise_url(url)
    portal = portal or portal_of(url)
    address = identify(url, portal)
    chosen, evidence = _choose(body, dialect)
    context = Context(
        url,
        portal,
        address,
        fetched,
        office_province,
        organisation or ORGANISATIONS.get(portal),
        repeated if chosen.name == GENERIC.name else frozenset(),
    )
    removed: Counter[str] = Counter()
    result = _read(body, content_type, chosen, context, removed)
    if isinstance(result, Refusal):
        return Extraction(None, result, chosen.name, evidence)
    return Extraction(result, None, chosen.name, evidence, dict(sorted(removed.items())))


def _choose(body: bytes, name: str | None) -> tuple[Dialect, list[str]]:
    """Return the dialect detected in the page; the one the caller names only when nothing is detected."""
    found = detect(body, name)
    if found:
        chosen, evidence = found
        if name in DIALECTS and name != chosen.name:
            evidence = [*evidence, f"the caller named {name}, which the page does not look like"]
        return chosen, evidence
    if name in DIALECTS:
        return DIALECTS[name], ["named by the caller; the page bears no mark of a known system"]
    return GENERIC, ["no mark of a known system: the generic profile"]


def _read(
    body: bytes, content_type: str | None, dialect: Dialect, context: Context, removed: Counter[str]
) -> NewsRecord | Refusal:
    """Read the article alone if it is plain where it stands in the bytes, and in every doubt the whole page."""
    first, *others = dialect.on(context.fetched.date() if context.fetched else None)
    if first.slice and (record := _from_slice(body, first, context, removed)):
        return record
    of = source(body, content_type)
    if not (page := tree(of)):
        return refuse("not-html")
    result = _from_whole(page, first, context, removed)
    for other in others:
        if not _is_doubtful(result) or not (page := tree(of)):
            return result
        found = _from_whole(page, other, context, removed)
        result = found if isinstance(found, NewsRecord) else result
    if _is_doubtful(result) or page.cut_off:
        return _second_reading(result, of, first, context, removed)
    return result


def _second_reading(
    result: NewsRecord | Refusal, of: Source, dialect: Dialect, context: Context, removed: Counter[str]
) -> NewsRecord | Refusal:
    """Ask the other parser when lxml found no item, or gave up before the end of the page."""
    page, seen = second_opinion(of), Counter[str]()
    found = _from_whole(page, dialect, context, seen) if page else None
    if isinstance(found, NewsRecord) and (isinstance(result, Refusal) or len(found.body) > len(result.body)):
        removed.clear()
        removed.update(seen)
        found.warnings.append("the markup is broken: read by the second parser")
        return found
    if isinstance(result, NewsRecord):
        result.warnings.append("elements are too many or nested too deeply: text may be missing")
    return result


def _is_doubtful(result: NewsRecord | Refusal) -> bool:
    return isinstance(result, Refusal) and result.reason in _DOUBTFUL


def _from_slice(body: bytes, dialect: Dialect, context: Context, removed: Counter[str]) -> NewsRecord | None:
    """Read the article alone; return the record only if there is nothing to say against it."""
    assert dialect.slice
    if dialect.fields.schema_org and b"ld+json" in body:
        return None  # what the page says of itself may stand anywhere
    try:
        page = cut_out(body, dialect.slice, removed)
        if page is None or says_listing(page, dialect.fields.meta_page):
            return None
        scope = next(page.root.iter(dialect.slice.tag.decode() if dialect.slice.closed else "body"), None)
        found = None if scope is None else _article(page, dialect, scope, context, removed)
    except UnicodeDecodeError:
        return None
    if not isinstance(found, NewsRecord) or found.warnings:
        return None
    return found if found.body or found.kind in MEDIA_KINDS else None


def _from_whole(page: Page, dialect: Dialect, context: Context, removed: Counter[str]) -> NewsRecord | Refusal:
    removed.clear()
    if dialect.fields.schema_org:
        schema.add(page)
    if refusal := says_listing(page, dialect.fields.meta_page):
        return refusal
    scope = _scope(page, dialect)
    if scope is None or dialect.name == GENERIC.name:
        refusal = _why_not(page, dialect, context)
        if refusal and not (refusal.reason == "listing" and schema.is_article(page)):
            return refusal
    if scope is None:
        scope = next(page.root.iter("body"), page.root)
    found = _article(page, dialect, scope, context, removed)
    if not isinstance(found, NewsRecord):
        return _why_not(page, dialect, context) or refuse(found)
    if not found.body and found.kind not in MEDIA_KINDS:  # a flash: a title and one visible sentence
        found.warnings.append("the item has a lead and no text below it")
        return _why_not(page, dialect, context) or found
    return found


def _scope(page: Page, dialect: Dialect) -> Element | None:
    return next((found[0] for selector in dialect.fields.scope if (found := selector(page.root))), None)


def _article(
    page: Page, dialect: Dialect, scope: Element, context: Context, removed: Counter[str]
) -> NewsRecord | Reason:
    """Read the item in this scope, or say what is missing. Without a text it needs a lead or something to see."""
    reader = Reader(page, dialect, scope)
    codes = reader.codes(context.address)
    title = reader.title()
    if not codes or not title:
        return "no-title" if codes else "no-code"
    visible_lead, _ = reader.lead
    record = compose(reader, context, codes, title, removed)
    if record.body or visible_lead:
        return record
    shown = record.kind in MEDIA_KINDS and (record.lead or record.images or record.videos)
    return record if shown else "no-content"


def _why_not(page: Page, dialect: Dialect, context: Context) -> Refusal | None:
    """Look for a reason in a page that gave no record. Counting its links is slow, and done only here."""
    pages = dialect.fields.meta_page
    if context.address:
        return not_an_item(page, pages, 0, names_item=True)
    addresses = (media.absolute(context.url, anchor.get("href")) for anchor in page.root.iter("a"))
    items = {address for address in addresses if address and identify(address)}
    refusal = not_an_item(page, pages, len(items), names_item=False)
    return refusal or (refuse("listing") if urlsplit(context.url).path in {"", "/"} else None)


__all__ = ["Extraction", "Refusal", "extract"]
