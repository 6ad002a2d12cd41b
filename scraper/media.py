"""Pictures, films, files and links of an article, and its markup made safe."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import msgspec
import nh3
from lxml import etree

from archive.record import Attachment, Image
from scraper.blocks import BLOCKS, line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element as Element

    from scraper.dialects import Dialect

_PLAIN = re.compile(r"https?://[\w.-]+/[^\s#\\]*")
"""An address that is already in full."""

_BELOW_ROOT = re.compile(r"/(?:[^\s/#?;\\][^\s#?;\\]*)?")
_ORIGIN = re.compile(r"https?://[\w.-]+(?=/)")
"""These two need only be put together."""

_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|zip|rar|7z|pptx?)$", re.IGNORECASE)
_FILM = re.compile(r"\.(?:mp4|m4v|webm|flv|avi|mov|3gp|m3u8)$", re.IGNORECASE)
_PLAYER = re.compile(
    r"aparat\.com/(?:video/|embed/)|/video/embed/|youtube\.com/embed/|telewebion\.com/embed", re.IGNORECASE
)
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|bmp|avif)(?=$|[?#])", re.IGNORECASE)
_FURNITURE = re.compile(
    r"/resources/theme/|/barcode\?|/client/themes/|/sncaptcha|smil(?:e|ies)/|\bspacer\.|\bblank\.gif",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[0-9]+")
_OFFERED = re.compile(r"([^\s,]\S*[^\s,])(?:\s+(\d+(?:\.\d+)?)[wx])?\s*(?:,|$)")
_LAZY = ("data-src", "data-original", "data-lazy-src")

_TAGS = {
    "p",
    "br",
    "h2",
    "h3",
    "h4",
    "ul",
    "ol",
    "li",
    "blockquote",
    "strong",
    "em",
    "b",
    "i",
    "u",
    "a",
    "img",
} | {"figure", "figcaption", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"}
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style", "noscript", "template"},
    attributes={
        "*": set(),
        "a": {"href"},
        "img": {"src", "alt"},
        "td": {"colspan", "rowspan"},
        "th": {"colspan", "rowspan"},
    },
    url_schemes={"http", "https"},
    link_rel=None,
)
_EMPTY = re.compile(r"<(p|a|strong|em|b|i|u|li|ul|ol|h[234]|blockquote|figure|figcaption)> ?(?:<br> ?)*</\1> ?")
_LEADING_BREAKS = re.compile(r"(<p>) ?(?:<br> ?)+")
_RENAMED = {"h1": "h2", "h5": "h4", "h6": "h4"}
_PARAGRAPHS = frozenset({"div", "section", "article", "center", "address"})


def absolute(base: str, address: str | None) -> str | None:
    """Return an http(s) address in full, or None."""
    if not address:
        return None
    if "/." not in address:
        if _PLAIN.fullmatch(address):
            return address
        if _BELOW_ROOT.fullmatch(address) and (origin := _ORIGIN.match(base)):
            return origin[0] + address
    try:
        found = urljoin(base, address.strip())
        return found if urlsplit(found).scheme in {"http", "https"} and urlsplit(found).netloc else None
    except ValueError:
        return None


def carriers(places: Iterable[Element]) -> list[Element]:
    """Every element in these places that may name a picture, a film or an address, in document order."""
    return [element for place in places for element in place.iter("a", "img", "video", "source", "iframe", "script")]


def make_absolute(elements: Iterable[Element], base: str) -> None:
    """Write every <a href> and <img src> in full; what is no http address is taken away."""
    for element in elements:
        if element.tag not in {"a", "img"}:
            continue
        name = "href" if element.tag == "a" else "src"
        lazy = _lazy(element) if name == "src" else None
        told = lazy or element.get(name)
        if address := absolute(base, told):
            if address != told or lazy:
                element.set(name, address)
        else:
            element.attrib.pop(name, None)


def _lazy(image: Element) -> str | None:
    """The address of a picture that a script would load, or the largest of those offered to the browser."""
    if offered := image.get("srcset") or image.get("data-srcset"):
        sizes = [match.groups() for match in _OFFERED.finditer(offered)]
        if sizes:
            return max(sizes, key=lambda pair: float(pair[1] or 1))[0]
    return next((image.get(key) for key in _LAZY if image.get(key)), None)


def images(elements: Iterable[Element], dialect: Dialect) -> list[Image]:
    """Return the pictures of the article in order, each once, at the largest size that the article names.

    A link to a larger copy of a picture counts as naming it.
    """
    found: dict[str, Image] = {}
    larger: dict[str, str] = {}
    for element in elements:
        if element.tag not in {"a", "img"}:
            continue
        address = element.get("src" if element.tag == "img" else "href")
        if not address or (element.tag == "a" and not _is_picture(address)) or _FURNITURE.search(address):
            continue
        key = _picture_key(address, dialect)
        if element.tag == "img":
            found.setdefault(key, Image(address, " ".join((element.get("alt") or "").split())))
        if _size(address, dialect) > _size(larger.get(key), dialect):
            larger[key] = address
    return [Image(larger.get(key, image.url), image.alt) for key, image in found.items()]


def _is_picture(address: str) -> bool:
    return _PICTURE.search(address) is not None and _PICTURE.search(urlsplit(address).path) is not None


def _picture_key(address: str, dialect: Dialect) -> str:
    """Return a key that is the same for every size of one picture."""
    if dialect.picture and (match := dialect.picture.search(address)):
        start, end = match.span("size")
        return f"{address[match.start() : start]}*{address[end : match.end()]}"
    return address


def _size(address: str | None, dialect: Dialect) -> float:
    """How large a picture is by its address; one that names no size is the original."""
    if address is None:
        return -1
    match = dialect.picture.search(address) if dialect.picture else None
    if not match:
        return 0
    if not match["size"]:
        return math.inf
    if dialect.picture_sizes:
        return dialect.picture_sizes.find(match["size"])
    width = _NUMBER.search(match["size"])
    return int(width[0]) if width else 0


def videos(elements: Iterable[Element], base: str) -> list[str]:
    """Addresses of films: <video>, the player's data-source, embedded players and links to film files."""
    found: dict[str, None] = {}
    for element in elements:
        for address in _films(element):
            if full := absolute(base, address):
                found.setdefault(full)
    return list(found)


