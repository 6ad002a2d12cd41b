"""The date lines of the pages: Jalali, Gregorian, ISO, RFC 822 and relative; digits of three scripts.

The forms are those of cms-notes §5. A time without a zone is the time in Tehran, by the tz database.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache

from archive.jalali import MONTHS, TEHRAN, to_gregorian
from archive.persian import ascii_digits, fold_letters

GREGORIAN_MONTHS = (
    ("january", "ژانویه"),
    ("february", "فوریه"),
    ("march", "مارس"),
    ("april", "اوریل"),
    ("may", "مه", "می"),
    ("june", "ژوین", "ژوئن"),
    ("july", "جولای", "ژوییه", "ژوئیه"),
    ("august", "اوت", "اگوست"),
    ("september", "سپتامبر"),
    ("october", "اکتبر"),
    ("november", "نوامبر"),
    ("december", "دسامبر"),
)
_SHORTEST_ABBREVIATION = 3
_NOON, _MIDNIGHT = 12, 24
_JALALI_YEARS = range(1300, 1500)
_GREGORIAN_YEARS = range(1900, 2100)
_CENTURY, _PIVOT = 100, 40  # 98 is 1398, 02 is 1402: no site is older than 1340

_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\u064b-\u0655\u0640\ufeff]")
_LABEL = re.compile(
    r"\s*(?:(?:تاریخ|زمان)(?:\s+و\s+(?:زمان|ساعت))?(?:\s+(?:انتشار|ارسال|درج|خبر))?|انتشار|date|published)\s*[:：]\s*",
    re.IGNORECASE,
)
_UTC = re.compile(r"20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]?.*")
_NUMERIC = re.compile(
    r"(?<!\d)(?:(\d{4}|\d\d)([/.\-])(\d{1,2})\2(\d{1,2})|(\d{1,2})([/.\-])(\d{1,2})\6(\d{4}))(?![\d:])"
)
_NAMED = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|م|ام)?[\s,،/\-]*([^\W\d_]+(?:\s?[^\W\d_]+)?)\s*(?:ماه)?[\s,،/\-.]*(\d{4}|\d\d)(?![\d:])"
)
_LINE = re.compile(
    r"(?:(?:[^\W\d_]+\s)?(?P<day>\d\d?)\s(?P<name>[^\W\d_]+)\s(?P<year>\d{4})\s?[-،/]"
    r"|(?P<in_year>\d{4})/(?P<month>\d\d)/(?P<on>\d\d) -)\s(?P<hour>\d\d?):(?P<minute>\d\d)"
)
_TIME = re.compile(
    r"(?<![\d:])(\d{1,2}):(\d\d)(?::(\d\d))?(?:\.\d+)?(?!\d)\s*(ق\s?\.?\s?ظ|ب\s?\.?\s?ظ|[ap]\.?m|صبح|عصر|بعد\s?از\s?ظهر)?",
    re.IGNORECASE,
)
_MORNING = {"قظ", "am", "صبح"}
_AFTERNOON = {"بظ", "pm", "عصر", "بعدازظهر"}
_RFC822 = re.compile(r"(?:\w{3},? )?\d{1,2} [a-z]{3} \d{2,4} \d\d?:\d\d(?::\d\d)? (?:[+-]\d{4}|[a-z]{1,4})")
_AGO = re.compile(r"(\d+|یک|نیم)\s*(ثانیه|دقیقه|ساعت|روز|هفته|ماه|سال)\S*\s*(?:قبل|پیش)")
_DAY_WORDS = {"امروز": 0, "دیروز": 1, "پریروز": 2}
_EXACT = {"ثانیه": dt.timedelta(seconds=1), "دقیقه": dt.timedelta(minutes=1), "ساعت": dt.timedelta(hours=1)}
_DAYS = {"روز": 1, "هفته": 7, "ماه": 30, "سال": 365}


_ALEF = str.maketrans("آأإئؤ", "ااایو")


def _name(text: str) -> str:
    return fold_letters(text).translate(_ALEF)


_JALALI_NAMES = tuple((_name(name),) for name in MONTHS)
_GREGORIAN_NAMES = tuple(tuple(map(_name, names)) for names in GREGORIAN_MONTHS)


@dataclass(frozen=True, slots=True)
class Reading:
    """A moment in Asia/Tehran and how it was told."""

    moment: dt.datetime
    has_time: bool = True
    relative: bool = False
    """Counted back from the time of the fetch: good for a listing, weak as a date of publication."""


def parse(text: str, fetched: dt.datetime | None = None) -> dt.datetime | None:
    """Read the moment that a date line tells: aware, in Asia/Tehran; None when it tells none.

    Never raises. A day without a time is its first minute, 00:00. Relative lines need `fetched`, the (aware)
    time of the fetch; «۱۰ روز قبل» tells a day and not a time. A day that does not exist, such as 1402-12-30,
    is None.
    """
    found = read(text, fetched)
    return found.moment if found else None


def read(text: str, fetched: dt.datetime | None = None) -> Reading | None:
    """As `parse`, and says how the moment was told."""
    if not text:
        return None
    if _UTC.fullmatch(text):
        return Reading(_tehran(dt.datetime.fromisoformat(text)))
    if (match := _LINE.fullmatch(text)) and (found := _usual(match)):
        return found
    text = clean(text)
    try:
        return _iso(text) or _rfc822(text) or _absolute(text) or (_relative(text, fetched) if fetched else None)
    except (ValueError, OverflowError):
        return None


def _usual(match: re.Match[str]) -> Reading | None:
    """The lines of most pages: a Jalali day and a time. `int` reads digits of any script."""
    month = _jalali_month(match["name"]) if match["name"] else int(match["month"])
    year, hour = int(match["year"] or match["in_year"]), int(match["hour"])
    if month is None or hour >= _MIDNIGHT or year not in _JALALI_YEARS:
        return None
    try:
        day = _jalali(year, month, int(match["day"] or match["on"]))
        return Reading(_tehran(dt.datetime.combine(day, dt.time(hour, int(match["minute"])))))
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _jalali_month(name: str) -> int | None:
    return _month(clean(name), _JALALI_NAMES)


def strip_label(text: str) -> str:
    """Return a date line as shown, without a label such as «تاریخ انتشار:»."""
    text = " ".join(text.split())
    if text[:1].isdigit():
        return text
    match = _LABEL.match(fold_letters(text))  # folding keeps the length
    return text[match.end() :] if match else text


def clean(text: str) -> str:
    """For reading only: ASCII digits, Persian letters, no marks, half-spaces as spaces."""
    return " ".join(fold_letters(ascii_digits(_MARKS.sub("", text))).replace("\u200c", " ").lower().split())


def _tehran(moment: dt.datetime) -> dt.datetime:
    """Through UTC, so that an hour skipped in spring becomes the one that clocks showed."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=TEHRAN)
    return moment.astimezone(dt.UTC).astimezone(TEHRAN)


