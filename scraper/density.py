"""The element that holds the text of a page whose system nobody has described: where most sentences are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scraper.blocks import SKIPPED
from scraper.boilerplate import is_boilerplate

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_HEADINGS = frozenset({"h1", "title", "header", "footer", "aside", "nav", "button", "label", "option", "a"})
"""Their text does not count: it is no sentence of the body."""

_PARTS = frozenset({"p", "span", "strong", "b", "em", "i", "u", "font", "li", "blockquote"})
"""Parts of a text, however long."""

_LEAST = 80
_MOST_OF_IT = 0.7
_SENTENCE = 40
"""From so many letters on a text counts without a full stop."""

_STOPS = frozenset(".،؛:!؟")
_RIGHTS = re.compile(
    r"(?:تمام|کل|كل)[یيى]?ه?[\s\u200c]*حقوق|کپی[\s\u200c]?رایت|copyright|©|طراحی و تولید", re.IGNORECASE
)


def densest(scope: Element) -> Element | None:
    """Go down from the scope as long as one child holds most of the text; None when there is hardly any."""
    weights = _weights(scope)
    if weights.get(scope, 0) < _LEAST:
        return None
    found: Element = scope
    while True:
        least = _MOST_OF_IT * weights[found]
        below = next((child for child in found if weights.get(child, 0) >= least), None)
        if below is None or below.tag in _PARTS:
            return found
        found = below


def _weights(scope: Element) -> dict[Element, int]:
    """Letters in sentences below each element, boilerplate left out."""
    weights: dict[Element, int] = {}
    left = [scope]
    while left:
        element = left.pop()
        if own := _own(element):
            weights[element] = weights.get(element, 0) + own
            for above in element.iterancestors():
                weights[above] = weights.get(above, 0) + own
                if above is scope:
                    break
        left.extend(child for child in element if not _is_left_out(child))
    return weights


def _is_left_out(element: Element) -> bool:
    if element.tag in SKIPPED:
        return element.tag != "form"  # of ASP.NET: around everything
    return element.tag in _HEADINGS or (element.tag != "form" and is_boilerplate(element))


def _own(element: Element) -> int:
    """Letters of the sentences that stand in the element itself, also between its <br> and inline children."""
    texts = [element.text or "", *(child.tail or "" for child in element)]
    kept = (text.strip() for text in texts)
    return sum(len(t) for t in kept if (len(t) >= _SENTENCE or not _STOPS.isdisjoint(t)) and not _RIGHTS.search(t))
