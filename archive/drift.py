"""Whether a site has changed: the fill rates of a crawl against the office's own past.

While a crawl runs a `Tally` counts, per office, on how many pages each field was filled; the counts are written in the
transaction that stores the records. `compare` puts the newest pages beside those before them.

The rule: at least 10 pages on both sides (a crawl with fewer borrows from the ones before it), a change of at least 30
points (10 for pages that give no record), and a chance below one in ten thousand that it is none (Fisher's exact test,
one-sided). That is small because there are many numbers: 62 offices have some 700 in each crawl.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import comb

from archive.catalogue import Catalogue
from archive.record import NewsRecord

FIELDS = "kicker lead body published published_raw province categories tags images authors".split()
"""Fields that are counted. `province` counts when the page itself names it, not the office or the host."""

_LEAST = 10
_ENOUGH = 300
"""Pages of the past to compare with; more of it would hold on to what a site was years ago."""
_MOST_CRAWLS = 400
"""Crawls of an office that are kept and looked through: enough for `_ENOUGH` pages that come one by one."""
_POINTS, _POINTS_REFUSED = 0.3, 0.1
_CHANCE = 0.0001
_SCALE = 1000

_PAGE, _SYSTEM, _BLOCK = "page", "system:", "block:"
_LONGEST_BLOCK = 120
_BLOCK_SHARE = 0.1
_REMEMBERED = 200_000
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing in which a site is not what it was. Shares are of its pages, from 0 to 1."""

    office: str
    what: str
    """A field that is filled less often; `refused`, `system` or `block`: a line that many pages have now."""
    detail: str
    """Of a system: the old and the new one; of a block: its text."""
    before: float
    now: float
    pages: int
    """How many pages `now` is counted on."""
    example: str | None
    """The address of a page that shows it."""

    @property
    def sentence(self) -> str:
        """What a person should know of it, without «this site changed»."""
        told = {
            "refused": f"{self.now:.0%} of {self.pages} pages gave no record, {self.before:.0%} before",
            "system": f"its content system is another one ({self.detail})",
            "block": f"a new line stands on {self.now:.0%} of {self.pages} pages: «{self.detail}»",
        }
        usual = f"{self.what} is on {self.now:.0%} of {self.pages} pages, {self.before:.0%} before"
        where = f". See `bayegan doctor {self.example}`" if self.example else ""
        return f"{self.office}: {told.get(self.what, usual)}{where}"


@dataclass(slots=True)
class _Count:
    filled: int = 0
    total: int = 0
    example: str | None = None


@dataclass(slots=True)
class _Lines:
    """The lines of an office's pages in this run: digest → pages."""

    pages: int = 0
    seen: dict[bytes, int] = field(default_factory=dict)
    told: set[bytes] = field(default_factory=set)


