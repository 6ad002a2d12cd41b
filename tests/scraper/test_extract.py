"""From page to record: golden pages, quirks, refusals."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from archive.record import to_dict
from scraper.extract import extract
from scraper.newscode import normalise_url
from tests.scraper.pages import GOLDEN, article, golden, real

URL = "https://www.behzisti.ir/news/70/نمونه"
NASTOOH = "behzisti.ir__news-70583", "khabaronline.ir__news-1353889"
IRANSAMANEH = "tabnak.ir__fa-news-818242", "yjc.ir__1558105248971"
TASNIM = ("tasnimnews.com__1558105248971",)
REAL_PAGES = dict.fromkeys(NASTOOH, "nastooh") | dict.fromkeys(IRANSAMANEH, "iransamaneh")
REAL_PAGES |= dict.fromkeys(TASNIM, "tasnim")
FIELDS = {
    "url": "url",
    "code": "code",
    "title": "title",
    "kicker": "kicker",
    "lead": "lead",
    "body": "body_text",
    "published": "published",
    "published_raw": "published_raw",
    "tags": "tags",
    "categories": "category",
    "province": "province",
}


@pytest.mark.parametrize("page", GOLDEN, ids=lambda page: f"{page.parts[-3]}/{page.parts[-2]}")
def test_golden(page):
    body, expected, never = golden(page)
    result = extract(body, expected.pop("address"))
    assert result.removed == expected.pop("removed")
    found = json.loads(json.dumps(to_dict(result.record)))
    assert {key: found[key] for key in expected} == expected
    text = "\n".join((found["title"], found["lead"], found["body"], found["body_html"] or "", *found["tags"]))
    assert [phrase for phrase in never if phrase in text] == []


@pytest.mark.parametrize("name", REAL_PAGES)
def test_real(name):
    body, gold = real(name)
    result = extract(body, gold["url"])
    record = to_dict(result.record)
    assert result.dialect == REAL_PAGES[name]
    gold["url"] = normalise_url(gold["url"])
    for field, key in FIELDS.items():
        if key in gold:
            assert record[field] == gold[key], field
    assert [image.url for image in result.record.images] == gold["images"]
    assert (record["short_url"] or "") == gold.get("short_link", record["short_url"] or "")
    text = f"{record['lead']}\n{record['body']}\n{record['body_html']}"
    assert [phrase for phrase in gold.get("never", gold.get("boilerplate_removed", [])) if phrase in text] == []
    assert record["warnings"] == []


LISTING = b"""<html><head><meta name="generator" content="www.nastooh.ir">
<meta property="nastooh:pageType" content="archive"></head>
<body><ul><li class="news"><h3><a href="/news/1/a">a</a></h3></li></ul></body></html>"""
REFUSED = {
    "empty": (b"  \n", URL),
    "not-html": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3 <p>", URL),
    "listing": (LISTING, "https://www.behzisti.ir/archive?pi=1"),
    "challenge": (
        b"<html><head><title>Just a moment...</title></head><body><script>window._cf_chl_opt={}</script></body></html>",
        URL,
    ),
    "login": (b"<html><body><form><input name=u><input type=password></form></body></html>", URL),
    "error-page": ("<html><title>خطای ۴۰۴</title><body><h1>صفحه یافت نشد</h1></body></html>".encode(), URL),
    "no-code": (article(code=""), "https://www.behzisti.ir/about"),
    "no-title": (article(title=""), URL),
    "no-content": (article(""), URL),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refusals(reason):
    result = extract(*REFUSED[reason])
    assert result.record is None
    assert result.refusal.reason == reason
    assert result.refusal.message.count(".") == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff\xd8\xff\xe0 JFIF", "not-html"),
        (b'{"urls": []}', "not-html"),
        (b"plain words", "not-html"),
        (b"<?xml version='1.0'?><rss><channel/></rss>", "listing"),
        (b"<html><body><script>document.cookie='a=1';location.reload()</script></body></html>", "challenge"),
    ],
)
def test_more_refusals(body, reason):
    assert extract(body, URL).refusal.reason == reason


def test_home_is_a_listing():
    links = "".join(f'<a href="/news/{n}/x">خبر {n}</a>' for n in range(20))
    assert extract(f"<html><body>{links}</body></html>".encode(), "https://x.ir/").refusal.reason == "listing"


def test_an_injected_challenge_script_does_not_hide_an_item():
    body = article(after='<script src="/cdn-cgi/challenge-platform/x.js"></script><script>_cf_chl_opt={}</script>')
    assert extract(body, URL).record


def test_kind_decides_whether_text_may_be_missing():
    picture = '<img src="https://media.behzisti.ir/d/2024/1/1/3/5.jpg">'
    assert extract(article(picture, kind="photo"), URL).record.images
    assert extract(article(picture, kind="news"), URL).refusal.reason == "no-content"


def test_a_flash_with_nothing_but_a_lead_is_an_item_and_says_so():
    page = article("").replace(b"</h1>", '</h1><p class="introtext">فردا مراکز تعطیل است.</p>'.encode())
    record = extract(page, URL).record
    assert (record.lead, record.body) == ("فردا مراکز تعطیل است.", "")
    assert record.warnings == ["the item has a lead and no text below it"]


def test_code_mismatch_names_both_places():
    record = extract(article(code="71"), URL).record
    assert record.code == "70"
    assert record.warnings == ["code 70 in the address, but 71 in the meta nastooh:code"]


def test_code_of_the_page_serves_a_short_link():
    record = extract(article(), "https://behzisti.ir/x1a2").record
    assert (record.id, record.url) == ("behzisti:70", "https://behzisti.ir/x1a2")


@pytest.mark.parametrize(
    ("minutes", "seconds", "expected"),
    [("30", "59", "2024-02-08T12:00:59+03:30"), ("31", "01", "2024-02-08T12:00:00+03:30")],
)
def test_meta_is_taken_when_consistent(minutes, seconds, expected):
    metas = f'<meta property="article:published_time" content="2024-02-08T08:{minutes}:{seconds}Z">'
    header = '<div class="item-date"><span>۱۹ بهمن ۱۴۰۲ - ۱۲:۰۰</span></div>'
    record = extract(article(metas=metas, header=header), URL).record
    assert record.published == expected
    assert bool(record.warnings) == (minutes == "31")


def test_a_misprint_of_a_century_is_still_a_moment_that_iso_8601_can_write():
    """Tehran's offset had seconds then, at which readers of RFC 3339 and Arrow fail."""
    header = '<div class="item-date"><span>۱۲ مرداد ۱۳۰۲ - ۰۰:۱۰</span></div>'
    record = extract(article(header=header), URL).record
    assert (record.published, record.published_jalali) == ("1923-08-04T00:10:00+03:30", "1302-05-12")


