"""The download handler that records every exchange as it went over the wire.

It stands below Scrapy's response objects, at the Twisted protocol: there alone reason phrase, header order and case,
chunk framing and repeated headers still exist. `RecordingHandler` gives each request an `Exchange`; the protocol
copies into it what it writes and reads; when the response is complete the exchange becomes WARC records.

Rule: nothing in the hooks may raise. An exception that escapes from a protocol leaves the spider hanging for good, so
a hook that fails marks its exchange as broken; the request then ends in a CaptureError that the crawl counts.

The private names used here are held fast by tests/scraper/test_capture_contract.py.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers import http11
from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached
from twisted.web.http_headers import Headers as TxHeaders

from archive import warc
from archive.collection import Exchange as KeptExchange
from archive.record import Capture
from scraper.session import CrawlSession

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.defer import Deferred
    from twisted.web._newclient import Request as TxRequest
    from twisted.web.iweb import IResponse

CAPTURE = "capture"
"""Key of `request.meta` under which a response's `Capture` is found."""

_SPOOL = 1 << 20  # bytes of a response held in memory; larger ones go to a temporary file


class CaptureError(Exception):
    """The exchange could not be recorded, so the response must not be used."""


class Exchange:
    """The bytes of one request and its response, as written to and read from the transport."""

    __slots__ = ("broken", "cipher", "ip", "request", "response", "started", "tls")

    def __init__(self) -> None:
        self.started = dt.datetime.now(dt.UTC)
        self.request = bytearray()
        self.response = tempfile.SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115 - closed by close()
        self.ip: str | None = None
        self.tls: str | None = None
        self.cipher: str | None = None
        self.broken: Exception | None = None

    def begin(self) -> None:
        """A request starts to be written; one sent again on a new connection begins anew."""
        self.started = dt.datetime.now(dt.UTC)
        self.request.clear()
        self.response.seek(0)
        self.response.truncate()
        self.ip = None

    def sent(self, data: bytes) -> None:
        """Bytes written to the transport."""
        self.request += data

    def received(self, data: bytes, transport: Any) -> None:
        """Bytes read. The peer is asked at the first of them: later the socket may be gone."""
        if self.ip is None:
            self._meet(transport)
        self.response.write(data)

    def unread(self, count: int) -> None:
        """The last `count` bytes came after the end of the response."""
        self.response.truncate(self.response.tell() - count)

    def _meet(self, transport: Any) -> None:
        self.ip = transport.getPeer().host
        handle: Any = getattr(transport, "getHandle", lambda: None)()
        if hasattr(handle, "get_protocol_version_name"):
            self.tls, self.cipher = handle.get_protocol_version_name(), handle.get_cipher_name()

    def block(self) -> bytes:
        """The response as sent, without interim (1xx) responses before it."""
        self.response.seek(0)
        data = self.response.read()
        while data[:9] in {b"HTTP/1.1 ", b"HTTP/1.0 "} and data[9:10] == b"1" and data[9:12] != b"101":
            _, found, rest = data.partition(b"\r\n\r\n")
            if not found:
                break
            data = rest
        return data

    def close(self) -> None:
        """Let go of the spooled bytes."""
        self.response.close()


class _Headers(TxHeaders):
    """Request headers that carry their exchange from the agent to whichever connection sends them."""

    exchange: Exchange

    @classmethod
    def of(cls, headers: TxHeaders, exchange: Exchange) -> _Headers:
        tagged = cls()
        tagged._rawHeaders = headers._rawHeaders
        tagged.exchange = exchange
        return tagged

    def copy(self) -> _Headers:
        return self.of(super().copy(), self.exchange)


