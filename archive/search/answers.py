"""Which items answer, how many there are and how they spread: kept from question to question.

Common words are in a third of all items, and everybody asks for them. So the row ids of an answer are kept, and
after a commit only the rows that changed are looked at again (the table `changes` names them). A total is the length
of an answer, a page is a slice of it, and facets are counted from arrays that stand beside it.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock
from typing import Generic, TypeVar

import numpy as np

from archive.jalali import TEHRAN, month_length, to_gregorian, to_jalali
from archive.search import facts, index
from archive.search.facts import Facts, Kin, Rows
from archive.search.tree import Query

T = TypeVar("T")

_KEPT_BYTES = 64_000_000
_MONTHS_AT_ONCE = 240
_BEYOND = 9378 * 12  # the calendar ends before; a misprint does not
_MANY_CHANGES = 1000
"""From so many changed rows on, asking anew is faster."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How many hits have the same facts, how many are of a Jalali month, YYYY-MM, and how many stories they tell.

    A story that several hits tell is one, and a hit that belongs to none is one.
    """

    facts: Counter[Kin]
    months: dict[str, int]
    undated: int
    stories: int


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    """Something that was so after a change."""

    seq: int
    value: T


@dataclass(slots=True)
class _Answer:
    """The row ids of all hits, ascending, and what was made of them. Where no hit changed, all of it stays good."""

    rows: Rows
    spread: Spread | None = None
    best_first: list[int] | None = None


class Answers:
    """Answers over one catalogue, for any number of connections to it, whichever moment each of them sees.

    Queries must be resolved: see `index.resolve`.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._facts: _Kept[Facts] | None = None
        self._kept: OrderedDict[Query, _Kept[_Answer]] = OrderedDict()

    def facts(self, db: sqlite3.Connection, *, whole: bool = False) -> Facts:
        """The facts of all items; `whole` when what changed last shall not stand beside them: see `Facts`."""
        with self._lock:
            kept = self._facts
        made = _up_to_date(db, kept, lambda: facts.load(db), lambda old, changed: facts.renew(db, old, changed))
        made = _Kept(made.seq, facts.whole(made.value)) if whole else made
        with self._lock:
            self._facts = _later(self._facts, made)
        return made.value

    def rows(self, db: sqlite3.Connection, query: Query) -> Rows:
        """The row ids of all hits, ascending."""
        return self._answer(db, query).rows

    def spread(self, db: sqlite3.Connection, query: Query) -> Spread:
        """How all hits spread."""
        answer = self._answer(db, query)
        if answer.spread is None:
            answer.spread = _spread(db, self.facts(db), answer.rows)
        return answer.spread

    def ordered(self, db: sqlite3.Connection, query: Query, sort: index.Sort) -> Iterator[int]:
        """Run through the row ids of all hits, newest or best first."""
        answer = self._answer(db, query)
        if sort == "date":
            return map(int, answer.rows[::-1])
        if len(answer.rows) > index.MANY:
            return index.ordered(db, query, sort, len(answer.rows))
        if answer.best_first is None:
            answer.best_first = [*index.ordered(db, query, sort, len(answer.rows))]
        return iter(answer.best_first)

    def _answer(self, db: sqlite3.Connection, query: Query) -> _Answer:
        key = replace(query, text="")
        with self._lock:
            kept = self._kept.get(key)
        everything = key == Query()

        def ask() -> _Answer:
            return _Answer(self.facts(db, whole=True).read.rows if everything else _ask(db, query))

        def ask_again(old: _Answer, changed: Rows) -> _Answer:
            return ask() if everything else _ask_again(db, query, old, changed)

        made = _up_to_date(db, kept, ask, ask_again)
        with self._lock:
            self._kept[key] = _later(self._kept.pop(key, None), made)
            while sum(each.value.rows.nbytes for each in self._kept.values()) > _KEPT_BYTES and len(self._kept) > 1:
                self._kept.popitem(last=False)
        return made.value


