"""Which province an item speaks for, and the evidence for it.

The host is the weakest evidence: khorasanrazavi.behzisti.ir serves items of the Hormozgan office (cms-notes
§1).
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from archive.persian import fold, fold_letters
from archive.provinces import PROVINCES

if TYPE_CHECKING:
    from collections.abc import Iterable

Place = tuple[str, str]
"""ISO code and the evidence: breadcrumb, dateline, title, office or host."""

_DATELINE = 300
_GAP = r"[\s\u200c]*"

_NAMES = sorted(
    ((name, province.code) for province in PROVINCES for name in (province.name, *province.variants)),
    key=lambda pair: -len(pair[0]),
)
"""Longest first, so that «کرمانشاه» is tried before «کرمان»."""

_AMBIGUOUS = {"مرکزی"}
"""Names that are everyday words: they count only after «استان»."""


def _folded_pattern(name: str) -> str:
    return _GAP.join(re.escape(part) for part in fold_letters(name).replace("\u200c", " ").split())


_BY_NAME = {"".join(fold_letters(name).replace("\u200c", " ").split()): code for name, code in _NAMES}
_BY_KEY = {fold(name): code for name, code in _NAMES}
_BY_SLUG = {province.slug: province.code for province in PROVINCES}
_ANY = "|".join(_folded_pattern(name) for name, _ in _NAMES)
_OWN = "|".join(_folded_pattern(name) for name, _ in _NAMES if name not in _AMBIGUOUS)
_OFFICE = rf"(?:بهزیستی|اوقاف(?:{_GAP}و{_GAP}امور{_GAP}خیریه)?)"
_SPEAKS = (
    re.compile(rf"{_OFFICE}{_GAP}(?:استان{_GAP}(?P<any>{_ANY})|(?P<own>{_OWN}))(?!\u200c?\w)"),
    re.compile(
        rf"اداره{_GAP}کل(?:[\s\u200c]+\w+){{1,8}}?[\s\u200c]+(?:استان{_GAP}(?P<any>{_ANY})|(?P<own>{_OWN}))(?!\u200c?\w)"
    ),
    re.compile(rf"(?<!\w)استان{_GAP}(?P<any>{_ANY})(?!\u200c?\w)(?P<own>)"),
)
"""From the strongest: an office named with its province, any general directorate, the province alone."""

_PREFIX = re.compile(rf"\s*(?:استان{_GAP}(?P<any>{_ANY})|(?P<own>{_OWN}))\s*[|│¦｜]")  # «همدان| …»
_BUREAU = re.compile(rf"\s*\w+/(?P<own>{_OWN})(?!\u200c?\w)(?P<any>)")  # an agency and its bureau open the lead
_PREAMBLE = (
    "استان",
    "بهزیستی استان",
    "بهزیستی",
    "اداره کل بهزیستی استان",
    "اداره کل اوقاف و امور خیریه استان",
)
_ABOVE = fold("استان ها")


def find_province(
    *, categories: list[str], opening: Iterable[str], title: str, office: str | None, host: str
) -> Place | None:
    """Find the province and its evidence, in this order: breadcrumb, dateline, title, office, host.

    `opening` are the texts in which a dateline may stand: the first paragraph, then the lead.
    """
    if code := _in_breadcrumb(categories):
        return code, "breadcrumb"
    for text in opening:
        if code := _spoken_for(text[:_DATELINE]):
            return code, "dateline"
    folded = fold_letters(title)
    if (match := _PREFIX.match(folded)) or (match := _SPEAKS[0].search(folded)):
        return _code(match), "title"
    if office:
        return office, "office"
    labels = host.lower().replace("-", "").split(".")
    code = next((_BY_SLUG[label] for label in labels if label in _BY_SLUG), None)
    return (code, "host") if code else None


def _in_breadcrumb(categories: list[str]) -> str | None:
    """Find a category that is the name of a province. «مرکزی» counts only below «استان‌ها»."""
    below = any(_key(category) == _ABOVE for category in categories)
    for category in reversed(categories):
        code, certain = _named_province(category)
        if code and (certain or below):
            return code
    return None


@lru_cache(maxsize=1024)
def _key(category: str) -> str:
    return fold(category)


@lru_cache(maxsize=1024)
def _named_province(category: str) -> tuple[str | None, bool]:
    """The province that a category names, and whether the name alone is enough."""
    for preamble in ("", *_PREAMBLE):
        if category.startswith(preamble):
            name = category.removeprefix(preamble).strip()
            if code := _BY_KEY.get(fold(name)):
                return code, bool(preamble) or name not in _AMBIGUOUS
    return None, False


def _spoken_for(text: str) -> str | None:
    folded = fold_letters(text)
    if match := _BUREAU.match(folded):
        return _code(match)
    return next((_code(match) for pattern in _SPEAKS if (match := pattern.search(folded))), None)


def provinces_named(text: str) -> Counter[str]:
    """How often a text names the office of each province: «بهزیستی هرمزگان», «اوقاف و امور خیریه استان قم»."""
    return Counter(_code(match) for match in _SPEAKS[0].finditer(fold_letters(text)))


def _code(match: re.Match[str]) -> str:
    name = match["any"] or match["own"]
    return _BY_NAME["".join(name.replace("\u200c", " ").split())]