class _Tee:
    """A transport that copies what is written through it into an exchange."""

    def __init__(self, transport: Any, exchange: Exchange) -> None:
        self._transport = transport
        self._exchange = exchange

    def write(self, data: bytes) -> None:
        self._note(data)
        self._transport.write(data)

    def writeSequence(self, parts: Any) -> None:  # noqa: N802 - Twisted's name
        parts = list(parts)
        self._note(b"".join(parts))
        self._transport.writeSequence(parts)

    def _note(self, data: bytes) -> None:
        try:
            self._exchange.sent(data)
        except Exception as error:  # noqa: BLE001 - see the rule above
            self._exchange.broken = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _RecordingProtocol(http11._LenientHTTP11ClientProtocol):
    """Copies the exchange of the request in hand."""

    _exchange: Exchange | None = None

    def request(self, request: TxRequest) -> Deferred[IResponse]:
        exchange = getattr(request.headers, "exchange", None)
        self._exchange = exchange
        if exchange is not None:
            try:
                exchange.begin()
            except Exception as error:  # noqa: BLE001 - see the rule above
                exchange.broken = error
            write_to = request.writeTo
            request.writeTo = lambda transport: write_to(_Tee(transport, exchange))  # type: ignore[method-assign, no-untyped-call]
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        exchange = self._exchange
        if exchange is not None:
            try:
                exchange.received(data, self.transport)
            except Exception as error:  # noqa: BLE001 - see the rule above
                exchange.broken = error
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802 - Twisted's name
        exchange, self._exchange = self._exchange, None
        if exchange is not None and rest:
            try:
                exchange.unread(len(rest))
            except Exception as error:  # noqa: BLE001 - see the rule above
                exchange.broken = error
        super()._finishResponse(rest)


class _RecordingFactory(http11._LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: Any) -> _RecordingProtocol:  # noqa: N802, ARG002 - Twisted's name
        return _RecordingProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


class _RecordingAgent(http11._ScrapyAgent):
    """Scrapy's agent for one request, with the request's exchange tied to it."""

    def __init__(self, *, exchange: Exchange, **options: Any) -> None:
        super().__init__(**options)
        self._exchange = exchange

    def _get_agent(self, request: Request, timeout: float) -> Any:
        agent: Any = super()._get_agent(request, timeout)
        send = agent.request

        def tagged(method: bytes, uri: bytes, headers: TxHeaders | None = None, body: Any = None) -> Any:
            return send(method, uri, _Headers.of(headers or TxHeaders(), self._exchange), body)

        agent.request = tagged
        return agent


