"""Bytes to a tree: what kind of document it is, its charset, its head."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lxml import etree

from scraper.head import Head

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element as Element

_BINARY = (
    b"%PDF",
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"Rar!",
    b"\x1f\x8b",
    b"ID3",
    b"RIFF",
)
_MARKUP = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|meta|title|article|main|section|div|table|form|h1|p|script)\b",
    re.IGNORECASE,
)
_XML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?:<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>\s*)?<(?:rss|feed|urlset|sitemapindex|rdf:RDF)\b",
    re.DOTALL,
)
_HTML_START = re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_XML_ROOTS = (b"<rss", b"<feed", b"<urlset", b"<sitemapindex", b"<rdf:RDF")
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_HEADER_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_KNOWN_CHARSET = re.compile(
    r"utf-?8|utf-?16(?:[lb]e)?|windows-125\d|cp125\d|iso-?8859-\d+|latin-?1|us-ascii", re.IGNORECASE
)
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_HEAD_BYTES = 4096
_TOO_DEEP = re.compile("depth")
_SPILLING = re.compile(r"Unexpected end tag : (?:div|section|main|table|t[drh]|form|body|html)|depth")
_FEW = 200
"""One broken byte in so many still counts as UTF-8: a truncated slug, not another charset."""

_MOST_FOR_SOUP = 2**19
_MOST_TAGS = 200_000

_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r") + b"\x7f"
_REFERENCE = re.compile(
    rb"&(?:#(?:0*(?:[0-8]|1[124-9]|2\d|3[01]|127)|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]|7[fF]))(?![0-9a-fA-F]);?"
    rb"|(?P<twice>amp;)(?=(?:zwnj|zwj|lrm|rlm|nbsp|laquo|raquo|quot|apos|hellip|ndash|mdash|lt|gt|amp|#\d{2,6}"
    rb"|#x[0-9a-fA-F]{2,5});)"
    rb"|(?P<unclosed>zwnj|zwj|lrm|rlm)(?![;\w]))"
)
"""References to mend: of control characters; escaped twice; and without the semicolon that browsers want of these.
All numeric and the older named ones the parser knows without it."""


@dataclass(slots=True)
class Page:
    """A parsed page. Of a page that was cut, `root` is the article alone and `head` the text of what stands above."""

    root: Element
    charset: str = "utf-8"
    lost: int = 0
    """Bytes that could not be read; each has become U+FFFD."""
    cut_off: bool = False
    """Whether the end is missing: elements are nested too deeply for the parser, or too many."""
    head: Head | None = None
    language: str = ""
    """The attribute lang of the page."""
    metas: dict[str, str] = field(default_factory=dict)
    """property, name or itemprop of a <meta> → the first content that is not empty."""
    links: dict[str, str] = field(default_factory=dict)

    def meta(self, names: tuple[str, ...]) -> str:
        """Return the first of these metas that says something, else an empty string."""
        for name in names:
            if found := (self.head and self.head.meta(name)) or self.metas.get(name):
                return found
        return ""

    def link(self, rel: str) -> str:
        """Return the address of a <link> in the head, else an empty string."""
        return (self.head.link(rel) if self.head else self.links.get(rel)) or ""

    def add_metas(self, metas: Iterable[Element]) -> None:
        """Take in the <meta> of an article; those of the head stand before them."""
        for meta in metas:
            told = dict(meta.items())
            content = told.get("content") or told.get("value")  # «value» in pages from a reader-mode parser
            if content and not content.isspace():
                for key in ("property", "name", "itemprop"):
                    if name := told.get(key):
                        self.metas.setdefault(name, content)


def is_feed(body: bytes) -> bool:
    """Whether the bytes are a feed or a sitemap."""
    if _HTML_START.match(body):
        return False
    start = body[:_HEAD_BYTES].removeprefix(b"\xef\xbb\xbf")
    return any(name in start for name in _XML_ROOTS) and _XML.match(start) is not None


def is_html(body: bytes) -> bool:
    """Whether the bytes can be read as an HTML page; content types lie, so the bytes are looked at."""
    if body.startswith(_UTF16_MARKS):
        body = body.replace(b"\0", b"")
    elif body.lstrip()[:8].startswith(_BINARY):
        return False
    return _MARKUP.search(body) is not None


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of a page in UTF-8, and what had to be done for it."""

    data: bytes
    charset: str = "utf-8"
    lost: int = 0
    """Bytes that could not be read; each has become U+FFFD."""
    cut_off: bool = False
    """Whether the end was left out, since no page of an item has so many tags."""


