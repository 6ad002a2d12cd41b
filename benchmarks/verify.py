"""How fast `bayegan verify` is, held against plain gunzip and SHA-256 of the same files in one process.

    PYTHONPATH=. python benchmarks/verify.py [exchanges] [--rounds N] [--collection DIR]

Makes a collection of gzipped pages of about 12 kB in chunks, as servers send them, in two files. The contenders run in
turn, so that a busy machine slows all of them; medians are shown, as time passed and as time of all processors used.
Plain gunzip is given isal, the faster library. Two processes need two idle processors to be worth anything.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import hashlib
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from isal import igzip

from archive import fixity, warc
from archive.collection import Exchange, lock_collection, open_collection

PAGES = 200
CHUNK = 8192
PORTALS = ("one", "two")


def page(rng: random.Random, words: list[str]) -> bytes:
    entry = '<p class="a"><a href="/news/{}/">{}</a></p>'
    body = "".join(entry.format(rng.randrange(10**6), " ".join(rng.choices(words, k=12))) for _ in range(230))
    return gzip.compress(f"<html><body>{body}</body></html>".encode(), 6, mtime=0)


def exchange(portal: str, number: int, body: bytes, when: str) -> Exchange:
    url = f"http://www.{portal}.ir/news/{number}/%D8%AE%D8%A7%D9%86%D9%87-%DA%A9%D9%88%D8%AF%DA%A9%D8%A7%D9%86"
    common = [("WARC-Date", when), ("WARC-Target-URI", url)]
    ip = [("WARC-IP-Address", "10.0.0.1")]
    head = (
        b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: keep-alive\r\nVary: Accept-Encoding\r\n\r\n"
    )
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(c), c) for at in range(0, len(body), CHUNK) if (c := body[at : at + CHUNK])
    )
    digest = warc.digest(body)
    kind = ("Content-Type", "application/http; msgtype=response")
    response = warc.Record(
        "response", head + chunks + b"0\r\n\r\n", [*common, *ip, ("WARC-Payload-Digest", digest), kind]
    )
    tied = [*common, ("WARC-Concurrent-To", f"<{response.id}>")]
    facts = warc.fields_block([("fetchTimeMs", "12"), ("crawl", "c"), ("office", "o"), ("role", "item")])
    metadata = warc.Record("metadata", facts, [*tied, ("Content-Type", "application/warc-fields")])
    request = warc.Record(
        "request", b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\nAccept-Encoding: gzip\r\n\r\n", [*tied, *ip]
    )
    return Exchange(portal, [response, metadata, request], url, when, 200, "text/html", digest, "10.0.0.1", "c", "o")


def build(root: Path, exchanges: int) -> None:
    rng = random.Random(1402)
    words = ["".join(rng.choices("ابپتسشمنروهی", k=rng.randint(2, 8))) for _ in range(8000)]
    pages = [page(rng, words) for _ in range(PAGES)]
    start = dt.datetime(2026, 3, 21, tzinfo=dt.UTC)
    collection = lock_collection(root)
    for number in range(exchanges):
        when = warc.warc_date(start + dt.timedelta(seconds=number))
        collection.keep(exchange(PORTALS[number % len(PORTALS)], number, rng.choice(pages), when))
    collection.close()
    fixity.seal_all(root)


def gunzip_and_hash(root: Path) -> None:
    hasher = hashlib.sha256()
    for path in warc.warc_files(root):
        with igzip.open(path) as unpacked:
            while piece := unpacked.read(1 << 20):
                hasher.update(piece)


def gunzip_and_hash_zlib(root: Path) -> None:
    hasher = hashlib.sha256()
    for path in warc.warc_files(root):
        with gzip.open(path) as unpacked:
            while piece := unpacked.read(1 << 20):
                hasher.update(piece)


def verify(root: Path, processes: int) -> None:
    collection = open_collection(root)
    result = fixity.verify(collection, processes=processes)
    collection.close()
    assert not result.faults, result.faults[:3]


CONTENDERS: dict[str, Callable[[Path], None]] = {
    "gunzip and SHA-256, isal": gunzip_and_hash,
    "gunzip and SHA-256, zlib": gunzip_and_hash_zlib,
    "bayegan verify, one process": lambda root: verify(root, 1),
    "bayegan verify, two processes": lambda root: verify(root, 2),
}


def cpu() -> float:
    """Processor seconds of this process and of those that it has started and that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def measure(root: Path, rounds: int) -> None:
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in CONTENDERS}
    for _ in range(rounds):
        for name, run in CONTENDERS.items():
            began, used = time.perf_counter(), cpu()
            run(root)
            times[name].append((time.perf_counter() - began, cpu() - used))
    size = sum(path.stat().st_size for path in warc.warc_files(root))
    medians = {
        name: [statistics.median(column) for column in zip(*taken, strict=True)] for name, taken in times.items()
    }
    base = medians["gunzip and SHA-256, isal"]
    print(f"{size / 1e6:.0f} MB of WARC, {rounds} rounds")
    for name, (wall, used) in medians.items():
        print(
            f"  {name:32} {wall:6.2f} s  {size / wall / 1e6:5.0f} MB/s  {wall / base[0]:5.2f} ×"
            f"   CPU {used:6.2f} s  {used / base[1]:5.2f} ×"
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exchanges", nargs="?", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--collection", type=Path, help="measure this collection instead; seal it first")
    options = parser.parse_args()
    if options.collection:
        measure(options.collection, options.rounds)
        return
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), options.exchanges)
        measure(Path(folder), options.rounds)


if __name__ == "__main__":
    main()
