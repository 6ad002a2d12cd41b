"""How fast a page of results is, while records arrive: ten hits with snippets, facets, exact total.

    python -m benchmarks.search [records] [--folder /tmp/bayegan-bench] [--still]

The collection is made by `benchmarks.made_up` on the first run and kept in the folder. Each class of query has
many queries; each is asked once by a process that has answered sixty others ("first"), and again after records have
arrived ("again"). A page is made as `bayegan serve` makes it, with a connection of its own. Records arrive in a second
process, ten a second, unless --still. On a machine that does other work, too, --cpu gives the time that was worked,
not waited.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

from archive.catalogue import Catalogue
from archive.record import Capture
from archive.search import facets, find, index
from archive.web.reading import Memo, Reading
from benchmarks import made_up

CLOCK = [time.perf_counter]
QUERIES = 20
ROUNDS = 3


def words_by_share(db: sqlite3.Connection) -> dict[str, float]:
    """In which share of the records a word is."""
    total = db.execute("SELECT count(*) FROM items").fetchone()[0]
    db.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'news', 'row')")
    shares = {}
    for word in made_up.WORDS[:1500]:
        row = db.execute("SELECT doc FROM temp.terms WHERE term = ?", (word,)).fetchone()
        shares[word] = row[0] / total if row else 0
    return shares


def queries(shares: dict[str, float]) -> dict[str, list[str]]:
    """Twenty queries of each class."""
    near = lambda share: sorted(shares, key=lambda word: abs(shares[word] - share))[:QUERIES]  # noqa: E731
    common, middling, some = near(0.3), near(0.05), near(0.01)
    rare = random.Random(1).sample(made_up.WORDS[8000:30_000], QUERIES)
    return {
        "rare word": rare,
        "common word (30 %)": common,
        "two words (30 % and 1 %)": [" ".join(pair) for pair in zip(common, some, strict=True)],
        "two words (5 % each)": [" ".join(pair) for pair in zip(middling, middling[::-1], strict=True)],
        "phrase of common words": [f'"{one} {two}"' for one, two in zip(common, common[::-1], strict=True)],
        "common, province and half a year": [f"{word} province:قم from:1399-01 to:1399-06" for word in common],
        "common, one organisation": [f"{word} org:welfare" for word in common],
        "province and year alone": [f"province:قم from:{year}" for year in range(1389, 1389 + QUERIES // 2)],
        "everything": [""],
    }


def page(folder: Path, kept: Memo, query: str, sort: index.Sort) -> int:
    """One page of results as `bayegan serve` makes it."""
    reading = Reading(folder, kept, seconds=60)
    try:
        found, spread = find.find(reading, reading.answers, query, find.Page(limit=10, sort=sort))
        facets.facets_of(spread)
        return found.total
    finally:
        reading.close()


def timed(call) -> tuple[float, int]:
    began = CLOCK[0]()
    result = call()
    return (CLOCK[0]() - began) * 1000, result


def shown(took: list[float]) -> str:
    return f"{statistics.median(took):7.1f} {sorted(took)[max(0, round(len(took) * 0.95) - 1)]:7.1f}"


def measure(folder: Path) -> None:
    catalogue = Catalogue(folder / "catalogue.sqlite")
    asked = queries(words_by_share(catalogue.db))
    kept = Memo()
    print(f"facts of all items read in {timed(lambda: kept.answers.facts(catalogue.db))[0]:.0f} ms")
    for word in random.Random(2).sample(made_up.WORDS[3000:8000], 3 * QUERIES):  # a process that has been asked before
        page(folder, kept, word, "date")
    print(f"{'':34} {'hits':>8}  {'newest first':>33}  {'best first':>33}")
    print(f"{'p50 and p95, ms':34} {'':8}  {'first':>15}   {'again':>15}  {'first':>15}   {'again':>15}")
    for name, texts in asked.items():
        row, hits = [], 0
        for sort in ("date", "relevance"):
            fresh = Memo()
            fresh.answers._facts = kept.answers._facts
            first = [timed(lambda text=text: page(folder, fresh, text, sort)) for text in texts]  # noqa: B023
            again = []
            for _ in range(ROUNDS):
                time.sleep(0.3)  # records arrive
                again += [timed(lambda text=text: page(folder, fresh, text, sort))[0] for text in texts]  # noqa: B023
            hits = round(statistics.median(total for _, total in first))
            row += [shown([took for took, _ in first]), shown(again)]
            kept = fresh
        print(f"{name:34} {hits:8}  {row[0]}   {row[1]}  {row[2]}   {row[3]}", flush=True)


def visible(folder: Path) -> None:
    """From a committed record to a page with it, in a process that keeps answers."""
    writer, kept = Catalogue(folder / "catalogue.sqlite", write=True), Memo()
    page(folder, kept, "تازه‌رسیده", "date")
    took = []
    for record in arriving(30):
        record.title = f"تازه‌رسیده {record.title}"
        writer.store(record)
        writer.commit()
        took.append(timed(lambda: page(folder, kept, "تازه‌رسیده", "date")))
    print(f"a new record is on the page of results after {shown([t for t, _ in took])} ms; last total {took[-1][1]}")


def arriving(count: int):
    stamp = time.time_ns()
    for number, (record, _) in enumerate(islice(made_up.records(count + 1), count)):
        record.id, record.code = f"{record.portal}:9{stamp}{number}", f"9{stamp}{number}"
        record.capture = Capture("w", 0, 1, f"urn:{stamp}:{number}", "", "2026-01-01T00:00:00Z", 200, None)
        yield record


def write(path: Path) -> None:
    """What a crawl does to the catalogue: ten records a second, a commit each second."""
    catalogue = Catalogue(path, write=True)
    took = []
    for number, record in enumerate(arriving(10_000), 1):
        took.append(timed(lambda record=record: catalogue.store(record))[0])
        if number % 10 == 0:
            catalogue.commit()
            print(f"{statistics.median(took):.2f}", flush=True)
            time.sleep(0.9)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("records", nargs="?", type=int, default=200_000)
    arguments.add_argument("--folder", type=Path, default=Path("/tmp/bayegan-bench"))
    arguments.add_argument("--still", action="store_true", help="nothing arrives meanwhile")
    arguments.add_argument("--write", action="store_true", help=argparse.SUPPRESS)
    arguments.add_argument("--cpu", action="store_true", help="CPU time instead of time")
    options = arguments.parse_args()
    CLOCK[0] = time.process_time if options.cpu else time.perf_counter
    folder = options.folder / str(options.records)
    path = folder / "catalogue.sqlite"
    if options.write:
        write(path)
        return
    if not path.exists():
        made_up.build(folder, options.records)
    command = [sys.executable, "-m", "benchmarks.search", str(options.records), "--folder", str(options.folder)]
    writer = None if options.still else subprocess.Popen([*command, "--write"], stdout=subprocess.DEVNULL)
    try:
        measure(folder)
    finally:
        if writer:
            writer.terminate()
            writer.wait()
    visible(folder)


if __name__ == "__main__":
    main()