def parse(body: bytes, content_type: str | None = None) -> Page | None:
    """Read the page in these bytes, or None when not even a tree can be made of them. Never raises."""
    return tree(source(body, content_type))


def source(body: bytes, content_type: str | None = None) -> Source:
    """Bring the bytes of a page to UTF-8. Never raises."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    if not body.startswith(_UTF16_MARKS):
        try:
            body.decode()
        except UnicodeDecodeError:
            pass
        else:
            return _bounded(Source(body))
    text, charset = decode(body, content_type)
    return _bounded(Source(text.encode("utf-8", "replace"), charset, text.count("\ufffd")))


def _bounded(of: Source) -> Source:
    """Leave out what follows after so many tags: a hostile page must not eat the memory of a crawl."""
    if of.data.count(b"<") <= _MOST_TAGS:
        return of
    beyond = of.data.split(b"<", _MOST_TAGS)[-1]
    return replace(of, data=of.data[: -len(beyond) - 1], cut_off=True)


def tree(of: Source) -> Page | None:
    """Parse a source; None when no tree comes of it."""
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(clean(of.data), parser)
    except (etree.LxmlError, ValueError):
        return None
    if root is None:
        return None
    page = page_of(root, of)
    page.cut_off = of.cut_off or any(_TOO_DEEP.search(error.message) for error in parser.error_log)
    return page


def article(data: bytes, head: bytes, *, closed: bool) -> Page | None:
    """Parse an article that was cut out of its page, in clean UTF-8.

    None when it closes what was opened before it; a stretch of a page that is not `closed` in itself may do so.
    """
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(clean(data), parser)
    except (etree.LxmlError, ValueError):
        return None
    spilling = _SPILLING if closed else _TOO_DEEP
    if root is None or any(spilling.search(error.message) for error in parser.error_log):
        return None
    above = Head(clean(head))
    return Page(root, head=above, language=above.language)


def clean(data: bytes) -> bytes:
    """Take out control characters, and mend references that browsers or writers got wrong."""
    data = data.translate(None, _CONTROLS)
    return _REFERENCE.sub(_mended, data) if b"&" in data else data


def _mended(match: re.Match[bytes]) -> bytes:
    if name := match["unclosed"]:
        return b"&%b;" % name
    return b"&" if match["twice"] else b""


def second_opinion(of: Source) -> Page | None:
    """Read a page by BeautifulSoup, slowly, when lxml's tree lacks what the bytes seem to have."""
    if len(of.data) > _MOST_FOR_SOUP:
        return None
    from scraper.soup import soup_tree  # noqa: PLC0415 - bs4 is slow to load and seldom needed

    root = soup_tree(of.data)
    return None if root is None else page_of(root, of)


def page_of(root: Element, of: Source) -> Page:
    """Return the page with this tree, and what its head says.

    Metas further down belong to items of lists, or to the article, which adds its own.
    """
    page = Page(root, of.charset, of.lost, language=root.get("lang", ""))
    page.add_metas(_in_head(root, "meta"))
    for link in _in_head(root, "link"):
        if (rel := link.get("rel")) and (href := link.get("href")):
            page.links.setdefault(rel.lower(), href)
    return page


def _in_head(root: Element, tag: str) -> Iterable[Element]:
    """Elements of the head; those that stand in the body itself are of a head that broken markup has ended early."""
    for part in root:
        yield from part.iterchildren(tag) if part.tag == "body" else part.iter(tag)


def decode(body: bytes, content_type: str | None = None) -> tuple[str, str]:
    """Text and charset of bytes that are not clean UTF-8. Never raises.

    In this order: byte order mark of UTF-16, UTF-8 with few broken bytes, the declared charset (header, then
    meta), and the guess of UnicodeDammit.
    """
    if body.startswith(_UTF16_MARKS):
        return body.decode("utf-16", "replace"), "utf-16"
    text = body.decode("utf-8", "replace")
    if text.count("\ufffd") * _FEW <= len(body):
        return text, "utf-8"
    header = _HEADER_CHARSET.search(content_type or "")
    meta = _CHARSET.search(body[:_HEAD_BYTES])
    for name in (header and header[1], meta and meta[1].decode("ascii", "replace")):
        if name and _KNOWN_CHARSET.fullmatch(name) and not name.lower().startswith("utf"):
            return body.decode(name, "replace"), name.lower()
    from bs4 import UnicodeDammit  # noqa: PLC0415 - slow to load and seldom needed

    guess = UnicodeDammit(body, ["windows-1256"], is_html=True)
    if guess.unicode_markup is None:
        return text, "utf-8"
    return guess.unicode_markup, str(guess.original_encoding)
