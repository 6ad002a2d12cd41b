"""From the tree of a query to the expression that FTS5 evaluates: nothing but quoted terms of our own making."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archive.search.tree import FACT_FIELDS, And, Filter, Node, Not, Or, Period, Terms, Words, in_field

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT_COLUMNS = ("title", "lead", "body", "tags")
EVERY = "every"
"""A facet of all records: what a negation is taken from."""

_COMPOUND_LETTERS = range(4, 25)
_PART_LETTERS = 2


def expression(node: Node) -> str:
    """Write a node for MATCH."""
    match node:
        case Words():
            return _words(node)
        case Filter():
            return f"facets : {_quoted((node.term,))}"
        case Or():
            return f"({' OR '.join(map(expression, node.parts))})"
        case Not():
            return _all((node,))
        case And():
            return _all(node.parts)
        case Period():
            raise AssertionError("a period is a range of rows, not an expression")


def _all(parts: tuple[Node, ...]) -> str:
    """Write what must hold and what must not; FTS5 knows NOT only between two expressions."""
    wanted = [expression(part) for part in parts if not isinstance(part, Not)]
    refused = [expression(part.part) for part in parts if isinstance(part, Not)]
    found = " AND ".join(wanted) or f"facets : {_quoted((EVERY,))}"
    return f"(({found}) NOT ({' OR '.join(refused)}))" if refused else f"({found})"


def _words(words: Words) -> str:
    columns = words.columns or TEXT_COLUMNS
    if columns[0] in FACT_FIELDS:
        return _fact_words(words, columns[0])
    if words.surfaces:
        return f"({' OR '.join(_as_written(words, column) for column in columns)})"
    choices = [text for terms in words.alternatives for text in _choices(terms, prefix=words.prefix)]
    found = f"({' OR '.join(choices)})"
    return f"{{{' '.join(words.columns)}}} : {found}" if words.columns else found


def _fact_words(words: Words, field: str) -> str:
    choices = [*words.alternatives]
    choices += [(f"≈{terms[0]}",) for terms in words.alternatives if len(terms) == 1]
    star = " *" if words.prefix else ""
    found = (_quoted(tuple(in_field(field, term) for term in terms)) + star for terms in choices)
    return f"facets : ({' OR '.join(found)})"


def _choices(terms: Terms, *, prefix: bool) -> list[str]:
    """Write what terms side by side are found by; a single one also by its marked forms."""
    if prefix:
        marked = (f"≡{terms[0]}",)
        return [f"{_quoted(t)} *" for t in ([terms, marked] if len(terms) == 1 else [terms])]
    return [_quoted(t) for t in ([terms, (f"≈{terms[0]}",)] if len(terms) == 1 else [terms])]


def _as_written(words: Words, column: str) -> str:
    """Write terms side by side, each of them as it was typed: see `words.index_text` for the marks."""
    (terms,) = words.alternatives
    found = [_quoted(terms)]
    refused = []
    if len(terms) == len(words.surfaces):
        for term, surface in zip(terms, words.surfaces, strict=True):
            if surface == term:
                refused.append(_quoted((f"≠{term}",)))
            else:
                found.append(_quoted((f"≡{surface}",)))
    wanted = f"({' AND '.join(found)})"
    return f"{column} : ({wanted} NOT ({' OR '.join(refused)}))" if refused else f"{column} : {wanted}"


def with_compounds(node: Node, known: Callable[[str], bool]) -> Node:
    """Let words that the index knows as compounds be found written apart: بهرهبرداری as بهره برداری.

    A word is taken apart where some record joins the halves with a half-space. A word that no record has is
    taken apart wherever both halves are words; همکار is known, so that هم کار does not answer it.
    """
    match node:
        case Words() if not node.prefix and not node.surfaces:
            apart = [
                (*terms[:at], *halves, *terms[at + 1 :])
                for terms in node.alternatives[:1]
                for at, term in enumerate(terms)
                for halves in _halves(term, known)
            ]
            return replace(node, alternatives=(*node.alternatives, *apart))
        case Not():
            return Not(with_compounds(node.part, known))
        case And() | Or():
            return replace(node, parts=tuple(with_compounds(part, known) for part in node.parts))
        case _:
            return node


def _halves(term: str, known: Callable[[str], bool]) -> list[Terms]:
    if len(term) not in _COMPOUND_LETTERS or not term.isalpha():
        return []
    cuts = [(term[:at], term[at:]) for at in range(_PART_LETTERS, len(term) - _PART_LETTERS + 1)]
    joined = [cut for cut in cuts if known(_quoted(("‿".join(cut),)))]
    if joined or any(map(known, _choices((term,), prefix=False))):
        return list(joined)
    return [cut for cut in cuts if known(_quoted(cut))]


def _quoted(terms: Terms) -> str:
    return '"' + " ".join(terms).replace('"', '""') + '"'
