"""The fields of an item page, one by one, where its dialect says they stand. Changes nothing in the tree."""

from __future__ import annotations

import datetime as dt
import html
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archive.persian import ascii_digits, fold
from scraper import dates
from scraper.blocks import line
from scraper.newscode import ItemAddress, identify
from scraper.outline import Outline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element as Element

    from scraper.dialects.base import Dialect, Selector
    from scraper.page import Page

_DIGITS = re.compile("[0-9۰-۹٠-٩]+")
_HOME = {fold(name) for name in ("صفحه اصلی", "صفحه نخست", "خانه", "home")}
_SECTIONS = re.compile(r"\s*[>»›]\s*")
_COMMAS = re.compile(r"\s*[,،]\s*")
_AUTHOR_LABEL = re.compile(r"^(?:خبرنگار|نویسنده|گزارشگر|دبیر|عکاس)\s*[:：]\s*")
_PARAGRAPH = 500
_LONGEST_DATE_LINE = 200
_LONGEST_CODE_LINE = 60
_CONSISTENT = dt.timedelta(seconds=59)
"""The visible line has no seconds, so that it may be up to 59 s behind the meta."""


@dataclass(slots=True)
class Published:
    """When an item was published: the moment, the visible line, and what is doubtful about them."""

    moment: dt.datetime | None = None
    raw: str | None = None
    warnings: list[str] = field(default_factory=list)


