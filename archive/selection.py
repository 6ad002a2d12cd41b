"""Which items are meant: one set of conditions for dumps, packs and the Python interface."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

from archive.errors import UsageError
from archive.jalali import parse_period
from archive.search import index
from archive.search.query import parse
from archive.search.tree import Node, Or, Period, Query
from archive.search.values import filter_of

Day = str | int | dt.date
"""A day, month or year as a person writes it; a number is a year."""

_FILTERS = {"offices": "office", "provinces": "province", "organisations": "org", "kinds": "kind"}


@dataclass(slots=True, frozen=True)
class Selection:
    """All conditions must hold, of several values of one condition any; none selects everything.

    Provinces and organisations may be named as in a search: by code, slug or Persian name.
    """

    query: str = ""
    offices: tuple[str, ...] = ()
    provinces: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    since: dt.date | None = None
    until: dt.date | None = None

    def as_query(self) -> Query:
        """The search that finds the items; as in any search, days leave out items without a date. Raises QueryError."""
        asked = parse(self.query)
        within = asked.period or Period(None, None)
        first = max((day for day in (self.since, within.first) if day), default=None)
        last = min((day for day in (self.until, within.last) if day), default=None)
        named = [_any_of(name, getattr(self, field)) for field, name in _FILTERS.items() if getattr(self, field)]
        return Query(asked.text, (*asked.parts, *named), Period(first, last) if first or last else None)

    def docids(self, db: sqlite3.Connection) -> Iterator[int]:
        """The row ids of the selected items, newest first. Raises QueryError."""
        return index.search_ids(db, self.as_query())

    def title(self) -> str:
        """One line that says what was asked for."""
        said = [", ".join(getattr(self, field)) for field in _FILTERS]
        said += [f"«{self.query}»" if self.query else ""]
        said += [f"{word} {day}" for word, day in (("since", self.since), ("until", self.until)) if day]
        return ", ".join(part for part in said if part) or "everything"

    def asked(self) -> dict[str, object]:
        """The conditions that were given, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if getattr(self, field.name)}


def first_day(period: Day) -> dt.date | None:
    """The first day of a Jalali or Gregorian day, month or year; None for no text. Raises UsageError."""
    return parse_period(str(period))[0] if period else None


def last_day(period: Day) -> dt.date | None:
    """The last day of a Jalali or Gregorian day, month or year; None for no text. Raises UsageError."""
    return parse_period(str(period))[1] if period else None


def texts(name: str, values: str | Sequence[str]) -> tuple[str, ...]:
    """The values of a condition, given as one text or several. Raises UsageError for what is no text."""
    given = (values,) if isinstance(values, str) or not isinstance(values, Iterable) else tuple(values)
    for value in given:
        if not isinstance(value, str):
            raise UsageError(f"{name} takes a text, or a list of texts, not {value!r}. Write it in quotes.")
    return given


def _any_of(name: str, values: tuple[str, ...]) -> Node:
    """A filter as a person would write it in a query, so that the same names and messages hold."""
    parts = tuple(filter_of(name, value) for value in values)
    return parts[0] if len(parts) == 1 else Or(parts)
