"""Bytes to a tree: what kind of document it is, its charset, its head."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
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
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_HEADER_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_KNOWN_CHARSET = re.compile(
    r"utf-?8|utf-?16(?:[lb]e)?|windows-125\d|cp125\d|iso-?8859-\d+|latin-?1|us-ascii", re.IGNORECASE
)
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_HEAD_BYTES = 4096
_FEW = 200
"""One broken byte in so many still counts as UTF-8: a truncated slug, not another charset."""

_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r") + b"\x7f"
_CONTROL_REFERENCE = re.compile(
    rb"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01]|127)|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]|7[fF]))(?![0-9a-fA-F]);?"
)


@dataclass(slots=True)
class Page:
    """A parsed page. `metas` maps property, name and itemprop to the first content that is not empty."""

    root: Element
    charset: str
    metas: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def meta(self, names: tuple[str, ...]) -> str:
        """Return the first of these metas that says something, else an empty string."""
        return next((self.metas[name] for name in names if name in self.metas), "")


def is_feed(body: bytes) -> bool:
    """Whether the bytes are a feed or a sitemap."""
    return _XML.match(body.removeprefix(b"\xef\xbb\xbf")[:_HEAD_BYTES]) is not None


def is_html(body: bytes) -> bool:
    """Whether the bytes can be read as an HTML page; content types lie, so the bytes are looked at."""
    if body.startswith(_UTF16_MARKS):
        body = body.replace(b"\0", b"")
    elif body.lstrip()[:8].startswith(_BINARY):
        return False
    return _MARKUP.search(body) is not None


def parse(body: bytes, content_type: str | None = None) -> Page | None:
    """Read the page in these bytes, or None when not even a tree can be made of them. Never raises.

    The whole document is parsed. Whoever wants to parse only the article's bytes can cut them out before this
    call.
    """
    data, charset, warning = _as_utf8(body, content_type)
    data = _CONTROL_REFERENCE.sub(b"", data.translate(None, _CONTROLS))
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError):
        return None
    if root is None:
        return None
    page = Page(root, charset, warnings=[warning] if warning else [])
    for meta in root.iter("meta"):
        content = meta.get("content") or meta.get("value")  # «value» in pages that went through a reader-mode parser
        if content and not content.isspace():
            for key in (meta.get("property"), meta.get("name"), meta.get("itemprop")):
                if key:
                    page.metas.setdefault(key, content)
    for link in root.iter("link"):
        if (rel := link.get("rel")) and (href := link.get("href")):
            page.links.setdefault(rel.lower(), href)
    return page


def _as_utf8(body: bytes, content_type: str | None) -> tuple[bytes, str, str | None]:
    """Return the body in UTF-8, its charset, and a warning when some bytes could not be read."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        body.decode()
    except UnicodeDecodeError:
        text, charset = decode(body, content_type)
    else:
        if not body.startswith(_UTF16_MARKS):
            return body, "utf-8", None
        text, charset = decode(body, content_type)
    lost = text.count("\ufffd")
    warning = f"{lost} bytes could not be read as {charset}" if lost else None
    return text.encode("utf-8", "replace"), charset, warning


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
