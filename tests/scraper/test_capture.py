"""What is in the WARC files is what went over the wire."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from archive import warc
from archive.collection import open_collection
from archive.http import read_response
from tests import zygote
from tests.conftest import IMPOLITE, Crawled, environment
from tests.portal.faults import Fault
from tests.portal.server import Portal


def exchanges(collection: Path) -> list[tuple[warc.Record, warc.Record, warc.Record]]:
    """Response, metadata and request of every exchange that got a response, in the order of the files."""
    records = [
        warc.parse(data, path, offset) for path in warc.warc_files(collection) for offset, _, data in warc.members(path)
    ]
    starts = [n for n, record in enumerate(records) if record.type == "response"]
    return [(records[n], records[n + 1], records[n + 2]) for n in starts]


def test_every_response_block_is_byte_for_byte_what_the_portal_sent(crawled: Crawled) -> None:
    sent = Counter(exchange.response for exchange in crawled.log)
    kept = Counter(response.block for response, _, _ in exchanges(crawled.path))
    assert kept == sent
    assert sum(kept.values()) > 200


def test_every_request_block_is_byte_for_byte_what_the_portal_received(crawled: Crawled) -> None:
    received = Counter(exchange.request for exchange in crawled.log)
    assert Counter(request.block for _, _, request in exchanges(crawled.path)) == received


def test_the_portal_sends_every_kind_of_response_that_these_tests_rely_on(crawled: Crawled) -> None:
    heads = [response.block.partition(b"\r\n\r\n")[0].lower() for response, _, _ in exchanges(crawled.path)]
    for sign in (b"transfer-encoding: chunked", b"content-encoding: gzip", b"content-length:"):
        assert any(sign in head for head in heads), sign
    assert any(head.count(b"set-cookie") == 2 for head in heads)
    assert any(b"\xe9" in head for head in heads), "a Latin-1 byte in a header"


def test_request_and_metadata_are_tied_to_their_response(crawled: Crawled) -> None:
    for response, metadata, request in exchanges(crawled.path):
        assert (response.type, metadata.type, request.type) == ("response", "metadata", "request")
        for other in (metadata, request):
            assert other.get("WARC-Concurrent-To") == f"<{response.id}>"
            assert other.get("WARC-Target-URI") == response.get("WARC-Target-URI")
            assert other.get("WARC-Date") == response.get("WARC-Date")
        assert response.get("WARC-IP-Address") == "127.0.0.1"


def test_the_payload_digest_is_that_of_the_transfer_decoded_body(crawled: Crawled) -> None:
    for response, _, _ in exchanges(crawled.path):
        payload = read_response(response.block, decode_content=False).payload
        assert response.get("WARC-Payload-Digest") == warc.digest(payload)
        assert response.get("WARC-Block-Digest") == warc.digest(response.block)


def test_metadata_says_how_the_page_was_found(crawled: Crawled) -> None:
    told = [
        m.block.decode() for r, m, _ in exchanges(crawled.path) if "robots.txt" not in str(r.get("WARC-Target-URI"))
    ]
    assert all("office: " in text and "crawl: " in text and "fetchTimeMs: " in text for text in told)
    for path in ("home", "feed", "sitemap", "archive"):
        assert any(f"path: {path}" in text and "via: http" in text for text in told), path


def test_every_file_says_who_crawled_what_and_how(crawled: Crawled) -> None:
    for path in warc.warc_files(crawled.path):
        offset, _, data = next(warc.members(path))
        info = warc.parse(data, path, offset)
        text = info.block.decode()
        assert info.type == "warcinfo"
        for field in ("software: Bayegan/", "operator: ", "robots: obey", "crawl: ", "scope: {", "offices: ["):
            assert field in text, field


def test_public_tools_accept_every_file(crawled: Crawled) -> None:
    for path in warc.warc_files(crawled.path):
        fast = tool("fastwarc.cli", "check", path)
        assert fast.returncode == 0, fast.stderr


def test_warcat_finds_nothing_but_the_payload_digest_of_chunked_responses(crawled: Crawled) -> None:
    # warcat and warcio digest the chunk framing, too; the standard leaves it out: docs/archive-format.md.
    chunked = {
        response.id
        for response, _, _ in exchanges(crawled.path)
        if b"transfer-encoding: chunked" in response.block.partition(b"\r\n\r\n")[0].lower()
    }
    for path in warc.warc_files(crawled.path):
        said = tool("warcat", "verify", path).stderr
        blamed = {line.split("<")[1].split(">")[0] for line in said.splitlines() if "failed validation" in line}
        assert blamed <= chunked
        problems = [line for line in said.splitlines() if line.startswith("warcat.tool.VerifyProblem:")]
        assert all("Bad payload digest." in line for line in problems)


def tool(module: str, *words: object) -> subprocess.CompletedProcess[str]:
    code = f"import sys; from {module} import main; sys.exit(main())" if "." in module else ""
    start = [sys.executable, "-c", code] if code else [sys.executable, "-m", module]
    return subprocess.run([*start, *map(str, words)], capture_output=True, text=True, check=False)


BREAKS = {
    "received": "capture.Exchange.received = boom",
    "sent": "capture.Exchange.sent = boom",
    "unread": "capture.Exchange.unread = boom; capture._RecordingProtocol.dataReceived = junk",
    "begin": "capture.Exchange.begin = boom",
    "block": "capture.Exchange.block = boom",
    "head": "capture.Exchange.head = boom",
    "request_block": "capture.Exchange.request_block = boom",
}


def crawl_with(change: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Crawl an office with a change made to the program."""
    code = f"""
import sys
from scraper import capture
def boom(*_): raise RuntimeError("a hook that fails")
before = capture._RecordingProtocol.dataReceived
def junk(self, data): before(self, data + b"junk" if data.endswith(b"0\\r\\n\\r\\n") else data)
{change}
from scraper.cli import main
main()
"""
    words = ["crawl", "behzisti-qom", "--offices", folder / "portal.toml", "--collection", folder / "c", "--json"]
    return zygote.run([sys.executable, "-c", code, *map(str, words), *IMPOLITE], env=environment(), timeout=60)


@pytest.mark.parametrize("hook", BREAKS)
def test_a_hook_that_fails_ends_in_a_counted_error_and_never_in_a_hanging_crawl(
    portal: Portal, tmp_path: Path, hook: str
) -> None:
    ran = crawl_with(BREAKS[hook], tmp_path)
    assert ran.returncode in {1, 4}, ran.stderr
    assert '"reason": "not-captured"' in ran.stdout


@pytest.mark.parametrize("hook", ["lost", "arrived"])
def test_a_hook_that_fails_on_a_broken_transfer_hides_neither_the_failure_nor_what_comes_after(
    portal: Portal, tmp_path: Path, hook: str
) -> None:
    item = next(item for item in portal.world.of("behzisti") if item.province == "IR-25")
    portal.faults[item.id] = Fault("reset", after=3000, times=1)
    ran = crawl_with(f"capture.Exchange.{hook} = boom", tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert open_collection(tmp_path / "c").catalogue.knows(item.id)