def _spread(db: sqlite3.Connection, known: Facts, rows: Rows) -> Spread:
    """Count rows by facts, month and story."""
    kin, story = known.of(rows)
    counts, told = np.bincount(kin, minlength=len(known.kins)), np.bincount(story, minlength=1)
    kins = Counter({kin: count for kin, count in zip(known.kins, counts.tolist(), strict=True) if count})
    return Spread(kins, *_months(db, rows), int(told[0]) + int(np.count_nonzero(told[1:])))


def _up_to_date(
    db: sqlite3.Connection, kept: _Kept[T] | None, make: Callable[[], T], renew: Callable[[T, Rows], T]
) -> _Kept[T]:
    """What was kept, if nothing changed since; with the changes, if they are few and known; or made anew."""
    # Asked for both at once, SQLite reads the whole table.
    first, now = db.execute("SELECT (SELECT min(seq) FROM changes), (SELECT max(seq) FROM changes)").fetchone()
    if kept is not None and kept.seq == now:
        return kept
    if kept is not None and first <= kept.seq < now and now - kept.seq <= _MANY_CHANGES:
        changed = db.execute("SELECT DISTINCT docid FROM changes WHERE seq > ? ORDER BY docid", (kept.seq,)).fetchall()
        return _Kept(now, renew(kept.value, np.array(changed, np.int64).reshape(-1)))
    return _Kept(now, make())


def _later(one: _Kept[T] | None, two: _Kept[T]) -> _Kept[T]:
    # A reader that began before a commit may end after one that saw it; of two indexes the last asked counts.
    return one if one is not None and 0 < one.seq - two.seq < index.CHANGES else two


def _ask(db: sqlite3.Connection, query: Query, among: str = "", *values: int) -> Rows:
    sql, parameters = index.rows_of(query)
    name = "rowid" if query.parts else "id"
    joined = db.execute(f"SELECT group_concat({name}) {sql} {among}", (*parameters, *values))
    found = facts.numbers(joined.fetchone()[0])
    found.sort(kind="stable")  # it is sorted already, though nothing says so
    return found


def _ask_again(db: sqlite3.Connection, query: Query, old: _Answer, changed: Rows) -> _Answer:
    name = "rowid" if query.parts else "id"
    marks = ",".join("?" * len(changed))
    fresh = _ask(db, query, f"AND {name} IN ({marks})", *changed.tolist())
    at, there = facts.places(old.rows, changed)
    if not len(fresh) and not there.any():
        return old
    return _Answer(facts.spliced(old.rows, at, there, changed, facts.places(fresh, changed)[1]))


def _months(db: sqlite3.Connection, rows: Rows) -> tuple[dict[str, int], int]:
    """Count ascending row ids by Jalali month; and those without a date, which stand first."""
    undated = at = int(np.searchsorted(rows, index.rowid_range(None, None)[0]))
    counts: dict[str, int] = {}
    month = 0
    while at < len(rows):  # years at once, and past a gap: a misprint may be thousands of years away
        month = max(month, _month_of(db, int(rows[at])))
        months = range(month, month := month + _MONTHS_AT_ONCE)
        ends = np.searchsorted(rows, [_end(each) for each in months])
        found = zip(months, np.diff(ends, prepend=at).tolist(), strict=True)
        counts.update((f"{each // 12:04}-{each % 12 + 1:02}", count) for each, count in found if count)
        at = int(ends[-1])
    return counts, undated


def _month_of(db: sqlite3.Connection, rowid: int) -> int:
    """The Jalali month of an item, counted from the year 0."""
    text = db.execute("SELECT published FROM items WHERE docid = ?", (rowid,)).fetchone()[0]
    try:
        year, month, _ = to_jalali(dt.datetime.fromisoformat(text).astimezone(TEHRAN).date())
    except (ValueError, OverflowError):
        return _BEYOND
    return year * 12 + month - 1


@lru_cache(maxsize=1024)
def _end(month: int) -> int:
    """The first row id after a month."""
    year, month = month // 12, month % 12 + 1
    try:
        return index.rowid_range(None, to_gregorian(year, month, month_length(year, month)))[1] + 1
    except (ValueError, OverflowError):
        return index.rowid_range(None, None)[1] + 1
