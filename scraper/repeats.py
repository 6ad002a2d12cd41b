"""The second line of defence: lines that come again and again on pages of one site belong to no item.

They are learnt from the records that a collection holds when a crawl begins. What was learnt is written into the
warcinfo record of every file of that crawl, so that a page read again gives the same record.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from archive.persian import fold
from archive.record import NewsRecord, from_json
from scraper.boilerplate import wipe
from scraper.dialects import GENERIC

if TYPE_CHECKING:
    from archive.catalogue import Catalogue
    from scraper.blocks import Block

REMOVED = "removed, since many pages of the site have it: "
"""How a warning begins that names such a line. With the line it tells what the page held before."""

_LEAST_PAGES = 5
_LEAST_SHARE = 0.3
_SHORTEST = 4  # letters of a line that can be told from an everyday word
_LATEST = 500  # records looked at: a site that gives up a line is followed, and a crawl begins at once
_NUMBER = re.compile(r"\d+")


def fingerprint(line: str) -> bytes:
    """Eight bytes for a line, the same for every spelling and every number in it."""
    return hashlib.blake2b(_NUMBER.sub("0", fold(line)).encode("utf-8", "replace"), digest_size=8).digest()


@lru_cache(maxsize=64)
def fingerprints(lines: tuple[str, ...]) -> frozenset[bytes]:
    """Of all these lines."""
    return frozenset(map(fingerprint, lines))


def learn(pages: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """The lines that repeat on the pages of one site, each in one of its spellings, sorted.

    A line repeats that stands on at least five pages and on 30 % of all.
    """
    seen: Counter[bytes] = Counter()
    spelt: dict[bytes, str] = {}
    number = 0
    for lines in pages:
        number += 1
        marks = {fingerprint(line): line for line in lines if len(line) >= _SHORTEST}
        seen.update(marks.keys())
        spelt = marks | spelt
    least = max(_LEAST_PAGES, number * _LEAST_SHARE)
    return tuple(sorted(spelt[mark] for mark, pages_with_it in seen.items() if pages_with_it >= least))


def learn_all(catalogue: Catalogue, portals: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """What the pages of each portal repeat, as far as the generic profile has read them; portals without are left out.

    What earlier crawls removed counts as seen: a line is not forgotten because it is removed.
    """
    found = {portal: learn(map(lines_before, _latest(catalogue, portal))) for portal in sorted(set(portals))}
    return {portal: lines for portal, lines in found.items() if lines}


def strip_repeated(
    found: list[Block], repeated: frozenset[bytes], warnings: list[str], removed: Counter[str]
) -> list[Block]:
    """Return the blocks that are not known to repeat. What goes is counted as `learnt`, wiped and named."""
    kept = []
    for block in found:
        if fingerprint(block.text) in repeated:
            removed["learnt"] += 1
            wipe(block)
            warnings.append(REMOVED + block.text)
        else:
            kept.append(block)
    return kept


def removed_lines(record: NewsRecord) -> list[str]:
    """The lines that were taken out of a record because they repeat."""
    return [warning.removeprefix(REMOVED) for warning in record.warnings if warning.startswith(REMOVED)]


def lines_before(record: NewsRecord) -> list[str]:
    """The lines of a text as they were before anything learnt was removed."""
    return record.body.split("\n") + removed_lines(record)


def _latest(catalogue: Catalogue, portal: str) -> Iterable[NewsRecord]:
    rows = catalogue.db.execute(
        "SELECT record FROM items WHERE docid IN"
        " (SELECT docid FROM items WHERE id >= ? AND id < ? ORDER BY docid DESC LIMIT ?) ORDER BY docid",
        (f"{portal}:", f"{portal};", _LATEST),  # the semicolon follows the colon
    )
    records = (from_json(body) for (body,) in rows)
    return (record for record in records if record.extractor and record.extractor.dialect == GENERIC.name)