def test_no_date_is_invented():
    record = extract(article(metas='<meta name="date" content="2024-03-01 T 09:00:00 +0330">'), URL).record
    assert (record.published, record.published_raw, record.published_jalali) == (None, None, None)


PLACES = [
    ("title", "همدان| خبر", "<p>متن.</p>", "https://www.behzisti.ir/news/70/", "IR-13"),
    (
        "dateline",
        "خبر",
        "<p>به گزارش روابط عمومی بهزیستی کرمانشاه، متن.</p>",
        "https://kerman.behzisti.ir/news/70/",
        "IR-05",
    ),
    ("dateline", "خبر", "<p>مدیرکل اوقاف و امور خیریه استان خراسان‌رضوی گفت.</p>", URL, "IR-09"),
    ("dateline", "خبر", "<p>اداره کل ثبت احوال سیستان وبلوچستان گفت.</p>", URL, "IR-11"),
    ("host", "خبر", "<p>بانک مرکزی و خبرگزاری فارس و مردم تهران.</p>", "https://yazd.behzisti.ir/news/70/", "IR-21"),
    (None, "خبر", "<p>بهزیستی کرمان‌شهر و بهزیستی مرکزی و استان خراسان.</p>", URL, None),
]


@pytest.mark.parametrize(("source", "title", "body", "url", "code"), PLACES)
def test_province(source, title, body, url, code):
    record = extract(article(body, title=title), url).record
    assert (record.province, record.province_source) == (code, source)


def test_office_stands_before_host():
    record = extract(article(), "https://yazd.behzisti.ir/news/70/", office_province="IR-25").record
    assert (record.province, record.province_source) == ("IR-25", "office")


CHARSETS = [("windows-1256", "charset=windows-1256"), ("utf-16", ""), ("utf-8-sig", "")]


@pytest.mark.parametrize(("encoding", "header"), CHARSETS)
def test_charsets(encoding, header):
    page = article("<p>سلام بر ما</p>", title="سلام").decode().replace('<meta charset="utf-8">', "")
    page = page.replace("ی", "ي") if encoding == "windows-1256" else page
    record = extract(page.encode(encoding), URL, content_type=f"text/html; {header}").record
    assert (record.title, record.body, record.warnings) == ("سلام", "سلام بر ما", [])


def test_broken_bytes_are_told():
    page = article("<p>" + "متن دراز. " * 200 + "</p>").replace("متن".encode(), b"\xd9", 1)
    assert "could not be read as utf-8" in extract(page, URL).record.warnings[0]


