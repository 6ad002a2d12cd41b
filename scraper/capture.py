"""The download handler that records every exchange as it went over the wire.

It stands below Scrapy's response objects, at the Twisted protocol: there alone reason phrase, header order and case,
chunk framing and repeated headers still exist. `RecordingHandler` gives each request an `Exchange`; the protocol
copies into it what it writes and reads; when the response is complete the exchange becomes WARC records. One that
broke off is kept as truncated; one that never got a response leaves a metadata record that says why.

Rule: nothing in the hooks may raise. An exception that escapes from a protocol leaves the spider hanging for good, so
a hook that fails marks its exchange as broken; the request then ends in a CaptureError that the crawl counts.

The private names used here are held fast by tests/scraper/test_capture_contract.py.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers import http11
from scrapy.exceptions import (
    DownloadCancelledError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import TextResponse
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.error import ConnectionClosed, ConnectionDone
from twisted.internet.interfaces import IHandshakeListener
from twisted.web.client import ResponseFailed
from twisted.web.http_headers import Headers as TxHeaders
from twisted.web.http_headers import InvalidHeaderName
from zope.interface import implementer

from archive import warc
from archive.collection import Exchange as KeptExchange
from archive.http import HttpError, TooLargeError, content_decode
from archive.record import Capture
from scraper.exchange import CaptureError, Exchange, Facts, failure_records, response_records, revisit_records
from scraper.middlewares import UndecodableError, failure_word
from scraper.newscode import identify
from scraper.session import CrawlSession
from scraper.tls import CertificatePolicy

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure
    from twisted.web._newclient import Request as TxRequest
    from twisted.web.iweb import IResponse

CAPTURE = "capture"
"""Key of `request.meta`: the `Capture` that holds the payload of the response; of a repeated one, the original's."""
SEEN = "seen"
"""Key of `request.meta`: when the exchange began, as WARC-Date."""

_NOT_MODIFIED = 304
_REPEATABLE = (200, _NOT_MODIFIED)

_MESSAGE = 500  # characters kept of an error's message


