"""Whatever a server sends, in whatever form, is kept byte for byte; and what failed is not forgotten."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import socket
import ssl
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

import pytest

from archive import recovery, warc
from archive.http import read_response
from scraper.exchange import Exchange, failure_records, iana_name, response_records
from scraper.reextract import read_warc
from tests.conftest import IMPOLITE, ROOT, Ran, bayegan, environment
from tests.scraper.test_capture import tool
from tests.scraper.wire_server import End, Script, WireServer, certificate, running, tls_context

pytestmark = pytest.mark.xdist_group("wired")

PAGE = "<html><head><title>خبر</title></head><body><p>متن خبر</p></body></html>".encode()
BIG = random.Random(1).randbytes(1 << 20) * 3  # more than is held in memory
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LIMIT, TIMEOUT = 4_000_000, 3.0  # seconds: a busy machine needs some of them for three megabytes


@dataclass(frozen=True)
class Kind:
    """A way to answer: what is sent, what of it is not kept, and what it comes to."""

    sent: tuple[bytes | float, ...]
    payload: bytes = PAGE
    end: End = "keep"
    before: bytes = b""
    """Sent before the response and left out."""
    after: bytes = b""
    """Sent after the response and left out."""
    truncated: str = ""
    error: str = ""

    @property
    def script(self) -> Script:
        return Script((self.before, *self.sent, self.after), self.end)


def sized(head: bytes = b"HTTP/1.1 200 OK\r\n", body: bytes = PAGE, fields: bytes = b"") -> bytes:
    return head + b"Content-Length: %d\r\n" % len(body) + fields + b"\r\n" + body


def chunks(body: bytes, size: int = 17, extension: bytes = b"") -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)


ZIPPED = gzip.compress(PAGE, mtime=0)
WHOLE = {
    "identity": Kind((sized(),)),
    "empty": Kind((sized(body=b""),), b""),
    "chunked": Kind((CHUNKED, chunks(PAGE), b"0\r\n\r\n")),
    "extensions-and-trailers": Kind(
        (CHUNKED, chunks(PAGE, extension=b';a="b";c'), b"000;z=1\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n")
    ),
    "gzip": Kind((sized(fields=b"Content-Encoding: gzip\r\n", body=ZIPPED),), ZIPPED),
    "gzip-chunked": Kind(
        (CHUNKED.replace(b"\r\n\r\n", b"\r\ncontent-ENCODING: x-gzip\r\n\r\n"), chunks(ZIPPED), b"0\r\n\r\n"), ZIPPED
    ),
    "ends-with-the-connection": Kind((b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", PAGE), end="close"),
    "http-1.0": Kind((b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\n", PAGE), end="close"),
    "lines-end-in-lf": Kind((sized().replace(b"\r\n", b"\n"),)),
    "folded-headers": Kind((sized(fields=b"X-Long: one\r\n  two\r\n\tthree\r\n"),)),
    "repeated-headers": Kind((sized(fields=b"Set-Cookie: a=1\r\nX-B: 2\r\nset-cookie: c=3\r\nSet-Cookie: a=1\r\n"),)),
    "odd-headers": Kind((sized(fields=b"eTaG:no-space\r\nX-Empty:\r\nno colon here\r\nX-Wide:   a  b \t\r\n"),)),
    "latin-1-bytes": Kind((sized(fields=b"X-A: na\xefve \xff\x80\r\nX-Utf: \xd8\xae\xd8\xa8\xd8\xb1\r\n"),)),
    "names-that-are-none": Kind((sized(fields=b"X-Caf\xe9: 1\r\nX Y: 2\r\n: 3\r\nX@/: 4\r\n"),)),
    "space-before-colon": Kind((b"HTTP/1.1 200 OK\r\nContent-Length : %d\r\n\r\n" % len(PAGE), PAGE)),
    "no-reason": Kind((sized(b"HTTP/1.1 200\r\n"),)),
    "empty-reason": Kind((sized(b"HTTP/1.1 200 \r\n"),)),
    "long-reason": Kind((sized(b"HTTP/1.1 200 All  is  w\xe9ll \r\n"),)),
    "one-interim": Kind((sized(),), before=b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"),
    "many-interims": Kind(
        (sized(),), before=b"HTTP/1.1 100\r\n\r\nHTTP/1.1 102 Processing\n\nHTTP/1.1 199 X\r\nA: b\r\n\r\n"
    ),
    "no-content": Kind((b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",), b""),
    "no-content-though-chunked": Kind((CHUNKED.replace(b"200 OK", b"204 No Content"),), b""),
    "not-modified": Kind((b"HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 999\r\n\r\n",), b""),
    "not-found": Kind((sized(b"HTTP/1.1 404 Nicht da\r\n"),)),
    "gone": Kind((sized(b"HTTP/1.1 410 Gone\r\n"),)),
    "forbidden": Kind((sized(b"HTTP/1.1 403 Forbidden\r\n"),)),
    "byte-by-byte": Kind(tuple(bytes([byte]) for byte in CHUNKED + chunks(PAGE) + b"0\r\n\r\n")),
    "in-two-halves": Kind((sized()[:30], 0.2, sized()[30:])),
    "more-than-announced": Kind((sized(),), after=b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nX"),
    "more-after-no-body": Kind((b"HTTP/1.1 204 No Content\r\n\r\n",), b"", after=b"surplus"),
    "three-megabytes": Kind((sized(body=BIG),), BIG),
    "three-megabytes-chunked": Kind((CHUNKED, chunks(BIG, 99_991), b"0\r\n\r\n"), BIG),
}
CUT = {
    "cut-off": Kind((LONG, PAGE), end="close", truncated="disconnect", error="truncated"),
    "cut-off-lf": Kind(
        (LONG.replace(b"\r\n", b"\n"), PAGE), end="close", truncated="disconnect", error="truncated"
    ),
    "cut-off-in-a-chunk": Kind(
        (CHUNKED, b"ffff\r\n", PAGE), end="close", truncated="disconnect", error="truncated"
    ),
    "cut-off-between-chunks": Kind((CHUNKED, chunks(PAGE)), end="close", truncated="disconnect", error="truncated"),
    "reset": Kind((LONG[:17], LONG[17:], PAGE, 0.2), end="reset", truncated="disconnect", error="truncated"),
    "reset-where-close-ends": Kind(
        (b"HTTP/1.1 200 OK\r\n\r\n", PAGE, 0.2), end="reset", truncated="disconnect", error="truncated"
    ),
    "stalls": Kind((LONG, PAGE, TIMEOUT * 3), truncated="time", error="timeout"),
    "bad-chunk": Kind((CHUNKED, chunks(PAGE), b"zz\r\n", 0.3), truncated="unspecified", error="truncated"),
    "two-lengths": Kind(
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 0.3), b"", truncated="unspecified",
        error="connection-lost",
    ),
    "announced-too-large": Kind((LONG.replace(b"99", b"99999"), 0.3), b"", truncated="length", error="too-large"),
}  # fmt: skip
LOST = {
    "no-answer": Kind((), end="close", error="connection-lost"),
    "reset-at-once": Kind((), end="reset", error="connection-lost"),
    "silent": Kind((TIMEOUT * 3,), error="timeout"),
    "half-a-head": Kind((b"HTTP/1.1 200 OK\r\nContent-", 0.2), end="close", error="connection-lost"),
    "no-http": Kind((b"SSH-2.0-OpenSSH_9.2\r\n", 0.2), end="close", error="connection-lost"),
    "interim-only": Kind((), before=b"HTTP/1.1 103 Early Hints\r\n\r\n", end="close", error="connection-lost"),
}
FLAWED = {
    "broken-gzip": Kind((sized(fields=b"Content-Encoding: gzip\r\n", body=ZIPPED[:-9]),), ZIPPED[:-9]),
    "garbled-gzip": Kind((sized(fields=b"Content-Encoding: gzip\r\n", body=PAGE),)),
    "unasked-coding": Kind((sized(fields=b"Content-Encoding: br\r\n"),)),
}
AGAIN = {
    "busy-once": (Kind((sized(b"HTTP/1.1 503 Busy\r\n"),)), Kind((sized(),))),
    "moved": (
        Kind((sized(b"HTTP/1.1 301 Moved\r\n", fields=b"Location: elsewhere\r\n"),)),
        Kind((sized(),)),
    ),
    "cut-off-once": (CUT["cut-off"], Kind((sized(),))),
    "too-large": (Kind((CHUNKED, *[chunks(BIG, 1 << 20)] * 2), BIG, truncated="length", error="too-large"),),
}
NAMES = [*WHOLE, *CUT, *LOST, *FLAWED, *AGAIN]
KINDS = {name: (kind,) for name, kind in (WHOLE | CUT | LOST | FLAWED).items()} | AGAIN


def address(name: str) -> str:
    return f"/news/{NAMES.index(name) + 1}/{name}"


def home(*addresses: str) -> Script:
    links = "".join(f"<li><a href='{each}'>خبر {each}</a></li>" for each in addresses)
    return Script((sized(body=f"<html><body><ul>{links}</ul></body></html>".encode()),))


def scripts() -> dict[str, list[Script]]:
    made = {address(name): [kind.script for kind in kinds] for name, kinds in KINDS.items()}
    first, second = made[address("moved")]
    moved = {address("moved"): [first], f"/news/{NAMES.index('moved') + 1}/elsewhere": [second]}
    return {"/": [home(*map(address, NAMES))], **made, **moved}


def offices(folder: Path, hosts: dict[str, tuple[str, int]]) -> Path:
    """An offices file: one office for each host, with its address and port."""
    lines = ["[resolve]", *(f'"{h}" = "127.0.0.1:{port}"' for h, (_, port) in hosts.items() if port)]
    for host, (url, _) in hosts.items():
        lines += ["", "[[office]]", f'id = "{host}"', 'organisation = "welfare"', f'url = "{url}"']
        lines += [f'portal = "{host.partition(".")[0]}"']
    path = folder / "offices.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass
class Wired:
    """A crawl of all kinds: the servers that were asked, and the records that were kept."""

    collection: Path
    ran: Ran
    plain: WireServer
    secure: dict[str, WireServer] = field(default_factory=dict)
    fickle: WireServer | None = None

    def __post_init__(self) -> None:
        self.records = [
            warc.parse(data, path, offset)
            for path in warc.warc_files(self.collection)
            for offset, _, data in warc.members(path)
        ]

    def of(self, type_: str, url: str) -> list[warc.Record]:
        return [r for r in self.records if r.type == type_ and r.get("WARC-Target-URI") == url]

    def facts(self, url: str) -> list[dict[str, str]]:
        """The fields of the metadata records of an address."""
        return [
            dict(line.split(": ", 1) for line in record.block.decode().splitlines())
            for record in self.of("metadata", url)
        ]


@pytest.fixture(scope="module")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wired]:
    folder = tmp_path_factory.mktemp("wired")
    known, unknown = certificate(folder / "a", "tls13.test", "tls12.test"), certificate(folder / "b", "self.test")
    over_tls = Kind((b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", PAGE), end="close").script
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        plain = stack.enter_context(running(WireServer(scripts())))
        secure = {
            host: stack.enter_context(running(WireServer({"/": [home()], "/rss": [over_tls]}, tls)))
            for host, tls in (
                ("tls13.test", tls_context(known)),
                ("tls12.test", tls_context(known, ssl.TLSVersion.TLSv1_2)),
                ("self.test", tls_context(unknown)),
            )
        }
        inside = stack.enter_context(running(WireServer({"/": [home("http://localhost:9/news/1/inside")]})))
        # robots.txt comes first; the connection that it opened dies under the request for the home page
        fickle = stack.enter_context(running(WireServer({"/": [Script((), "close"), home()]})))
        toml = offices(
            folder,
            {
                "wire.test": ("http://wire.test/", plain.port),
                **{host: (f"https://{host}/", server.port) for host, server in secure.items()},
                "localhost": (f"http://localhost:{inside.port}/", 0),
                "fickle.test": ("http://fickle.test/", fickle.port),
                "refused.test": ("http://refused.test/", closed_port()),
                "nowhere.invalid": ("http://nowhere.invalid/", 0),
            },
        )
        patch.setenv("SSL_CERT_FILE", str(known[0]))
        ran = bayegan(
            "crawl", "all", "--offices", toml, "--collection", folder / "c", "--json", *IMPOLITE,
            *("-s", f"DOWNLOAD_TIMEOUT={TIMEOUT}", "-s", f"DOWNLOAD_MAXSIZE={LIMIT}", "-s", "BAYEGAN_TRIES=2"),
            *("-s", "CONCURRENT_REQUESTS_PER_DOMAIN=8", "-s", "BAYEGAN_BREAKER_FAILURES=0"),
        )  # fmt: skip
        yield Wired(folder / "c", ran, plain, secure, fickle)


def url_of(name: str) -> str:
    return f"http://wire.test{address(name)}"


@pytest.mark.parametrize("name", WHOLE)
def test_a_response_is_kept_byte_for_byte(wired: Wired, name: str) -> None:
    kind = WHOLE[name]
    [exchange] = wired.plain.to(address(name))
    [response] = wired.of("response", url_of(name))
    assert kind.before + response.block + kind.after == exchange.response
    assert response.get("WARC-Truncated") is None
    assert response.get("WARC-Payload-Digest") == warc.digest(kind.payload)
    assert read_response(response.block, decode_content=False).payload == kind.payload


@pytest.mark.parametrize("name", FLAWED)
def test_a_whole_response_that_cannot_be_decoded_is_kept_byte_for_byte_and_not_used(wired: Wired, name: str) -> None:
    kind = FLAWED[name]
    first, second = wired.plain.to(address(name))
    [response], [again] = wired.of("response", url_of(name)), wired.of("revisit", url_of(name))
    assert response.block == first.response == second.response
    assert response.get("WARC-Truncated") is None
    assert response.get("WARC-Payload-Digest") == again.get("WARC-Payload-Digest") == warc.digest(kind.payload)
    assert [facts["error"] for facts in wired.facts(url_of(name))] == ["undecodable"] * 2
    problems = {p["id"]: (p["outcome"], p["reason"]) for p in wired.ran.json["problems"]}
    assert problems[f"wire:{NAMES.index(name) + 1}"] == ("failed", "undecodable")


@pytest.mark.parametrize("name", CUT)
def test_what_arrived_of_a_response_that_broke_off_is_kept(wired: Wired, name: str) -> None:
    kind = CUT[name]
    exchanges, responses = wired.plain.to(address(name)), wired.of("response", url_of(name))
    assert [response.block for response in responses] == [exchange.response for exchange in exchanges]
    assert {response.get("WARC-Truncated") for response in responses} == {kind.truncated}
    assert {response.get("WARC-Payload-Digest") for response in responses} == {warc.digest(kind.payload)}
    assert {facts["error"] for facts in wired.facts(url_of(name))} == {kind.error}


def test_a_crawl_that_leaves_no_contact_is_advised_to(wired: Wired) -> None:
    assert "Set BAYEGAN_CONTACT" in wired.ran.err, "not every host is this machine"


def test_what_came_after_the_end_of_a_response_is_counted_and_no_part_of_it(wired: Wired) -> None:
    [facts] = wired.facts(url_of("more-than-announced"))
    assert int(facts["surplus"]) == len(WHOLE["more-than-announced"].after)
    assert wired.ran.json["counts"]["capture/surplus"] >= 1


def test_of_a_response_that_grew_too_large_the_beginning_is_kept(wired: Wired) -> None:
    [exchange] = wired.plain.to(address("too-large"))
    [response] = wired.of("response", url_of("too-large"))
    assert LIMIT < len(response.block) < LIMIT + (1 << 20)
    assert exchange.response.startswith(response.block)
    assert response.get("WARC-Truncated") == "length"
    problems = {problem["id"]: problem["reason"] for problem in wired.ran.json["problems"] if problem["id"]}
    assert problems[f"wire:{NAMES.index('too-large') + 1}"] == "too-large"


def test_the_busy_answer_and_the_one_after_it_are_both_kept(wired: Wired) -> None:
    sent = [exchange.response for exchange in wired.plain.to(address("busy-once"))]
    assert [response.block for response in wired.of("response", url_of("busy-once"))] == sent
    assert len(sent) == 2


def test_a_try_that_broke_off_and_the_one_after_it_are_both_kept(wired: Wired) -> None:
    sent = [exchange.response for exchange in wired.plain.to(address("cut-off-once"))]
    kept = wired.of("response", url_of("cut-off-once"))
    assert [response.block for response in kept] == sent
    assert [response.get("WARC-Truncated") for response in kept] == ["disconnect", None]


def test_a_redirect_and_what_it_leads_to_are_both_kept(wired: Wired) -> None:
    for path in (address("moved"), f"/news/{NAMES.index('moved') + 1}/elsewhere"):
        [exchange] = wired.plain.to(path)
        [response] = wired.of("response", f"http://wire.test{path}")
        assert response.block == exchange.response


def test_every_request_is_kept_byte_for_byte(wired: Wired) -> None:
    received = Counter(exchange.request for exchange in wired.plain.log)
    kept: Counter[bytes] = Counter()
    for request in (r for r in wired.records if r.type == "request" and "//wire.test/" in str(r.headers)):
        kept[request.block] += 1
        [facts] = [r for r in wired.records if r.type == "metadata" and tied(r, request)]
        kept[request.block] += sum(int(line[8:]) for line in facts.block.splitlines() if line.startswith(b"resent: "))
    assert kept == received


def tied(one: warc.Record, other: warc.Record) -> bool:
    """Whether two records belong to one exchange."""
    return bool(
        {one.get("WARC-Concurrent-To"), f"<{one.id}>"} & {other.get("WARC-Concurrent-To"), f"<{other.id}>"} - {None}
    )


def test_a_connection_serves_many_requests_and_each_keeps_its_own_bytes(wired: Wired) -> None:
    connections = Counter(exchange.connection for exchange in wired.plain.log)
    assert max(connections.values()) > 1


def test_a_request_sent_again_because_its_connection_was_dead_is_kept_once_and_counted(wired: Wired) -> None:
    first, second = wired.fickle.to("/")
    [request], [response] = wired.of("request", "http://fickle.test/"), wired.of("response", "http://fickle.test/")
    assert first.request == second.request == request.block
    assert (first.response, second.response) == (b"", response.block)
    assert [facts["resent"] for facts in wired.facts("http://fickle.test/")] == ["1"]


def test_the_peer_is_kept_also_when_the_connection_ended_with_the_response(wired: Wired) -> None:
    assert {r.get("WARC-IP-Address") for r in wired.records if r.type in {"response", "request"}} <= {
        "127.0.0.1",
        "::1",
    }


# --- failures without a response --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOST)
def test_a_request_that_got_no_response_is_kept_with_the_reason(wired: Wired, name: str) -> None:
    url = url_of(name)
    assert wired.of("response", url) == []
    requests, metadata = wired.of("request", url), wired.of("metadata", url)
    assert len(requests) == len(metadata) == 2, "BAYEGAN_TRIES"
    received = {exchange.request for exchange in wired.plain.to(address(name))}
    for request, reason, facts in zip(requests, metadata, wired.facts(url), strict=True):
        assert request.block in received
        assert request.get("WARC-Concurrent-To") is None
        assert reason.get("WARC-Concurrent-To") == f"<{request.id}>"
        assert facts["error"] == LOST[name].error
        assert facts["message"]
        assert facts["fetchTimeMs"].isdecimal()
        assert (facts["office"], facts["role"], facts["path"]) == ("wire.test", "item", "home")
        assert facts["via"] == "http://wire.test/"
        assert facts["crawl"]


def test_an_answer_that_is_no_http_is_kept_with_the_reason(wired: Wired) -> None:
    assert wired.facts(url_of("no-http"))[0]["received"] == "SSH-2.0-OpenSSH_9.2%0D%0A"
    assert wired.facts(url_of("half-a-head"))[0]["received"] == "HTTP/1.1%20200%20OK%0D%0AContent-"
    assert "received" not in wired.facts(url_of("interim-only"))[0]


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://refused.test/robots.txt", "connection-refused"),
        ("http://nowhere.invalid/robots.txt", "dns"),
        ("https://self.test/robots.txt", "tls"),
        ("http://localhost:9/robots.txt", "blocked-address"),
    ],
)
def test_an_exchange_that_never_began_leaves_its_reason_and_no_request(wired: Wired, url: str, error: str) -> None:
    assert wired.of("request", url) == wired.of("response", url) == []
    assert {facts["error"] for facts in wired.facts(url)} == {error}
    assert {record.get("WARC-Concurrent-To") for record in wired.of("metadata", url)} == {None}


def test_every_failure_in_the_report_has_its_record(wired: Wired) -> None:
    failed = {p["url"]: p["reason"] for p in wired.ran.json["problems"] if p["outcome"] == "failed"}
    assert len(failed) > len(LOST), wired.ran.json["problems"]
    for url, reason in failed.items():
        if not reason.startswith(("http-", "redirect-", "unasked-304")):  # these tell of a response
            # Without robots.txt nothing else is asked for: then its own record says why.
            assert (wired.facts(url) or wired.facts(urljoin(url, "/robots.txt")))[-1]["error"] == reason, url


# --- TLS --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("host", "version"), [("tls13.test", "tls/1.3"), ("tls12.test", "tls/1.2")])
def test_over_tls_the_bytes_inside_are_kept_with_version_and_cipher(wired: Wired, host: str, version: str) -> None:
    responses = [r for r in wired.records if r.type == "response" and f"//{host}/" in str(r.headers)]
    assert Counter(r.block for r in responses) == Counter(e.response for e in wired.secure[host].log)
    requests = [r for r in wired.records if r.type == "request" and f"//{host}/" in str(r.headers)]
    assert Counter(r.block for r in requests) == Counter(e.request for e in wired.secure[host].log)
    assert {r.get("WARC-Protocol") for r in responses} == {version}
    assert all(r.get("WARC-Cipher-Suite") in IANA for r in responses)
    assert len(responses) > 3


IANA = {
    "TLS_AES_256_GCM_SHA384": "TLS_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256": "ECDHE-ECDSA-AES128-SHA256",
    "TLS_RSA_WITH_AES_128_CBC_SHA": "AES128-SHA",
    "TLS_DHE_RSA_WITH_AES_128_CCM_8": "DHE-RSA-AES128-CCM8",
    "PSK-AES128-CBC-SHA256": "PSK-AES128-CBC-SHA256",
}


@pytest.mark.parametrize("name", IANA)
def test_ciphers_are_called_as_in_the_registry(name: str) -> None:
    assert iana_name(IANA[name]) == name


# --- the collection as a whole ----------------------------------------------------------------------------------


def test_verify_accepts_the_collection(wired: Wired) -> None:
    ran = bayegan("verify", "--collection", wired.collection)
    assert ran.code == 0, ran.out


def test_public_tools_accept_every_file(wired: Wired) -> None:
    for path in warc.warc_files(wired.collection):
        fast = tool("fastwarc.cli", "check", path)
        assert fast.returncode == 0, fast.stdout


def test_reading_the_files_again_finds_every_response_and_no_failure(wired: Wired) -> None:
    captured = [c for path in warc.warc_files(wired.collection) for c in read_warc(wired.collection, path)]
    assert [c.record.id for c in captured] == [r.id for r in wired.records if r.type in warc.CAPTURES]
    assert all(c.facts["crawl"] for c in captured)


@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.soak)])
def test_a_failure_that_was_torn_off_is_cut_at_the_next_start(tmp_path: Path, step: int) -> None:
    exchange = Exchange()
    exchange.request, exchange.went_out = bytearray(b"GET / HTTP/1.1\r\n\r\n"), True
    writer = warc.WarcWriter(tmp_path, "p", [])
    for _ in range(2):
        writer.write(failure_records(exchange, "http://x.test/", [("error", "timeout")]))
    [path] = warc.warc_files(tmp_path)
    data, ends = path.read_bytes(), [offset + length for offset, length, _ in warc.members(path)]
    for cut in (*range(ends[2], len(data), step), len(data) - 1):
        path.write_bytes(data[:cut])
        recovery.recover(tmp_path)
        assert path.stat().st_size == ends[2]


def test_a_large_response_is_written_without_being_held_in_memory(tmp_path: Path) -> None:
    megabyte = random.Random(1).randbytes(1 << 20)
    exchange = Exchange()
    exchange.received(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
    whole = hashlib.sha256(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(40):
        exchange.received(megabyte)
        whole.update(megabyte)
    tracemalloc.start()
    records = response_records(exchange, "http://x.test/", "sha256:X", None, [])
    place = warc.WarcWriter(tmp_path, "p", []).write(records)[0]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20
    assert warc.read_record(tmp_path, place).get("WARC-Block-Digest") == warc.labelled(whole.digest())
    assert hashlib.sha256(warc.read_record(tmp_path, place).block).digest() == whole.digest()


# --- through a proxy --------------------------------------------------------------------------------------------


def test_through_a_proxy_the_absolute_form_is_kept_but_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(WireServer({"/": [home("/news/1/x")], "/news/1/x": [WHOLE["chunked"].script]})) as proxy:
        toml = offices(tmp_path, {"far.test": ("http://far.test/", 0)})
        monkeypatch.setenv("http_proxy", f"http://user:secret@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "")
        guard = ("--resolve", f"127.0.0.1=127.0.0.1:{proxy.port}")
        ran = bayegan("crawl", "all", "--offices", toml, "--collection", tmp_path / "c", *guard, *IMPOLITE)
    kept = Wired(tmp_path / "c", ran, proxy)
    [response] = kept.of("response", "http://far.test/news/1/x")
    [request] = kept.of("request", "http://far.test/news/1/x")
    [exchange] = proxy.to("/news/1/x")
    assert response.block == exchange.response
    assert response.get("WARC-IP-Address") == "127.0.0.1"
    assert request.block.startswith(b"GET http://far.test/news/1/x HTTP/1.1\r\n")
    password = b"Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"
    assert password in exchange.request
    assert request.block == exchange.request.replace(password, b"")
    assert {facts["proxy"] for facts in kept.facts("http://far.test/news/1/x")} == {f"http://127.0.0.1:{proxy.port}"}


def test_through_a_tunnel_the_exchange_inside_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = certificate(tmp_path / "tls", "far.test")
    with ExitStack() as stack:
        far = stack.enter_context(
            running(WireServer({"/": [home("/news/1/x")], "/news/1/x": [WHOLE["gzip"].script]}, tls_context(files)))
        )
        proxy = stack.enter_context(running(WireServer({}, tunnel_to=far.port)))
        toml = offices(tmp_path, {"far.test": ("https://far.test/", 0)})
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
        ran = bayegan("crawl", "all", "--offices", toml, "--collection", tmp_path / "c", *IMPOLITE)
    kept = Wired(tmp_path / "c", ran, far)
    responses, requests = ([r for r in kept.records if r.type == t] for t in ("response", "request"))
    assert Counter(r.block for r in responses) == Counter(e.response for e in far.log)
    assert Counter(r.block for r in requests) == Counter(e.request for e in far.log)
    assert {r.get("WARC-Protocol") for r in responses} == {"tls/1.3"}
    assert all(e.request.startswith(b"CONNECT far.test:443 ") for e in proxy.log)
    assert not any(b"CONNECT" in r.block for r in kept.records)


# --- what Bayegan does not do, and an extension may -------------------------------------------------------------

ASKER = """
import json, sys
from pathlib import Path
from scrapy import Request, signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.exceptions import StopDownload
from scraper.crawl import CrawlOrder, _settings
from spiders.portal import PortalSpider

