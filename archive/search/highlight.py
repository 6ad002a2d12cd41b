"""Where a text answers a query: spans of the original, as it was published."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from archive.search.words import Token, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive.search.tree import Query, Terms, Words

Segment = tuple[str, bool]
"""A piece of text, and whether it answers the query."""

_Span = tuple[int, int, int]
"""Start, end, and the number of the query's words that stand there."""


def highlight(text: str, query: Query) -> list[Segment]:
    """Cut a whole text into segments; joined, they are the text."""
    return _segments(text, 0, len(text), _spans(tokens(text), query.words))


@lru_cache(maxsize=1000)
def snippet(text: str, query: Query, width: int = 200) -> tuple[Segment, ...]:
    """Cut out the stretch of about `width` characters that answers most of the query.

    Joined, the segments are a part of the text that begins and ends with whole words. Without an answer it
    is the beginning.
    """
    words = tokens(text)
    spans = _spans(words, query.words)
    start, end = _widened(words, _densest(spans, width), width, len(text))
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return tuple(_segments(text, start, end, spans))


def _spans(found: list[Token], wanted: list[Words]) -> list[_Span]:
    """Find every place where some words of the query stand, by start."""
    choices = [(number, words, terms) for number, words in enumerate(wanted) for terms in words.alternatives]
    longest = max((len(terms) for _, _, terms in choices), default=0)
    spans: set[_Span] = set()
    for at in _starts(found, wanted):
        places = [(term, token) for token in found[at : at + longest] for term in token[2].terms]
        for first in range(len(found[at][2].terms)):
            for number, words, terms in choices:
                answer = places[first : first + len(terms)]
                if _answers(answer, terms, words):
                    (_, (start, _, _)), (_, (_, end, _)) = answer[0], answer[-1]
                    spans.add((start, end, number))
    return sorted(spans)


def _starts(found: list[Token], wanted: list[Words]) -> Iterable[int]:
    """Choose the tokens that an answer may begin with. Most texts have few, and looking closer takes time."""
    if any(words.prefix for words in wanted):
        return range(len(found))
    firsts = {terms[0] for words in wanted for terms in words.alternatives}
    return [
        at
        for at, (_, _, forms) in enumerate(found)
        if forms.main in firsts or not firsts.isdisjoint(forms.also) or not firsts.isdisjoint(forms.terms)
    ]


def _answers(places: list[tuple[str, Token]], terms: Terms, words: Words) -> bool:
    """Decide whether the words that follow one another from a place on answer the query's."""
    if len(places) < len(terms):
        return False
    *before, (last, (_, _, forms)) = places
    if any(place[0] != term for place, term in zip(before, terms, strict=False)):
        return False
    if words.prefix:
        return last.startswith(terms[-1]) or forms.surface.startswith(terms[-1])
    if words.surfaces:
        return tuple(place[1][2].surface for place in places) == words.surfaces
    return last == terms[-1] or (not before and terms[-1] in forms.also)


def _densest(spans: list[_Span], width: int) -> tuple[int, int]:
    """Choose the stretch with most of the query's words, then with most answers, then the first."""
    best, stretch = (0, 0), (0, 0)
    for at, (start, end, _) in enumerate(spans):
        inside = [span for span in spans[at:] if span[1] <= start + width]
        score = (len({span[2] for span in inside}), len(inside))
        if score > best:
            best, stretch = score, (start, max((span[1] for span in inside), default=end))
    return stretch


def _widened(words: list[Token], stretch: tuple[int, int], width: int, length: int) -> tuple[int, int]:
    """Spend what is left of the width on both sides, and step back to whole words."""
    start, end = stretch
    room = max(0, width - (end - start))
    low = max(0, min(start - room // 2, length - width))
    high = min(length, max(low + width, end))
    if low:
        low = next((word[0] for word in words if word[0] >= low), start)
    if high < length:
        high = next((word[1] for word in reversed(words) if word[1] <= high), high)
    return min(low, start) if end else low, max(high, end)


def _segments(text: str, start: int, end: int, spans: list[_Span]) -> list[Segment]:
    """Cut a stretch where an answer begins or ends; answers that overlap are one."""
    segments: list[Segment] = []
    at = start
    for left, right in _merged(spans):
        if start <= left and right <= end:
            segments += [(text[at:left], False), (text[left:right], True)]
            at = right
    segments.append((text[at:end], False))
    return [segment for segment in segments if segment[0]]


def _merged(spans: list[_Span]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for left, right, _ in spans:
        if merged and left < merged[-1][1]:
            left, right = merged[-1][0], max(right, merged.pop()[1])  # noqa: PLW2901
        merged.append((left, right))
    return merged