def test_controls_and_half_spaces():
    record = extract(article("<p>می\0‌شود&#1;\x0b و&nbsp; \n می&zwnj;ماند\u2028‌</p>"), URL).record
    assert record.body == "می‌شود و می‌ماند ‌"


@pytest.mark.parametrize("tag", ["div", "table><tr><td", "b", "ul><li"])
def test_deep_nesting(tag):
    record = extract(article(f"<p>پیش</p>{f'<{tag}>' * 3000}متن"), URL).record
    assert record.body.startswith("پیش")


def test_markup_is_harmless():
    link, picture = '<a href="javascript:x()">دام</a>', '<img src=x onerror=y() alt="ن">'
    body = f'<p onclick="x()">متن {link} {picture}</p><iframe src="//e.ir"></iframe>'
    html = extract(article(body), URL).record.body_html
    assert html == '<p>متن <a>دام</a> <img src="https://www.behzisti.ir/news/70/x" alt="ن"></p>'


def test_aliases_name_the_same_code():
    metas = (
        '<link rel="canonical" href="/news/70/دیگر"><link rel="amphtml" href="https://www.behzisti.ir/amp/71/">'
        '<meta property="og:url" content="http://yazd.behzisti.ir/news/70">'
    )
    record = extract(article(metas=metas), URL).record
    assert record.aliases == ["http://yazd.behzisti.ir/news/70", "https://www.behzisti.ir/news/70/دیگر"]


def test_an_unknown_system_is_read_by_the_generic_profile():
    page = "<html><body><h1>عنوان</h1><div class='news-body'><p>متن خبر.</p></div></body></html>".encode()
    result = extract(page, "https://www.oghaf.ir/fa/news/12/x", dialect="unknown")
    assert (result.dialect, result.record.body, result.record.organisation) == ("generic", "متن خبر.", "endowment")


def test_loads_without_scrapy():
    code = (
        "import sys; sys.modules['scrapy'] = sys.modules['twisted'] = None; "
        "import scraper.extract, scraper.listing; print('bs4' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_text_below_too_many_levels_is_read_by_the_second_parser():
    deep = "<font>" * 400
    record = extract(article(f"<p>نخست</p>{deep}<p>آخر</p>"), URL).record
    assert record.body == "نخست\nآخر"
    assert record.warnings == ["the markup is broken: read by the second parser"]


def test_a_page_of_an_unknown_system_that_calls_itself_an_article_may_have_many_links():
    links = "".join(f'<a href="/content/{n}0/x">خبر {n}</a>' for n in range(20))
    said = '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "عنوان"}</script>'
    body = f"<h1>عنوان</h1><div class='news-body'>متن خبر. کد خبر: 77</div><p>کد خبر: 77</p>{links}"
    page = "<html><head>{}</head><body>" + body
    assert extract(page.format("").encode(), "https://x.ir/a/b").refusal.reason == "listing"
    assert extract(page.format(said).encode(), "https://x.ir/a/b").record.code == "77"


@pytest.mark.parametrize(
    "said",
    ["{", "[]", "7", '"a"', '{"@type": 7}', '{"@type": ["NewsArticle"], "headline": {"a": [1]}}', "[" * 5000],
)
def test_odd_json_ld_does_no_harm(said):
    page = f'<html><script type="application/ld+json">{said}</script><h1>عنوان</h1><div class="news-body">متن.</div>'
    assert extract(page.encode(), "https://x.ir/content/12/x").record.title == "عنوان"


def test_the_text_of_json_ld_serves_when_the_page_shows_none():
    said = '{"@type": "NewsArticle", "headline": "عنوان", "articleBody": "بند نخست.\\n\\n بند دوم."}'
    page = f'<html><script type="application/ld+json">{said}</script><h1>عنوان</h1><div id="app"></div>'
    assert extract(page.encode(), "https://x.ir/content/12/x").record.body == "بند نخست.\nبند دوم."


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("utf-8", "windows-1256"), ("windows-1256", "utf-8"), ("windows-utf-8", "utf-8"), ("", "windows-1256")],
)
def test_charsets_that_lie_or_are_missing(declared, encoding):
    text = "<p>سلام بر شما که اين متن را مي خوانيد، باران آمد و همه شادمان شدند.</p>" * 3
    page = article(text, title="سلام").decode().replace('<meta charset="utf-8">', f'<meta charset="{declared}">')
    record = extract(page.encode(encoding), URL).record
    assert (record.title, record.body.split("\n")[0]) == ("سلام", text[3 : text.index("</p>")])
