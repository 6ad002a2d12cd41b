"""The fields that have few values: what may be written for each, in Persian and English, and which value is meant.

Whatever a page or a list of facets shows as a value can be written in a query. What means none is refused with the
values there are: a search for an office that nobody has would find nothing and look like an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches

from archive import names
from archive.errors import QueryError
from archive.offices import SPIDERS
from archive.persian import fold
from archive.provinces import BY_CODE, PROVINCES
from archive.search.tree import And, Filter, Node, Not, Or

Name = Callable[[str, names.Lang], str]

_OTHER_NAMES = {
    "org": SPIDERS,
    "province": {province.code: " | ".join((province.slug, *province.variants)) for province in PROVINCES},
    "status": {"gone": "برداشته‌شده از سایت | withdrawn from its site"},
}
_VALUES: dict[str, tuple[Iterable[str], Name]] = {
    "org": (names.ORGANISATIONS, names.organisation_name),
    "province": (BY_CODE, names.province_name),
    "status": (names.STATUSES, names.status_name),
    "kind": (names.KINDS, names.kind_name),
    "office": (names.OFFICES, names.office_name),
    "portal": (SPIDERS.values(), lambda portal, _: portal),
}
FIXED = ("org", "province", "status")
"""Fields that have these values only. Of the others a collection may have more."""


def _key(text: str) -> str:
    """What all ways to write a name have in common."""
    return re.sub(r"[\W_]+", "", fold(text))


def _written(field: str, value: str) -> list[str]:
    """The names of a value, the one to show beside it last."""
    _, name = _VALUES[field]
    others = _OTHER_NAMES.get(field, {}).get(value, "").split("|")
    return [value, *others, name(value, "en"), name(value, "fa")]


_KNOWN = {
    field: {_key(name): value for value in values for name in _written(field, value) if _key(name)}
    for field, (values, _) in _VALUES.items()
}


def value_of(field: str, text: str) -> str:
    """The value of a fixed field that a text means. Raises QueryError that lists those there are."""
    found = _KNOWN[field].get(_key(text))
    if found is None:
        raise QueryError(refusal(field, text))
    return found


def filter_of(field: str, text: str) -> Filter:
    """A filter as a person writes it. Raises QueryError for what means no value."""
    if not _key(text):
        raise QueryError(f"{field}: needs a value. Write it right after the colon.")
    return Filter(field, value_of(field, text) if field in FIXED else text.strip())


def settled(node: Node, has: Callable[[Filter], bool], of_collection: Callable[[str], Iterable[str]]) -> Node:
    """Write the value for each name in the filters of a query: that of the collection, else the one of that name.

    Raises QueryError for a value that neither the collection nor we know.
    """
    match node:
        case Filter() if node.name in _KNOWN and not has(node):
            found = _KNOWN[node.name].get(_key(node.value))
            if found is None:
                there = list(of_collection(node.name))
                if node.value in there:  # an office that was crawled and has no item yet
                    return node
                raise QueryError(refusal(node.name, node.value, there))
            return Filter(node.name, found)
        case Not():
            return Not(settled(node.part, has, of_collection))
        case And() | Or():
            return type(node)(tuple(settled(part, has, of_collection) for part in node.parts))
        case _:
            return node


def refusal(field: str, text: str, more: Iterable[str] = ()) -> str:
    """The sentence about a value that there is not: what was perhaps meant, and all that there are."""
    known = list(dict.fromkeys([*_VALUES[field][0], *sorted(more)]))
    keys = _KNOWN[field] | {_key(value): value for value in known}
    near = get_close_matches(_key(text), keys, 1)
    hint = f"Did you mean {_typed(field, near[0], keys)}? " if near else ""
    listed = ", ".join(_listed(field, value) for value in known)
    return f"«{text[:40]}» is no value of {field}:. {hint}Write one of: {listed}."


def _typed(field: str, key: str, keys: dict[str, str]) -> str:
    """A name as it has to be typed, of which the key is known: with a space in it, in quotes."""
    value = keys[key]
    written = next((name.strip() for name in _written(field, value) if _key(name) == key), value)
    return f'"{written}"' if re.search(r"\s", written) else written


def _listed(field: str, value: str) -> str:
    *_, name = _written(field, value)
    if field == "province":
        value = BY_CODE[value].slug
    return value if field == "office" or name == value else f"{value} ({name})"
