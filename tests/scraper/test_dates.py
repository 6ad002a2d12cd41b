"""The date lines of the sites, and that what is written in any of their forms is read back."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.jalali import MONTHS, TEHRAN, to_jalali
from scraper.dates import parse, read, strip_label

FETCHED = dt.datetime(2024, 2, 10, 10, tzinfo=dt.UTC)  # ۲۱ بهمن ۱۴۰۲، ۱۳:۳۰

LINES = {
    "۲۹ بهمن ۱۳۹۸ - ۰۶:۵۵": "2020-02-18T06:55:00+03:30",
    "۱۹ بهمن ۱۴۰۲، ۱۲:۰۸": "2024-02-08T12:08:00+03:30",
    "۹ خرداد ۱۳۹۸ / ۰۰:۲۰": "2019-05-30T00:20:00+04:30",
    "چهارشنبه ۱۱ بهمن ۱۴۰۲ - ۱۸:۱۷": "2024-01-31T18:17:00+03:30",
    "سه‌شنبه ۱۱ بهمن‌ماه ۱۴۰۲ ساعت ۱۸:۱۷": "2024-01-31T18:17:00+03:30",
    "تاریخ انتشار: ۲۱ ارديبهشت ۱۳۹۹ - ۱۸:۵۹": "2020-05-10T18:59:00+04:30",
    "٢١ ارديبهشت ١٣٩٩ - ١٨:٥٩": "2020-05-10T18:59:00+04:30",
    "۱۳۹۹/۰۲/۲۱ - ۱۸:۵۹": "2020-05-10T18:59:00+04:30",
    "۱۸:۵۹ - ۱۳۹۹/۰۲/۲۱": "2020-05-10T18:59:00+04:30",
    "1399-02-21T18:59:00": "2020-05-10T18:59:00+04:30",
    "2 تير 1399 - 12:09:08 ب.ظ": "2020-06-22T12:09:08+04:30",
    "2 تير 1399 - 1:09:08 ب.ظ": "2020-06-22T13:09:08+04:30",
    "2 تير 1399 - 12:09:08 ق.ظ": "2020-06-22T00:09:08+04:30",
    "دوشنبه 31 خرداد 1395 - 8:28:43 AM": "2016-06-20T08:28:43+04:30",
    "دوشنبه 31 خرداد 1395 - 8:28:43 PM": "2016-06-20T20:28:43+04:30",
    "21 اسف 1396 - 08:24": "2018-03-12T08:24:00+03:30",
    "1400/9/22": "2021-12-13T00:00:00+03:30",
    "22-9-1400": "2021-12-13T00:00:00+03:30",
    "98/02/30": "2019-05-20T00:00:00+04:30",
    "۲۱ تیر ۰۲": "2023-07-12T00:00:00+03:30",
    "7 دی 1393 ساعت 10:52": "2014-12-28T10:52:00+03:30",
    "۱۸ فوریهٔ ۲۰۲۰": "2020-02-18T00:00:00+03:30",
    "21 July 2018": "2018-07-21T00:00:00+04:30",
    "2020-02-18T03:25:00Z": "2020-02-18T06:55:00+03:30",
    "2019-05-29T19:50:37Z": "2019-05-30T00:20:37+04:30",
    "2020-02-18T06:55:00": "2020-02-18T06:55:00+03:30",
    "2020-02-18 T 07:20:50 +0330": "2020-02-18T07:20:50+03:30",
    "Sat, 21 Jul 2018 04:20:00 GMT": "2018-07-21T08:50:00+04:30",
    "21 Jul 2018 08:39:54 +0430": "2018-07-21T08:39:54+04:30",
    "1403/12/30": "2025-03-20T00:00:00+03:30",
    "1404/01/01": "2025-03-21T00:00:00+03:30",
    "۱۰ روز قبل": "2024-01-31T00:00:00+03:30",
    "دیروز ۱۹:۰۳": "2024-02-09T19:03:00+03:30",
    "امروز ۰۸:۰۰": "2024-02-10T08:00:00+03:30",
    "۱ ماه قبل": "2024-01-11T00:00:00+03:30",
    "۵ دقیقه پیش": "2024-02-10T13:25:00+03:30",
    "نیم ساعت پیش": "2024-02-10T13:00:00+03:30",
}


@pytest.mark.parametrize("line", LINES)
def test_lines(line):
    assert parse(line, FETCHED).isoformat() == LINES[line]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "1402/12/30",
        "۳۱ مهر ۱۴۰۲",
        "کد خبر ۷۰۵۸۳",
        "۱۰ روز قبل",
        "2020-13-01T00:00:00Z",
        "۲۵:۶۱ ۱ مهر ۱۴۰۲",
        "۵ سیب ۱۴۰۲",
    ],
)
def test_what_is_no_date(line):
    assert parse(line) is None


def test_how_a_moment_was_told():
    assert not read("1400/9/22").has_time
    assert read("۱۰ روز قبل", FETCHED).relative
    assert not read("۲۹ بهمن ۱۳۹۸ - ۰۶:۵۵", FETCHED).relative


def test_an_hour_that_clocks_skipped():
    assert parse("۲ فروردین ۱۳۹۸ - ۰۰:۳۰").isoformat() == "2019-03-22T01:30:00+04:30"


def test_label():
    assert strip_label(" تاريخ  انتشار: ٢ مهر") == "٢ مهر"
    assert strip_label("۲ مهر ۱۴۰۲") == "۲ مهر ۱۴۰۲"


DIGITS = ("0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩")
MOMENTS = st.integers(
    int(dt.datetime(1991, 4, 1, tzinfo=dt.UTC).timestamp()), int(dt.datetime(2060, 1, 1, tzinfo=dt.UTC).timestamp())
).map(lambda seconds: dt.datetime.fromtimestamp(seconds, TEHRAN))


@given(moment=MOMENTS, digits=st.sampled_from(DIGITS), form=st.integers(0, 5), arabic=st.booleans())
def test_round_trip(moment, digits, form, arabic):
    year, month, day = to_jalali(moment.date())
    clock = f"{moment:%H:%M:%S}"
    name = MONTHS[month - 1]
    text = (
        f"{day} {name} {year} - {clock}",
        f"چهارشنبه {day} {name} {year}، {clock}",
        f"{year}/{month:02}/{day:02} - {clock}",
        f"{clock} {day}/{month}/{year}",
        moment.astimezone(dt.UTC).isoformat(),
        format_datetime(moment),
    )[form]
    text = text.translate(str.maketrans("0123456789", digits)) if form < 4 else text
    text = text.replace("ی", "ي").replace("ک", "ك") if arabic else text
    again = moment.replace(fold=1 - moment.fold)  # the hour that comes twice cannot be told apart in local time
    assert parse(text) in {moment, again}


@given(st.text(alphabet=st.sampled_from("۰۱۲۳0123456789/:-., تیرمهربندیروزقبلساعتAPM\u200cٔTZ+"), max_size=40))
def test_never_raises(text):
    found = parse(text, FETCHED)
    assert found is None or found.utcoffset()
