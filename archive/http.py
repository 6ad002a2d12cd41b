"""Reads an HTTP message as it was captured: head, transfer coding, content coding."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})")
_FOLD = re.compile(rb"\r?\n[ \t]+")
NOT_FOUND = (404, 410)
"""The statuses that say that there is nothing at an address."""
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?\r?\n")
_PIECE = 1 << 18


MOST_BYTES = 64 * 2**20
"""A body that inflates to more is not read: 300 kB can become 300 MB. As the setting DOWNLOAD_MAXSIZE by default."""


class HttpError(ValueError):
    """The bytes are not an HTTP response that can be decoded."""


class TooLargeError(HttpError):
    """A compressed body inflates to more than it may."""


@dataclass(slots=True, frozen=True)
class HttpResponse:
    """A captured response: header names in lower case, `payload` transfer-decoded, `body` also content-decoded."""

    status: int
    headers: list[tuple[str, str]]
    payload: bytes
    body: bytes

    def get(self, name: str) -> str | None:
        """The first value of a header field."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(slots=True, frozen=True)
class Head:
    """What stands before the body, which begins at the byte `end`. Header names are in lower case."""

    status: int
    headers: list[tuple[str, str]]
    end: int

    def get(self, name: str) -> str:
        """The first value of a header field; empty when there is none."""
        return next((value for key, value in self.headers if key == name), "")


def read_head(block: bytes) -> Head:
    """Read status line and header fields. Raises HttpError when they are not there, or not to their end."""
    end = _HEAD_END.search(block)
    status = _STATUS.match(block)
    if not end or not status:
        raise HttpError("no HTTP response head")
    lines = _FOLD.sub(b" ", block[: end.start()]).splitlines()[1:]
    pairs = (line.decode("latin-1").partition(":") for line in lines)
    return Head(
        int(status[1]), [(name.strip().lower(), value.strip()) for name, colon, value in pairs if colon], end.end()
    )


def read_response(block: bytes, *, decode_content: bool = True) -> HttpResponse:
    """Take a response block apart. Raises HttpError when it has no status line or a broken coding."""
    head = read_head(block)
    payload = transfer_decode(block[head.end :], head.get("transfer-encoding"))
    coding = head.get("content-encoding") if decode_content else ""
    return HttpResponse(head.status, head.headers, payload, content_decode(payload, coding))


def transfer_decode(raw: bytes, coding: str) -> bytes:
    """The payload inside a chunked body; any other body as it is. Raises HttpError for broken chunks.

    A body of no bytes is empty whatever the coding: that of a 204, of a 304 and of the answer to a HEAD.
    """
    if not raw or "chunked" not in coding.lower():
        return raw
    parts: list[bytes] = []
    at = 0
    while True:
        line = _CHUNK_SIZE.match(raw, at)
        if not line:
            raise HttpError("a chunk without a size")
        size = int(line[1], 16)
        if size == 0:
            return b"".join(parts)
        start = line.end()
        after = raw.find(b"\n", start + size)
        if after < 0:
            raise HttpError("the last chunk is cut off")
        parts.append(raw[start : start + size])
        at = after + 1


def payload_that_arrived(body: IO[bytes], coding: str) -> Iterator[bytes]:
    """What can be had of the payload in a body that broke off, piece by piece; never raises HttpError."""
    if "chunked" not in coding.lower():
        while piece := body.read(_PIECE):
            yield piece
        return
    while (line := _CHUNK_SIZE.match(body.readline(_PIECE))) and (left := int(line[1], 16)):
        while left and (piece := body.read(min(left, _PIECE))):
            left -= len(piece)
            yield piece
        body.readline(_PIECE)


def content_decode(payload: bytes, coding: str, most: int = MOST_BYTES) -> bytes:
    """Undo gzip and deflate, the two codings the crawler asks for.

    Raises TooLargeError when more than `most` bytes come out, HttpError for anything broken, cut off or unknown.
    """
    for name in reversed([part.strip().lower() for part in coding.split(",") if part.strip()]):
        if name in {"gzip", "x-gzip", "deflate"}:
            payload = _inflate(payload, most)
        elif name != "identity":
            raise HttpError(f"the content coding {name} is not supported")
    return payload


def _inflate(payload: bytes, most: int) -> bytes:
    # 47: zlib or gzip by its header; servers also send deflate without one.
    for window in (47, -15):
        try:
            return b"".join(_members(payload, window, most)) if payload else b""
        except zlib.error:
            continue
    raise HttpError("the compressed body is damaged or cut off")


def _members(payload: bytes, window: int, most: int) -> Iterator[bytes]:
    """What a stream holds, and the gzip members that may follow it. Raises zlib.error when it has no end."""
    left, magic = most, b"\x1f\x8b"
    while True:
        unpacker = zlib.decompressobj(window)
        piece = unpacker.decompress(payload, left + 1)
        left -= len(piece)
        if left < 0:
            raise TooLargeError(f"the compressed body inflates to more than {most} bytes")
        if not unpacker.eof:
            raise zlib.error("cut off")
        yield piece
        payload, window = unpacker.unused_data, 47
        if not payload.startswith(magic):
            return
