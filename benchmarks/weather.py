"""What plain Scrapy, with the settings it comes with, makes of bad weather: `python -m benchmarks.weather`.

The faults are those of tests/weather; docs/weather.md holds the answers beside what Bayegan does. Each line: the fault,
how it ended, requests made, seconds, megabytes in the response.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.scraper.wire_server import Script, WireServer, certificate, running, tls_context
from tests.weather.storm import BUSY, CHALLENGE, MEGABYTE, MOVED, answer, bomb, item

PACKED = "Content-Encoding: gzip\r\n"
PAGE = b"<html><body>" + b"<p>text</p>" * 1000 + b"</body></html>"
PAGES = {
    "429 with Retry-After: 2": [answer("later", "429 Too Many", "Retry-After: 2\r\n"), item(1)],
    "503 for ever": [BUSY],
    "reset in the body": [Script((b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nhalf", 0.1), "reset")],
    "truncated gzip": [answer(gzip.compress(PAGE)[:-9], headers=PACKED)],
    "gzip bomb, 300 MB": [answer(bomb(300 * MEGABYTE), headers=PACKED)],
    "Content-Length too long": [Script((b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + PAGE,), "close")],
    "Content-Length too short": [Script((b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + PAGE,), "close")],
    "redirect loop": [answer("", MOVED, "Location: ?\r\n")],
    "bot check, 403": [answer(CHALLENGE.body, "403 Forbidden")],
    "bot check, 200": [answer(CHALLENGE.body)],
    "page of 30 MB": [answer(PAGE + b" " * 30 * MEGABYTE)],
}

PLAIN = """
import json, sys, time
import scrapy
from scrapy.crawler import CrawlerProcess

class Plain(scrapy.Spider):
    name = "plain"
    custom_settings = {"LOG_ENABLED": False, "DOWNLOAD_DELAY": 0, "CONCURRENT_REQUESTS_PER_DOMAIN": 1}

    async def start(self):
        self.ends, self.begun = {}, time.monotonic()
        for name, url in json.load(sys.stdin).items():
            yield scrapy.Request(url, cb_kwargs={"name": name}, errback=self.failed)

    def parse(self, response, name):
        self.end(name, f"used, {response.status}", len(response.body))

    def failed(self, failure):
        self.end(failure.request.cb_kwargs["name"], f"errback, {failure.type.__name__}", 0)

    def end(self, name, how, size):
        self.ends[name] = (how, time.monotonic() - self.begun, size)

    def closed(self, reason):
        print(json.dumps(self.ends))

process = CrawlerProcess()
process.crawl(Plain)
process.start()
"""


def ask(urls: dict[str, str]) -> dict[str, Any]:
    """One address at a time, so that the seconds are its own."""
    ends: dict[str, Any] = {}
    for name, url in urls.items():
        done = subprocess.run(
            [sys.executable, "-c", PLAIN], input=json.dumps({name: url}), capture_output=True, text=True, check=False
        )
        ends |= json.loads(done.stdout or "{}")
        print(f"{name:28}", *ends.get(name, ("neither callback nor errback", 0, 0)), flush=True)
    return ends


def main() -> None:
    """Print the table."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        server = WireServer({f"/{number}": scripts for number, scripts in enumerate(PAGES.values())})
        stack.enter_context(running(server))
        inside = f"Location: http://2130706433:{server.port}/inside\r\n"
        server.scripts |= {"/inward": [answer("", MOVED, inside)], "/inside": [item(1)]}
        urls = {name: f"http://localhost:{server.port}/{number}" for number, name in enumerate(PAGES)}
        urls["redirect to loopback"] = f"http://localhost:{server.port}/inward"
        secure = WireServer({"/": [item(1)]}, tls_context(certificate(Path(folder), "other.test", until=-1)))
        stack.enter_context(running(secure))
        urls["expired certificate of another host"] = f"https://localhost:{secure.port}/"
        urls["DNS failure"] = "http://nowhere.invalid/"
        ask(urls)
        for number, name in enumerate(PAGES):
            print(f"{name:28}", len(server.to(f"/{number}")), "requests")


if __name__ == "__main__":
    main()
