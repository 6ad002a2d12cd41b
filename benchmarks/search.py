"""How fast records are indexed and queries answered, on made-up Persian records.

    PYTHONPATH=. python benchmarks/search.py [records] [--keep FILE]

Words follow Zipf's law, a record has 250 to 650 of them, and every sixteenth is inflected or a compound.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import random
import resource
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from archive.jalali import TEHRAN
from archive.provinces import PROVINCES
from archive.record import NewsRecord
from archive.search import index
from archive.search.highlight import snippet
from archive.search.words import index_text

COMMON = "و در به از که این را با است برای آن بهزیستی استان کل مدیر گفت اوقاف خدمات طرح خانواده کودکان وقف".split()
ENDINGS = ("‌ها", "‌های", " های", "هایی", "‌اش", "‌ترین", "شان", "‌سازی")
LETTERS = "ابپتجچحخدرزسشعفقکگلمنوهی"
VOCABULARY = 40_000
REPEATS = 15

QUERIES = {
    "rare": "{rare}",
    "middling": "{middling}",
    "common": "بهزیستی",
    "two words": "{middling} بهزیستی",
    "two common": "مدیر بهزیستی",
    "phrase": '"مدیر بهزیستی"',
    "rare filtered": "{rare} province:هرمزگان",
    "common filtered": "بهزیستی province:هرمزگان from:1402-01 to:1402-06",
    "negation": "بهزیستی -{middling}",
    "beginning": "بهز*",
    "glued compound": "خدماتخانواده",
    "filter alone": "org:welfare province:قم",
    "everything": "",
}


def vocabulary(rng: random.Random) -> list[str]:
    words = {"".join(rng.choices(LETTERS, k=rng.randint(3, 8))) for _ in range(VOCABULARY)}
    return COMMON + sorted(words - set(COMMON))


def records(count: int, words: list[str], rng: random.Random):
    weights = list(itertools.accumulate(1 / rank for rank in range(2, len(words) + 2)))
    start = dt.datetime(2010, 1, 1, tzinfo=TEHRAN)
    for number in range(count):
        text = rng.choices(words, cum_weights=weights, k=rng.randint(250, 650))
        for at in range(0, len(text), 16):
            text[at] += rng.choice(ENDINGS)
        published = start + dt.timedelta(minutes=rng.randrange(15 * 365 * 1440))
        yield NewsRecord(
            id=f"p:{number}",
            portal="p",
            code=str(number),
            url=f"https://p.ir/{number}",
            title=" ".join(text[:9]),
            lead=" ".join(text[9:40]),
            body=" ".join(text[40:]),
            organisation=rng.choice(["welfare", "endowment"]),
            province=rng.choice(PROVINCES).code,
            published=published.isoformat(),
        )


def build(path: Path, made: list[NewsRecord]) -> dict[int, NewsRecord]:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    index.create(db)
    rows = {}
    began, spent = time.perf_counter(), time.process_time()
    for batch in range(0, len(made), 500):
        db.execute("BEGIN")
        for record in made[batch : batch + 500]:
            row = index.allocate(db, record.published)
            index.add(db, row, index.terms_of(record))
            rows[row] = record
        db.execute("COMMIT")
    took = time.perf_counter() - began
    print(
        f"built {len(made)} records in {took:.1f} s: {len(made) / took:.0f}/s, CPU {time.process_time() - spent:.1f} s"
    )
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    print(f"index {path.stat().st_size / 1e6:.0f} MB, {path.stat().st_size / len(made):.0f} bytes a record")
    return rows


def measure(call) -> tuple[float, float]:
    took = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), sorted(took)[int(REPEATS * 0.95)]


def normalising(made: list[NewsRecord]) -> None:
    texts = [record.body[:3000] for record in made[:500]]
    began = time.process_time()
    for text in texts:
        index_text(text)
    print(f"normalising 3,000 characters: {(time.process_time() - began) / len(texts) * 1000:.2f} ms CPU")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("records", nargs="?", type=int, default=20_000)
    arguments.add_argument("--keep", type=Path, help="write the index to this file and keep it")
    options = arguments.parse_args()
    rng = random.Random(1402)
    words = vocabulary(rng)
    made = list(records(options.records, words, rng))
    normalising(made)
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or Path(folder) / "index.sqlite"
        rows = build(path, made)
        db = sqlite3.connect(path)
        print(f"{'query':16} {'hits':>8}  {'by date p50':>12} {'p95':>8}  {'relevance p50':>14} {'p95':>8}  ms")
        for name, query in QUERIES.items():
            text = query.format(rare=words[20_000], middling=words[400])
            hits = index.search(db, text)
            date = measure(lambda text=text: index.search(db, text))
            best = measure(lambda text=text: index.search(db, text, sort="relevance"))
            print(f"{name:16} {hits.total:8}  {date[0]:12.2f} {date[1]:8.2f}  {best[0]:14.2f} {best[1]:8.2f}")
        hits = index.search(db, "مدیر بهزیستی")
        page = measure(lambda: [snippet(rows[row].body, hits.query) for row in hits.ids])
        print(f"snippets of a page of {len(hits.ids)}: {page[0]:.1f} ms, p95 {page[1]:.1f} ms")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
