# ruff: noqa: E501 (markup reads better in the lines of the page than cut to ours)
"""Body blocks as the editors' HTML: paragraphs, Word tables, pages without a single <p>, and what is stuck on behind."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from tests.portal.markup import e
from tests.portal.story import CELL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.portal.world import Item

_ENDS = ("انتهای پیام", "انتهای پیام/", "پایان پیام/", "انتهای پیام/ز")


def body_html(item: Item, related: list[Item], base: str = "") -> str:
    """The inside of the article body, with inline pictures and trailers that are not part of the news."""
    lines = _divs(item) if item.traits.bare else _paragraphs(item)
    if len(item.images) > 1 and item.kind != "photo":
        lines.insert(1, inline_picture(*item.images[-1], bare=item.traits.bare))
    if item.traits.more and related:
        lines.insert(max(len(lines) - 1, 1), _more(item, related[:2], base))
    if item.traits.end:
        lines.append(_trailer(item, _ENDS[item.number % len(_ENDS)]))
    if item.traits.desk:
        lines.append(_trailer(item, "7496/1858" if item.number % 2 else str(17300 + item.number % 9)))
    return "\n".join(lines)


def _paragraphs(item: Item) -> list[str]:
    lines: list[str] = []
    for shape, group in groupby(zip(item.shapes, item.body, strict=True), key=lambda pair: pair[0]):
        texts = [text for _, text in group]
        if shape == "row":
            lines.append(_table(texts))
        elif shape == "li":
            lines.append("<ul>" + "\n".join(f"<li>{e(text)}</li>" for text in texts) + "</ul>")
        elif shape == "quote":
            lines += [f'<blockquote class="blockquote"><p>{e(text)}</p></blockquote>' for text in texts]
        elif shape == "h":
            lines += [_subhead(text, item.number) for text in texts]
        else:
            lines += [f'<p style="text-align:justify">{_linked(text, item)}</p>' for text in texts]
    return lines


def _subhead(text: str, number: int) -> str:
    if number % 2:
        return f"<h3>{e(text)}</h3>"
    return f'<p style="text-align:justify"><span style="color:#0000cd"><strong>{e(text)}</strong></span></p>'


def _linked(text: str, item: Item) -> str:
    """Now and then a word of the running text is a link to the site's own tag page or stands in bold."""
    html = e(text)
    word = item.tags[0]
    if item.portal == "behzisti" and item.number % 4 == 2 and word in html:
        return html.replace(word, f'<a class="saba-backlink" href="/tag/{e(word.replace(" ", "+"))}">{e(word)}</a>', 1)
    if item.number % 7 == 3 and ":" in html:
        speaker, rest = html.split(":", 1)
        return f"<strong>{speaker}:</strong>{rest}"
    return html


def _table(rows: Iterable[str]) -> str:
    """As pasted from Word: a paragraph in every cell."""
    lines = []
    for row in rows:
        cells = "".join(
            f'<td style="border:1px solid windowtext; width:156.0pt"><p dir="RTL" class="MsoNormal">{e(cell)}</p></td>'
            for cell in row.split(CELL)
        )
        lines.append(f"<tr>{cells}</tr>")
    return (
        '<table border="1" cellspacing="0" class="MsoTableGrid" dir="rtl"><tbody>'
        + "\n".join(lines)
        + "</tbody></table>"
    )


def _divs(item: Item) -> list[str]:
    """A body of divisions and line breaks, with empty ones in between, as visual editors leave it."""
    lines = []
    for shape, text in zip(item.shapes, item.body, strict=True):
        inner = f"<strong>{e(text)}</strong>" if shape == "h" else e(text)
        lines.append(f'<div dir="rtl">\n  <br> {inner}\n </div> \n <div dir="rtl"></div> ')
    return lines


def inline_picture(url: str, alt: str, *, bare: bool) -> str:
    """A picture in the running text."""
    tag = f'<img alt="{e(alt)}" class="image_btn" src="{e(url)}" style="margin:0px" />'
    return f'<div dir="rtl">{tag}</div>' if bare else f'<p style="text-align:center">{tag}</p>'


def _more(item: Item, related: list[Item], base: str) -> str:
    links = [f'<a href="{base}{e(other.path)}" target="_blank">{e(other.title)}</a>' for other in related]
    inner = "<strong>بیشتر بخوانید:</strong><br>" + "<br>".join(links)
    return f'<div dir="rtl">{inner}</div>' if item.traits.bare else f"<p>{inner}</p>"


def _trailer(item: Item, text: str) -> str:
    return f'<div dir="rtl">\n  {text}\n </div> ' if item.traits.bare else f"<p>{text}</p>"
