"""One exchange: its bytes as they pass by, and the WARC records they become. Knows nothing of Scrapy or Twisted."""

from __future__ import annotations

import datetime as dt
import os
import re
import tempfile
from dataclasses import replace
from typing import Any
from urllib.parse import quote_from_bytes

from archive import warc
from archive.http import Head, HttpError, payload_that_arrived, read_head
from archive.record import Capture
from archive.spool import Spool

Facts = list[tuple[str, str]]
"""The fields of a metadata record."""

_NOT_MODIFIED = 304
_SPOOL = 1 << 20  # bytes of a response held in memory; larger ones go to a temporary file
_FRAGMENT = 4096  # bytes kept of an answer that is no HTTP response
_INTERIM = re.compile(rb"HTTP/\d\.\d 1\d\d(?![^ \r\n])")
_HEAD_END = re.compile(rb"\n\r?\n")
_CREDENTIALS = re.compile(rb"(?i)\r\nproxy-authorization:[^\r\n]*")
_TLS = {"TLSv1": "tls/1.0", "TLSv1.1": "tls/1.1", "TLSv1.2": "tls/1.2", "TLSv1.3": "tls/1.3"}
_CIPHER = re.compile(r"(?:(ECDHE|DHE)-(RSA|ECDSA|DSS)-)?(AES|CAMELLIA|ARIA|CHACHA20)(\d*)-(.+)")
_MODES = {
    "SHA": "CBC_SHA",
    "SHA256": "CBC_SHA256",
    "SHA384": "CBC_SHA384",
    "POLY1305": "POLY1305_SHA256",
    "CCM8": "CCM_8",
}


class CaptureError(Exception):
    """The exchange could not be recorded, so the response must not be used."""


class Exchange:
    """The bytes of one request and its response, as written to and read from the transport."""

    __slots__ = (
        "broken", "cipher", "ip", "request", "resent", "reset", "response", "started", "surplus", "tls", "went_out",
    )  # fmt: skip

    def __init__(self) -> None:
        self.started = dt.datetime.now(dt.UTC)
        self.request = bytearray()
        self.response = tempfile.SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115 - closed by close()
        self.ip: str | None = None
        self.tls: str | None = None
        self.cipher: str | None = None
        self.resent = 0  # times that a kept connection turned out to be dead and the request was written again
        self.went_out = False  # what is written goes out: at once, or when the TLS handshake has ended
        self.reset = False  # the connection did not end as it should
        self.surplus = 0  # bytes that came after the end of the response, and are no part of it
        self.broken: Exception | None = None

    # --- while it passes --------------------------------------------------------------------------------------------

    def begin(self, transport: Any) -> None:
        """A request starts to be written; one sent again on a new connection begins anew."""
        self.resent += bool(self.request)
        self.started = dt.datetime.now(dt.UTC)
        self.request.clear()
        self.response.seek(0)
        self.response.truncate()
        self.ip = transport.getPeer().host  # now: after the response the socket may be gone
        self.went_out = not _is_tls(transport)

    def secured(self, transport: Any) -> None:
        """The TLS handshake has ended, now or for an earlier request on this connection."""
        handle = transport.getHandle()
        self.tls, self.cipher = handle.get_protocol_version_name(), handle.get_cipher_name()
        self.went_out = True

    def sent(self, data: bytes) -> None:
        """Bytes written to the transport."""
        self.request += data

    def received(self, data: bytes) -> None:
        """Bytes read from the transport."""
        self.response.write(data)

    def unread(self, count: int) -> None:
        """The last `count` bytes came after the end of the response."""
        self.surplus = count
        self.response.truncate(self.response.tell() - count)

    def lost(self, *, cleanly: bool) -> None:
        """The connection ended before the response was complete, or as its end."""
        self.reset = not cleanly

    def close(self) -> None:
        """Let go of the spooled bytes."""
        self.response.close()

    # --- afterwards -------------------------------------------------------------------------------------------------

    def block(self) -> Spool:
        """The response as sent, without the interim (1xx) responses before it."""
        start, end = self._start(), self.response.seek(0, os.SEEK_END)
        return Spool(self.response, start, end - start)

    def _start(self) -> int:
        data = self._read(0, _SPOOL)
        start = 0
        while _INTERIM.match(data, start) and (end := _HEAD_END.search(data, start)):
            start = end.end()
        return start

    def _read(self, start: int, size: int) -> bytes:
        self.response.seek(start)
        return self.response.read(size)

    def head(self) -> Head | None:
        """Status line and header fields of the response; None when they did not arrive in full."""
        try:
            return read_head(self._read(self._start(), _SPOOL))
        except HttpError:
            return None

    def arrived(self, head: Head) -> str:
        """The digest of what can be had of the payload of a response that broke off."""
        self.response.seek(self._start() + head.end)
        return warc.digest(payload_that_arrived(self.response, head.get("transfer-encoding")))

    def fragment(self) -> str:
        """The beginning of an answer that is no HTTP response, percent-encoded."""
        return quote_from_bytes(self._read(self._start(), _FRAGMENT))

    def request_block(self) -> bytes:
        """The request as sent; without the password to a proxy, which is ours and no part of the site."""
        head, end, body = bytes(self.request).partition(b"\r\n\r\n")
        return _CREDENTIALS.sub(b"", head) + end + body


