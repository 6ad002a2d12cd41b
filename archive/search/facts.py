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


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of every item. `kin` and `story` hold numbers for `kins` and `stories`; story 0 is none."""

    rows: Rows
    kin: NDArray[np.int32]
    story: NDArray[np.int32]
    kins: list[Kin]
    stories: list[str]


_KIN = ", ".join(Kin._fields)


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
    names = [""]
    told = "SELECT story, group_concat(docid) FROM sketches WHERE story IS NOT NULL GROUP BY story"
    for number, (name, docids) in enumerate(db.execute(told), 1):
        names.append(name)
        story[np.searchsorted(rows, numbers(docids))] = number
    return Facts(rows, kin, story, kins, names)


def renew(db: sqlite3.Connection, old: Facts, changed: Rows) -> Facts:
    """Read the facts of a few row ids anew; of those that are gone, nothing is left."""
    kins, names = list(old.kins), list(old.stories)
    numbered = {kin: number for number, kin in enumerate(kins)}
    told = {name: number for number, name in enumerate(names)}
    fresh: list[tuple[int, int, int]] = []
    for docid in changed.tolist():
        values = db.execute(f"SELECT {_KIN} FROM items WHERE docid = ?", (docid,)).fetchone()  # noqa: S608
        if values is None:
            continue
        row = db.execute("SELECT story FROM sketches WHERE docid = ?", (docid,)).fetchone()
        kin, name = Kin(*values), (row and row[0]) or ""
        if kin not in numbered:
            numbered[kin] = len(kins)
            kins.append(kin)
        if name not in told:
            told[name] = len(names)
            names.append(name)
        fresh.append((docid, numbered[kin], told[name]))
    gone = places(old.rows, changed)
    new = np.array(fresh, np.int64).reshape(-1, 3)
    at = np.searchsorted(delete(old.rows, gone), new[:, 0])
    return Facts(
        insert(delete(old.rows, gone), at, new[:, 0]),
        insert(delete(old.kin, gone), at, new[:, 1]),
        insert(delete(old.story, gone), at, new[:, 2]),
        kins,
        names,
    )


def delete(old: NDArray[T], at: NDArray[np.intp]) -> NDArray[T]:
    """Leave out what is at places; without any there is nothing to copy."""
    return np.delete(old, at) if len(at) else old


def insert(old: NDArray[T], at: NDArray[np.intp], new: NDArray[np.int64]) -> NDArray[T]:
    """Insert values before places; one by itself takes NumPy a third of the time."""
    return np.insert(old, at[0], new[0]) if len(at) == 1 else np.insert(old, at, new)


def places(rows: Rows, wanted: Rows) -> NDArray[np.intp]:
    """Where those of the wanted row ids stand that are there."""
    at = np.searchsorted(rows, wanted)
    inside = at < len(rows)
    at, wanted = at[inside], wanted[inside]
    found: NDArray[np.intp] = at[rows[at] == wanted]
    return found


def numbers(text: str | None) -> Rows:
    """Row ids that SQLite joined by commas: three times as fast as fetching them one by one."""
    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)
