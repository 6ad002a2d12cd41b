"""The order in which a line is put down from left to right: the Unicode Bidirectional Algorithm (UAX #9).

Of the algorithm all that published text needs: the implicit rules with paired brackets, mirroring and combining
marks. Explicit embeddings, overrides and isolates are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Literal
from unicodedata import bidirectional

_PASSED_OVER = {"LRE", "RLE", "LRO", "RLO", "PDF", "BN", "LRI", "RLI", "FSI", "PDI"}
_NEUTRAL = {"ON", "WS", "S", "B"}
_BRACKETS = {"(": ")", "[": "]", "{": "}"}  # those that pair; guillemets are mirrored only
_MIRRORED = str.maketrans("()[]{}<>«»‹›≤≥", ")(][}{><»«›‹≥≤")


def visual(line: str, base: Literal["L", "R"]) -> str:
    """The letters of one line in the order in which they stand from left to right, brackets turned where needed.

    Args:
        base: the direction of the paragraph; a line of Persian is R even when it begins with a Latin word.
    """
    shown = [(char, kind) for char in line if (kind := bidirectional(char) or "L") not in _PASSED_OVER]
    chars, kinds = [char for char, _ in shown], [kind for _, kind in shown]
    plain = list(kinds)
    _weak(kinds, base)
    _brackets(chars, kinds, plain, base)
    _neutral(kinds, base)
    return "".join(_reordered(chars, _levels(kinds, plain, base)))


def _weak(kinds: list[str], base: str) -> None:
    """Rules W1 to W7: marks and what surrounds numbers."""
    before = base
    for at, kind in enumerate(kinds):  # W1
        before = kinds[at] = before if kind == "NSM" else kind
    _after_strong(kinds, base, {"EN": {"AL": "AN"}})  # W2
    kinds[:] = ["R" if kind == "AL" else kind for kind in kinds]  # W3
    for at in range(1, len(kinds) - 1):  # W4
        left, kind, right = kinds[at - 1 : at + 2]
        if left == right and ((kind in {"ES", "CS"} and left == "EN") or (kind == "CS" and left == "AN")):
            kinds[at] = left
    for start, end in _runs(kinds, {"ET"}):  # W5
        if "EN" in {*kinds[start - 1 : start], *kinds[end : end + 1]}:
            kinds[start:end] = ["EN"] * (end - start)
    kinds[:] = ["ON" if kind in {"ES", "ET", "CS"} else kind for kind in kinds]  # W6
    _after_strong(kinds, base, {"EN": {"L": "L"}})  # W7


def _after_strong(kinds: list[str], base: str, changes: dict[str, dict[str, str]]) -> None:
    """Change kinds by the last strong one before them: kind → strong → new kind."""
    strong = base
    for at, kind in enumerate(kinds):
        if kind in {"L", "R", "AL"}:
            strong = kind
        elif kind in changes:
            kinds[at] = changes[kind].get(strong, kind)


def _brackets(chars: list[str], kinds: list[str], plain: list[str], base: str) -> None:
    """Rule N0: brackets of a pair go one way, that of the line if something inside does."""
    for left, right in _pairs(chars, kinds):
        inside = {way for kind in kinds[left + 1 : right] if (way := _direction(kind))}
        if base in inside:
            way = base
        elif inside:
            before = next((way for kind in reversed(kinds[:left]) if (way := _direction(kind))), base)
            way = before if before in inside else base
        else:
            continue
        for at in (left, right):
            kinds[at] = way
            for mark in range(at + 1, len(kinds)):  # marks on a bracket go with it
                if plain[mark] != "NSM":
                    break
                kinds[mark] = way


def _pairs(chars: list[str], kinds: list[str]) -> list[tuple[int, int]]:
    """Where the brackets of each pair stand, in the order of the opening ones (definition BD16)."""
    found, waiting = [], []
    for at, char in enumerate(chars):
        if kinds[at] != "ON":
            continue
        if char in _BRACKETS:
            waiting.append((_BRACKETS[char], at))
        elif char in _BRACKETS.values():
            depth = next((n for n in range(len(waiting) - 1, -1, -1) if waiting[n][0] == char), None)
            if depth is not None:
                found.append((waiting[depth][1], at))
                del waiting[depth:]
    return sorted(found)


def _neutral(kinds: list[str], base: str) -> None:
    """Rules N1 and N2: what stands between two of one direction goes with them, the rest with the line."""
    for start, end in _runs(kinds, _NEUTRAL):
        before = _direction(kinds[start - 1]) if start else base
        after = _direction(kinds[end]) if end < len(kinds) else base
        kinds[start:end] = [(before if before == after else None) or base] * (end - start)


def _direction(kind: str) -> str | None:
    return "R" if kind in {"R", "EN", "AN"} else "L" if kind == "L" else None


def _runs(kinds: list[str], wanted: set[str]) -> Iterator[tuple[int, int]]:
    """First and behind-last index of each stretch of wanted kinds."""
    at = 0
    for is_wanted, run in groupby(kinds, key=wanted.__contains__):
        length = len(list(run))
        if is_wanted:
            yield at, at + length
        at += length


def _levels(kinds: list[str], plain: list[str], base: str) -> list[int]:
    """Rules I1, I2 and L1: odd goes from right to left; spaces at the end of a line go with the line."""
    low = int(base == "R")
    level = {"L": 2 * low, "R": 1, "EN": 2, "AN": 2}
    levels = [level[kind] for kind in kinds]
    at = len(levels)
    while at and plain[at - 1] in {"WS", "S", "B"}:
        at -= 1
        levels[at] = low
    return levels


def _reordered(chars: list[str], levels: list[int]) -> Iterator[str]:
    """Rules L2 to L4: turn each stretch, from the highest level down; turn brackets; marks stay behind their letter."""
    order = list(range(len(chars)))
    for level in range(max(levels, default=0), 0, -1):
        at = 0
        for high, run in groupby([levels[i] for i in order], key=lambda found, level=level: found >= level):  # type: ignore[misc]
            length = len(list(run))
            if high:
                order[at : at + length] = reversed(order[at : at + length])
            at += length
    marks: list[str] = []
    for i in order:
        if levels[i] % 2 and bidirectional(chars[i]) == "NSM":
            marks.insert(0, chars[i])
            continue
        yield chars[i].translate(_MIRRORED) if levels[i] % 2 else chars[i]
        yield from marks
        marks.clear()
    yield from marks
