"""A captured page as it was: its own bytes, with what else was captured in the place of what it loads.

Nothing here makes a page safe to open: `archive/web` serves it so that it can neither run nor load anything.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import urljoin

from archive import css, warc
from archive.errors import CollectionError
from archive.http import HttpError, content_decode, payload_that_arrived, read_head, transfer_decode

# A policy forbids every load, but browsers open connections ahead of some, before they look at it. A link that asks
# for that is made a tag that means nothing; of two equal attributes, as a frame is given here, the first counts.
_LINK = re.compile(rb"""<link(?=[\s/])(?:[^>"']|"[^"]*"|'[^']*')*""", re.IGNORECASE)
_AHEAD = ("preconnect", "dns-prefetch")
_FRAME = re.compile(rb"<i?frame(?=[\s/])", re.IGNORECASE)
_SHOWN_BY = re.compile(
    rb"""(<(?:img|link|source)\b[^>]*?\s(?:src|href)\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A body ready to be shown, with the content type that the server gave it."""

    url: str
    content_type: str
    body: bytes


def replay(record: warc.Record, kept: Callable[[str], str | None]) -> Replayed:
    """The page of a response record.

    `kept` says under which address the bytes of another address are served, if they were captured. Only such
    addresses of pictures and style sheets, and of what a style sheet loads, are written anew, and links and frames
    that would open a connection are made void; every other byte is the server's.
    Raises CollectionError when the record holds no body that can be decoded.
    """
    if record.type != "response":
        raise CollectionError(f"The record {record.id} is a {record.type or 'record without a type'}, not a response.")
    try:
        head = read_head(record.block)
        body = _body(record, head.end, head.get("transfer-encoding"))
        body = content_decode(body, head.get("content-encoding"))
    except HttpError as error:
        raise CollectionError(f"The capture {record.id} cannot be shown: {error}.") from error
    url = record.get("WARC-Target-URI") or ""
    content_type = head.get("content-type") or "application/octet-stream"
    if "html" in content_type.lower():
        body = _FRAME.sub(rb'\g<0> src="about:blank"', _LINK.sub(_void, _with_kept(body, url, kept)))
    elif "css" in content_type.lower():
        body = css.with_kept(body, url, kept)
    return Replayed(url, content_type, body)


def _body(record: warc.Record, start: int, coding: str) -> bytes:
    raw = record.block[start:]
    if record.get("WARC-Truncated") is None:
        return transfer_decode(raw, coding)

    return b"".join(payload_that_arrived(io.BytesIO(raw), coding))


def _void(match: re.Match[bytes]) -> bytes:
    tag = unescape(match[0].decode("latin-1")).lower()
    return b"<meta" + match[0][5:] if any(word in tag for word in _AHEAD) else match[0]


def _with_kept(body: bytes, base: str, kept: Callable[[str], str | None]) -> bytes:
    def written(match: re.Match[bytes]) -> bytes:
        address = unescape(match[2].decode("utf-8", "replace").strip("\"'")).strip()
        try:
            target = kept(urljoin(base, address))
        except ValueError:
            target = None
        return match[1] + f'"{escape(target)}"'.encode() if target else match[0]

    return _SHOWN_BY.sub(written, body)
