"""Which item an address names, and the one form in which an address is kept.

The code identifies an item; host, slug, `www.`, percent-encoding and query string do not (cms-notes §1,
behzisti.ir).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from archive.offices import portal_of_host
from archive.persian import ascii_digits
from scraper.dialects import DIALECTS

_PORTS = {"http": 80, "https": 443}
_ENCODED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\"<>\\^`{|}/?#\[\]\u2028\u2029]|%(?![0-9A-F]{2})")
"""What stays encoded in a path segment: delimiters, spaces and controls."""

_NORMAL = re.compile(r"https?://[a-z0-9.-]+/[^\x00-\x20\x7f-\xa0\"<>\\^`{|}?#\[\]\u2028\u2029%]*")
_FOREIGN_DIGITS = re.compile("[۰-۹٠-٩]")
_USUAL = re.compile(r"(https?)://([a-z0-9.-]*[a-z0-9])(/[^\s?#]*)(?:\?([^\s#]*))?")
_SEPARATORS = re.compile(r"[\r\n]")
_ADDRESSES = tuple(address for dialect in DIALECTS.values() for address in dialect.addresses)
_OF_A_PAGE = 64
"""Addresses that are remembered: one page asks for the same few several times, the next page for others."""

_portal_of_host = lru_cache(maxsize=4096)(portal_of_host)


@dataclass(frozen=True, slots=True)
class ItemAddress:
    """The item an address names. `variant` is canonical, short, amp, print or pointer; `kind` is the path's."""

    portal: str
    code: str
    variant: str
    kind: str | None = None

    @property
    def id(self) -> str:
        """portal:code, the identity of the item."""
        return f"{self.portal}:{self.code}"


@lru_cache(maxsize=_OF_A_PAGE)
def identify(url: str, portal: str | None = None) -> ItemAddress | None:
    """Find the item that an absolute address names, under any grammar we know; None for every other address.

    Short links such as /x1a2b carry no code and are not identifiable. Never raises.
    """
    parts = _split(url)
    if parts is None:
        return None
    path = _SEPARATORS.sub(" ", _decode(parts.path) if "%" in parts.path else parts.path)
    path = ascii_digits(path) if _FOREIGN_DIGITS.search(path) else path
    whole = f"{path}?{parts.query}" if parts.query else ""
    for address in _ADDRESSES:
        if address.host in {None, parts.host} and (
            match := address.pattern.fullmatch(whole if address.query else path)
        ):
            kind = match.groupdict().get("kind")
            return ItemAddress(portal or _portal_of_host(parts.host), match["code"], address.variant, kind)
    return None


def portal_of(url: str) -> str:
    """The namespace of codes to which an address belongs, by its host."""
    parts = _split(url)
    return _portal_of_host(parts.host) if parts else _portal_of_host("")


def host_of(url: str) -> str:
    """The host of an http address in lower case; empty for any other."""
    parts = _split(url)
    return parts.host if parts else ""


def normalise_url(url: str) -> str:
    """Write an address in the one form that is kept as `record.url`: readable, one for all its spellings.

    Scheme and host in lower case, no fragment, no default port, path in plain UTF-8 with only delimiters,
    spaces and controls percent-encoded. The slug of an item is decoded until nothing changes, because
    behzisti.ir was met with slugs encoded twice; other paths are decoded once. The query string stays as it
    is. What cannot be read as an http address comes back stripped and otherwise untouched.
    """
    if _NORMAL.fullmatch(url):
        return url
    parts = _split(url)
    if parts is None:
        return url.strip()
    host = f"[{parts.host}]" if ":" in parts.host else parts.host
    if parts.port and parts.port != _PORTS.get(parts.scheme):
        host = f"{host}:{parts.port}"
    segments = parts.path.split("/")
    slug = _slug_start(segments, identify(url))
    path = "/".join([*map(_readable, segments[:slug]), *map(_readable_slug, segments[slug:])])
    return f"{parts.scheme}://{host}{path or '/'}" + (f"?{parts.query}" if parts.query else "")


class _Parts(NamedTuple):
    """An http address taken apart; host in lower case."""

    scheme: str
    host: str
    port: int | None
    path: str
    query: str


@lru_cache(maxsize=_OF_A_PAGE)
def _split(url: str) -> _Parts | None:
    """Take an address apart; None for what is no http address. One page asks for the same ones several times."""
    if match := _USUAL.fullmatch(url):
        return _Parts(match[1], match[2], None, match[3], match[4] or "")
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return _Parts(parts.scheme, host, port, parts.path, parts.query) if parts.scheme in _PORTS and host else None


def _slug_start(segments: list[str], item: ItemAddress | None) -> int:
    """Index of the first segment after the code; the end when there is none."""
    if item:
        for i, segment in enumerate(segments):
            if ascii_digits(_decode(segment)) == item.code:
                return i + 1
    return len(segments)


def _decode(text: str) -> str:
    """Percent-encoded UTF-8 as letters; what is not UTF-8 stays encoded, in upper case."""
    return _ENCODED.sub(_decode_run, text)


def _decode_run(match: re.Match[str]) -> str:
    try:
        return bytes.fromhex(match[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return match[0].upper()


def _decode_once(match: re.Match[str]) -> str:
    run = _decode_run(match)
    return run if run == match[0].upper() else run.replace("%", "%25")


def _readable(segment: str) -> str:
    """Decode once. A percent sign that was encoded stays so: decoding again must change nothing."""
    return _UNSAFE.sub(_encode, _ENCODED.sub(_decode_once, segment))


def _readable_slug(segment: str) -> str:
    """Decode until nothing changes."""
    while (text := _decode(segment)) != segment:
        segment = text
    return _UNSAFE.sub(_encode, text)


def _encode(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())
