"""What may stand in an address: parameters with their JSON Schema, which both documents and validates them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from archive.errors import QueryError, UsageError
from archive.jalali import parse_period
from archive.names import ORGANISATIONS, STATUSES
from archive.provinces import BY_CODE
from archive.search.index import Sort
from archive.search.query import parse
from archive.search.tree import Period, Query
from archive.search.values import filter_of, value_of

PAGE_SIZE = 20
LAST_PAGE = 500
_DATE = r"[0-9۰-۹٠-٩]{4}([-/.][0-9۰-۹٠-٩]{1,2}){0,2}"


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a path or query."""

    name: str
    description: str
    schema: dict[str, Any]
    where: Literal["query", "path"] = "query"
    means: Callable[[str], str] | None = None
    """What a text that is given stands for, where more can be written than the schema says. Raises UsageError."""

    def read(self, text: str) -> Any:
        """The value, as the schema wants it. Raises UsageError."""
        if self.schema["type"] == "integer":
            if not re.fullmatch(r"\d{1,9}", text) or not self.schema["minimum"] <= int(text) <= self.schema["maximum"]:
                raise UsageError(
                    f"«{text[:40]}» is no value of {self.name}. "
                    f"Write a number from {self.schema['minimum']} to {self.schema['maximum']}."
                )
            return int(text)
        if len(text) > self.schema.get("maxLength", len(text)):
            raise UsageError(
                f"The value of {self.name} has {len(text)} characters. Write at most {self.schema['maxLength']}."
            )
        if self.means:
            return self.means(text)
        if text not in self.schema.get("enum", [text]):
            raise UsageError(
                f"«{text[:40]}» is no value of {self.name}. Write one of: {', '.join(self.schema['enum'])}."
            )
        if "pattern" in self.schema and not re.fullmatch(self.schema["pattern"].strip("^$"), text):
            raise UsageError(f"«{text[:40]}» is no value of {self.name}. Write {self.description}.")
        return text


def _string(limit: int, pattern: str = "") -> dict[str, Any]:
    return {"type": "string", "maxLength": limit} | ({"pattern": f"^{pattern}$"} if pattern else {})


def _one_of(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": [*values]}


def _closed(name: str, description: str, *values: str) -> Param:
    """A field whose values are fixed; each may be written by any of its names."""
    return Param(name, f"{description}; its name will do", _one_of(*values), means=partial(value_of, name))


def _date(text: str) -> str:
    parse_period(text)
    return text


SEARCH = (
    Param("q", "Words, phrases and fields, as in docs/search.md", _string(1000)),
    _closed("org", "An organisation: welfare or endowment", *ORGANISATIONS),
    _closed("province", "A province by its ISO 3166-2 code, such as IR-22", *BY_CODE),
    Param("office", "An office by its id, such as behzisti-hormozgan, or its name", _string(100)),
    Param("kind", "A kind of items: news, photo, video, report, talk …, or its name", _string(100)),
    _closed("status", "live, or gone for items withdrawn from their site", *STATUSES),
    Param(
        "from",
        "First day of publication, Jalali or Gregorian: 1402, 1402-01, 2023-09-22",
        _string(20, _DATE),
        means=_date,
    ),
    Param("to", "Last day of publication", _string(20, _DATE), means=_date),
    Param("sort", "date (newest first) or relevance (best first)", _one_of("date", "relevance")),
    Param("fold", "no: show every item; else a story that several offices tell is shown once", _one_of("yes", "no")),
)
PAGE = Param(
    "page", f"Which {PAGE_SIZE} of the hits", {"type": "integer", "minimum": 1, "maximum": LAST_PAGE, "default": 1}
)
_FILTERS = ("org", "province", "office", "kind", "status")


def read(params: tuple[Param, ...], given: Mapping[str, str]) -> dict[str, Any]:
    """The values of the parameters that are given and not empty; others are left out. Raises UsageError."""
    values = {param.name: param.read(text) for param in params if (text := given.get(param.name, "").strip())}
    if "\0" in "".join(map(str, values.values())):
        raise UsageError("A parameter has a character in it that no text has. Leave it out.")
    return values


@dataclass(frozen=True, slots=True)
class Wish:
    """What a result shall hold: the query as typed, narrowed by filters and days, in an order."""

    values: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Wish:
        """The wish among the values of a request."""
        return cls(tuple((p.name, values[p.name]) for p in SEARCH if p.name in values))

    def get(self, name: str) -> str:
        """A value; empty when it was not given."""
        return dict(self.values).get(name, "")

    @property
    def sort(self) -> Sort:
        """The order of the hits."""
        return "relevance" if self.get("sort") == "relevance" else "date"

    @property
    def folded(self) -> bool:
        """Whether a story is to be shown once."""
        return self.get("fold") != "no"

    def query(self) -> Query:
        """The query to be answered. Raises QueryError."""
        typed = parse(self.get("q"))
        filters = tuple(filter_of(name, self.get(name)) for name in _FILTERS if self.get(name))
        period = _both(typed.period, self._days())
        return replace(typed, parts=(*typed.parts, *filters), period=period)

    def _days(self) -> Period | None:
        try:
            first = parse_period(self.get("from"))[0] if self.get("from") else None
            last = parse_period(self.get("to"))[1] if self.get("to") else None
        except UsageError as error:
            raise QueryError(str(error)) from error
        if first and last and first > last:
            raise QueryError("from: is later than to:, so no day lies between. Write the earlier day after from:.")
        return Period(first, last) if first or last else None


def _both(one: Period | None, two: Period | None) -> Period | None:
    if one is None or two is None:
        return one or two
    return Period(_pick(max, one.first, two.first), _pick(min, one.last, two.last))


def _pick(choose: Any, *days: dt.date | None) -> dt.date | None:
    known = [day for day in days if day]
    chosen: dt.date | None = choose(known) if known else None
    return chosen
