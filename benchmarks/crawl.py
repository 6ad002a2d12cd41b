"""How fast a crawl is: Bayegan beside bare Scrapy, which fetches the same pages and keeps nothing.

    python -m benchmarks.crawl [--items 1000] [--rounds 3]

The local portal runs in a process of its own; both crawlers are processes, taken in turn in one run. Printed are
pages a second, CPU milliseconds a page (user + system) and peak memory, each the median of the rounds, and the ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from archive.collection import open_collection
from archive.offices import load_offices

ROOT = Path(__file__).resolve().parent.parent
IMPOLITE = {"DOWNLOAD_DELAY": "0", "AUTOTHROTTLE_ENABLED": "0", "CONCURRENT_REQUESTS_PER_DOMAIN": "8"}

BARE = """
import json, sys
import scrapy
from scrapy.crawler import AsyncCrawlerProcess

class Bare(scrapy.Spider):
    name = "bare"
    async def start(self):
        for url in json.load(open(sys.argv[1])):
            yield scrapy.Request(url, callback=self.parse, dont_filter=True)
    def parse(self, response):
        self.crawler.stats.inc_value("pages")

process = AsyncCrawlerProcess({
    "LOG_LEVEL": "WARNING", "ROBOTSTXT_OBEY": False, "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False,
    "TWISTED_DNS_RESOLVER": "scraper.guard.GuardedResolver",
    "BAYEGAN_OFFICES": sys.argv[2], "BAYEGAN_RESOLVE": {},
    "CONCURRENT_REQUESTS": 32, "CONCURRENT_REQUESTS_PER_DOMAIN": 8, "DOWNLOAD_DELAY": 0, "COOKIES_ENABLED": False,
    "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor", "HTTPERROR_ALLOW_ALL": True,
    "REDIRECT_ENABLED": False, "RETRY_ENABLED": False,
    "DEFAULT_REQUEST_HEADERS": {"Accept-Encoding": "gzip, deflate"},
})
process.crawl(Bare)
process.start()
"""


@dataclass
class Run:
    """One process: wall and CPU seconds, peak memory in MB."""

    wall: float
    cpu: float
    memory: float


def timed(words: list[str]) -> Run:
    begun = time.perf_counter()
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)})
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{words[:4]} ended with {status}")
    return Run(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--items", type=int, default=1000, help="items of each organisation")
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name, served(Path(name), chosen.items):
        folder = Path(name)
        start = start_up(folder)
        ours, bare, pages = [], [], 0
        for number in range(-1, chosen.rounds):  # the first round warms the portal's cache and is not counted
            run = timed(bayegan(folder, f"c{number}"))
            urls = captured(folder / f"c{number}")
            (folder / "urls.json").write_text(json.dumps(urls), encoding="utf-8")
            other = timed([sys.executable, "-c", BARE, str(folder / "urls.json"), str(folder / "portal.toml")])
            pages = len(urls)
            if number >= 0:
                ours.append(run)
                bare.append(other)
        show(ours, bare, pages, start)


def bayegan(folder: Path, collection: str, *extra: str) -> list[str]:
    settings = [word for pair in IMPOLITE.items() for word in ("-s", "=".join(pair))]
    words = ["crawl", "all", "--offices", str(folder / "portal.toml"), "--collection", str(folder / collection)]
    return [sys.executable, "-m", "scraper", *words, *settings, *extra]


def start_up(folder: Path) -> Run:
    """What starting a process and loading Scrapy costs, without a page: taken off both."""
    (folder / "none.json").write_text("[]", encoding="utf-8")
    return timed([sys.executable, "-c", BARE, str(folder / "none.json"), str(folder / "portal.toml")])


def captured(collection: Path) -> list[str]:
    rows = open_collection(collection).catalogue.db.execute("SELECT url FROM captures ORDER BY id")
    return [url for (url,) in rows]


class served:  # noqa: N801 - reads as what it is: with served(…)
    """The portal in a process of its own, so that its CPU is not counted as a crawler's."""

    def __init__(self, folder: Path, items: int) -> None:
        words = ["-m", "tests.portal", "--items", str(items), "--offices", str(folder / "portal.toml")]
        self.process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.process.stdout.readline()
        load_offices(folder / "portal.toml")

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()


def show(ours: list[Run], bare: list[Run], pages: int, start: Run) -> None:
    print(f"{pages} pages, {len(ours)} rounds; medians, start-up of {start.wall:.2f} s taken off")
    print(f"{'':12} {'pages/s':>8} {'CPU ms/page':>12} {'peak MB':>8}")
    figures = {}
    for name, runs in (("bare Scrapy", bare), ("Bayegan", ours)):
        rate = pages / (statistics.median(r.wall for r in runs) - start.wall)
        cpu = (statistics.median(r.cpu for r in runs) - start.cpu) / pages * 1000
        figures[name] = cpu
        print(f"{name:12} {rate:8.0f} {cpu:12.2f} {statistics.median(r.memory for r in runs):8.0f}")
    ratios = [(a.cpu - start.cpu) / (b.cpu - start.cpu) for a, b in zip(ours, bare, strict=True)]
    print(
        f"CPU, Bayegan / bare Scrapy: {statistics.median(ratios):.2f} (rounds: {', '.join(f'{r:.2f}' for r in ratios)})"
    )


if __name__ == "__main__":
    main()
