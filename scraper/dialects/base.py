"""What a dialect is: everything we know of one content system, as data.

A dialect file reads like a description of a site. Each claim in it carries how it is known:
[D] seen in a raw page, [R] read in an excerpt of one, [S] read in other people's scrapers, [?] inference.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

Selector = Callable[[Any], Any]
"""A compiled XPath: takes an element, gives a list of elements or strings."""


def paths(*expressions: str) -> tuple[Selector, ...]:
    """XPath expressions compiled once. `[.one or .two]` stands for «has the class one, or the class two»."""
    return tuple(etree.XPath(_CLASS.sub(_has_class, expression), smart_strings=False) for expression in expressions)


_CLASS = re.compile(r"\[(\.[\w-]+(?: or \.[\w-]+)*)\]")


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


@dataclass(frozen=True, slots=True)
class Address:
    """One form of item address: a pattern for the path, with a group `code` and perhaps `kind`."""

    pattern: re.Pattern[str]
    variant: str
    """canonical, short (no slug), amp or print."""


@dataclass(frozen=True, slots=True)
class Fields:
    """Where an item page keeps its fields. The first selector that finds something wins.

    `scope` finds the article in the page; the rest is looked up inside it, in document order.
    The `meta_*` are property names of <meta> in <head>.
    """

    scope: tuple[Selector, ...]
    title: tuple[Selector, ...]
    kicker: tuple[Selector, ...]
    lead: tuple[Selector, ...]
    body: tuple[Selector, ...]
    date: tuple[Selector, ...]
    codes: tuple[tuple[str, Selector], ...]
    categories: tuple[Selector, ...]
    tags: tuple[Selector, ...]
    authors: tuple[Selector, ...]
    media: tuple[Selector, ...]
    short_url: tuple[Selector, ...]
    meta_title: tuple[str, ...] = ("og:title",)
    meta_lead: tuple[str, ...] = ()
    meta_published: tuple[str, ...] = ("article:published_time",)
    meta_modified: tuple[str, ...] = ("article:modified_time",)
    meta_tags: tuple[str, ...] = ("article:tag",)
    meta_section: tuple[str, ...] = ("article:section",)
    meta_code: tuple[str, ...] = ()
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


@dataclass(frozen=True, slots=True)
class Seeds:
    """Where the items of a site are found: paths on its host, as templates.

    `archive` takes {page}; `archive_day` takes {page}, {year}, {month} and {day} of the Jalali calendar;
    `sitemaps` may take {year}.
    """

    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    archive: str | None = None
    archive_day: str | None = None
    first_page: int = 1


@dataclass(frozen=True, slots=True)
class Dialect:
    """One content system."""

    name: str
    version: int
    marks: tuple[Mark, ...]
    addresses: tuple[Address, ...]
    skip: re.Pattern[str]
    """Paths that are never worth a fetch."""
    fields: Fields
    listing: ListingFields
    seeds: Seeds = field(default_factory=Seeds)
    picture: re.Pattern[str] | None = None
    """Of a picture's address: group `size`; by the rest of the match, copies of one picture are known."""
    picture_sizes: str = ""
    """Sizes from the smallest to the largest."""
