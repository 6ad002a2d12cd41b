"""schema.org in JSON-LD: what a page of an unknown system says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from scraper.page import Page

_TYPES = frozenset({"NewsArticle", "Article", "ReportageNewsArticle", "BlogPosting", "AnalysisNewsArticle", "Report"})
_PLAIN = ("headline", "description", "datePublished", "dateModified", "articleBody")
_DEEPEST = 6


def add(page: Page) -> None:
    """Take the fields of the first article that the page describes in JSON-LD into its metas, as ld:<name>."""
    for script in page.root.iter("script"):
        if "ld+json" not in (script.get("type") or ""):
            continue
        try:
            data = msgspec.json.decode((script.text or "").strip())
        except (msgspec.DecodeError, RecursionError):
            continue
        if found := next(_articles(data), None):
            for name, text in _told(found):
                if text:
                    page.metas.setdefault(f"ld:{name}", text)
            return


def is_article(page: Page) -> bool:
    """Whether the page calls itself one article, in JSON-LD or in microdata."""
    if page.meta(("ld:headline",)):
        return True
    return any(_TYPES & {kind.rsplit("/")[-1]} for kind in page.root.xpath("//@itemtype"))


def _articles(data: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the objects of a type that we know, at any depth that people write."""
    if depth > _DEEPEST:
        return
    if isinstance(data, list):
        for item in data:
            yield from _articles(item, depth + 1)
    elif isinstance(data, dict):
        kinds = data.get("@type")
        if not _TYPES.isdisjoint(kinds if isinstance(kinds, list) else [kinds] if isinstance(kinds, str) else []):
            yield data
        for key in ("@graph", "mainEntity"):
            yield from _articles(data.get(key), depth + 1)


def _told(article: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _PLAIN:
        yield name, _text(article.get(name))
    for name in ("keywords", "articleSection", "author", "image"):
        yield name, _text(article.get(name), "url" if name == "image" else "name")


def _text(value: Any, key: str = "") -> str:
    """A string; the texts of a list with commas between; of an object, its name or address."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return _text(value.get(key))
    if isinstance(value, list):
        texts = [text for item in value if (text := _text(item, key))]
        return texts[0] if key == "url" and texts else "، ".join(texts)
    return ""