def _iso(text: str) -> Reading | None:
    if not _ISO.fullmatch(text) or int(text[:4]) not in _GREGORIAN_YEARS:
        return None
    text = re.sub(r"\s*T\s*", "T", text.upper(), count=1)
    try:
        moment = dt.datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d|Z)", "", text))
        return Reading(_tehran(moment), has_time=":" in text)
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def _jalali(year: int, month: int, day: int) -> dt.date:
    """Items come in rows of the same day."""
    return to_gregorian(year, month, day)


def _absolute(text: str) -> Reading | None:
    """Read a day in figures or with the name of its month, and a time anywhere in the line."""
    day = _named_day(text) or _numeric_day(text)
    if day is None:
        return None
    time = _time(text)
    return Reading(_tehran(dt.datetime.combine(day, time or dt.time())), has_time=time is not None)


def _named_day(text: str) -> dt.date | None:
    for match in _NAMED.finditer(text):
        name, day, year = match[2].replace(" ", ""), int(match[1]), int(match[3])
        if month := _month(name, _JALALI_NAMES):
            return _jalali(_full_year(year), month, day)
        if (month := _month(name, _GREGORIAN_NAMES)) and year in _GREGORIAN_YEARS:
            return dt.date(year, month, day)
    return None


def _numeric_day(text: str) -> dt.date | None:
    match = _NUMERIC.search(text)
    if not match:
        return None
    year, month, day = (match[1], match[3], match[4]) if match[1] else (match[8], match[7], match[5])
    full = _full_year(int(year))
    if full in _JALALI_YEARS:
        return _jalali(full, int(month), int(day))
    return dt.date(full, int(month), int(day)) if full in _GREGORIAN_YEARS else None


def _full_year(year: int) -> int:
    if year >= _CENTURY:
        return year
    return 1300 + year if year >= _PIVOT else 1400 + year


def _time(text: str) -> dt.time | None:
    match = _TIME.search(text)
    if not match:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    half = (match[4] or "").replace(" ", "").replace(".", "")
    if half in _AFTERNOON and hour < _NOON:
        hour += _NOON
    elif half in _MORNING and hour == _NOON:
        hour = 0
    return dt.time(hour % _MIDNIGHT if (minute, second) == (0, 0) else hour, minute, second)


@lru_cache(maxsize=256)
def _month(name: str, names: tuple[tuple[str, ...], ...]) -> int | None:
    """Find the number of a month by its name or the beginning of it («اسف», «jul»)."""
    name = _name(name).removesuffix("ماه")
    for number, known in enumerate(names, 1):
        if name in known or (len(name) >= _SHORTEST_ABBREVIATION and any(full.startswith(name) for full in known)):
            return number
    return None


def _rfc822(text: str) -> Reading | None:
    """Of feeds; IranSamaneh leaves out the day of the week."""
    if not _RFC822.fullmatch(text):
        return None
    moment = parsedate_to_datetime(text)
    return Reading(_tehran(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)))


def _relative(text: str, fetched: dt.datetime) -> Reading | None:
    now = _tehran(fetched)
    if match := _AGO.search(text):
        amount = {"یک": 1.0, "نیم": 0.5}.get(match[1]) or float(match[1])
        if step := _EXACT.get(match[2]):
            return Reading(_tehran(now - amount * step), relative=True)
        back = round(amount * _DAYS[match[2]])
    else:
        words = [days for word, days in _DAY_WORDS.items() if word in text.split()]
        if not words:
            return None
        back = words[0]
    time = _time(text)
    day = now.date() - dt.timedelta(days=back)
    return Reading(_tehran(dt.datetime.combine(day, time or dt.time())), has_time=time is not None, relative=True)
