"""What a dialect is: everything we know of one content system, as data.

A dialect file reads like a description of a site. Each claim in it carries how it is known:
[D] seen in a raw page, [R] read in an excerpt of one, [S] read in other people's scrapers, [?] inference.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from lxml import etree

from scraper.outline import LOOKED_UP

Proven = Literal["a real page", "a page in its vocabulary", "nothing yet"]
"""What a dialect has been tried on: a raw item page of a real site, exact in every field; or only pages that we wrote
in its markup; or none."""

_CLASS = re.compile(r"\[(\.[\w-]+(?: or \.[\w-]+)*)\]")
_NAMED = re.compile(
    r"\.//(?P<tag>\*|[a-z][a-z0-9]*)"
    r"\[(?:(?P<classes>\.[\w-]+(?: or \.[\w-]+)*)|@(?P<key>itemprop|id)='(?P<value>[\w-]+)')\]"
    r"(?P<rest>(?:\[[^0-9]|/)[^|]*)?"
)


class Selector:
    """An XPath compiled once. `[.one or .two]` stands for «has the class one, or the class two».

    Most of ours begin with an element of a certain class, id or itemprop: `.//div[.body]`. Of these `names` says
    the name to look up in an Outline, and `inner` (of the same kind, for what stands below) or `rest` what is to be
    evaluated from there; the XPath is not needed then.
    """

    __slots__ = ("expression", "inner", "names", "rest", "tag", "xpath")

    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.xpath = _compiled(expression)
        self.names: tuple[str, ...] = ()
        """Names as an Outline knows them: .class, #id, @itemprop."""
        self.tag: str | None = None
        self.inner: Selector | None = None
        self.rest: Callable[[Any], list[Any]] | None = None
        if match := _NAMED.fullmatch(expression):
            sign = "#" if match["key"] == "id" else "@"
            self.names = tuple(match["classes"].split(" or ")) if match["classes"] else (sign + match["value"],)
            LOOKED_UP.update(self.names)
            self.tag = None if match["tag"] == "*" else match["tag"]
            rest = match["rest"]
            if rest and rest.startswith("//") and _NAMED.fullmatch(f".{rest}"):
                self.inner = Selector(f".{rest}")
            elif rest:
                self.rest = _steps(rest) or _compiled(f"{'.' if rest[0] == '/' else 'self::*'}{rest}")

    def __call__(self, element: Any) -> Any:
        """Return what it finds from an element: elements or strings."""
        return self.xpath(element)


_STEPS = re.compile(r"(?P<axis>//?)(?P<tag>[a-z][a-z0-9]*)(?:/@(?P<attribute>[\w-]+))?")
_IS_ONE_OF = re.compile(r"\[(self::[a-z0-9]+(?: or self::[a-z0-9]+)*)\]")


def _steps(rest: str) -> Callable[[Any], list[Any]] | None:
    """The rest of a path without XPath, which is slower, when it is one of the simple ones."""
    if match := _IS_ONE_OF.fullmatch(rest):
        tags = frozenset(name.removeprefix("self::") for name in match[1].split(" or "))
        return lambda element: [element] if element.tag in tags else []
    if not (match := _STEPS.fullmatch(rest)):
        return None
    tag, attribute = match["tag"], match["attribute"]
    children = match["axis"] == "/"
    if attribute is None:
        return lambda element: list(element.iterchildren(tag) if children else element.iterdescendants(tag))
    return lambda element: [
        value
        for found in (element.iterchildren(tag) if children else element.iterdescendants(tag))
        if (value := found.get(attribute)) is not None
    ]


def paths(*expressions: str) -> tuple[Selector, ...]:
    """Compile XPath expressions."""
    return tuple(map(Selector, expressions))


def _compiled(expression: str) -> etree.XPath:
    return etree.XPath(_CLASS.sub(_has_class, expression), smart_strings=False)


def _has_class(match: re.Match[str]) -> str:
    return f"[{' or '.join(_class_test(name[1:]) for name in match[1].split(' or '))}]"


def _class_test(name: str) -> str:
    """Test for a class. The first half is not needed, but it is quick and nearly always false."""
    return f"(contains(@class, '{name}') and contains(concat(' ', normalize-space(@class), ' '), ' {name} '))"


@dataclass(frozen=True, slots=True)
class Mark:
    """A byte string that speaks for a content system, and how loudly: 2 is enough alone."""

    sign: bytes
    weight: int
    says: str
    in_head: bool = False
    """Whether it stands above </head> if anywhere."""


