"""A record from the fields of a page whose code and title are known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from archive.jalali import TEHRAN, jalali_text
from archive.persian import ascii_digits
from archive.record import Extractor, Image, NewsRecord, Organisation, content_sha256
from scraper import media
from scraper.blocks import blocks
from scraper.boilerplate import cut, strip_blocks, survivors, sweep
from scraper.newscode import ItemAddress, host_of, identify, normalise_url, portal_of
from scraper.outline import Outline
from scraper.place import find_province
from scraper.repeats import strip_repeated

if TYPE_CHECKING:
    import datetime as dt
    from collections import Counter

    from lxml.etree import _Element as Element

    from scraper.fields import Reader
    from scraper.page import Page


@dataclass(frozen=True, slots=True)
class Context:
    """What the caller knows of a page."""

    url: str
    portal: str
    address: ItemAddress | None
    fetched: dt.datetime | None
    office_province: str | None
    organisation: Organisation | None
    repeated: frozenset[bytes] = frozenset()


def compose(
    reader: Reader,
    context: Context,
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
        host=host_of(context.url),
    )
    record.province, record.province_source = place or (None, None)
    record.content_sha256 = content_sha256(record)
    return record


def _frame(reader: Reader, context: Context, code: str, title: str) -> NewsRecord:
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
        published_jalali=_jalali(published.moment.date()) if published.moment else None,
        published_raw=published.raw,
        modified=_iso(modified),
        language=reader.language(),
        authors=reader.authors(),
        categories=reader.categories(),
        tags=reader.tags(),
        short_url=reader.short_url(),
        extractor=Extractor(reader.dialect.name, reader.dialect.version),
        warnings=published.warnings,
    )


def _fill_content(record: NewsRecord, reader: Reader, context: Context, removed: Counter[str]) -> None:
    """Lead, body, media and markup: everything for which the tree is cleaned first."""
    body = reader.body
    places = _outermost(reader.media() + ([body] if body is not None else []))
    _clean(reader, body, places, removed)
    carriers = media.carriers(places)
    media.make_absolute(carriers, context.url)
    if body is not None:
        kept = strip_blocks(blocks(body), removed)
        if context.repeated:
            kept = strip_repeated(kept, context.repeated, record.warnings, removed)
        record.body = "\n".join(block.text for block in kept)
        record.links, record.attachments = media.links(body)
        record.body_html = media.safe_html(body) if record.body else None
    elif told := reader.page.meta(("ld:articleBody",)):
        record.body = "\n".join(text for part in told.split("\n") if (text := " ".join(part.split())))
    record.lead = reader.lead[0] or _lead_from_head(reader.meta_lead(), record)
    record.images = media.images(carriers, reader.dialect) or _image_from_head(reader, context)
    record.videos = media.videos(carriers, context.url)
    _doubt(record, reader.page)


def _clean(reader: Reader, body: Element | None, places: list[Element], removed: Counter[str]) -> None:
    """Cut out of the tree what stands in the text and is none of it."""
    if body is not None:
        shown = reader.used if reader.fields.find_body else []
        for element in (*shown, reader.lead[1]):
            if element is not None and body in element.iterancestors():
                cut(element)
    wide = body is not None and reader.scope.tag == "body"
    sweep(Outline(body) if wide and body is not None else reader.outline, places, body, removed)


def _doubt(record: NewsRecord, page: Page) -> None:
    """Say what may be wrong with the text."""
    shown = (record.title, record.kicker, record.lead, record.body, *record.tags, *record.categories)
    if page.lost and any("\ufffd" in text for text in shown):
        record.warnings.insert(0, f"{page.lost} bytes of the page could not be read as {page.charset}")
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
    start = text.rstrip(" .…[]")  # WordPress ends an excerpt with «[…]»
    return "" if not start or start == record.title or record.body.startswith(start) else text


def _image_from_head(reader: Reader, context: Context) -> list[Image]:
    address = media.absolute(context.url, reader.page.meta(("og:image", "twitter:image")))
    return [Image(address)] if address and not media.is_furniture(address) else []


def _aliases(page: Page, record: NewsRecord) -> list[str]:
    """Return the addresses that the page prints for this item, as printed, if they name its code."""
    short = record.short_url or ""
    if short and "://" not in short:
        short = f"{record.url.partition(':')[0]}://{short}"
    printed = {page.link("canonical"), page.link("amphtml"), page.meta(("og:url",)), short}
    found = set()
    for text in printed:
        if record.code not in text and record.code not in ascii_digits(text):
            continue
        address = media.absolute(record.url, text)
        if address and address != record.url and normalise_url(address) != record.url:
            item = identify(address)
            if item and item.code == record.code and item.portal in {record.portal, portal_of(record.url)}:
                found.add(address)
    return sorted(found)


@lru_cache(maxsize=1024)
def _jalali(day: dt.date) -> str:
    return jalali_text(day)


def _iso(moment: dt.datetime | None) -> str | None:
    """The moment in Tehran, whose offset had seconds until 1935: ISO 8601 has no place for them, so it is today's."""
    text = moment.astimezone(TEHRAN).isoformat(timespec="seconds") if moment else ""
    return text.replace("+03:25:44", "+03:30") or None
