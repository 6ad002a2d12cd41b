"""How fast a rebuild is: beside extracting the same captures in one process, without storing them.

    python -m benchmarks.rebuild [--items 10000]

Crawls a local portal of that many items an organisation (without pictures), dumps, rebuilds, dumps again, compares.
"""

from __future__ import annotations

import argparse
import filecmp
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from archive import warc
from archive.collection import open_collection
from archive.dump import dump
from benchmarks.crawl import bayegan, served
from scraper.rebuild import rebuild
from scraper.reextract import interpret, read_warc


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--items", type=int, default=10_000, help="items of each organisation")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served(folder, chosen.items):
            subprocess.run(bayegan(folder, "c", "-s", "BAYEGAN_IMAGES=0"), check=True, stdout=subprocess.DEVNULL)
        collection = folder / "c"
        dump(open_collection(collection), folder / "before")
        begun = time.perf_counter()
        records = sum(
            interpret(c).record is not None for path in warc.warc_files(collection) for c in read_warc(collection, path)
        )
        alone = time.perf_counter() - begun
        begun = time.perf_counter()
        rebuilt = rebuild(collection)
        wall = time.perf_counter() - begun
        dump(open_collection(collection), folder / "after")
        compared = filecmp.dircmp(folder / "before", folder / "after")
        print(f"{rebuilt.captures} captures, {rebuilt.records} records")
        print(f"extraction alone, one process: {records / alone:6.0f} records/s ({alone:.1f} s)")
        print(f"rebuild, two processes, stored: {rebuilt.records / wall:5.0f} records/s ({wall:.1f} s)")
        print(f"dumps before and after are {'identical' if identical(compared) else 'DIFFERENT'}")


def identical(compared: filecmp.dircmp[str]) -> bool:
    _, different, strange = filecmp.cmpfiles(compared.left, compared.right, compared.common_files, shallow=False)
    clean = not (different or strange or compared.left_only or compared.right_only)
    return clean and all(identical(below) for below in compared.subdirs.values())


if __name__ == "__main__":
    sys.exit(main())
