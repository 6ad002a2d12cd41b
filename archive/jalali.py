"""The Jalali calendar: persiantools does the arithmetic, this module the forms Bayegan uses."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from persiantools.jdatetime import JalaliDate

from archive.errors import UsageError
from archive.persian import ascii_digits, fold

TEHRAN = ZoneInfo("Asia/Tehran")
"""Summers were +04:30 in 1384 and 1387–1401; the tz database knows, a fixed offset would not."""

MONTHS = (
    "فروردین",
    "اردیبهشت",
    "خرداد",
    "تیر",
    "مرداد",
    "شهریور",
    "مهر",
    "آبان",
    "آذر",
    "دی",
    "بهمن",
    "اسفند",
)

LATIN_MONTHS = tuple("Farvardin Ordibehesht Khordad Tir Mordad Shahrivar Mehr Aban Azar Dey Bahman Esfand".split())

_NUMBERS = {fold(name): number for names in (MONTHS, LATIN_MONTHS) for number, name in enumerate(names, 1)}
_IN_WORDS = re.compile(r"(?:(\d{1,2})\s+)?([^\W\d]+)\s+(\d{4})")
_DAY = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")
_FIRST_GREGORIAN_YEAR = 1700  # below it a year is Jalali: no site published in either 1699 CE or 1700 AP


def to_jalali(day: dt.date) -> tuple[int, int, int]:
    """Year, month and day in the Jalali calendar."""
    j = JalaliDate(day)
    return j.year, j.month, j.day


def to_gregorian(year: int, month: int, day: int) -> dt.date:
    """Raise ValueError for a day that does not exist, such as 1402-12-30."""
    gregorian: dt.date = JalaliDate(year, month, day).to_gregorian()
    return gregorian


def month_length(year: int, month: int) -> int:
    """Days in a Jalali month: 31, 30 or 29."""
    length: int = JalaliDate.days_in_month(month, year)
    return length


def jalali_text(day: dt.date) -> str:
    """YYYY-MM-DD in the Jalali calendar."""
    return "{:04d}-{:02d}-{:02d}".format(*to_jalali(day))


def _in_numbers(text: str) -> str:
    """Write a day or month that is in words as pages show it in numbers; anything else stays as it is."""
    match = _IN_WORDS.fullmatch(text)
    if match is None or (month := _NUMBERS.get(fold(match[2]))) is None:
        return text
    return "-".join(filter(None, (match[3], str(month), match[1])))


def parse_period(text: str) -> tuple[dt.date, dt.date]:
    """First and last day of a year, month or day: 1402, 1402-01, 1402/06/31, 2023-09-22, اسفند ۱۴۰۲, 7 Azar 1402.

    Digits of all three scripts are read. Raises UsageError for anything else.
    """
    match = _DAY.fullmatch(_in_numbers(ascii_digits(text.strip())))
    if not match:
        raise UsageError(
            f"«{text}» is not a date. Write a Jalali or Gregorian day, month or year: 1402-01-31, 1402/06, 2023-09-22."
        )
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    try:
        if year < _FIRST_GREGORIAN_YEAR:
            last_month = month or 12
            return (
                to_gregorian(year, month or 1, day or 1),
                to_gregorian(year, last_month, day or month_length(year, last_month)),
            )
        first = dt.date(year, month or 1, day or 1)
        if day:
            return first, first
        following = dt.date(year + (month or 12) // 12, (month or 12) % 12 + 1, 1)
        return first, following - dt.timedelta(days=1)
    except ValueError as error:
        raise UsageError(f"«{text}» is not a day of the calendar: {error.args[0]}.") from error
