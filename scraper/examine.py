"""What one fetched page is, what was read from it and where, and what is missing: how someone adds a site. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from archive.record import NewsRecord
from scraper import schema
from scraper.blocks import line
from scraper.dialects import DIALECTS, GENERIC
from scraper.extract import extract
from scraper.listing import Listing, read_listing
from scraper.newscode import identify
from scraper.outline import Outline
from scraper.page import is_feed, is_html, parse, source
from scraper.probe import MESSAGES, Fetched

if TYPE_CHECKING:
    from archive.offices import Office, Offices
    from scraper.dialects import Dialect
    from scraper.dialects.base import Selector
    from scraper.extract import Extraction
    from scraper.page import Page

Kind = Literal["article", "listing", "feed", "sitemap", "refusal", "nothing"]

_SAMPLE = 5
"""Entries and pages that are named."""

_LISTINGS: dict[str, Kind] = {"html": "listing", "feed": "feed", "sitemap": "sitemap", "sitemap-index": "sitemap"}
_NEEDED = frozenset({"title", "lead", "body", "published", "published_raw", "province"})
"""Fields that nearly every item has; that another one is absent is shown and not complained of."""


@dataclass(slots=True)
class Field:
    """One field of an article. `source` is the selector, meta or rule that gave it, None when that is not known."""

    name: str
    value: Any
    source: str | None = None
    missing: bool = False
    """Whether it is empty although nearly every item has one."""


@dataclass(slots=True)
class Examination:
    """What `bayegan doctor URL` says of a page."""

    asked: str
    url: str
    hops: list[str]
    status: int | None
    ip: str | None
    content_type: str | None
    encoding: str | None
    """The charset by which the bytes were read, and how many of them could not be."""
    bytes: int
    kind: Kind
    reason: str | None = None
    """Of a refusal or of nothing: the word for why."""
    message: str | None = None
    dialect: str | None = None
    evidence: list[str] = field(default_factory=list)
    proven: str | None = None
    office: str | None = None
    """The office of the offices file whose host it is."""
    id: str | None = None
    fields: list[Field] = field(default_factory=list)
    removed: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    entries: int = 0
    sample: list[str] = field(default_factory=list)
    """Addresses that a listing names: items, or the leaves of a sitemap index."""
    pages: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether a crawl could use the page."""
        return self.kind not in {"refusal", "nothing"}


def examine(fetched: Fetched, offices: Offices) -> Examination:
    """Say what a page is. Never raises for anything in it."""
    office = offices.at(fetched.url)
    found = Examination(
        fetched.asked, fetched.url, fetched.hops, fetched.status, fetched.ip, fetched.content_type, None,
        len(fetched.body), "nothing", office=office.id if office else None,
    )  # fmt: skip
    if not fetched.usable:
        _nothing(found, fetched)
        return found
    portal = offices.portal_of_url(fetched.url) or None
    extraction = extract(
        fetched.body,
        fetched.url,
        content_type=fetched.content_type,
        portal=portal,
        dialect=office.dialect if office else None,
        office_province=office.province if office else None,
        organisation=office.organisation if office else None,
    )
    found.encoding = _encoding(fetched)
    _detected(found, extraction, office)
    if extraction.record is not None:
        _article(found, extraction, fetched, offices)
    else:
        _no_article(found, extraction, fetched)
    return found


def _nothing(found: Examination, fetched: Fetched) -> None:
    found.reason = fetched.failure or f"http-{fetched.status}"
    found.message = MESSAGES.get(found.reason, "The server answered with an error status.")
    found.advice = ["Nothing was read. Open the address in a browser to see whether the site itself is well."]


def _encoding(fetched: Fetched) -> str | None:
    if is_feed(fetched.body) or not is_html(fetched.body):
        return None
    read = source(fetched.body, fetched.content_type)
    return read.charset + (f", {read.lost} bytes unreadable" if read.lost else "")


def _detected(found: Examination, extraction: Extraction, office: Office | None) -> None:
    found.dialect, found.evidence = extraction.dialect, extraction.evidence
    if extraction.dialect:
        found.proven = DIALECTS[extraction.dialect].proven
    if extraction.dialect == GENERIC.name:
        found.advice.append(
            "The content system is unknown. If the fields below are right, nothing needs to be done; else describe the "
            "system in scraper/dialects/ (docs/dialects.md says how)."
        )
    elif office and extraction.dialect and office.dialect not in {extraction.dialect, "unknown"}:
        found.advice.append(
            f"The offices file says {office.dialect} for {office.id}; write dialect = «{extraction.dialect}» there."
        )


# --- articles ---------------------------------------------------------------------------------------------------


