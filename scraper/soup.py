"""BeautifulSoup's reading of a page as a tree of lxml, for markup that lxml itself reads otherwise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag
from bs4.exceptions import ParserRejectedMarkup
from lxml import etree

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_DEEPEST = 200
"""What is nested deeper becomes plain text: readers of the tree may recurse."""

_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def soup_tree(data: bytes) -> Element | None:
    """Return the tree of a page in UTF-8, or None when bs4 cannot read it either."""
    try:
        soup = BeautifulSoup(data, "html.parser", from_encoding="utf-8")
    except (AssertionError, RecursionError, ValueError, ParserRejectedMarkup):
        return None
    root = etree.Element("html")
    stack: list[tuple[Tag, Element, int]] = [(soup, root, 0)]
    while stack:
        tag, element, depth = stack.pop()
        for child in tag.children:
            if isinstance(child, Tag):
                below = _element(child, element, root)
                if depth < _DEEPEST:
                    stack.append((child, below, depth + 1))
                else:
                    below.text = _NOT_XML.sub("", child.get_text(" "))
            elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                _append(element, _NOT_XML.sub("", child))
    return root


def _element(tag: Tag, above: Element, root: Element) -> Element:
    """Add an element for a tag; a second <html> is the first one."""
    name = tag.name if _NAME.fullmatch(tag.name) else "span"
    element = root if name == "html" else etree.SubElement(above, name)
    for key, value in tag.attrs.items():
        if _NAME.fullmatch(key):
            text = " ".join(value) if isinstance(value, list) else str(value)
            element.set(key, _NOT_XML.sub("", text))
    return element


def _append(element: Element, text: str) -> None:
    last = element[-1] if len(element) else None
    if last is None:
        element.text = (element.text or "") + text
    else:
        last.tail = (last.tail or "") + text
