"""How things look on a page: templates, Persian digits, dates in both calendars, links that keep the language."""

from __future__ import annotations

import datetime as dt
import re
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from archive import names
from archive.jalali import LATIN_MONTHS, MONTHS, TEHRAN, jalali_text
from archive.names import Lang
from archive.web.words import WORDS

HERE = Path(__file__).parent
_DIGITS = str.maketrans("0123456789,.", "۰۱۲۳۴۵۶۷۸۹٬٫")
_WORD = r"[A-Za-z0-9](?:[!-~]*[A-Za-z0-9/*])?"
_LATIN = re.compile(rf"https?://[^\s»]*[^\s».,،]|{_WORD}(?: +{_WORD})*|[۰-۹]+(?:[-/:.][۰-۹]+)+")
_DATE = re.compile(r"([0-9۰-۹]{4}(?:[-/][0-9۰-۹]{1,2})+(?:T[0-9:.]+(?:Z|[+-][0-9:]+)?)?)")
_BLOCKS = {"p", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "br", "strong", "b", "em", "i",
           "table", "thead", "tbody", "tr", "th", "td", "sub", "sup"}  # fmt: skip


def environment() -> Environment:
    """What all pages are made with: templates that escape, and stumble over a name that is not given."""
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


_environment = environment()


def page(path: str, query: str, lang: Lang, template: str, data: Any, shown: dict[str, Any]) -> str:
    """A whole page in a language. `path` is that of the request without the prefix of the language."""
    helpers = {
        "lang": lang,
        "t": partial(word, lang),
        "n": partial(number, lang),
        "to": partial(link, lang),
        "at": partial(link, "fa"),
        "here": "",
        "error": False,
        "day": partial(day, lang),
        "month": partial(month, lang),
        "moment": partial(moment, lang),
        "size": partial(size, lang),
        "organisation": lambda value: names.organisation_name(value, lang),
        "province": lambda value: names.province_name(value, lang),
        "office": lambda value: names.office_name(value, lang),
        "kind": lambda value: names.kind_name(value, lang),
        "status": lambda value: names.status_name(value, lang),
        "direction": partial(direction, lang),
        "prose": prose,
        "twin": ("/index" if path == "/" else quote(path, safe="/:")) + ".json" + (f"?{query}" if query else ""),
        "other": ("" if lang == "en" else "/en") + quote(path, safe="/:") + (f"?{query}" if query else ""),
    }
    return _environment.get_template(template).render(d=data, **helpers, **shown)


def word(lang: Lang, key: str, *values: Any) -> str:
    """A text of the interface; `{}` in it stand for values."""
    return WORDS[key][lang == "en"].format(*values)


def number(lang: Lang, value: float | str) -> str:
    """A number with separators, or digits in a text."""
    text = value if isinstance(value, str) else f"{value:,}"
    return text.translate(_DIGITS) if lang == "fa" else text


def link(lang: Lang, path: str, **params: Any) -> str:
    """An address on this site in the language of the page; parameters that are empty are left out."""
    given = {name.rstrip("_"): value for name, value in params.items() if value not in {None, ""}}
    prefix = "/en" if lang == "en" else ""
    return prefix + quote(path, safe="/:") + (f"?{urlencode(given)}" if given else "")


def outside(url: str) -> str:
    """An address elsewhere, if it is one that only leads there."""
    return url if re.match(r"https?://", url, re.IGNORECASE) else ""


def day(lang: Lang, jalali: str | None, iso: str | None = None) -> str:
    """A day of the Jalali calendar in words; in English with the Gregorian day."""
    if not jalali:
        return word(lang, "undated")
    year, month_, day_ = jalali.split("-")
    if lang == "fa":
        return number(lang, f"{int(day_)} {MONTHS[int(month_) - 1]} {year}")
    gregorian = f" ({iso[:10]})" if iso else ""
    return f"{int(day_)} {LATIN_MONTHS[int(month_) - 1]} {year}{gregorian}"


def month(lang: Lang, number_: int) -> str:
    """The name of a Jalali month, counted from 1."""
    return (MONTHS if lang == "fa" else LATIN_MONTHS)[number_ - 1]


def moment(lang: Lang, iso: str | None) -> str:
    """A moment in Tehran, to the minute."""
    if not iso:
        return word(lang, "unknown")
    when = dt.datetime.fromisoformat(iso).astimezone(TEHRAN)
    date = day(lang, jalali_text(when.date()), when.date().isoformat())
    return f"{date}{'،' if lang == 'fa' else ','} {number(lang, f'{when:%H:%M}')}"


def size(lang: Lang, count: int) -> str:
    """Bytes in the unit that suits."""
    value, unit = float(count), 0
    while value >= 1000 and unit < 3:  # noqa: PLR2004
        value, unit = value / 1000, unit + 1
    return f"{number(lang, f'{value:.1f}' if unit else f'{value:.0f}')} {word(lang, f'unit{unit}')}"


def direction(lang: Lang, text: str) -> str:
    """The direction of a sentence that may hold words of the other language: on a Persian page, that of Persian."""
    return "rtl" if lang == "fa" and re.search("[\u0600-\u06ff]", text) else "ltr"


def isolated(text: str) -> Markup:
    """A text in which addresses, dates and whatever else is Latin or made of figures keep their own direction.

    In a line of Persian they would change places piece by piece: 1402-01 would be read 01-1402. No date is broken over
    two lines. The text stays the same to the letter, so that it can be copied.
    """
    pieces = Markup()
    at = 0
    for run in _LATIN.finditer(text):
        pieces += Markup('{}<bdi dir="ltr">').format(text[at : run.start()])
        for number, part in enumerate(_DATE.split(run[0])):  # what lies between dates and the dates, in turn
            pieces += Markup('<span class="when">{}</span>').format(part) if number % 2 else part
        pieces += Markup("</bdi>")
        at = run.end()
    return pieces + text[at:]


def prose(html: str | None, text: str) -> Markup:
    """The body for reading: its markup without anything that loads, links or runs, or its lines as paragraphs."""
    if html:
        # Cleaned when it was recorded, and again, harder: what is shown must not rest on what was stored.
        return Markup(nh3.clean(html, tags=_BLOCKS, attributes={}, link_rel=None))  # noqa: S704
    return Markup("\n").join(Markup("<p>{}</p>").format(line) for line in text.split("\n") if line.strip())


_environment.filters["combined"] = lambda one, two: one | two
_environment.filters["outside"] = outside
_environment.filters["isolated"] = isolated
