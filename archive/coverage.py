"""The ledger of coverage: what is known of every code of a portal, and what the sites list against what we have."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

NUMBER = "{0} NOT GLOB '*[^0-9]*' AND length({0}) < 16"
"""Of a code that is a number; codes that are not have no neighbours and no gaps."""

STATES = ("recorded", "gone", "missing", "absent", "unknown")
"""What is known of a code: we have its record; we have it and its site withdrew it, or a site lists it and no longer
has it; a site lists it and we lack it; it was tried and there is nothing; nobody has looked."""


@dataclass(slots=True)
class Run:
    """Codes that follow each other and are in one state, both ends included."""

    first: int
    last: int
    state: str


@dataclass(slots=True)
class PortalLedger:
    """The codes of one portal from the lowest to the highest seen. `other` counts codes that are no numbers."""

    portal: str
    lowest: int | None
    highest: int | None
    states: dict[str, int]
    other: int
    runs: list[Run] = field(default_factory=list)


@dataclass(slots=True)
class Month:
    """A Jalali month of one office: items that its listings name, and how many of them we have.

    `month` is YYYY-MM, empty for items of which no date is known.
    """

    office: str
    month: str
    listed: int
    recorded: int


@dataclass(slots=True)
class Missing:
    """An item that a listing names and that we lack, with the word for why."""

    id: str
    office: str
    day: str
    url: str | None
    reason: str


@dataclass(slots=True)
class Ledger:
    """Everything that is known about what is there and what is not."""

    portals: list[PortalLedger]
    months: list[Month]
    missing: list[Missing]


def ledger(db: sqlite3.Connection) -> Ledger:
    """Count what a collection has against what its sites have listed and what was tried."""
    portals = [portal for (portal,) in db.execute("SELECT DISTINCT portal FROM items ORDER BY 1")]
    return Ledger([_portal(db, portal) for portal in portals], months_of(db), missing(db))


def _portal(db: sqlite3.Connection, portal: str) -> PortalLedger:
    runs = list(_runs(_codes(db, portal)))
    states = dict.fromkeys(STATES, 0)
    for run in runs:
        states[run.state] += run.last - run.first + 1
    other = db.execute(
        f"SELECT count(*) FROM items WHERE portal = ? AND NOT ({NUMBER.format('code')})",  # noqa: S608
        (portal,),
    ).fetchone()[0]
    lowest, highest = (runs[0].first, runs[-1].last) if runs else (None, None)
    return PortalLedger(portal, lowest, highest, states, other, runs)


def _codes(db: sqlite3.Connection, portal: str) -> Iterator[tuple[int, str]]:
    """Every known code with its state, ascending, from the lowest to the highest that is recorded or listed."""
    number = NUMBER.format("code")
    rows = db.execute(
        "WITH named AS (SELECT DISTINCT item, substr(item, :skip) AS code FROM listed WHERE item LIKE :of),"  # noqa: S608
        " tried AS (SELECT item, substr(item, :skip) AS code FROM absent WHERE item LIKE :of)"
        " SELECT CAST(code AS INTEGER) AS n, min(state) FROM ("
        "  SELECT code, CASE status WHEN 'gone' THEN '1' ELSE '0' END AS state FROM items"
        f" WHERE portal = :portal AND {number} UNION ALL"
        "  SELECT code, CASE WHEN item IN (SELECT item FROM absent) THEN '1' ELSE '2' END FROM named"
        f" WHERE {number} UNION ALL SELECT code, '3' FROM tried WHERE {number}) GROUP BY n ORDER BY n",
        {"portal": portal, "of": f"{portal}:%", "skip": len(portal) + 2},
    )
    tried: list[tuple[int, str]] = []  # codes beyond those seen are not between the lowest and the highest
    begun = False
    for code, state in rows:
        if state == "3":
            if begun:
                tried.append((code, STATES[3]))
            continue
        begun = True
        yield from tried
        tried.clear()
        yield code, STATES[int(state)]


def _runs(codes: Iterator[tuple[int, str]]) -> Iterator[Run]:
    """Join neighbours of one state; what lies between is unknown."""
    with_gaps = _with_gaps(codes)
    for state, run in groupby(with_gaps, key=lambda span: span[2]):
        spans = list(run)
        yield Run(spans[0][0], spans[-1][1], state)


def _with_gaps(codes: Iterator[tuple[int, str]]) -> Iterator[tuple[int, int, str]]:
    expected: int | None = None
    for code, state in codes:
        if expected is not None and code > expected:
            yield expected, code - 1, "unknown"
        yield code, code, state
        expected = code + 1


def months_of(db: sqlite3.Connection) -> list[Month]:
    """What the offices' listings name by month, and how much of it we have."""
    rows = db.execute(
        "SELECT l.office, substr(coalesce(i.published_jalali, l.day), 1, 7), count(*), count(i.id)"
        " FROM listed l LEFT JOIN items i ON i.id = l.item GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return [Month(*row) for row in rows]


def missing(db: sqlite3.Connection) -> list[Missing]:
    """What the sites list and we lack, by office and day."""
    rows = db.execute(
        "SELECT l.item, l.office, l.day, (SELECT min(url) FROM addresses WHERE item = l.item), a.reason,"
        " (SELECT CASE state WHEN 'done' THEN coalesce(outcome, '') || ' ' || coalesce(reason, '') ELSE 'waiting' END"
        "  FROM frontier WHERE key = l.item AND role = 'item' AND coalesce(outcome, '') <> 'known'"
        "  ORDER BY id DESC LIMIT 1)"
        " FROM listed l LEFT JOIN items i ON i.id = l.item LEFT JOIN absent a ON a.item = l.item"
        " WHERE i.id IS NULL ORDER BY l.office, l.day, l.item"
    )
    return [
        Missing(item, office, day, url, absent or (fetch or "").strip() or "not-fetched")
        for item, office, day, url, absent, fetch in rows
    ]
