"""A made-up collection for `benchmarks/search.py`: records with the word frequencies of a language, indexed.

    python -m benchmarks.made_up FOLDER [records]

A record has 80 to 420 words by Zipf's law; every sixteenth is inflected; every fifth record is another office's
version of the one before it. The terms of a word are made once, by `index_text`, and put together for each record:
what is measured afterwards is the index, not the normaliser.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import time
from functools import cache
from pathlib import Path

import numpy as np

from archive.catalogue import Catalogue
from archive.jalali import TEHRAN, jalali_text
from archive.provinces import PROVINCES
from archive.record import NewsRecord, to_json
from archive.search import index
from archive.search.match import EVERY
from archive.search.words import index_text

COMMON = "و در به از که این را با است برای آن بهزیستی استان کل مدیر گفت اوقاف خدمات طرح خانواده کودکان وقف".split()
ENDINGS = ("‌ها", "‌های", " های", "هایی", "‌اش", "‌ترین", "شان", "‌سازی")
LETTERS = "ابپتجچحخدرزسشعفقکگلمنوهی"
VOCABULARY = 40_000
BATCH = 5000
FIRST_DAY = dt.datetime(2010, 1, 1, tzinfo=TEHRAN)
MINUTES = 15 * 365 * 1440


def vocabulary() -> list[str]:
    rng = random.Random(1402)
    words = {"".join(rng.choices(LETTERS, k=rng.randint(3, 8))) for _ in range(VOCABULARY)}
    return COMMON + sorted(words - set(COMMON))


WORDS = vocabulary()


@cache
def terms_of_word(word: str) -> tuple[str, str]:
    """The terms in the word's place, and the marked ones that follow behind a text."""
    terms = index_text(word).split()
    plain = [term for term in terms if term[0] not in "≈≡≠‿"]
    return " ".join(plain), " ".join(terms[len(plain) :])


def terms_of_text(words: list[str]) -> str:
    pairs = [terms_of_word(word) for word in words]
    return " ".join([*(plain for plain, _ in pairs), *{marked for _, marked in pairs if marked}])


def records(count: int):
    """Records, the terms of each beside it."""
    rng = random.Random(1403)
    draw = np.random.default_rng(1404)
    weights = np.cumsum(1 / np.arange(2, len(WORDS) + 2))
    text: list[str] = []
    minute = 0
    for number in range(count):
        if number % 5 or not text:
            places = draw.random(rng.randint(80, 420)) * weights[-1]
            text = [WORDS[at] for at in np.searchsorted(weights, places)]
            for at in range(0, len(text), 16):
                text[at] += rng.choice(ENDINGS)
            minute = rng.randrange(MINUTES)
        else:
            text, minute = [*text[7:], *rng.choices(WORDS, k=12)], minute + rng.randrange(2000)
        yield record_of(number, text, minute, rng)


def record_of(number: int, text: list[str], minute: int, rng: random.Random):
    parts = text[:9], text[9:40], text[40:]
    title, lead, body = (" ".join(part) for part in parts)
    organisation = rng.choice(["welfare", "endowment"])
    province = rng.choice(PROVINCES)
    published = FIRST_DAY + dt.timedelta(minutes=minute)
    spider = {"welfare": "behzisti", "endowment": "oghaf"}[organisation]
    record = NewsRecord(
        id=f"{spider}:{number}",
        portal=spider,
        code=str(number),
        url=f"https://{province.slug}.{spider}.ir/news/{number}",
        title=title,
        lead=lead,
        body=body,
        organisation=organisation,
        office=f"{spider}-{province.slug}",
        province=province.code,
        published=published.isoformat(),
        published_jalali=jalali_text(published.date()),
        content_sha256="",
        first_seen="2026-01-01T00:00:00Z",
        last_seen="2026-01-01T00:00:00Z",
    )
    facets = " ".join((EVERY, *(facet.term for facet in index.facets(record))))
    return record, (*map(terms_of_text, parts), "", facets)


def build(folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    catalogue = Catalogue(folder / "catalogue.sqlite", write=True)
    catalogue.db.execute("PRAGMA synchronous = OFF")
    began, spent, size = time.perf_counter(), time.process_time(), 0
    batch = []
    for number, made in enumerate(records(count), 1):
        batch.append(made)
        if len(batch) == BATCH or number == count:
            size += store(catalogue, batch)
            batch = []
            if number % 50_000 == 0:
                print(f"{number} records, {number / (time.perf_counter() - began):.0f}/s", flush=True)
    index.settle(catalogue.db)  # as a crawl or a rebuild ends
    took = time.perf_counter() - began
    print(f"{count} records in {took:.0f} s: {count / took:.0f}/s, CPU {time.process_time() - spent:.0f} s")
    catalogue.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    terms = catalogue.db.execute("SELECT sum(length(block)) FROM news_data").fetchone()[0]
    print(f"text {size / 1e6:.0f} MB, index {terms / 1e6:.0f} MB")
    catalogue.close()


def store(catalogue: Catalogue, batch: list[tuple[NewsRecord, index.Terms]]) -> int:
    """Index and keep a batch in the order of publication: FTS5 writes out what it holds when a row id steps back."""
    size = 0
    catalogue.begin()
    for r, terms in sorted(batch, key=lambda made: made[0].published):
        row = index.allocate(catalogue.db, r.published)
        catalogue.db.execute(
            "INSERT INTO items (docid, id, portal, code, office, organisation, province, kind, title, published,"
            " published_jalali, status, revision, content_sha256, first_seen, last_seen, checked, record)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (row, r.id, r.portal, r.code, r.office, r.organisation, r.province, r.kind, r.title, r.published,
             r.published_jalali, r.status, r.revision, r.content_sha256, r.first_seen, r.last_seen,
             r.last_seen, to_json(r)),
        )  # fmt: skip
        index.add(catalogue.db, row, terms)
        size += len(f"{r.title} {r.lead} {r.body}".encode())
    catalogue.commit()
    return size


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("records", nargs="?", type=int, default=200_000)
    options = arguments.parse_args()
    build(options.folder, options.records)
