"""The items that a listing, a feed or a sitemap names, and where it goes on."""

from __future__ import annotations

import datetime as dt
import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin

import msgspec
from lxml import etree

from scraper.blocks import line
from scraper.dates import parse as parse_date
from scraper.dialects import DIALECTS, GENERIC, detect
from scraper.media import absolute
from scraper.newscode import host_of, identify
from scraper.page import is_feed, is_html, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element as Element

    from scraper.dialects.base import ListingFields

Kind = Literal["html", "feed", "sitemap", "sitemap-index", "json", "unreadable"]

_DIGITS = re.compile("[0-9]+")
_GZIP = b"\x1f\x8b"
_ANY_TIME = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
"""Stands in for the time of the fetch when it only matters whether a line tells a date."""
_MOST_BYTES = 64 * 2**20
"""A sitemap may have 50 MB (sitemaps.org); whatever inflates to more is no sitemap."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as a listing names it. `published_raw` is for scraper.dates.parse."""

    url: str
    title: str | None = None
    published_raw: str | None = None
    code: str | None = None
    """What the listing says is its code, where the address names none."""

    def item(self, portal: str) -> str | None:
        """The id of the item in a portal; None when nothing tells which it is."""
        address = identify(self.url, portal)
        code = address.code if address else self.code
        return f"{portal}:{code}" if code else None


@dataclass(slots=True)
class Listing:
    """Entries in the order of the page, each address once; addresses are absolute."""

    entries: list[Entry] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    """Other pages of the same listing."""
    sitemaps: list[str] = field(default_factory=list)
    """Leaves that a sitemap index names."""
    kind: Kind = "unreadable"
    cut_off: bool = False
    """Whether it came compressed, and ends in the midst of it."""


def read_listing(body: bytes, url: str, dialect: str | None = None, content_type: str | None = None) -> Listing:
    """Read an HTML listing, an RSS or Atom feed, or a sitemap (XML, gzip or JSON), told apart by the bytes.

    `dialect` is tried when the page itself bears no mark of a known system. Bytes that are none of these give
    a Listing of kind `unreadable`. Never raises; entities of XML are not expanded and nothing is fetched.
    """
    if body.startswith(_GZIP):
        body, whole = _inflate(body)
        listing = read_listing(b"" if body.startswith(_GZIP) else body, url, dialect, content_type)
        listing.cut_off = not whole
        return listing
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] in {b"{", b"["}:
        return _json(start, url)
    if is_feed(body) or (start.startswith(b"<?xml") and not is_html(body)):
        return _xml(start, url)
    return _html(body, url, dialect, content_type)


def links_to(body: bytes, url: str, starts: tuple[str, ...], content_type: str | None = None) -> list[str]:
    """The links of a page to its own site whose path begins in one of these ways, absolute, each once."""
    page = parse(body, content_type) if starts and is_html(body) else None
    if page is None:
        return []
    home = urljoin(url, "/").rstrip("/")
    links = (absolute(url, anchor.get("href")) for anchor in page.root.iter("a"))
    return list(dict.fromkeys(link for link in links if link and link.removeprefix(home).startswith(starts)))