def _article(found: Examination, extraction: Extraction, fetched: Fetched, offices: Offices) -> None:
    record = extraction.record
    assert record is not None
    assert extraction.dialect is not None
    found.kind, found.id = "article", record.id
    found.removed, found.warnings = extraction.removed, record.warnings
    sources = _sources(fetched, DIALECTS[extraction.dialect])
    sources["province"] = record.province_source
    sources["code"] = "the address" if identify(record.url) else "the page"
    found.fields = [
        Field(name, value, sources.get(name) if value else None, name in _NEEDED and not value)
        for name, value in _values(record)
    ]
    absent = [f.name for f in found.fields if f.missing]
    if absent:
        found.advice.append(
            f"Missing: {', '.join(absent)}. If the page shows it to a reader, compare its markup with `fields` in "
            f"scraper/dialects/{_module(extraction.dialect)}.py."
        )
    if any("boilerplate may be left" in warning for warning in record.warnings):
        found.advice.append("Some boilerplate survived: scraper/boilerplate.py has the rules.")
    if found.office is None and offices.all:
        host = urlsplit(fetched.url)
        found.advice.append(f"No office has this host. Add it: bayegan offices add {host.scheme}://{host.netloc}/")


def _values(record: NewsRecord) -> Iterator[tuple[str, Any]]:
    names = (
        "code kind kicker title lead body published published_raw modified province language authors categories tags "
        "images videos attachments short_url"
    )
    for name in names.split():
        value = getattr(record, name)
        if name in {"images", "attachments"}:
            value = [thing.url for thing in value]
        yield name, value


def _module(dialect: str) -> str:
    return "aspnet" if dialect in {"dotnetnuke", "sharepoint"} else dialect


def _sources(fetched: Fetched, dialect: Dialect) -> dict[str, str | None]:
    """Where in the page each field stands: the selector of the dialect that finds it first, else the meta."""
    page = parse(fetched.body, fetched.content_type)
    if page is None:
        return {}
    fields = dialect.fields
    if fields.schema_org:
        schema.add(page)
    scope = next((hit[0] for selector in fields.scope if (hit := selector(page.root))), page.root)
    page.add_metas(scope.iter("meta"))
    outline = Outline(scope)
    by_selector = {
        "title": fields.title, "kicker": fields.kicker, "lead": fields.lead, "body": fields.body,
        "published_raw": fields.date, "authors": fields.authors, "categories": fields.categories,
        "tags": fields.tags, "short_url": fields.short_url,
    }  # fmt: skip
    by_meta = {
        "title": fields.meta_title, "lead": fields.meta_lead, "published": fields.meta_published,
        "modified": fields.meta_modified, "authors": fields.meta_authors, "categories": fields.meta_section,
        "tags": fields.meta_tags, "kind": fields.meta_kind,
    }  # fmt: skip
    found = {name: _first(outline, selectors) for name, selectors in by_selector.items()}
    for name, metas in by_meta.items():
        found[name] = found.get(name) or _meta(page, metas)
    found["published"] = found["published"] or found["published_raw"]
    if found["body"] is None and fields.find_body:
        found["body"] = "the element with most of the sentences"
    return found


def _first(outline: Outline, selectors: tuple[Selector, ...]) -> str | None:
    return next((s.expression for s in selectors if any(_has_text(hit) for hit in outline.find(s))), None)


def _has_text(found: Any) -> bool:
    return bool(found.strip() if isinstance(found, str) else line(found))


def _meta(page: Page, names: tuple[str, ...]) -> str | None:
    return next((f"meta {name}" for name in names if page.meta((name,))), None)


# --- listings, feeds, sitemaps, refusals ------------------------------------------------------------------------


def _no_article(found: Examination, extraction: Extraction, fetched: Fetched) -> None:
    refusal = extraction.refusal
    assert refusal is not None
    listing = read_listing(fetched.body, fetched.url, extraction.dialect, fetched.content_type)
    named = [entry.url for entry in listing.entries] or listing.sitemaps
    if refusal.reason in {"listing", "not-html"} and named:
        _listing(found, listing, named)
        return
    found.kind, found.reason, found.message = "refusal", refusal.reason, refusal.message
    if refusal.reason == "listing":
        found.message = "This is a listing, a feed or a home page, and none of its links is known to name an item."
        found.advice.append(
            "Look at the address of one article: its form belongs into `addresses` of the dialect, and where its links "
            "stand into `listing`. Then try `bayegan doctor` on the article itself."
        )
    elif named:
        found.advice.append(f"{len(named)} links of the page name items; try one of them: bayegan doctor {named[0]}")


def _listing(found: Examination, listing: Listing, named: list[str]) -> None:
    found.kind = _LISTINGS.get(listing.kind, "sitemap")
    found.entries, found.sample, found.pages = len(named), named[:_SAMPLE], listing.pages[:_SAMPLE]
    if found.kind == "listing" and not any(entry.published_raw for entry in listing.entries):
        found.advice.append("No entry shows a date: a crawl with --since must fetch each item to learn its day.")
    if found.kind == "listing" and not listing.pages and urlsplit(found.url).path not in {"", "/"}:
        found.advice.append("No further pages were found: if the listing has some, `listing.pager` misses them.")
    if listing.entries:
        found.advice.append(f"Look at one of its items: bayegan doctor {named[0]}")
