"""From the words of a query to what may stand for them in the index."""

from __future__ import annotations

from itertools import pairwise

from archive.errors import QueryError
from archive.search.tree import Terms, Words
from archive.search.words import Token, is_half, join, tokens

_LOOSE = frozenset(["و", "را", "از", "است"])
"""Words that neither begin nor end a compound."""
_LONGEST_COMPOUND = 3
_SHORTEST_BEGINNING = 2


def plain(text: str) -> list[Words]:
    """Take words that must all be found, in any order.

    What is written without white space between (a half-space, 12.5, name@host) must stand side by side.
    Neighbours may also be one word: who looks for مدیر کل finds مدیرکل.
    """
    if text.endswith("*"):
        head, _, last = text.rpartition(" ")
        return [*plain(head), beginning(last)]
    found = tokens(text)
    words = []
    for chunk in _chunks(text, found):
        choices = _sequences(text, found[chunk.start : chunk.stop])
        for size in range(2, _LONGEST_COMPOUND + 1):
            for at in range(max(0, chunk.stop - size), min(chunk.start, len(found) - size) + 1):
                choices += _joined(text, found[at : at + size])
        words.append(Words(tuple(dict.fromkeys(choices))))
    return words


def phrase(text: str) -> Words:
    """Take words in their order; two neighbours may be one word."""
    return Words(tuple(_sequences(text, _some(text))))


def exact(text: str) -> Words:
    """Take words in their order and as they are written, but for letters, digits and half-spaces."""
    found = _some(text)
    return Words((_terms(found),), surfaces=tuple(forms.surface for _, _, forms in found))


def beginning(text: str) -> Words:
    """Take what a word begins with, written with a star after it."""
    found = tokens(text)
    surface = found[-1][2].surface if found else ""
    if len(surface) < _SHORTEST_BEGINNING:
        raise QueryError(f"«{text}» is too short. Write at least {_SHORTEST_BEGINNING} letters before the *.")
    return Words(((*_terms(found[:-1]), surface),), prefix=True)


def _some(text: str) -> list[Token]:
    found = tokens(text)
    if not found:
        raise QueryError(f"«{text}» has no word to look for. Write at least one word or number.")
    return found


def _terms(found: list[Token]) -> Terms:
    return tuple(term for _, _, forms in found for term in forms.terms)


def _sequences(text: str, found: list[Token]) -> list[Terms]:
    """Write words side by side: each by itself, then each two neighbours as one."""
    joined = [
        (*_terms(found[:at]), *one, *_terms(found[at + 2 :]))
        for at in range(len(found) - 1)
        for one in _joined(text, found[at : at + 2])
    ]
    return [_terms(found), *joined]


def _chunks(text: str, found: list[Token]) -> list[range]:
    """Find the numbers of words that stand together without white space."""
    chunks: list[range] = []
    for at, (start, _, _) in enumerate(found):
        gap = text[found[at - 1][1] : start] if at else " "
        together = not any(map(str.isspace, gap))
        chunks.append(range(chunks.pop().start if together else at, at + 1))
    return chunks


def _joined(text: str, found: list[Token]) -> list[Terms]:
    """Write neighbours as one word: none or one sequence of one term."""
    gaps = [text[end:start] for (_, end, _), (start, _, _) in pairwise(found)]
    if not all(gap.isspace() or is_half(gap) for gap in gaps):
        return []
    mains = [forms.main for _, _, forms in found]
    if mains[0] in _LOOSE or mains[-1] in _LOOSE or not all(map(str.isalpha, mains)):
        return []
    return [(join(mains),)]