def _note(exchange: Exchange | None, hook: Callable[[Exchange], None]) -> None:
    """Tell an exchange what happens to it; see the rule above."""
    if exchange is not None:
        try:
            hook(exchange)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not reach the protocol
            exchange.broken = error


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
        _note(self._exchange, lambda exchange: exchange.sent(data))
        self._transport.write(data)

    def writeSequence(self, parts: Any) -> None:  # noqa: N802 - Twisted's name
        parts = list(parts)
        _note(self._exchange, lambda exchange: exchange.sent(b"".join(parts)))
        self._transport.writeSequence(parts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _Parser(http11._LenientHTTPClientParser):
    """Does without header fields whose name is none, such as `X-Café: 1`; Twisted gives up the whole response."""

    def headerReceived(self, name: bytes, value: bytes) -> None:  # noqa: N802 - Twisted's name
        with contextlib.suppress(InvalidHeaderName):
            super().headerReceived(name.rstrip(), value)  # type: ignore[no-untyped-call]


@implementer(IHandshakeListener)
class _RecordingProtocol(http11._LenientHTTP11ClientProtocol):
    """Copies the exchange of the request in hand."""

    _exchange: Exchange | None = None
    _secured = False

    def request(self, request: TxRequest) -> Deferred[IResponse]:
        self._exchange = exchange = getattr(request.headers, "exchange", None)
        if exchange is not None:
            _note(exchange, lambda exchange: exchange.begin(self.transport))
            if self._secured:
                _note(exchange, lambda exchange: exchange.secured(self.transport))
            # The class's method: Twisted sends the same object again when a kept connection turns out to be dead.
            write_to = type(request).writeTo
            request.writeTo = lambda transport: write_to(request, _Tee(transport, exchange))  # type: ignore[method-assign, no-untyped-call]
        answer = super().request(request)
        if self._parser is not None:
            self._parser.__class__ = _Parser  # as Scrapy does it: Twisted names the class in the midst of its method
        return answer

    def handshakeCompleted(self) -> None:  # noqa: N802 - Twisted's name
        """TLS stands; Twisted calls this also before the first request, through a proxy's tunnel."""
        self._secured = True
        _note(self._exchange, lambda exchange: exchange.secured(self.transport))

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        _note(self._exchange, lambda exchange: exchange.received(data))
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # noqa: N802 - Twisted's name
        # Servers that end TLS without a word are many: over TLS the end of the connection is taken for the end.
        cleanly = self._secured or bool(reason.check(ConnectionDone))
        _note(self._exchange, lambda exchange: exchange.lost(cleanly=cleanly))
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802 - Twisted's name
        exchange, self._exchange = self._exchange, None
        if rest:
            _note(exchange, lambda exchange: exchange.unread(len(rest)))
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
        self._certificates = CertificatePolicy(self._contextFactory, session.offices)
        self._contextFactory = self._certificates  # type: ignore[assignment]  # zope's interfaces say nothing to mypy

    async def download_request(self, request: Request) -> Response:
        """Download, record, undo the content coding.

        Raises what Scrapy's handler raises, CaptureError when recording failed, and UndecodableError or
        DownloadCancelledError for a body that was kept, but is cut off, damaged or too large inside its coding.
        """
        request.meta.pop(CAPTURE, None)  # a copied request must not inherit its parent's capture
        exchange = Exchange()
        try:
            response = await self._download(request, exchange)
            usable, flaw = _decoded(request, response, self._default_maxsize)
            request.meta[CAPTURE] = self._keep(request, exchange, response, flaw)
            request.meta[SEEN] = warc.warc_date(exchange.started)
        except Exception as error:
            self._keep_failure(request, exchange, error)
            raise
        finally:
            exchange.close()
        if flaw:
            raise flaw
        return usable

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
        if exchange.reset and "partial" in response.flags:
            raise ResponseDataLossError("the connection was reset in a body that ends with the connection")
        return response

    def _keep(self, request: Request, exchange: Exchange, response: Response, flaw: Exception | None) -> Capture:
        if exchange.broken is not None:
            raise CaptureError(f"the exchange was not recorded: {exchange.broken!r}") from exchange.broken
        try:
            head = exchange.head()
            mime = head.get("content-type") if head else ""
            payload = warc.labelled(hashlib.sha256(response.body).digest())
            cut = next((word for flag, word in _CUT.items() if flag in response.flags), None)
            facts = self._facts(request, exchange, flaw)
            original = None if cut else self._original(request, response, payload)
            if original is None:
                records = response_records(exchange, request.url, payload, cut, facts)
                return self._write(request, exchange, records, response.status, mime, payload)
            records = revisit_records(exchange, request.url, original.payload_digest, original, facts)
            self._write(request, exchange, records, response.status, mime, original.payload_digest, original.record_id)
            return original
        except Exception as error:
            raise CaptureError(f"the exchange was not recorded: {error!r}") from error

    def _original(self, request: Request, response: Response, payload: str) -> Capture | None:
        """What the response repeats: the newest capture of the same address, with the same payload."""
        if response.status not in _REPEATABLE:
            return None
        original = self._session.catalogue.original(request.url)
        if original is None or (response.status == _NOT_MODIFIED and not _is_conditional(request)):
            return None
        return original if response.status == _NOT_MODIFIED or original.payload_digest == payload else None

    def _keep_failure(self, request: Request, exchange: Exchange, error: Exception) -> None:
        """Keep what arrived of a response that was cut off; of an exchange without one, what is known of it."""
        try:
            facts = self._facts(request, exchange, error)
            head = None if exchange.broken or isinstance(error, CaptureError) else exchange.head()
            if head:
                payload = exchange.arrived(head)
                records = response_records(exchange, request.url, payload, _why_cut(error), facts)
                self._write(request, exchange, records, head.status, head.get("content-type"), payload)
            else:
                if fragment := exchange.fragment():
                    facts.append(("received", fragment))
                self._write(request, exchange, failure_records(exchange, request.url, facts), 0, "", "")
        except Exception as second:  # noqa: BLE001 - the first error is the one to report
            self._session.count("capture/hook_error")
            self._session.log.warning("What is left of %s was not kept: %r", request.url, second)

    def _write(
        self,
        request: Request,
        exchange: Exchange,
        records: list[warc.Record],
        status: int,
        mime: str,
        payload: str,
        refers_to: str | None = None,
    ) -> Capture:
        visit = request.meta.get("visit")
        session = self._session
        host = urlparse_cached(request).hostname or ""
        kept = KeptExchange(
            portal=visit.portal if visit else session.offices.portal_of(host),
            records=records,
            url=request.url,
            fetched=warc.warc_date(exchange.started),
            status=status,
            mime=mime.partition(";")[0].strip().lower() or None,
            payload_digest=payload,
            ip=exchange.ip,
            crawl=session.crawl,
            office=visit.office if visit else None,
            refers_to=refers_to,
        )
        return session.keep(kept)

    def _facts(self, request: Request, exchange: Exchange, error: Exception | None = None) -> Facts:
        """Who asked, why, how the address was found, and what went wrong."""
        visit = request.meta.get("visit")
        milliseconds = (dt.datetime.now(dt.UTC) - exchange.started) / dt.timedelta(milliseconds=1)
        facts = [("fetchTimeMs", f"{milliseconds:.0f}"), ("crawl", self._session.crawl)]
        if visit:
            facts += [
                ("office", visit.office),
                ("role", visit.role),
                ("dialect", visit.dialect),
                ("path", visit.path),
            ]
            facts += [("via", visit.via)] if visit.via else []
            if visit.role == "item" and identify(request.url, visit.portal) is None:
                facts.append(("item", visit.key))
        if exchange.resent:
            facts.append(("resent", str(exchange.resent)))
        if exchange.surplus:
            facts.append(("surplus", str(exchange.surplus)))
            self._session.count("capture/surplus")
        if exchange.tls and self._certificates.is_lax(urlparse_cached(request).hostname or ""):
            facts.append(("certificate", "not checked, as the offices file says"))
        if proxy := request.meta.get("proxy"):
            facts.append(("proxy", proxy))
        if error:
            facts += _error_facts(request, error)
        return facts


def _decoded(request: Request, response: Response, most: int) -> tuple[Response, Exception | None]:
    """The response without its content coding, or as it is with what is wrong with it."""
    coding = b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1")
    if not coding or request.method == "HEAD":
        return response, None
    try:
        body = content_decode(response.body, coding, most or sys.maxsize - 1)
    except TooLargeError as error:
        return response, DownloadCancelledError(str(error))
    except HttpError as error:
        return response, UndecodableError(str(error))
    headers = {name: values for name, values in response.headers.items() if name != b"Content-Encoding"}
    # Scrapy would guess the encoding of the text from the compressed bytes.
    anew = {"encoding": None} if isinstance(response, TextResponse) else {}
    return response.replace(body=body, headers=headers, **anew), None


def _is_conditional(request: Request) -> bool:
    return "If-None-Match" in request.headers or "If-Modified-Since" in request.headers


_CUT = {"dataloss": "disconnect", "download_stopped": "unspecified"}
"""What a flag of Scrapy's says of a response that is used although it is not whole."""

_HUNG_UP = (ResponseDataLossError, DownloadFailedError)


def _why_cut(error: Exception) -> str:
    """The word of the WARC standard for why a response is not whole."""
    if isinstance(error, DownloadTimeoutError):
        return "time"
    if isinstance(error, DownloadCancelledError):
        return "length"
    cause = error.__cause__
    reasons = cause.reasons if isinstance(cause, ResponseFailed) else []
    malformed = reasons and not any(reason.check(ConnectionClosed) for reason in reasons)  # then we hung up
    return "disconnect" if isinstance(error, _HUNG_UP) and not malformed else "unspecified"


def _error_facts(request: Request, error: Exception) -> Facts:
    word = failure_word(error, urlparse_cached(request).hostname or "")
    return [("error", word), ("message", (str(error) or repr(error))[:_MESSAGE])]
