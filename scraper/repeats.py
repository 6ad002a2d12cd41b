"""The second line of defence: blocks that come again and again on pages of one site belong to no item.

Pure: whoever calls keeps the tallies, gives out the frozen set, and takes the same set for the same captures again, so
that a page read twice gives the same record.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

from archive.persian import fold

_SHORTEST = 4
"""Letters of a block that can be told from an everyday word."""

_MOST_REMEMBERED = 50_000
_NUMBER = re.compile(r"\d+")


def fingerprint(text: str) -> bytes:
    """Eight bytes for a block, the same for every spelling and every number in it."""
    return hashlib.blake2b(_NUMBER.sub("0", fold(text)).encode("utf-8", "replace"), digest_size=8).digest()


class Repeats:
    """On how many pages of one site each block was seen."""

    def __init__(self) -> None:
        self.pages = 0
        self.seen: Counter[bytes] = Counter()

    def learn(self, blocks: Iterable[str]) -> None:
        """Take in the blocks of one page, each once: all of them, boilerplate too."""
        self.pages += 1
        self.seen.update({fingerprint(text) for text in blocks if len(text) >= _SHORTEST})
        if len(self.seen) > _MOST_REMEMBERED:  # what came once and long ago is forgotten first
            self.seen = Counter(dict(self.seen.most_common(_MOST_REMEMBERED // 2)))

    def learnt(self, *, least_pages: int = 5, share: float = 0.3) -> frozenset[bytes]:
        """Fingerprints of the blocks on at least so many pages, and on this share of all of them."""
        least = max(least_pages, self.pages * share)
        return frozenset(mark for mark, pages in self.seen.items() if pages >= least)