class RecordingHandler(http11.HTTP11DownloadHandler):
    """Scrapy's HTTP/1.1 handler, recording. A response comes with its `Capture` in `request.meta`."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Any:
        """Made by Scrapy. Where nothing is archived (`scrapy shell`), its own handler does."""
        archived = crawler.get_extension(CrawlSession) is not None
        return cls(crawler) if archived else http11.HTTP11DownloadHandler(crawler)

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _RecordingFactory
        session = crawler.get_extension(CrawlSession)
        assert session is not None
        self._session = session

    async def download_request(self, request: Request) -> Response:
        """Download and record. Raises what Scrapy's handler raises, and CaptureError when recording failed."""
        request.meta.pop(CAPTURE, None)  # a copied request must not inherit its parent's capture
        exchange = Exchange()
        try:
            response = await self._download(request, exchange)
        except Exception as error:
            self._keep_broken_off(request, exchange, error)
            raise
        else:
            if exchange.broken is not None:
                raise CaptureError(f"the exchange was not recorded: {exchange.broken!r}") from exchange.broken
            try:
                request.meta[CAPTURE] = self._keep(request, exchange, response)
            except Exception as error:
                raise CaptureError(f"the exchange was not recorded: {error!r}") from error
            return response
        finally:
            exchange.close()

    async def _download(self, request: Request, exchange: Exchange) -> Response:
        agent = _RecordingAgent(
            exchange=exchange,
            contextFactory=self._contextFactory,
            bindAddress=self._bind_address,
            pool=self._pool,
            maxsize=self._default_maxsize,
            warnsize=self._default_warnsize,
            fail_on_dataloss=self._fail_on_dataloss,
            crawler=self._crawler,
            tls_verbose_logging=False,
        )
        with wrap_twisted_exceptions():
            response: Response = await maybe_deferred_to_future(agent.download_request(request))
            return response

    def _keep(self, request: Request, exchange: Exchange, response: Response) -> Capture:
        mime = (response.headers.get("Content-Type") or b"").decode("latin-1").partition(";")[0].strip().lower()
        truncated = "disconnect" if "dataloss" in response.flags else None
        return self._write(
            request,
            exchange,
            response.status,
            mime or None,
            hashlib.sha256(response.body).digest(),
            truncated,
        )

    def _keep_broken_off(self, request: Request, exchange: Exchange, error: Exception) -> None:
        """Keep what arrived of a response that was cut off, marked as truncated."""
        try:
            block = b"" if exchange.broken else exchange.block()
            head, found, body = block.partition(b"\r\n\r\n")
            status = head[9:12]
            if not found or not status.isdigit():
                return
            why = _TRUNCATED.get(type(error), "disconnect")
            self._write(request, exchange, int(status), None, hashlib.sha256(body).digest(), why)
        except Exception as second:  # noqa: BLE001 - the first error is the one to report
            self._session.count("capture/hook_error")
            self._session.log.warning("A broken-off response of %s was not kept: %r", request.url, second)

    def _write(
        self,
        request: Request,
        exchange: Exchange,
        status: int,
        mime: str | None,
        payload: bytes,
        truncated: str | None,
    ) -> Capture:
        visit = request.meta.get("visit")
        session = self._session
        host = urlparse_cached(request).hostname or ""
        payload_digest = warc.labelled(payload)
        kept = KeptExchange(
            portal=visit.portal if visit else session.offices.portal_of(host),
            records=_records(request, exchange, payload_digest, truncated, _fields(request, exchange, session.crawl)),
            url=request.url,
            fetched=warc.warc_date(exchange.started),
            status=status,
            mime=mime,
            payload_digest=payload_digest,
            ip=exchange.ip,
            crawl=session.crawl,
            office=visit.office if visit else None,
        )
        return session.keep(kept)


_TRUNCATED = {DownloadTimeoutError: "time", DownloadCancelledError: "length"}


def _records(
    request: Request,
    exchange: Exchange,
    payload_digest: str,
    truncated: str | None,
    facts: list[tuple[str, str]],
) -> list[warc.Record]:
    """Response, metadata and request, tied by WARC-Concurrent-To, in the order in which they are written."""
    common = [("WARC-Date", warc.warc_date(exchange.started)), ("WARC-Target-URI", request.url)]
    ip = [("WARC-IP-Address", exchange.ip)] if exchange.ip else []
    tls = (
        [("WARC-Protocol", exchange.tls.lower()), ("WARC-Cipher-Suite", exchange.cipher or "")] if exchange.tls else []
    )
    cut = [("WARC-Truncated", truncated)] if truncated else []
    response = warc.Record(
        "response",
        exchange.block(),
        [
            *common,
            *ip,
            *tls,
            ("WARC-Payload-Digest", payload_digest),
            *cut,
            ("Content-Type", "application/http; msgtype=response"),
        ],
    )
    tied = [*common, ("WARC-Concurrent-To", f"<{response.id}>")]
    metadata = warc.Record("metadata", warc.fields_block(facts), [*tied, ("Content-Type", "application/warc-fields")])
    sent = warc.Record(
        "request",
        bytes(exchange.request),
        [*tied, *ip, ("Content-Type", "application/http; msgtype=request")],
    )
    return [response, metadata, sent]


def _fields(request: Request, exchange: Exchange, crawl: str) -> list[tuple[str, str]]:
    """Who asked, why, and how the address was found."""
    visit = request.meta.get("visit")
    milliseconds = (dt.datetime.now(dt.UTC) - exchange.started) / dt.timedelta(milliseconds=1)
    fields = [("fetchTimeMs", f"{milliseconds:.0f}"), ("crawl", crawl)]
    if visit:
        fields += [
            ("office", visit.office),
            ("role", visit.role),
            ("dialect", visit.dialect),
            ("path", visit.path),
        ]
        fields += [("via", visit.via)] if visit.via else []
    return fields