def _is_tls(transport: Any) -> bool:
    return hasattr(getattr(transport, "getHandle", lambda: None)(), "get_protocol_version_name")


def response_records(
    exchange: Exchange, url: str, payload_digest: str, truncated: str | None, facts: Facts
) -> list[warc.Record]:
    """Response, metadata and request, tied by WARC-Concurrent-To, in the order in which they are written."""
    common = _common(exchange, url)
    headers = [*common, *_peer(exchange), *_security(exchange), ("WARC-Payload-Digest", payload_digest)]
    headers += [("WARC-Truncated", truncated)] if truncated else []
    headers.append(("Content-Type", "application/http; msgtype=response"))
    response = warc.Record("response", b"", headers, spool=exchange.block())
    tied = [*common, ("WARC-Concurrent-To", f"<{response.id}>")]
    return [response, _metadata(facts, tied), _request(exchange, tied)]


def revisit_records(
    exchange: Exchange, url: str, payload_digest: str, original: Capture, facts: Facts
) -> list[warc.Record]:
    """As `response_records`, where the server sent nothing new: only the head of the response, and what it refers to.

    The original is of the same address: the newest response, or what the newest revisit refers to.
    """
    head = exchange.head()
    assert head is not None
    kind = "server-not-modified" if head.status == _NOT_MODIFIED else "identical-payload-digest"
    common = _common(exchange, url)
    headers = [
        *common,
        *_peer(exchange),
        *_security(exchange),
        ("WARC-Profile", f"http://netpreserve.org/warc/1.1/revisit/{kind}"),
        ("WARC-Refers-To", f"<{original.record_id}>"),
        ("WARC-Refers-To-Target-URI", url),
        ("WARC-Refers-To-Date", original.fetched),
        ("WARC-Payload-Digest", payload_digest),
        ("Content-Type", "application/http; msgtype=response"),
    ]
    block = exchange.block()
    revisit = warc.Record("revisit", b"", headers, spool=replace(block, size=head.end))
    tied = [*common, ("WARC-Concurrent-To", f"<{revisit.id}>")]
    return [revisit, _metadata(facts, tied), _request(exchange, tied)]


def failure_records(exchange: Exchange, url: str, facts: Facts) -> list[warc.Record]:
    """What is known of an exchange without a response: the request if it went out, and the metadata that says why."""
    common = _common(exchange, url)
    if not (exchange.request and exchange.went_out):
        return [_metadata(facts, common)]
    request = _request(exchange, common)
    return [request, _metadata(facts, [*common, ("WARC-Concurrent-To", f"<{request.id}>")])]


def _metadata(facts: Facts, headers: warc.Headers) -> warc.Record:
    return warc.Record("metadata", warc.fields_block(facts), [*headers, ("Content-Type", "application/warc-fields")])


def _request(exchange: Exchange, headers: warc.Headers) -> warc.Record:
    headers = [*headers, *_peer(exchange), ("Content-Type", "application/http; msgtype=request")]
    return warc.Record("request", exchange.request_block(), headers)


def _common(exchange: Exchange, url: str) -> warc.Headers:
    return [("WARC-Date", warc.warc_date(exchange.started)), ("WARC-Target-URI", url)]


def _peer(exchange: Exchange) -> warc.Headers:
    return [("WARC-IP-Address", exchange.ip)] if exchange.ip else []


def _security(exchange: Exchange) -> warc.Headers:
    if not exchange.tls:
        return []
    return [
        ("WARC-Protocol", _TLS.get(exchange.tls, exchange.tls)),
        ("WARC-Cipher-Suite", iana_name(exchange.cipher or "")),
    ]


def iana_name(cipher: str) -> str:
    """The name in IANA's registry of what OpenSSL calls ECDHE-RSA-AES128-GCM-SHA256; TLS 1.3 has one name in both."""
    known = _CIPHER.fullmatch(cipher)
    if not known:
        return cipher
    agreed, signed, name, bits, mode = known.groups()
    keys = f"{agreed}_{signed}" if agreed else "RSA"
    return "_".join(filter(None, ["TLS", keys, "WITH", name, bits, _MODES.get(mode, mode.replace("-", "_"))]))