@dataclass(frozen=True, slots=True)
class Address:
    """One form of item address: a pattern for the path, with a group `code` and perhaps `kind`."""

    pattern: re.Pattern[str]
    variant: str
    """canonical, short (no slug), amp, print or pointer: sent on to an address that may name no code."""
    query: bool = False
    """Whether the pattern is for path and query string together: `/?p=12`."""
    host: str | None = None
    """The only host with such addresses, for a pattern that would fit too much elsewhere."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Where the bytes of the article begin and end, so that the rest of a page need not be parsed.

    The slice begins with the opening tag `tag` in which `mark` stands, and only there in the whole page. It ends
    before `end`, the first of these strings that follows: a closing tag, or what comes behind the article.
    """

    mark: bytes
    tag: bytes
    end: tuple[bytes, ...]
    closed: bool = True
    """Whether `end` is the closing tag of the same element, so that the slice is one element."""
    tail: bytes = b""
    """Where, inside the article, boxes begin that close it and are none of it."""
    in_tail: tuple[tuple[bytes, str], ...] = ()
    """Byte strings in the tail that tell of boilerplate left out with it, and its rule."""
    only: re.Pattern[bytes] | None = None
    """What is read, and so must not stand in what is left out. Quick when it begins with a plain string."""
    beside: tuple[tuple[bytes, str], ...] = ()
    """Byte strings outside the article that tell of boilerplate left out with the rest of the page, and its rule."""


@dataclass(frozen=True, slots=True)
class Fields:
    """Where an item page keeps its fields. The first selector that finds something wins.

    `scope` finds the article in the page; the rest is looked up inside it, in document order.
    The `meta_*` are property names of <meta> in <head>.
    """

    scope: tuple[Selector, ...]
    title: tuple[Selector, ...]
    body: tuple[Selector, ...]
    kicker: tuple[Selector, ...] = ()
    lead: tuple[Selector, ...] = ()
    date: tuple[Selector, ...] = ()
    codes: tuple[tuple[str, Selector], ...] = ()
    categories: tuple[Selector, ...] = ()
    tags: tuple[Selector, ...] = ()
    authors: tuple[Selector, ...] = ()
    media: tuple[Selector, ...] = ()
    short_url: tuple[Selector, ...] = ()
    find_body: Callable[[Any], Any] | None = None
    """Hook: finds in the scope the element with the text when no selector does."""
    schema_org: bool = False
    """Whether JSON-LD in the page is read; its fields are metas named ld:headline, ld:datePublished …"""
    meta_title: tuple[str, ...] = ("og:title",)
    meta_lead: tuple[str, ...] = ()
    meta_published: tuple[str, ...] = ("article:published_time",)
    meta_modified: tuple[str, ...] = ("article:modified_time",)
    meta_tags: tuple[str, ...] = ("article:tag",)
    meta_section: tuple[str, ...] = ("article:section",)
    meta_code: tuple[str, ...] = ()
    meta_authors: tuple[str, ...] = ()
    meta_kind: tuple[str, ...] = ()
    meta_page: tuple[str, ...] = ()
    """Metas whose value is a page type; anything that is not an item type means a listing."""


@dataclass(frozen=True, slots=True)
class ListingFields:
    """How a listing page names its items and its next pages."""

    main: tuple[Selector, ...]
    """Finds the column of the listing itself. When it is there, side lists are left out, even if it is empty:
    a page behind the last one must look empty."""
    entry: tuple[Selector, ...]
    """From the column, or else the page, the <a> of each entry."""
    date: tuple[Selector, ...]
    """From the entry's <a>, the strings that may tell its date."""
    pager: Selector
    """From the page, the addresses of other pages of the listing."""
    code: tuple[Selector, ...] = ()
    """From the entry's <a>, the strings in which its code stands, for a system whose addresses may name none."""


@dataclass(frozen=True, slots=True)
class Seeds:
    """Where the items of a site are found: paths on its host, as templates.

    `archive` takes {page}; `archive_day` takes {page}, {year}, {month} and {day} of the Jalali calendar;
    `sitemaps` may take {year}. `item` takes the {code} of an item, `tag` a {tag}. `services` are the starts of paths
    that lead from the home page to listings of a topic.
    """

    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    archive: str | None = None
    archive_day: str | None = None
    first_page: int = 1
    item: str | None = None
    tag: str | None = None
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """One content system."""

    name: str
    version: int
    proven: Proven
    marks: tuple[Mark, ...]
    addresses: tuple[Address, ...]
    skip: re.Pattern[str]
    """Paths that are never worth a fetch."""
    fields: Fields
    """Of today."""
    listing: ListingFields
    seeds: Seeds = field(default_factory=Seeds)
    slice: Slice | None = None
    picture: re.Pattern[str] | None = None
    """Of a picture's address: group `size`; by the rest of the match, copies of one picture are known."""
    picture_sizes: str = ""
    """Sizes from the smallest to the largest."""
    earlier: tuple[tuple[dt.date, Fields], ...] = ()
    """Rules that held up to and including a day, the oldest first: a capture is read by the rules of its day."""

    def on(self, day: dt.date | None) -> tuple[Dialect, ...]:
        """Return the dialect with the rules of a day, then with its others: a site may have changed sooner or later."""
        if not self.earlier:
            return (self,)
        periods = [*self.earlier, (dt.date.max, self.fields)]
        today = next(n for n, (last, _) in enumerate(periods) if (day or dt.date.max) <= last)
        order = sorted(range(len(periods)), key=lambda n: abs(n - today))
        return tuple(replace(self, fields=periods[n][1]) for n in order)
