"""From the bytes of a page to a record, or to a refusal that says why not.

Pure: needs neither the network nor Scrapy nor a collection, and never raises for a bad page.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.jalali import TEHRAN, jalali_text
from archive.offices import portal_of_host
from archive.record import Extractor, Image, NewsRecord, Organisation, content_sha256
from scraper import media
from scraper.blocks import blocks
from scraper.boilerplate import cut, strip_blocks, survivors, sweep
from scraper.dialects import DIALECTS, GENERIC, Dialect, detect
from scraper.fields import Reader
from scraper.newscode import ItemAddress, identify, normalise_url
from scraper.page import Page, is_feed, is_html, parse
from scraper.place import find_province
from scraper.refusals import Reason, Refusal, not_an_item, refuse, says_listing

if TYPE_CHECKING:
    import datetime as dt

    from lxml.etree import _Element as Element

ORGANISATIONS: dict[str, Organisation] = {"behzisti": "welfare", "oghaf": "endowment"}
"""Portals that belong to one organisation."""

MEDIA_KINDS = frozenset(
    {"photo", "video", "media", "live", "audio", "sound", "gallery", "film", "infographic", "cartoon"}
)
"""Kinds that may have no text of their own."""


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


@dataclass(frozen=True, slots=True)
class _Context:
    """What the caller knows of a page."""

    url: str
    portal: str
    address: ItemAddress | None
    fetched: dt.datetime | None
    office_province: str | None
    organisation: Organisation | None

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


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
) -> Extraction:
    """Read a page. `url` is its final address; the rest is what the caller knows and may be left out.

    `content_type` is the header's value, `fetched` an aware time for relative dates, `portal` the namespace
    of codes (default: by host), `dialect` a name in DIALECTS that is tried first, `office_province` the ISO
    code of the office that was crawled. Never raises for anything in the page.
    """
    if not body.strip():
        return Extraction(refusal=refuse("empty"))
    if is_feed(body):
        return Extraction(refusal=refuse("listing"))
    page = parse(body, content_type) if is_html(body) else None
    if page is None:
        return Extraction(refusal=refuse("not-html"))
    url = normalise_url(url)
    portal = portal or portal_of_host(_host(url))
    address = identify(url, portal)
    context = _Context(url, portal, address, fetched, office_province, organisation or ORGANISATIONS.get(portal))
    chosen, evidence = _choose(body, dialect)
    removed: Counter[str] = Counter()
    result = _read(page, chosen, context, removed)
    if isinstance(result, Refusal):
        return Extraction(None, result, chosen.name, evidence)
    return Extraction(result, None, chosen.name, evidence, dict(sorted((+removed).items())))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _choose(body: bytes, name: str | None) -> tuple[Dialect, list[str]]:
    """Return the dialect detected in the page; the one the caller names only when nothing is detected."""
    found = detect(body)
    if found:
        chosen, evidence = found
        if name in DIALECTS and name != chosen.name:
            evidence = [*evidence, f"the caller named {name}, which the page does not look like"]
        return chosen, evidence
    if name in DIALECTS:
        return DIALECTS[name], ["named by the caller; the page bears no mark of a known system"]
    return GENERIC, ["no mark of a known system: the generic profile"]


def _read(page: Page, dialect: Dialect, context: _Context, removed: Counter[str]) -> NewsRecord | Refusal:
    if refusal := says_listing(page, dialect.fields.meta_page):
        return refusal
    scope = next((found[0] for selector in dialect.fields.scope if (found := selector(page.root))), None)
    if scope is None or dialect is GENERIC:
        if refusal := _why_not(page, dialect, context):
            return refusal
        if scope is None:
            scope = next(page.root.iter("body"), page.root)
    reader = Reader(page, dialect, scope)
    codes = reader.codes(context.address)
    title = reader.title()
    missing: Reason | None = None if codes and title else "no-title" if codes else "no-code"
    if not missing:
        visible_lead, _ = reader.lead()
        record = _record(reader, context, codes, title, removed)
        if record.body or (record.kind in MEDIA_KINDS and (record.lead or record.images or record.videos)):
            return record
        missing = "no-content"
        if visible_lead and not _why_not(page, dialect, context):  # a flash: a title and one visible sentence
            record.warnings.append("the item has a lead and no text below it")
            return record
    return _why_not(page, dialect, context) or refuse(missing)


def _why_not(page: Page, dialect: Dialect, context: _Context) -> Refusal | None:
    """Look for a reason in a page that gave no record. Counting its links is slow, and done only here."""
    pages = dialect.fields.meta_page
    if context.address:
        return not_an_item(page, pages, 0, names_item=True)
    addresses = (media.absolute(context.url, anchor.get("href")) for anchor in page.root.iter("a"))
    items = {address for address in addresses if address and identify(address)}
    refusal = not_an_item(page, pages, len(items), names_item=False)
    return refusal or (refuse("listing") if urlsplit(context.url).path in {"", "/"} else None)


def _record(
    reader: Reader,
    context: _Context,
    codes: list[tuple[str, str]],
    title: str,
    removed: Counter[str],
) -> NewsRecord:
    """Make the record of an item whose code and title are known."""
    (first_place, code), *others = codes
    record = _frame(reader, context, code, title)
    record.warnings += [
        f"code {code} in {first_place}, but {other} in {place}" for place, other in others if other != code
    ]
    record.aliases = _aliases(reader.page, record)
    _fill_content(record, reader, context, removed)
    record.kind = record.kind or _kind_by_content(record)
    place = find_province(
        categories=record.categories,
        opening=(record.body.partition("\n")[0], record.lead),
        title=record.title,
        office=context.office_province,
        host=context.host,
    )
    record.province, record.province_source = place or (None, None)
    record.content_sha256 = content_sha256(record)
    return record


def _frame(reader: Reader, context: _Context, code: str, title: str) -> NewsRecord:
    """Read what stands around the text. The tree is left as it is."""
    published, modified = reader.published(context.fetched), reader.modified()
    return NewsRecord(
        id=f"{context.portal}:{code}",
        portal=context.portal,
        code=code,
        url=context.url,
        title=title,
        organisation=context.organisation,
        kind=reader.kind(context.address),
        kicker=reader.kicker(),
        published=_iso(published.moment),
        published_jalali=jalali_text(published.moment.date()) if published.moment else None,
        published_raw=published.raw,
        modified=_iso(modified),
        language=reader.language(),
        authors=reader.authors(),
        categories=reader.categories(),
        tags=reader.tags(),
        short_url=reader.short_url(),
        extractor=Extractor(reader.dialect.name, reader.dialect.version),
        warnings=[*reader.page.warnings, *published.warnings],
    )


def _fill_content(record: NewsRecord, reader: Reader, context: _Context, removed: Counter[str]) -> None:
    """Lead, body, media and markup: everything for which the tree is cleaned first."""
    body, (lead, lead_element) = reader.body(), reader.lead()
    places = _outermost(reader.media() + ([body] if body is not None else []))
    if body is not None and lead_element is not None and body in lead_element.iterancestors():
        cut(lead_element)
    sweep(reader.scope if reader.scope.tag != "body" or body is None else body, places, body, removed)
    for place in places:
        media.make_absolute(place, context.url)
    if body is not None:
        record.body = "\n".join(block.text for block in strip_blocks(blocks(body), removed))
        record.links, record.attachments = media.links(body)
    record.lead = lead or _lead_from_head(reader.meta_lead(), record)
    record.images = media.images(places, reader.dialect) or _image_from_head(reader, context)
    record.videos = media.videos(places, context.url)
    if body is not None and record.body:
        record.body_html = media.safe_html(body)
    if left := survivors(f"{record.lead}\n{record.body}"):
        record.warnings.append(f"boilerplate may be left in the text: {'، '.join(left)}")


def _outermost(elements: list[Element]) -> list[Element]:
    """Leave out elements that stand inside another one, so that nothing is read twice."""
    known = set(elements)
    return [element for element in dict.fromkeys(elements) if known.isdisjoint(element.iterancestors())]


def _kind_by_content(record: NewsRecord) -> str:
    """Tell the kind of an item whose page and address name none: one without text is what it shows."""
    if record.body:
        return "news"
    return "video" if record.videos else "photo" if record.images else "news"


def _lead_from_head(text: str, record: NewsRecord) -> str:
    """Return the summary of the head, unless it only repeats the title or the beginning of the text."""
    start = text.rstrip(" .…")
    return "" if not start or start == record.title or record.body.startswith(start) else text


def _image_from_head(reader: Reader, context: _Context) -> list[Image]:
    address = media.absolute(context.url, reader.page.meta(("og:image", "twitter:image")))
    return [Image(address)] if address and not media.is_furniture(address) else []


def _aliases(page: Page, record: NewsRecord) -> list[str]:
    """Return the addresses that the page prints for this item, as printed, if they name its code."""
    scheme = urlsplit(record.url).scheme
    printed = [
        page.links.get("canonical"),
        page.links.get("amphtml"),
        page.metas.get("og:url"),
        record.short_url,
    ]
    found = set()
    for text in filter(None, printed):
        whole = f"{scheme}://{text}" if record.short_url == text and "://" not in text else text
        address = media.absolute(record.url, whole)
        if address and address != record.url and normalise_url(address) != record.url:
            item = identify(address)
            if item and item.code == record.code and item.portal in {record.portal, portal_of_host(_host(record.url))}:
                found.add(address)
    return sorted(found)


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(TEHRAN).isoformat(timespec="seconds") if moment else None


__all__ = ["Extraction", "Refusal", "extract"]
