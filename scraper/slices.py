"""The bytes of an article out of those of its page: a tenth of the page is parsed, and every doubt ends in None.

Whoever finds code, title and text in it need not look further; anything else is read again from the whole page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scraper.page import Page, article

if TYPE_CHECKING:
    from collections import Counter

    from scraper.dialects.base import Slice

_NEAR = 200
_MOST = 2**20


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
    tail = _tail(part, where)
    page = article(part[:tail], data[:head], closed=where.closed)
    if page:
        found = [rule for sign, rule in where.in_tail if part.find(sign, tail) >= 0]
        removed.update(found + [rule for sign, rule in where.beside if data.find(sign, end) >= 0])
    return page


def _span(data: bytes, where: Slice) -> tuple[int, int] | None:
    """Find the article by its mark, which must stand in an opening tag; that tag must not come again."""
    at = data.find(where.mark)
    start = data.rfind(b"<", 0, at) if at >= 0 else -1
    if start < 0 or not data.startswith(b"<" + where.tag, start) or data.find(b">", start, at) >= 0:
        return None
    opening = data[start : data.find(b">", at) + 1]
    ends = [found for sign in where.end if (found := data.find(sign, at)) >= 0]
    if not opening or not ends or data.rfind(opening) != start:
        return None
    return start, min(ends) if where.closed else data.rfind(b"<", start, min(ends))


def _ends_where_it_should(part: bytes, where: Slice) -> bool:
    """Whether the end that was found is that of the article: not of one inside it, nor in a comment or a script."""
    if where.closed and _holds(part, b"<" + where.tag, 1):
        return False
    if _holds(part, b"<script") and part.count(b"<script") != part.count(b"</script"):
        return False
    return not _holds(part, b"<!--") or part.count(b"<!--") == part.count(b"-->")


def _holds(data: bytes, sign: bytes, *between: int) -> bool:
    """Whether something stands there that seldom does: where there is nothing, `rfind` knows three times sooner."""
    return data.rfind(sign, *between) >= 0


def _tail(part: bytes, where: Slice) -> int:
    """Where the boxes begin that close an article; its end if something that is read may stand in them."""
    at = part.find(where.tail) if where.tail else -1
    if at < 0 or _holds(part, b"<meta", at) or _holds(part, b"itemprop=", at):
        return len(part)
    return len(part) if where.only and where.only.search(part, at) else at


def _hidden(data: bytes, head: int, start: int) -> bool:
    """Whether the article may begin inside a comment or in a string of a script."""
    if not data[max(head, start - _NEAR) : start].rstrip().endswith(b">"):
        return True
    return _holds(data, b"<!--", head, start) and data.count(b"<!--", head, start) != data.count(b"-->", head, start)


def _spills(data: bytes, where: Slice, head: int, start: int, end: int) -> bool:
    """Whether something that is read from the article stands outside it, too."""
    if where.closed:
        return False  # nothing is looked up outside one element
    if _holds(data, b"<meta", head, start) or _holds(data, b"<meta", end):
        return True
    only = where.only
    return bool(only and (only.search(data, head, start) or only.search(data, end)))
