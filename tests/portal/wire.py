"""Turns a reply into the bytes of an HTTP/1.1 response, in the many ways real servers do it.

The reply's `variant` alone decides which, so that an address always looks the same on the wire.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.portal.markup import http_date
from tests.portal.world import NOW

if TYPE_CHECKING:
    import datetime as dt

HTML = "text/html; charset=UTF-8"
REASONS = {
    200: "OK",
    302: "Found",
    304: "Not Modified",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    410: "Gone",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class Form:
    """One server's manners."""

    gzip: bool = False
    chunked: bool = False
    reason: str | None = None
    case: str = "title"
    reverse: bool = False
    extra: tuple[tuple[str, str], ...] = ()


_COOKIES = (("Set-Cookie", "sid=a1b2c3; Path=/; HttpOnly"), ("Set-Cookie", "lang=fa; Path=/"))
FORMS = (
    Form(),
    Form(gzip=True),
    Form(chunked=True, case="lower", extra=_COOKIES),
    Form(gzip=True, chunked=True, reverse=True),
    Form(reason="Ok Then", extra=_COOKIES),
    Form(gzip=True, reason="", extra=(("X-Node", "caf\xe9-2"),)),  # a header byte that is not UTF-8
    Form(chunked=True, case="upper", reverse=True),
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a page answers, before it is dressed for the wire. Validators go out only with `modified`."""

    status: int
    body: bytes = b""
    content_type: str = HTML
    headers: tuple[tuple[str, str], ...] = ()
    modified: dt.datetime | None = None
    variant: int = 0


@dataclass(frozen=True, slots=True)
class Client:
    """What of a request decides the form of its response."""

    gzip: bool = True
    http10: bool = False
    close: bool = False


@dataclass(frozen=True, slots=True)
class Final:
    """A composed response, with what is needed to answer a conditional request for it."""

    status: int
    data: bytes
    etag: str = ""
    modified: dt.datetime | None = None


def compose(reply: Reply, client: Client) -> Final:
    """The response's bytes, exactly as they go out for a GET."""
    form = FORMS[reply.variant % len(FORMS)]
    body = reply.body
    etag = f'"{hashlib.sha1(body).hexdigest()[:20]}"' if reply.modified else ""
    headers = [
        ("Server", "nginx"),
        ("Date", http_date(NOW)),
        ("Content-Type", reply.content_type),
        *reply.headers,
    ]
    headers += _validators(etag, reply.modified)
    if form.gzip and client.gzip and len(body) > 200:
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers.append(("Content-Encoding", "gzip"))
    headers += [("Vary", "Accept-Encoding"), *form.extra]
    if form.chunked and not client.http10:
        headers.append(("Transfer-Encoding", "chunked"))
        body = _chunks(body, reply.variant)
    else:
        headers.append(("Content-Length", str(len(body))))
    if client.close:
        headers.append(("Connection", "close"))
    data = _head(reply.status, headers, form) + body
    return Final(reply.status, data, etag, reply.modified)


def not_modified(final: Final, client: Client) -> Final:
    """304 with the validators of the response it stands for."""
    headers = [("Server", "nginx"), ("Date", http_date(NOW)), *_validators(final.etag, final.modified)]
    if client.close:
        headers.append(("Connection", "close"))
    return Final(304, _head(304, headers, Form()), final.etag, final.modified)


def head_of(data: bytes) -> bytes:
    """The part of a response that answers HEAD."""
    return data[: data.index(b"\r\n\r\n") + 4]


def _validators(etag: str, modified: dt.datetime | None) -> list[tuple[str, str]]:
    return [("ETag", etag), ("Last-Modified", http_date(modified))] if modified else []


def _head(status: int, headers: list[tuple[str, str]], form: Form) -> bytes:
    reason = form.reason if form.reason is not None and status == 200 else REASONS.get(status, "Unknown")
    if form.reverse:
        headers.reverse()
    cased = {"title": str.title, "lower": str.lower, "upper": str.upper}[form.case]
    names = ((cased(name).replace("Etag", "ETag"), value) for name, value in headers)
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in names)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _chunks(body: bytes, variant: int) -> bytes:
    """Chunks of uneven sizes; hexadecimal lengths in either case, since both are allowed."""
    sizes = (1021, 16384, 7, 32768)
    pieces: list[bytes] = []
    position = turn = 0
    while position < len(body):
        piece = body[position : position + sizes[turn % len(sizes)]]
        length = f"{len(piece):x}" if variant % 2 else f"{len(piece):X}"
        pieces.append(length.encode() + b"\r\n" + piece + b"\r\n")
        position += len(piece)
        turn += 1
    return b"".join(pieces) + b"0\r\n\r\n"
