"""Reads an HTTP message as it was captured: head, transfer coding, content coding."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})")
_FOLD = re.compile(rb"\r?\n[ \t]+")


class HttpError(ValueError):
    """The bytes are not an HTTP response that can be decoded."""


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


def read_response(block: bytes, *, decode_content: bool = True) -> HttpResponse:
    """Take a response block apart. Raises HttpError when it has no status line or a broken coding."""
    end = _HEAD_END.search(block)
    status = _STATUS.match(block)
    if not end or not status:
        raise HttpError("no HTTP response head")
    lines = _FOLD.sub(b" ", block[: end.start()]).splitlines()[1:]
    pairs = (line.decode("latin-1").partition(":") for line in lines)
    headers = [(name.strip().lower(), value.strip()) for name, colon, value in pairs if colon]
    fields = dict(reversed(headers))
    payload = transfer_decode(block[end.end() :], fields.get("transfer-encoding", ""))
    coding = fields.get("content-encoding", "") if decode_content else ""
    return HttpResponse(int(status[1]), headers, payload, content_decode(payload, coding))


def transfer_decode(raw: bytes, coding: str) -> bytes:
    """The payload inside a chunked body; any other body as it is. Raises HttpError for broken chunks."""
    if "chunked" not in coding.lower():
        return raw
    parts: list[bytes] = []
    at = 0
    while True:
        line_end = raw.find(b"\n", at)
        size_text = raw[at:line_end].split(b";")[0].strip() if line_end >= 0 else b""
        try:
            size = int(size_text, 16)
        except ValueError:
            raise HttpError("a chunk without a size") from None
        if size == 0:
            return b"".join(parts)
        start = line_end + 1
        if start + size > len(raw):
            raise HttpError("the last chunk is cut off")
        parts.append(raw[start : start + size])
        at = raw.find(b"\n", start + size) + 1


def content_decode(payload: bytes, coding: str) -> bytes:
    """Undo gzip and deflate, the two codings the crawler asks for. Raises HttpError for anything broken or unknown."""
    for name in reversed([part.strip().lower() for part in coding.split(",") if part.strip()]):
        if name in {"gzip", "x-gzip", "deflate"}:
            payload = _inflate(payload)
        elif name != "identity":
            raise HttpError(f"the content coding {name} is not supported")
    return payload


def _inflate(payload: bytes) -> bytes:
    # 47: zlib or gzip by its header; servers also send deflate without one.
    for window in (47, -15):
        try:
            unpacker = zlib.decompressobj(window)
            body = unpacker.decompress(payload)
            while unpacker.unused_data[:2] == b"\x1f\x8b":
                rest = unpacker.unused_data
                unpacker = zlib.decompressobj(47)
                body += unpacker.decompress(rest)
        except zlib.error:
            continue
        if unpacker.eof or not payload:
            return body
    raise HttpError("the compressed body is damaged or cut off")
