"""Small helpers for composing pages: escaping, Persian digits, dates as the sites print them, slugs."""

from __future__ import annotations

import datetime as dt
import re
from html import escape
from urllib.parse import quote

from archive.jalali import MONTHS, TEHRAN, to_jalali

_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_WEEKDAYS = ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه")
_ENGLISH_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NOT_SLUG = re.compile(r"[^\w\u200c]+")


def e(text: str) -> str:
    """Escape for text and for double-quoted attributes."""
    return escape(text, quote=True)


def digits(value: object) -> str:
    """ASCII digits as Persian ones."""
    return str(value).translate(_PERSIAN)


def day_text(day: dt.date) -> str:
    """«۲۹ بهمن ۱۳۹۸»."""
    year, month, number = to_jalali(day)
    return digits(f"{number} {MONTHS[month - 1]} {year}")


def clock(moment: dt.datetime) -> str:
    """«۰۶:۵۵»."""
    return digits(moment.astimezone(TEHRAN).strftime("%H:%M"))


def nastooh_date(moment: dt.datetime, variant: int) -> str:
    """The visible date line of a Nastooh page, in one of the two forms that themes print."""
    local = moment.astimezone(TEHRAN)
    return f"{day_text(local.date())}{'، ' if variant == 0 else ' - '}{clock(local)}"


def time_title(moment: dt.datetime) -> str:
    """The title attribute of a listing's time element: «چهارشنبه ۱۱ بهمن ۱۴۰۲ - ۱۸:۱۷»."""
    local = moment.astimezone(TEHRAN)
    return f"{_WEEKDAYS[local.weekday()]} {nastooh_date(local, 1)}"


def iransamaneh_date(moment: dt.datetime) -> str:
    """As IranSamaneh prints it, with an Arabic ي in «ارديبهشت» and «تير»."""
    return nastooh_date(moment, 1).replace("ارد\u06cc", "ارد\u064a").replace("ت\u06ccر ", "ت\u064aر ")


def iransamaneh_meta(moment: dt.datetime) -> str:
    """«۱۳۹۹/۰۲/۲۱ - ۱۸:۵۹»: the Jalali day in an article:published_time."""
    local = moment.astimezone(TEHRAN)
    return digits("{:04d}/{:02d}/{:02d}".format(*to_jalali(local.date()))) + " - " + clock(local)


def relative(moment: dt.datetime, now: dt.datetime) -> str:
    """«۱۰ روز قبل», the text under which listings hide the date."""
    past = now - moment
    if past.days >= 60:
        return f"{digits(past.days // 30)} ماه قبل"
    if past.days >= 1:
        return f"{digits(past.days)} روز قبل"
    return f"{digits(max(past.seconds // 3600, 1))} ساعت قبل"


def utc_iso(moment: dt.datetime) -> str:
    """«2020-02-18T03:25:00Z»."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def http_date(moment: dt.datetime) -> str:
    """RFC 822 in GMT, as HTTP and Nastooh feeds have it; independent of the locale."""
    utc = moment.astimezone(dt.UTC)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[utc.weekday()]
    return f"{day}, {utc.day:02d} {_ENGLISH_MONTHS[utc.month - 1]} {utc.year} {utc:%H:%M:%S} GMT"


def sepehr_date(moment: dt.datetime) -> str:
    """«21 Jul 2018 08:39:54 +0430»: an IranSamaneh feed's date, without the weekday."""
    local = moment.astimezone(TEHRAN)
    return f"{local.day:02d} {_ENGLISH_MONTHS[local.month - 1]} {local.year} {local:%H:%M:%S %z}"


def slug(title: str, *, keep_half_space: bool = False) -> str:
    """The title in an address: Nastooh turns half-spaces into dashes, IranSamaneh keeps them."""
    text = title if keep_half_space else title.replace("\u200c", "-")
    return _NOT_SLUG.sub("-", text).strip("-\u200c")


def encoded(path: str) -> str:
    """Percent-encoded once; what is encoded already stays."""
    return quote(path, safe="/%+")


def base36(number: int) -> str:
    """Short links are the code in base 36."""
    letters = ""
    while number:
        number, rest = divmod(number, 36)
        letters = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + letters
    return letters or "0"