class Tally:
    """Counts pages until `flush` writes what has come together."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], _Count] = {}
        self._lines: dict[str, _Lines] = {}
        self._remembered = 0

    def page(self, office: str, url: str, system: str | None, record: NewsRecord | None) -> None:
        """Count one item page, read by the rules of a content system; without a record it was refused."""
        self._add(office, _PAGE, record is not None, url)
        if record is None:
            return
        if system:
            self._add(office, _SYSTEM + system, True, url).example = url
        for name in FIELDS:
            self._add(office, name, _is_filled(record, name), url)
        self._learn(office, url, record.body)

    def _add(self, office: str, name: str, filled: bool, url: str) -> _Count:
        count = self._counts.setdefault((office, name), _Count())
        count.filled += filled
        count.total += 1
        if not filled:
            count.example = url
        return count

    def _learn(self, office: str, url: str, body: str) -> None:
        """Count each line once a page; those that many pages have, whatever their numbers, are written down."""
        lines = self._lines.setdefault(office, _Lines())
        lines.pages += 1
        for text in {_NUMBER.sub("0", line)[:_LONGEST_BLOCK] for line in body.split("\n")}:
            mark = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
            pages = lines.seen.get(mark, 0) + 1
            self._remembered += pages == 1
            lines.seen[mark] = pages
            if mark in lines.told or pages >= max(2, lines.pages * _BLOCK_SHARE):
                count = self._counts.setdefault((office, _BLOCK + text), _Count(example=url))
                count.filled += 1 if mark in lines.told else pages
                lines.told.add(mark)
        if self._remembered > _REMEMBERED:
            self._forget()

    def _forget(self) -> None:
        """Lines that came once go first."""
        for lines in self._lines.values():
            lines.seen = {mark: pages for mark, pages in lines.seen.items() if pages > 1}
        self._remembered = sum(len(lines.seen) for lines in self._lines.values())

    def flush(self, catalogue: Catalogue, crawl: str) -> None:
        """Add what was counted since the last time to the open transaction."""
        if not self._counts:
            return
        catalogue.begin()
        catalogue.db.executemany(
            "INSERT INTO fills VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET filled = filled + excluded.filled,"
            " total = total + excluded.total, example = coalesce(excluded.example, example)",
            [(office, name, crawl, c.filled, c.total, c.example) for (office, name), c in self._counts.items()],
        )
        self._counts.clear()


def forget(catalogue: Catalogue, crawl: str) -> None:
    """Drop what is too old to be compared with, of the offices of a crawl, in the open transaction."""
    catalogue.begin()
    catalogue.db.execute(
        "DELETE FROM fills WHERE office IN (SELECT office FROM fills WHERE field = :page AND crawl = :crawl)"
        " AND crawl < (SELECT crawl FROM fills AS f WHERE f.office = fills.office AND f.field = :page"
        " ORDER BY crawl DESC LIMIT 1 OFFSET :most)",
        {"page": _PAGE, "crawl": crawl, "most": _MOST_CRAWLS - 1},
    )


def _is_filled(record: NewsRecord, name: str) -> bool:
    if name == "province":
        return record.province_source in {"breadcrumb", "dateline", "title"}
    return bool(getattr(record, name))


# --- comparing --------------------------------------------------------------------------------------------------


def compare(catalogue: Catalogue, crawl: str) -> list[Drift]:
    """Say in what the sites of a crawl's offices have changed, seen from that crawl: later ones are left out."""
    offices = catalogue.db.execute(
        "SELECT DISTINCT office FROM fills WHERE crawl = ? AND field = ? ORDER BY office", (crawl, _PAGE)
    )
    found = [drift for (office,) in offices.fetchall() for drift in _office(catalogue, office, crawl)]
    return [*_home_pages(catalogue, crawl), *found]


def _home_pages(catalogue: Catalogue, crawl: str) -> Iterator[Drift]:
    """Offices whose home page is of another system than the offices file says; the spider counts them."""
    row = catalogue.db.execute("SELECT counts FROM crawls WHERE id = ?", (crawl,)).fetchone()
    for key in json.loads(row[0]) if row else ():
        what, *told = key.split("/")
        if what == "dialect-changed" and len(told) == 3:  # noqa: PLR2004 - office, old, new
            office, old, new = told
            url = catalogue.db.execute(
                "SELECT url FROM frontier WHERE crawl = ? AND office = ? AND role = 'home'", (crawl, office)
            ).fetchone()
            yield Drift(office, "system", f"{old} → {new}", 1.0, 0.0, 1, url and url[0])


