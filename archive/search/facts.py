"""What all items can be counted by, side by side in memory: place, kind, status, story; by row id.

A join of many hits with the rows of `items`, which are as wide as their texts, takes a hundred times as long.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", np.int32, np.int64)
Rows = NDArray[np.int64]
"""Row ids, ascending."""


class Kin(NamedTuple):
    """The facts that many items have in common."""

    organisation: str | None
    province: str | None
    office: str | None
    kind: str | None
    status: str | None


class Table(NamedTuple):
    """Row ids, and beside each the numbers of its kin and of its story. Story 0 is none; kin -1 of a row is gone."""

    rows: Rows
    kin: NDArray[np.int32]
    story: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of every item: as they were read, and what changed since, which is little.

    So what is new can be counted without copying all. `kins` and `stories` give the numbers, from 0 on.
    """

    read: Table
    since: Table
    kins: dict[Kin, int]
    stories: dict[str, int]

    def of(self, rows: Rows) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The kin and the story of rows, which are ascending and exist."""
        if rows is self.read.rows and not len(self.since.rows):
            return self.read.kin, self.read.story
        at = np.minimum(np.searchsorted(self.read.rows, rows), len(self.read.rows) - 1)
        kin, story = self.read.kin[at], self.read.story[at]
        at, there = places(rows, self.since.rows)
        there &= self.since.kin >= 0  # who reads in no transaction may ask for what is gone
        kin[at[there]], story[at[there]] = self.since.kin[there], self.since.story[there]
        return kin, story


_KIN = ", ".join(Kin._fields)
_NOTHING = Table(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))
_MUCH = 1000
"""So many changed rows are put in among the others: a copy of all, which takes longer than it is worth for fewer."""


def load(db: sqlite3.Connection) -> Facts:
    """Read the facts of all items: one group after the other, from an index."""
    kins: list[Kin] = []
    parts: list[Rows] = []
    for *values, rowids in db.execute(f"SELECT {_KIN}, group_concat(docid) FROM items GROUP BY {_KIN}"):  # noqa: S608
        kins.append(Kin(*values))
        parts.append(numbers(rowids))
    rows = np.concatenate([*parts, np.empty(0, np.int64)])
    kin = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part) for part in parts])
    order = np.argsort(rows, kind="stable")
    rows, kin = rows[order], kin[order]
    story = np.zeros(len(rows), np.int32)
    names = {"": 0}
    told = "SELECT story, group_concat(docid) FROM sketches WHERE story IS NOT NULL GROUP BY story"
    for name, docids in db.execute(told):
        names[name] = len(names)
        story[np.searchsorted(rows, numbers(docids))] = names[name]
    return Facts(Table(rows, kin, story), _NOTHING, {kin: number for number, kin in enumerate(kins)}, names)


def renew(db: sqlite3.Connection, old: Facts, changed: Rows) -> Facts:
    """Read the facts of a few row ids anew."""
    kins, stories = old.kins, old.stories
    fresh: list[tuple[int, int]] = []
    for docid in changed.tolist():
        values = db.execute(f"SELECT {_KIN} FROM items WHERE docid = ?", (docid,)).fetchone()  # noqa: S608
        if values is None:
            fresh.append((-1, 0))
            continue
        row = db.execute("SELECT story FROM sketches WHERE docid = ?", (docid,)).fetchone()
        kin, story = Kin(*values), (row and row[0]) or ""
        # Others may be reading the old ones.
        kins = kins if kin in kins else {**kins, kin: len(kins)}
        stories = stories if story in stories else {**stories, story: len(stories)}
        fresh.append((kins[kin], stories[story]))
    new = Table(changed, *np.array(fresh, np.int32).reshape(-1, 2).T)
    renewed = Facts(old.read, _spliced(old.since, new, np.ones(len(changed), bool)), kins, stories)
    much = len(renewed.since.rows) > _MUCH or not len(old.read.rows)
    return whole(renewed) if much else renewed


def whole(known: Facts) -> Facts:
    """The same facts with what changed put in: `read.rows` are the rows of all items."""
    if not len(known.since.rows):
        return known
    return Facts(_spliced(known.read, known.since, known.since.kin >= 0), _NOTHING, known.kins, known.stories)


def _spliced(old: Table, new: Table, stays: NDArray[np.bool_]) -> Table:
    at, there = places(old.rows, new.rows)
    return Table(
        spliced(old.rows, at, there, new.rows, stays),
        spliced(old.kin, at, there, new.kin, stays),
        spliced(old.story, at, there, new.story, stays),
    )


def places(rows: Rows, wanted: Rows) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where each of the wanted row ids stands or would stand, and whether it is there."""
    at = np.searchsorted(rows, wanted)
    there = np.zeros(len(wanted), bool)
    inside = at < len(rows)
    there[inside] = rows[at[inside]] == wanted[inside]
    return at, there


def spliced(
    old: NDArray[T], at: NDArray[np.intp], there: NDArray[np.bool_], new: NDArray[T], stays: NDArray[np.bool_]
) -> NDArray[T]:
    """Put in what is new at its `places`, instead of what is there; what does not stay is only taken out."""
    parts: list[NDArray[T]] = []
    start = 0
    for number, (end, after) in enumerate(zip(at.tolist(), (at + there).tolist(), strict=True)):
        parts += [old[start:end], new[number : number + bool(stays[number])]]
        start = after
    return np.concatenate([*parts, old[start:]])


def numbers(text: str | None) -> Rows:
    """Row ids that SQLite joined by commas: three times as fast as fetching them one by one."""
    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)