def _inflate(body: bytes) -> tuple[bytes, bool]:
    """What can be had of a gzip file, and whether that is all of it."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        return unpacker.decompress(body, _MOST_BYTES), unpacker.eof
    except zlib.error:
        return b"", False


def _unique(entries: Iterable[Entry]) -> list[Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        found.setdefault(entry.url, entry)
    return list(found.values())


def _html(body: bytes, url: str, name: str | None, content_type: str | None) -> Listing:
    page = parse(body, content_type) if is_html(body) else None
    if page is None:
        return Listing()
    detected = detect(body)
    dialect = detected[0] if detected else DIALECTS.get(name or "", GENERIC)
    columns: list[Element] = next((found for selector in dialect.listing.main if (found := selector(page.root))), [])
    entries = _entries(columns or [page.root], url, dialect.listing)
    if not entries and not columns:
        entries = _entries([page.root], url, GENERIC.listing)
    pages = (absolute(url, address) for address in dialect.listing.pager(page.root) if not address.startswith("#"))
    return Listing(entries, [p for p in dict.fromkeys(filter(None, pages)) if p != url], kind="html")


def _entries(columns: list[Element], url: str, rules: ListingFields) -> list[Entry]:
    """The entries that the first fitting selector finds."""
    for selector in rules.entry:
        anchors = (anchor for column in columns for anchor in selector(column))
        if entries := _unique(_telling(_named_items(anchors, url, rules))):
            return entries
    return []


def _named_items(anchors: Iterable[Element], url: str, rules: ListingFields) -> Iterable[Entry]:
    """Yield links that name items and have a text."""
    for anchor in anchors:
        address = absolute(url, anchor.get("href"))
        title = line(anchor)
        code = None if address is None or identify(address) else _code(anchor, rules)
        if address and title and (code or identify(address)):
            yield Entry(address, title, _date(anchor, title, rules), code)


def _telling(entries: Iterable[Entry]) -> list[Entry]:
    """Leave out entries that share a code with another address: what they stand in is a list and no item."""
    found = list(entries)
    told: dict[str | None, set[str]] = {}
    for entry in found:
        told.setdefault(entry.code, set()).add(entry.url)
    return [entry for entry in found if entry.code is None or len(told[entry.code]) == 1]


def _code(anchor: Element, rules: ListingFields) -> str | None:
    """The code that stands beside a link."""
    found = (_DIGITS.search(text) for selector in rules.code for text in selector(anchor))
    return next((match[0] for match in found if match), None)


def _date(anchor: Element, title: str, rules: ListingFields) -> str | None:
    """The first string that tells a date. A link's title often repeats the headline, which may name a day too."""
    for selector in rules.date:
        for text in (" ".join(found.split()) for found in selector(anchor)):
            if text != title and parse_date(text, _ANY_TIME):
                return text
    return None


def _xml(body: bytes, url: str) -> Listing:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.LxmlError, ValueError):
        root = None
    if root is None:
        return Listing()
    name = etree.QName(root).localname
    if name == "sitemapindex":
        leaves = (absolute(url, _child(node, "loc")) for node in root.iter("{*}sitemap"))
        return Listing(sitemaps=list(dict.fromkeys(filter(None, leaves))), kind="sitemap-index")
    if name == "urlset":
        return Listing(_unique(_sitemap_entries(root, url)), kind="sitemap")
    return Listing(_unique(_feed_entries(root, url)), kind="feed")


def _child(node: Element, *names: str) -> str | None:
    """Text of the first descendant of one of these names, in any namespace, in one line."""
    for name in names:
        for child in node.iter(f"{{*}}{name}"):
            if text := " ".join((child.text or "").split()):
                return text
    return None


def _sitemap_entries(root: Element, url: str) -> Iterable[Entry]:
    for node in root.iter("{*}url"):
        if address := absolute(url, _child(node, "loc")):
            yield Entry(address, _child(node, "title"), _child(node, "publication_date", "lastmod"))


def _feed_entries(root: Element, url: str) -> Iterable[Entry]:
    for node in root.iter("{*}item", "{*}entry"):
        if address := absolute(url, _link(node)):
            published = _child(node, "pubDate", "published", "date", "updated")
            yield Entry(address, _child(node, "title"), published, _code_in_guid(address, node))


def _code_in_guid(address: str, node: Element) -> str | None:
    """The code in the <guid>, or <id>, of an entry whose own address names none: `https://host/?p=123` of WordPress."""
    guid = _child(node, "guid", "id") or ""
    named = None if identify(address) or not _same_host(address, guid) else identify(guid)
    return named.code if named else None


def _same_host(one: str, other: str) -> bool:
    """Whether two addresses are of one host: a site that has moved leaves numbers of its old host in its feed."""
    return host_of(one).removeprefix("www.") == host_of(other).removeprefix("www.")


def _link(node: Element) -> str | None:
    """RSS: text of <link>, else a guid that is an address. Atom: href of the alternate link."""
    for link in node.iter("{*}link"):
        if link.get("rel", "alternate") == "alternate" and (address := link.get("href") or (link.text or "").strip()):
            return address
    guid = _child(node, "guid")
    return guid if guid and "://" in guid else None


def _json(body: bytes, url: str) -> Listing:
    """Old daily leaves of Nastooh come as `{"urls": [{"loc": …}]}` [S]."""
    try:
        data: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Listing()
    if not isinstance(data, dict):
        return Listing()
    entries = (
        Entry(address, _string(item.get("title")), _string(item.get("lastmod")))
        for item in _dicts(data.get("urls"))
        if (address := absolute(url, _string(item.get("loc"))))
    )
    leaves = (absolute(url, _string(item.get("loc"))) for item in _dicts(data.get("sitemaps")))
    return Listing(_unique(entries), sitemaps=list(dict.fromkeys(filter(None, leaves))), kind="json")


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None
