"""The tree of a query: what `query.parse` makes, `index.search` answers and `highlight` shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.persian import fold

if TYPE_CHECKING:
    import datetime as dt

FACT_FIELDS = ("author", "category")
"""Fields whose words stand among the facts of a record: they are found only where they are asked for."""

Terms = tuple[str, ...]
"""Index terms that stand side by side."""


@dataclass(frozen=True, slots=True)
class Words:
    """A word, compound or phrase: found when any of the alternatives is."""

    alternatives: tuple[Terms, ...]
    columns: Terms = ()
    surfaces: Terms = ()
    """The words exactly as written, when that is asked for."""
    prefix: bool = False
    """The last term is the beginning of a word."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A fact about the record: province, office, kind …"""

    name: str
    value: str

    @property
    def term(self) -> str:
        """The term that stands for the fact in the index: one word for any value."""
        return f"{self.name}·" + re.sub(r"[\W_]+", "·", fold(self.value))


@dataclass(frozen=True, slots=True)
class Period:
    """Days of publication, both included; an open end is None."""

    first: dt.date | None
    last: dt.date | None


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


Node = Words | Filter | Period | And | Or | Not


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. An empty one (no parts, no period) asks for everything."""

    text: str = ""
    parts: tuple[Node, ...] = ()
    """All of them must hold."""
    period: Period | None = None

    @property
    def filters(self) -> dict[str, list[str]]:
        """The filters that hold for the whole query, by name: what a page shows as chosen."""
        chosen: dict[str, list[str]] = {}
        for part in self.parts:
            for each in part.parts if isinstance(part, Or) else (part,):
                if isinstance(each, Filter):
                    chosen.setdefault(each.name, []).append(each.value)
        return chosen

    @property
    def words(self) -> list[Words]:
        """Everything a hit may be shown for: the words outside negations."""
        return _positive(And(self.parts))


def in_field(name: str, term: str) -> str:
    """Write a term of a field whose words stand among the facts."""
    return f"{name}·{term}"


def in_title(node: Node) -> Node:
    """Look for words in the title that may stand anywhere; what is asked of another part or refused stays as it is."""
    if isinstance(node, Words):
        return node if node.columns else replace(node, columns=("title",))
    return replace(node, parts=tuple(map(in_title, node.parts))) if isinstance(node, And | Or) else node


def _positive(node: Node) -> list[Words]:
    if isinstance(node, Words):
        return [] if set(node.columns) & set(FACT_FIELDS) else [node]
    return [words for part in node.parts for words in _positive(part)] if isinstance(node, And | Or) else []
