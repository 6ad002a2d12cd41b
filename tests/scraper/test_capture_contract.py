"""The private names of Scrapy and Twisted that capture and frontier stand on.

When one of these fails after an upgrade, its message names what moved; scraper/capture.py, frontier.py or session.py
must follow before a crawl can be trusted again.
"""

from __future__ import annotations

import inspect

import pytest
import scrapy
from scrapy.core import downloader, engine
from scrapy.core.downloader import contextfactory
from scrapy.core.downloader.handlers import http11
from scrapy.extensions import throttle
from scrapy.utils import _download_handlers
from twisted.protocols import tls
from twisted.web import _newclient, client, http_headers
from twisted.web.http_headers import Headers


def test_scrapy_is_the_minor_version_that_capture_was_written_for() -> None:
    assert scrapy.__version__.startswith("2.19."), f"Scrapy {scrapy.__version__}: read capture.py against it first"


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (http11, "_ScrapyAgent"),
        (http11, "_LenientHTTP11ClientProtocol"),
        (http11, "_LenientHTTP11ClientFactory"),
        (http11._ScrapyAgent, "_get_agent"),
        (http11._ScrapyAgent, "download_request"),
        (http11._LenientHTTP11ClientProtocol, "request"),
        (http11._LenientHTTP11ClientProtocol, "dataReceived"),
        (http11._LenientHTTP11ClientProtocol, "connectionLost"),
        (http11._LenientHTTP11ClientProtocol, "_finishResponse"),
        (http11._LenientHTTP11ClientProtocol, "_parser"),
        (http11._LenientHTTPClientParser, "headerReceived"),
        (http_headers, "InvalidHeaderName"),
        (_newclient.Request, "writeTo"),
        (client.HTTPConnectionPool, "_factory"),
        (engine._Slot, "add_request"),
        (engine._Slot, "remove_request"),
        (contextfactory, "_ScrapyClientContextFactory"),
    ],
)
def test_a_name_that_we_override_or_call_is_there(owner: object, name: str) -> None:
    assert hasattr(owner, name), f"{getattr(owner, '__name__', owner)}.{name} is gone"


def test_the_agent_takes_the_options_that_we_pass() -> None:
    ours = {"contextFactory", "bindAddress", "pool", "maxsize", "warnsize", "fail_on_dataloss", "crawler"}
    moved = ours - set(inspect.signature(http11._ScrapyAgent.__init__).parameters)
    assert not moved, f"_ScrapyAgent no longer takes {moved}"


def test_the_handler_keeps_what_we_read_from_it() -> None:
    source = inspect.getsource(http11.HTTP11DownloadHandler) + inspect.getsource(http11.BaseHttpDownloadHandler)
    for name in ("self._pool", "self._contextFactory", "self._bind_address", "self._default_maxsize", "self._crawler"):
        assert name in source, f"HTTP11DownloadHandler.{name[5:]} is gone"


def test_headers_keep_their_class_when_twisted_copies_them() -> None:
    class Tagged(Headers):
        pass

    assert type(Tagged().copy()) is Tagged
    assert hasattr(Headers(), "_rawHeaders")


def test_scrapy_puts_its_parser_in_place_as_we_do() -> None:
    source = inspect.getsource(http11._LenientHTTP11ClientProtocol.request)
    assert "self._parser.__class__ = _LenientHTTPClientParser" in source, "the parser is chosen in another way"


def test_tls_tells_the_protocol_when_the_handshake_has_ended() -> None:
    source = inspect.getsource(tls.TLSMemoryBIOProtocol)
    assert "self.wrappedProtocol.handshakeCompleted()" in source, "IHandshakeListener is no longer called"


def test_a_request_sent_again_is_the_same_object() -> None:
    source = inspect.getsource(client._RetryingHTTP11ClientProtocol)
    assert "connection.request(request)" in source, "capture counts what is sent again by the object it is sent with"


@pytest.mark.parametrize("flag", ["partial", "dataloss", "download_stopped"])
def test_a_response_that_is_not_whole_bears_a_flag(flag: str) -> None:
    source = inspect.getsource(http11._ResponseReader) + inspect.getsource(_download_handlers.make_response)
    assert f'"{flag}"' in source, f"responses are no longer flagged «{flag}»"


def test_a_delay_of_a_host_can_be_set_for_good() -> None:
    source = inspect.getsource(downloader.Downloader)
    assert "self.per_slot_settings.get(key" in source, "robots.py tells new slots their Crawl-delay there"
    assert {"delay", "jitter"} <= set(inspect.signature(downloader.Slot).parameters)
    assert '"autothrottle_dont_adjust_delay"' in inspect.getsource(throttle), "AutoThrottle would undo a Crawl-delay"


def test_the_reasons_of_a_failure_can_be_read() -> None:
    assert _newclient.ResponseFailed([1, 2]).reasons == [1, 2]


def test_the_engine_adds_a_request_to_its_slot_before_anything_else_runs() -> None:
    # The frontier takes a request that is not in progress for finished.
    source = inspect.getsource(engine.ExecutionEngine._start_scheduled_request)
    assert "next_request()" in source
    assert "self._download(request)" in source
    download = inspect.getsource(engine.ExecutionEngine._download)
    assert download.index("add_request") < download.index("yield")


def test_the_engine_lets_go_of_a_request_after_its_output_was_handled() -> None:
    source = inspect.getsource(engine.ExecutionEngine._start_scheduled_request)
    assert source.index("_handle_downloader_output") < source.index("_remove_request")
