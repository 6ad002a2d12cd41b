"""Which style sheets a page loads: without them its replay is a column of bare text."""

from __future__ import annotations

import re
from html import unescape

from scraper.media import absolute

# Parsing every page a second time for this would cost a crawl as much as writing it down.
_LINK = re.compile(rb"""<link(?=[\s/])((?:[^>"']|"[^"]*"|'[^']*')*)""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)
_MOST = 20


def stylesheets(body: bytes, url: str) -> list[str]:
    """The addresses of a page's style sheets, each once, in order, in full; alternates and those for print too.

    Args:
        body: the page as the server sent it, decoded from its transfer and content coding.
        url: the address that relative ones are relative to.
    """
    found: dict[str, None] = {}
    for tag in _LINK.findall(body):
        attributes = {
            name.lower(): unescape(value.strip("\"'"))
            for name, value in _ATTRIBUTE.findall(tag.decode("utf-8", "replace"))
        }
        if "stylesheet" in attributes.get("rel", "").lower().split() and (
            address := absolute(url, attributes.get("href"))
        ):
            found.setdefault(address.partition("#")[0])
    return list(found)[:_MOST]
