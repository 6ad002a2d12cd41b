"""Whatever bytes arrive, extraction ends in a record or a typed refusal, in bounded time and memory."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from typing import get_args

import pytest

from archive.record import to_dict
from scraper.extract import extract
from scraper.listing import read_listing
from scraper.refusals import Reason
from tests.conftest import ROOT
from tests.scraper.pages import GOLDEN, REAL, article

SEEDS = [
    (page.read_bytes(), json.loads(page.with_name("expected.json").read_text("utf-8"))["address"]) for page in GOLDEN
]
SEEDS += [
    (gold.with_name(gold.name.replace(".gold.json", ".html")).read_bytes(), json.loads(gold.read_text("utf-8"))["url"])
    for gold in sorted(REAL.glob("*.gold.json"))
]
URL = "https://www.behzisti.ir/news/70/"
SECONDS = 5.0
"""CPU for one mutant of a page of at most 300 kB; the second parser is slow."""

JUNK = [b"\0", b"<", b">", b'"', b"</div>", b"</article>", b"<article>", b"&#x1;", b"&", b"\xed\xa0\x80", b"\xff\xfe"]
JUNK += [b"<table><tr>", b"<!--", b"-->", b"<script>", b"</script>", b"<![CDATA[", b"<form>", b"<p" * 40, b"\xd9"]
JUNK += [
    "‌می‌شود ﷼ \U0001f600".encode(),
    "ي".encode("windows-1256"),
    b"<svg><title>",
    b"<plaintext>",
    b"<body>",
    b"</html>",
]


def mutant(body: bytes, other: bytes, chance: random.Random) -> bytes:
    """Cut, double, splice, scramble, re-encode or litter a page."""
    data = bytearray(body)
    for _ in range(chance.randint(1, 12)):
        start = chance.randrange(len(data))
        end = min(len(data), start + chance.randint(1, 400))
        change = chance.randrange(8)
        if change == 0:
            del data[start:end]
        elif change == 1:
            data[start:start] = data[start:end] * chance.randint(1, 20)
        elif change == 2:
            data[start:end] = bytes(chance.randrange(256) for _ in range(end - start))
        elif change == 3:
            data[start:start] = chance.choice(JUNK)
        elif change == 4:
            data = data[start:] + data[:start]
        elif change == 5:
            at = chance.randrange(len(other))
            data[start:end] = other[at : at + chance.randint(1, 4000)]
        elif change == 6 and chance.random() < 0.2:
            data = data[:end]
        elif change == 7 and chance.random() < 0.2:
            data = bytearray(bytes(data).decode("utf-8", "replace").encode(chance.choice(ENCODINGS), "replace"))
        data = data or bytearray(b"<p>")
    return bytes(data)


ENCODINGS = ["windows-1256", "utf-16", "utf-16-le", "utf-8-sig", "latin-1", "iso-8859-6"]


def check(body: bytes, url: str) -> None:
    start = time.process_time()
    result = extract(body, url, portal="behzisti")
    read_listing(body, url)
    assert time.process_time() - start < SECONDS
    assert (result.record is None) != (result.refusal is None)
    if result.record:
        assert result.record.code
        assert result.record.title
        json.dumps(to_dict(result.record), ensure_ascii=False).encode()
    else:
        assert result.refusal.reason in get_args(Reason)


def campaign(seed: int, count: int) -> None:
    chance = random.Random(seed)
    for _ in range(count):
        body, url = chance.choice(SEEDS)
        other, _ = chance.choice(SEEDS)
        check(mutant(body, other, chance), url)


@pytest.mark.parametrize("seed", range(20))
def test_mutated_pages(seed):
    campaign(seed, 20)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 150))
def test_many_mutated_pages(seed):
    campaign(seed, 200)


@pytest.mark.parametrize("cut", range(0, 100, 7))
def test_truncated_pages(cut):
    for body, url in SEEDS[:8]:
        check(body[: len(body) * cut // 100], url)


@pytest.mark.parametrize(
    "tag", ["div", "table><tr><td", "b", "ul><li", "font", "form", "article id=item", "blockquote"]
)
def test_nested_ten_thousand_deep(tag):
    check(article(f"<p>پیش</p>{f'<{tag}>' * 10_000}متن"), URL)
    check(f"<html><body>{f'<{tag}>' * 10_000}متن".encode(), URL)


HUGE = {
    "text": b"<p>" + "واژه ".encode() * 2_200_000,
    "elements": b"<p>a<br>" * 2_600_000,
    "links": b'<a href="/news/1/a">a</a>' * 800_000,
    "attributes": b"<p " + b"a=b " * 5_000_000 + b">",
    "one attribute": b'<p title="' + b"a" * 20_000_000 + b'">',
    "comments": b"<!--" * 5_000_000,
    "references": b"&amp;zwnj;" * 2_000_000,
    "deep": b"<div>" * 4_000_000,
    "scripts": b"<script>a</script>" * 1_100_000,
    "blocks of phrases": "<p>بیشتر بخوانید: </p>".encode() * 500_000,
    "NULs": b"\0" * 20_000_000,
    "metas": b'<meta name="a" content="b">' * 700_000,
}


QUICK = {"text", "one attribute", "NULs", "deep", "references"}


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=[] if kind in QUICK else pytest.mark.soak) for kind in HUGE])
def test_twenty_megabytes(kind, tmp_path):
    page = tmp_path / "page.html"
    page.write_bytes(article("<p>پیش</p>").replace("<p>پیش</p>".encode(), HUGE[kind]))
    code = (  # VmHWM and not ru_maxrss, which a process inherits from the one that started it
        "import re, resource, sys, pathlib; from scraper.extract import extract;"
        "result = extract(pathlib.Path(sys.argv[1]).read_bytes(), sys.argv[2]);"
        "use = resource.getrusage(resource.RUSAGE_SELF);"
        "peak = re.search(r'VmHWM:\\s*(\\d+)', pathlib.Path('/proc/self/status').read_text());"
        "print(bool(result.record) != bool(result.refusal), use.ru_utime + use.ru_stime, peak[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(page), URL], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    one_of_both, seconds, kilobytes = done.stdout.split()
    assert one_of_both == "True"
    assert float(seconds) < 20
    assert int(kilobytes) < 1_000_000


def test_a_page_that_is_nothing_but_marks():
    marks = b"".join(mark for body, _ in SEEDS for mark in (body[:200], body[-200:]))
    check(marks, URL)
