"""What a crawl has to fetch because of what the collection holds: items due for another look, codes and tags to try.

Rows are made inside SQLite, so that a million of them take no memory.
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urljoin

from archive.coverage import NUMBER
from archive.jalali import jalali_text
from scraper.dialects import DIALECTS, GENERIC
from scraper.frontier import host_of
from scraper.priorities import PRIORITY

if TYPE_CHECKING:
    from archive.catalogue import Catalogue
    from archive.offices import Office

_SECOND_LOOK = 1.0  # days after a look that found nothing
_FAILURES = 10  # crawls in which an item may fail before it is tried no more, unless a listing names it again
_PASSING = "('challenge', 'robots-unreachable')"  # refusals that may be over by the next crawl
_QUEUED = "INSERT OR IGNORE INTO frontier (crawl, key, url, role, office, portal, dialect, host, path, priority, state)"


def queue_due(
    catalogue: Catalogue,
    crawl: str,
    offices: Sequence[Office],
    days: Sequence[float] | None,
    now: dt.datetime,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> int:
    """Queue the items of some offices that are due for another look. Returns how many.

    An item is due when it has reached one of the ages and was not looked at since, or a day after a look that found
    nothing.

    Args:
        days: ages in days since an item was first seen; None makes every item due.
        since, until: days of publication, first and last.
    """
    due, values = _due(days, now)
    places = ",".join("?" * len(offices))
    portals = sorted({office.portal for office in offices})
    catalogue.begin()
    _teach(catalogue)
    return catalogue.db.execute(
        f"{_QUEUED} SELECT ?, id, url, 'item', office, portal, dialect, host_of(url),"  # noqa: S608
        f" 'recheck', {PRIORITY['recheck']}, 'queued'"
        " FROM (SELECT id, portal, coalesce(office, '') AS office,"
        "  json_extract(CAST(record AS TEXT), '$.url') AS url,"
        "  coalesce(json_extract(CAST(record AS TEXT), '$.extractor.dialect'), 'generic') AS dialect"
        "  FROM items WHERE docid IN (SELECT docid FROM items"
        f"   WHERE (office IN ({places}) OR (office IS NULL AND portal IN ({','.join('?' * len(portals))})))"
        f"   AND (published_jalali IS NULL OR published_jalali BETWEEN ? AND ?) AND ({due})))",
        (
            crawl,
            *(office.id for office in offices),
            *portals,
            jalali_text(since) if since else "",
            jalali_text(until) if until else "9999",
            *values,
        ),
    ).rowcount


def _due(days: Sequence[float] | None, now: dt.datetime) -> tuple[str, list[str | float]]:
    if days is None:
        return "1", []
    reached = "(julianday(?) - julianday(first_seen) >= ? AND julianday(checked) - julianday(first_seen) < ?)"
    missed = "(missed = 1 AND julianday(?) - julianday(checked) >= ?)"
    at = now.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
    values: list[str | float] = [value for day in days for value in (at, day, day)]
    return " OR ".join([*[reached] * len(days), missed]), [*values, at, _SECOND_LOOK]


def queue_failed(catalogue: Catalogue, crawl: str, offices: Sequence[Office]) -> int:
    """Queue the items that an earlier crawl could not get and that are still not recorded. Returns how many."""
    catalogue.begin()
    return catalogue.db.execute(
        f"{_QUEUED} SELECT ?, key, url, 'item', office, portal, dialect, host, path, {PRIORITY['recheck']}, 'queued'"  # noqa: S608
        " FROM frontier f WHERE role = 'item' AND coalesce(outcome, '') <> 'known'"
        f" AND (outcome = 'failed' OR (outcome = 'refused' AND reason IN {_PASSING})) AND crawl <> ?"
        f" AND office IN ({','.join('?' * len(offices))})"
        " AND NOT EXISTS (SELECT 1 FROM items WHERE id = f.key)"
        " AND NOT EXISTS (SELECT 1 FROM absent WHERE item = f.key)"
        f" GROUP BY key HAVING count(*) <= {_FAILURES}",
        (crawl, crawl, *(office.id for office in offices)),
    ).rowcount


def queue_gaps(catalogue: Catalogue, crawl: str, offices: Sequence[Office], most: int) -> dict[str, tuple[int, int]]:
    """Queue the codes between the lowest and the highest known one of which nothing is known, newest first.

    Args:
        most: codes to queue a portal; what is left is for the next sweep.

    Returns, by portal, how many were queued and how many are left. A portal whose address grammar cannot be written
    down from a code alone is not swept, and not in the answer.
    """
    queued = {}
    for portal, office, dialect in _portals(catalogue, offices):
        template = DIALECTS.get(dialect, GENERIC).seeds.item
        low, high = code_range(catalogue, portal)
        if template is None or high <= low:
            continue
        url = urljoin(office.url, template)
        fixed = (office.id, portal, dialect, host_of(url), PRIORITY["sweep"])
        known = _known_codes(catalogue, portal, low, high)
        codes = list(islice(_between(high + 1, known), most))
        catalogue.begin()
        added = catalogue.db.executemany(
            f"{_QUEUED} VALUES (?, ?, ?, 'item', ?, ?, ?, ?, 'sweep', ?, 'queued')",
            ((crawl, f"{portal}:{code}", url.replace("{code}", str(code)), *fixed) for code in codes),
        ).rowcount
        queued[portal] = (added, high - low + 1 - len(known) - len(codes))  # earlier runs have queued the rest of them
    return queued


def _known_codes(catalogue: Catalogue, portal: str, low: int, high: int) -> array[int]:
    """The codes of a range of which something is known, descending."""
    rows = catalogue.db.execute(
        "SELECT DISTINCT CAST(substr(id, :skip) AS INTEGER) AS n FROM (SELECT id FROM items WHERE portal = :portal"
        " UNION ALL SELECT item FROM absent WHERE item >= :portal || ':' AND item < :portal || ';')"
        " WHERE substr(id, :skip) NOT GLOB '*[^0-9]*' AND n BETWEEN :low AND :high ORDER BY n DESC",
        {"portal": portal, "skip": len(portal) + 2, "low": low, "high": high},
    )
    return array("q", (code for (code,) in rows))


def _between(above: int, known: Iterable[int]) -> Iterator[int]:
    """The numbers below one that lie between known ones (descending), however far apart these are."""
    for code in known:
        yield from range(above - 1, code, -1)
        above = code


def queue_tags(catalogue: Catalogue, crawl: str, offices: Sequence[Office], most: int) -> int:
    """Queue the tag pages of the most used tags of each portal, where its system has such pages. Returns how many."""
    queued = 0
    for portal, office, dialect in _portals(catalogue, offices):
        template = DIALECTS.get(dialect, GENERIC).seeds.tag
        if template is None:
            continue
        tags = catalogue.db.execute(
            "SELECT value FROM items, json_each(CAST(record AS TEXT), '$.tags') WHERE portal = ?"
            " GROUP BY value ORDER BY count(*) DESC, value LIMIT ?",
            (portal, most),
        ).fetchall()
        catalogue.begin()
        for (tag,) in tags:
            url = urljoin(office.url, template.format(tag=quote_plus(tag)))
            queued += catalogue.db.execute(
                f"{_QUEUED} VALUES (?, ?, ?, 'listing', ?, ?, ?, ?, 'tag', {PRIORITY['tag']}, 'queued')",
                (crawl, url, url, office.id, portal, dialect, host_of(url)),
            ).rowcount
    return queued


def code_range(catalogue: Catalogue, portal: str) -> tuple[int, int]:
    """The lowest and the highest known code of a portal, of those that are numbers; (0, -1) when there is none."""
    low, high = catalogue.db.execute(
        "SELECT min(CAST(code AS INTEGER)), max(CAST(code AS INTEGER)) FROM items"  # noqa: S608
        f" WHERE portal = ? AND {NUMBER.format('code')}",
        (portal,),
    ).fetchone()
    return (low, high) if low is not None else (0, -1)


def _portals(catalogue: Catalogue, offices: Sequence[Office]) -> Iterator[tuple[str, Office, str]]:
    """Each portal with the first of its offices, and the system that it is read with."""
    for portal in sorted({office.portal for office in offices}):
        office = next(o for o in offices if o.portal == portal)
        yield portal, office, _dialect(catalogue, office)


def _dialect(catalogue: Catalogue, office: Office) -> str:
    """The system an office's newest record was read with; what the offices file says when there is none."""
    row = catalogue.db.execute(
        "SELECT json_extract(CAST(record AS TEXT), '$.extractor.dialect') FROM items WHERE portal = ?"
        " ORDER BY docid DESC LIMIT 1",
        (office.portal,),
    ).fetchone()
    return row[0] if row and row[0] else office.dialect


def _teach(catalogue: Catalogue) -> None:
    catalogue.db.create_function("host_of", 1, host_of, deterministic=True)
