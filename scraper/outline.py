"""The elements of an article by name, so that selectors look up instead of searching."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from scraper.dialects.base import Selector

LOOKED_UP: set[str] = set()
"""Every name that somebody looks up; others need not be written down."""

_NAMING = {"class": ".", "id": "#", "itemprop": "@"}


class Outline:
    """What one pass over the tree below `scope` finds. Later changes of the tree do not show in it."""

    def __init__(self, scope: Element) -> None:
        self.scope = scope
        self.elements: list[Element] = list(scope.iter())
        self.names: dict[str, list[int]] = {}
        """.class, #id or @itemprop → places in `elements`, in document order."""
        self.styled: list[int] = []
        """Places of elements whose style says display."""
        names = self.names
        for place, element in enumerate(self.elements):
            for key, value in element.items():
                if key in _NAMING:
                    for name in _names(key, value):
                        if name in names:
                            names[name].append(place)
                        else:
                            names[name] = [place]
                elif key == "style" and "display" in value:
                    self.styled.append(place)

    def find(self, selector: Selector) -> list[Any]:
        """Return what a selector finds in the scope, in document order; the scope itself is not looked at."""
        if not selector.names:
            hits = selector.xpath(self.scope)
            return hits if isinstance(hits, list) else [hits] if hits else []  # an XPath may give one string
        found = self._named(selector)
        while found and selector.inner:
            above, selector = set(found), selector.inner
            found = [element for element in self._named(selector) if not above.isdisjoint(element.iterancestors())]
        if not found or selector.rest is None:
            return found
        if len(found) == 1:
            return selector.rest(found[0])
        return list(dict.fromkeys(result for element in found for result in selector.rest(element)))

    def _named(self, selector: Selector) -> list[Element]:
        """The elements with one of the selector's names, whatever is to be evaluated from there."""
        if len(selector.names) == 1:
            places = self.names.get(selector.names[0])
        else:
            places = sorted({place for name in selector.names for place in self.names.get(name, ())})
        if not places:
            return []
        found = [self.elements[place] for place in places if place]
        if selector.tag:
            found = [element for element in found if element.tag == selector.tag]
        return found


@lru_cache(maxsize=4096)
def _names(key: str, value: str) -> tuple[str, ...]:
    """The names in an attribute that somebody looks up. A site has few."""
    found = (f".{name}" for name in value.split()) if key == "class" else (f"{_NAMING[key]}{value}",)
    return tuple(name for name in dict.fromkeys(found) if name in LOOKED_UP)