class Asker(PortalSpider):
    name = "asker"

    @classmethod
    def from_crawler(cls, crawler, *args, **kwargs):
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.enough, signals.bytes_received)
        return spider

    async def start(self):
        for method, url, body in json.load(sys.stdin):
            yield Request(url, method=method, body=body, callback=self.done, errback=self.done, dont_filter=True)

    def done(self, _):
        pass

    def enough(self, data, request, spider):
        if "stop" in request.url:
            raise StopDownload(fail="fail" in request.url)

options = {"DOWNLOAD_DELAY": "0", "AUTOTHROTTLE_ENABLED": "0"}
order = CrawlOrder(["all"], Path(sys.argv[1]), Path(sys.argv[2]), options=options)
process = AsyncCrawlerProcess(_settings(order))
process.crawl(Asker)
process.start()
"""


def test_head_post_and_cancelled_downloads_are_kept_as_they_were(tmp_path: Path) -> None:
    post = "متن فرستاده " * 5000
    cut = Script((LONG, PAGE, 0.5), "close")
    paths = {
        "/head": [Script((b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nContent-Encoding: gzip\r\n\r\n",))],
        "/head-chunked": [Script((CHUNKED,))],
        "/post": [Script((sized(b"HTTP/1.1 201 Created\r\n"),))],
        "/stop": [cut],
        "/stop-fail": [cut],
    }
    with running(WireServer(paths)) as server:
        toml = offices(tmp_path, {"wire.test": ("http://wire.test/", server.port)})
        asked = [
            ("POST" if "post" in path else "HEAD" if "head" in path else "GET", f"http://wire.test{path}",
             post if "post" in path else "")
            for path in paths
        ]  # fmt: skip
        ran = subprocess.run(
            [sys.executable, "-c", ASKER, str(tmp_path / "c"), str(toml)],
            input=json.dumps(asked), cwd=ROOT, env=environment(),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    kept = Wired(tmp_path / "c", Ran(ran.returncode, ran.stdout, ran.stderr), server)
    for path in paths:
        [exchange], url = server.to(path), f"http://wire.test{path}"
        [response], [request] = kept.of("response", url), kept.of("request", url)
        assert (response.block, request.block) == (exchange.response, exchange.request), path
        assert response.get("WARC-Truncated") == ("unspecified" if "stop" in path else None)
        assert response.get("WARC-Payload-Digest") == warc.digest(b"" if "head" in path else PAGE)
    assert kept.of("request", "http://wire.test/post")[0].block.endswith(post.encode())
    assert bayegan("verify", "--collection", tmp_path / "c").code == 0
