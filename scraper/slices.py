"""The bytes of an article out of those of its page: a tenth of the page is parsed, and every doubt ends in None.

Whoever finds code, title and text in it need not look further; anything else is read again from the whole page.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scraper.page import Page, article

if TYPE_CHECKING:
    from collections import Counter

    from scraper.dialects.base import Slice

_NEAR = 200
_MOST = 2**20
_TELLING = re.compile(rb"<(!--|/?script\b|article\b)")


def cut_out(data: bytes, where: Slice, removed: Counter[str]) -> Page | None:
    """Return the article of a page, with its head; None when it is not plain where the article is.

    Raises UnicodeDecodeError for what is not UTF-8. Boilerplate that stands outside the article and is named by the
    dialect is counted in `removed`.
    """
    span = _span(data, where)
    if span is None:
        return None
    start, end = span
    if end - start > _MOST:
        return None
    head = data.find(b"</head>", 0, start)
    if head < 0 or _hidden(data, head, start) or _spills(data, where, head, start, end):
        return None
    part = data[start:end]
    if not _ends_where_it_should(part, where):
        return None
    part.decode()
    page = article(part, data[:head], closed=where.closed)
    for sign, rule in where.beside if page else ():
        if data.find(sign, end) >= 0:
            removed[rule] += 1
    return page


def _span(data: bytes, where: Slice) -> tuple[int, int] | None:
    """Find the article by its mark, which must stand in an opening tag; that tag must not come again."""
    at = data.find(where.mark)
    start = data.rfind(b"<", 0, at) if at >= 0 else -1
    if start < 0 or not data.startswith(b"<" + where.tag, start) or data.find(b">", start, at) >= 0:
        return None
    opening = data[start : data.find(b">", at) + 1]
    ends = [found for sign in where.end if (found := data.find(sign, at)) >= 0]
    if not opening or not ends or data.find(opening, at) >= 0:
        return None
    return start, min(ends) if where.closed else data.rfind(b"<", start, min(ends))


def _ends_where_it_should(part: bytes, where: Slice) -> bool:
    """Whether the end that was found is that of the article: not of one inside it, nor in a comment or a script."""
    found = _TELLING.findall(part, 1)
    if where.closed and where.tag in found:
        return False
    if found.count(b"script") != found.count(b"/script"):
        return False
    return b"!--" not in found or found.count(b"!--") == part.count(b"-->")


def _hidden(data: bytes, head: int, start: int) -> bool:
    """Whether the article may begin inside a comment or in a string of a script."""
    if not data[max(head, start - _NEAR) : start].rstrip().endswith(b">"):
        return True
    comments = data.count(b"<!--", head, start)
    return comments > 0 and comments != data.count(b"-->", head, start)


def _spills(data: bytes, where: Slice, head: int, start: int, end: int) -> bool:
    """Whether something that is read from the article stands outside it, too."""
    if where.closed:
        return False  # nothing is looked up outside one element
    if data.find(b"<meta", head, start) >= 0 or data.find(b"<meta", end) >= 0:
        return True
    only = where.only
    return bool(only and (only.search(data, head, start) or only.search(data, end)))
