"""CPU time of extraction: ours against lxml parsing alone and against lxml with the same selectors.

    python benchmarks/extraction.py [--rounds N]

The three run in turn, page by page, so that a busy machine slows all of them; the median is shown. The page is our
own golden page padded with menus and a side column to about 90 kB; the real page of ../shared/pages is added when it
is there.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from lxml import etree

from scraper.dialects.nastooh import NASTOOH
from scraper.extract import extract

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests/golden/nastooh/no-paragraphs/page.html"
REAL = ROOT.parent / "shared/pages/khabaronline.ir__news-1353889.html"
SIZE = 90_000
URL = "https://www.behzisti.ir/news/134441/"
METAS = ("og:title", "og:description", "article:published_time", "article:section", "article:tag", "nastooh:code")


def padded(page: bytes, size: int = SIZE) -> bytes:
    """The page with a menu and a side column, as heavy as a real one."""
    entry = (
        '<li class="news"><figure><a href="/news/{n}/نمونه"><img src="/d/1402/1/1/1/{n}.jpg" alt=""></a></figure>'
        '<div class="desc"><h3><a href="/news/{n}/نمونه">خبر شماره {n} از ستون کناری برگه</a></h3>'
        '<time title="چهارشنبه ۱۱ بهمن ۱۴۰۲ - ۱۸:۱۷">۲ روز قبل</time></div></li>'
    )
    entries: list[bytes] = []
    missing = size - len(page)
    while missing > 0:
        entries.append(entry.format(n=900_000 + len(entries)).encode())
        missing -= len(entries[-1])
    half = len(entries) // 2
    menu, side = b"".join(entries[:half]), b"".join(entries[half:])
    head, _, rest = page.partition(b"<article")
    main, _, foot = rest.rpartition(b"</body>")
    return b"".join((head, b"<nav><ul>", menu, b"</ul></nav><article", main, b"<ul>", side, b"</ul></body>", foot))


def parse_only(body: bytes) -> etree._Element:
    return etree.fromstring(body, etree.HTMLParser(encoding="utf-8"))


def same_selectors(body: bytes) -> list[object]:
    """The selectors of the dialect, evaluated once each, and the text of the body."""
    root = parse_only(body)
    fields = NASTOOH.fields
    scope = fields.scope[0](root)[0]
    groups = [fields.title, fields.kicker, fields.lead, fields.body, fields.date, fields.categories, fields.tags]
    groups += [fields.authors, fields.media, fields.short_url]
    found = [selector(scope) for group in groups for selector in group]
    found += [root.xpath("//meta[@property=$name]/@content", name=name) for name in METAS]
    return [*found, "".join(fields.body[0](scope)[0].itertext())]


def ours(body: bytes) -> object:
    return extract(body, URL)


CONTENDERS: dict[str, Callable[[bytes], object]] = {
    "lxml, parse only": parse_only,
    "lxml, parse and the same XPaths": same_selectors,
    "bayegan extract": ours,
}


def measure(body: bytes, rounds: int) -> dict[str, float]:
    """Median CPU milliseconds of each contender."""
    times: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for run in CONTENDERS.values():
        run(body)
    gc.disable()
    for _ in range(rounds):
        for name, run in CONTENDERS.items():
            start = time.process_time_ns()
            run(body)
            times[name].append((time.process_time_ns() - start) / 1e6)
        gc.collect()
    gc.enable()
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=300)
    rounds = parser.parse_args().rounds
    pages: list[tuple[str, bytes]] = [("golden page, padded", padded(GOLDEN.read_bytes()))]
    if REAL.exists():
        pages.append((REAL.name, REAL.read_bytes()))
    for name, body in pages:
        print(f"\n{name}, {len(body):,} bytes, {rounds} rounds")
        result = measure(body, rounds)
        base = result["lxml, parse and the same XPaths"]
        for contender, value in result.items():
            print(f"  {contender:34} {value:7.3f} ms   {value / base:5.2f} ×")


if __name__ == "__main__":
    main()