def _films(element: Element) -> Iterable[str]:
    if element.tag == "img":
        return []
    if element.tag in {"iframe", "script"}:
        source = element.get("src") or ""
        return [source] if _PLAYER.search(source) else []
    if element.tag == "a":
        address = element.get("href") or ""
        return [address] if _FILM.search(address.partition("?")[0]) else []
    return [*_data_source(element.get("data-source")), *filter(None, [element.get("src")])]


def _data_source(value: str | None) -> list[str]:
    """Nastooh's player: `[{"file": "…"}]` [R]."""
    if not value:
        return []
    try:
        return [entry["file"] for entry in msgspec.json.decode(value) if isinstance(entry["file"], str)]
    except (msgspec.DecodeError, TypeError, KeyError):
        return []


def links(body: Element) -> tuple[list[str], list[Attachment]]:
    """Return the addresses linked from the body and those of them that are files, each once, in order."""
    addresses: dict[str, None] = {}
    files: dict[str, Attachment] = {}
    for anchor in body.iter("a"):
        if address := anchor.get("href"):
            addresses.setdefault(address)
            if _FILE.search(urlsplit(address).path):
                files.setdefault(address, Attachment(address, line(anchor)))
    return list(addresses), list(files.values())


def safe_html(body: Element) -> str | None:
    """Return the body's markup with harmless elements only. Changes the tree: call it last."""
    for element in list(body.iter(*_PARAGRAPHS, *_RENAMED)):
        if element.tag in _RENAMED:
            element.tag = _RENAMED[element.tag]
        elif not any(child.tag in BLOCKS for child in element):
            element.tag = "p"
    html = _CLEANER.clean(etree.tostring(body, encoding="unicode", method="html", with_tail=False))
    html = " ".join(html.split())
    if "<p><br>" in html or "<p> <br>" in html:
        html = _LEADING_BREAKS.sub(r"\1", html)
    while (shorter := _EMPTY.sub("", html)) != html:
        html = shorter
    return html.strip() or None


def is_furniture(address: str) -> bool:
    """Whether a picture belongs to the theme: logos, barcodes, spacers."""
    return _FURNITURE.search(address) is not None