class Reader:
    """One page read by one dialect. `scope` is the element in which the article stands."""

    def __init__(self, page: Page, dialect: Dialect, scope: Element) -> None:
        self.page = page
        self.dialect = dialect
        self.fields = dialect.fields
        self.scope = scope
        self.outline = Outline(scope)
        self.used: list[Element] = []
        """Elements that title, kicker, date and code were read from: they are no text of the item."""
        page.add_metas(scope.iter("meta"))

    def _found(self, selectors: tuple[Selector, ...]) -> Iterator[Any]:
        for selector in selectors:
            yield from self.outline.find(selector)

    def _text(self, selectors: tuple[Selector, ...]) -> str:
        for element in self._found(selectors):
            if text := line(element):
                self.used.append(element)
                return text
        return ""

    def _texts(self, selectors: tuple[Selector, ...]) -> list[str]:
        """All texts of the first selector that gives any, each once."""
        for selector in selectors:
            if texts := list(dict.fromkeys(filter(None, map(line, self.outline.find(selector))))):
                return texts
        return []

    def title(self) -> str:
        """Return the visible headline, else the one in the head."""
        if title := self._text(self.fields.title) or _squeeze(self.page.meta(self.fields.meta_title)):
            return title
        tag = next(self.page.root.iter("title"), None)
        return re.split(r" [-|–] ", line(tag))[0] if tag is not None else ""

    def kicker(self) -> str:
        return self._text(self.fields.kicker)

    @cached_property
    def lead(self) -> tuple[str, Element | None]:
        """The visible summary and its element."""
        for element in self._found(self.fields.lead):
            if text := line(element):
                return text, element
        return "", None

    def meta_lead(self) -> str:
        """Return the summary in the head."""
        return _squeeze(self.page.meta(self.fields.meta_lead))

    @cached_property
    def body(self) -> Element | None:
        """The element that holds the text: the weightiest that the first fitting selector gives."""
        for selector in self.fields.body:
            if found := self.outline.find(selector):
                heaviest: Element = max(found, key=_weight) if len(found) > 1 else found[0]
                return heaviest
        densest: Element | None = self.fields.find_body(self.scope) if self.fields.find_body else None
        return densest

    def media(self) -> list[Element]:
        """Elements beside the body that hold pictures and films of the item."""
        return list(self._found(self.fields.media))

    def codes(self, address: ItemAddress | None) -> list[tuple[str, str]]:
        """Every place that names the code, and the code it names; the address of the page first."""
        named = [("the address", address.code)] if address else []
        named += [(f"the meta {key}", told) for key in self.fields.meta_code if (told := self.page.meta((key,)))]
        for place, selector in self.fields.codes:
            for found in self.outline.find(selector)[:1]:
                text = _shown(found)
                named.append((place, text))
                if len(text) < _LONGEST_CODE_LINE and not isinstance(found, str):
                    self.used.append(found)
        if canonical := identify(self.page.link("canonical")):
            named.append(("the canonical address", canonical.code))
        digits = ((place, _DIGITS.search(text)) for place, text in named)
        return [(place, ascii_digits(match[0])) for place, match in digits if match]

    def categories(self) -> list[str]:
        """From the breadcrumb, else from the section in the head, which is escaped twice on Nastooh."""
        found = [text.strip(" »›>/") for text in self._texts(self.fields.categories)]
        if not found:
            section = html.unescape(html.unescape(self.page.meta(self.fields.meta_section)))
            found = [_squeeze(part) for part in _SECTIONS.split(section)]
        return [name for name in dict.fromkeys(found) if name and fold(name) not in _HOME]

    def tags(self) -> list[str]:
        """Return the visible tags, else those in the head."""
        if found := self._texts(self.fields.tags):
            return found
        listed = _COMMAS.split(_squeeze(html.unescape(self.page.meta(self.fields.meta_tags))))
        return list(dict.fromkeys(filter(None, listed)))

    def authors(self) -> list[str]:
        found = self._texts(self.fields.authors) or [self.page.meta(self.fields.meta_authors)]
        return [name for text in found if (name := _AUTHOR_LABEL.sub("", _squeeze(text)))]

    def short_url(self) -> str | None:
        """As printed, often without a scheme."""
        return next(filter(None, (_squeeze(str(text)) for text in self._found(self.fields.short_url))), None)

    def kind(self, address: ItemAddress | None) -> str:
        """Return what the page or its address says that it is; empty when that is only «news»."""
        named = self.page.meta(self.fields.meta_kind)
        return named or (address.kind if address and address.kind and address.kind != "news" else "")

    def language(self) -> str | None:
        """Primary subtag, such as fa."""
        told = self.page.language or self.page.meta(("inLanguage", "language", "dc.language"))
        return told.split("-")[0].strip().lower() or None

    def modified(self) -> dt.datetime | None:
        return dates.parse(self.page.meta(self.fields.meta_modified))

    def published(self, fetched: dt.datetime | None) -> Published:
        """Read the time of publication.

        When the visible line and the meta agree, the meta is taken: it has the seconds. When they are more
        than 59 s apart the visible line is taken, because it is what a reader saw and can cite, and a warning
        names both.
        """
        raw, visible = self._visible_date(fetched)
        told = self.page.meta(self.fields.meta_published)
        meta = dates.read(told)
        result = Published(raw=raw)
        if told and not meta:
            result.warnings.append(f"the publication time «{told}» in the head cannot be read")
        if raw and not visible:
            result.warnings.append(f"the date line «{raw}» cannot be read")
        if meta and (visible is None or visible.relative or _agree(meta, visible)):
            result.moment = meta.moment
        elif visible:
            result.moment = visible.moment
            if meta:
                result.warnings.append(
                    f"published {visible.moment.isoformat()} on the page, but {meta.moment.isoformat()} in its head"
                )
            elif visible.relative:
                result.warnings.append(f"published is counted back from «{raw}»")
        return result

    def _visible_date(self, fetched: dt.datetime | None) -> tuple[str | None, dates.Reading | None]:
        unread: str | None = None
        for element in self._found(self.fields.date):
            raw = dates.strip_label(_shown(element))
            if len(raw) > _LONGEST_DATE_LINE:
                continue  # mis-nested markup: the element holds more than a date
            if reading := dates.read(raw, fetched):
                if not isinstance(element, str):
                    self.used.append(element)
                return raw, reading
            if unread is None and any(letter.isdigit() for letter in raw):
                unread = raw
        return unread, None


def _agree(meta: dates.Reading, visible: dates.Reading) -> bool:
    if not (meta.has_time and visible.has_time):
        return meta.moment.date() == visible.moment.date()
    again = visible.moment.replace(fold=1)  # the hour that comes twice in autumn
    return any(abs(meta.moment - moment.astimezone(dt.UTC)) <= _CONSISTENT for moment in (visible.moment, again))


def _weight(element: Element) -> int:
    """Length of the text; a picture or a film weighs as much as a paragraph."""
    media = sum(_PARAGRAPH for _ in element.iter("img", "video", "iframe"))
    return media + sum(map(len, element.itertext("*")))


def _shown(found: Element | str) -> str:
    """Text of an element, or the string itself."""
    return found if isinstance(found, str) else line(found)


def _squeeze(text: str) -> str:
    return " ".join(text.split())