def _office(catalogue: Catalogue, office: str, crawl: str) -> Iterator[Drift]:
    sides = _sides(catalogue, office, crawl)
    if sides is None:
        return
    newest, since = sides
    now, past = _counts(catalogue, office, newest, f"{crawl}~"), _counts(catalogue, office, since, newest)
    pages, pages_before = now[_PAGE], past[_PAGE]
    read, read_before = pages.filled, pages_before.filled
    if _dropped(pages, pages_before, _POINTS_REFUSED):
        yield Drift(office, "refused", "", 1 - _share(pages_before), 1 - _share(pages), pages.total, pages.example)
    for name in FIELDS:
        if name in now and name in past and _dropped(now[name], past[name], _POINTS):
            count = now[name]
            yield Drift(office, name, "", _share(past[name]), _share(count), count.total, count.example)
    if (usual := _usual(past)) and (other := _usual(now, usual)):
        kept, kept_before = (side.get(usual, _Count()).filled for side in (now, past))
        if _dropped(_Count(kept, read), _Count(kept_before, read_before), _POINTS):
            detail = f"{usual.removeprefix(_SYSTEM)} → {other.removeprefix(_SYSTEM)}"
            yield Drift(office, "system", detail, kept_before / read_before, kept / read, read, now[other].example)
    yield from _blocks(office, now, past, read, read_before)


def _blocks(
    office: str, now: dict[str, _Count], past: dict[str, _Count], read: int, read_before: int
) -> Iterator[Drift]:
    """Lines that were rare and stand on many pages now: their absence has dropped."""
    for name, count in now.items():
        if name.startswith(_BLOCK):
            before = past.get(name, _Count()).filled
            if _dropped(_Count(read - count.filled, read), _Count(read_before - before, read_before), _POINTS):
                share = before / read_before, count.filled / read
                yield Drift(office, "block", name.removeprefix(_BLOCK), *share, read, count.example)


def _sides(catalogue: Catalogue, office: str, crawl: str) -> tuple[str, str] | None:
    """The first crawl of the newest pages, and the first of those before them; None when one side has too few.

    Ids of crawls begin with their time, so that their order is that of the crawls.
    """
    rows = catalogue.db.execute(
        "SELECT crawl, total FROM fills WHERE office = ? AND field = ? AND crawl <= ? ORDER BY crawl DESC LIMIT ?",
        (office, _PAGE, crawl, _MOST_CRAWLS),
    )
    now = past = 0
    newest = since = ""
    for id_, pages in rows:
        if now < _LEAST:
            now, newest = now + pages, id_
        elif past < _ENOUGH:
            past, since = past + pages, id_
    return (newest, since) if now >= _LEAST and past >= _LEAST else None


def _counts(catalogue: Catalogue, office: str, first: str, last: str) -> dict[str, _Count]:
    """What was counted from one crawl on, up to another that is not in it."""
    rows = catalogue.db.execute(
        "SELECT field, sum(filled), sum(total), max(example) FROM fills"
        " WHERE office = ? AND crawl >= ? AND crawl < ? GROUP BY field",
        (office, first, last),
    )
    return {name: _Count(filled, total, example) for name, filled, total, example in rows}


def _usual(counts: dict[str, _Count], other_than: str = "") -> str | None:
    systems = [name for name in counts if name.startswith(_SYSTEM) and name != other_than]
    return max(systems, key=lambda name: counts[name].filled, default=None)


def _share(count: _Count) -> float:
    return round(count.filled / count.total, 3) if count.total else 0.0


def _dropped(now: _Count, past: _Count, points: float) -> bool:
    if not (now.total and past.total) or past.filled / past.total - now.filled / now.total < points:
        return False
    return _chance(now, past) < _CHANCE


def _chance(now: _Count, past: _Count) -> float:
    """The chance of so few filled pages now if nothing has changed: Fisher's exact test, one-sided."""
    now, past = _scaled(now), _scaled(past)
    filled, empty = now.filled + past.filled, now.total + past.total - now.filled - past.filled
    fewer = range(max(0, now.total - empty), now.filled + 1)
    ways = sum(comb(filled, k) * comb(empty, now.total - k) for k in fewer)
    return ways / comb(filled + empty, now.total)


def _scaled(count: _Count) -> _Count:
    """At most a thousand pages: the numbers of the test stay small, and nothing is judged more surely for it."""
    if count.total <= _SCALE:
        return count
    return _Count(round(count.filled * _SCALE / count.total), _SCALE)
