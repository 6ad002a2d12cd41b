"""What is taken away, what must stay, and that nothing goes uncounted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from scraper.blocks import blocks, line
from scraper.boilerplate import survivors
from scraper.extract import extract
from tests.scraper.pages import article

URL = "https://www.behzisti.ir/news/70/"
TEXT = "<p>بند نخست.</p><p>بند دوم.</p>"
KEPT = "بند نخست.\nبند دوم."

RULES = {
    "print-header": '<div class="print-header">چاپ</div>',
    "comment-form": '<form id="frmNewsComment">نظر</form>',
    "comments": '<ul class="comments-list"><li>دیدگاه</li></ul>',
    "captcha": "<p>۸ + ۵ =</p>",
    "e-services": '<h2>خدمات الکترونیک پرکاربرد</h2><ul><li><a href="/e">نوبت</a></li></ul>',
    "related": '<section class="box related-items"><a href="/news/1/a">دیگر</a></section>',
    "read-more": '<p>بیشتر بخوانید:</p><p><a href="/news/1/a">دیگر</a></p>',
    "adverts": '<section class="box ads">آگهی</section>',
    "share": '<div class="item-sharing">تلگرام</div>',
    "tags": '<section class="box tags">برچسب</section>',
    "short-link": "<p>لینک کوتاه: behzisti.ir/x1</p>",
    "menus": "<nav><ul><li>منو</li></ul></nav>",
    "scripts": "<script>x()</script><style>p{}</style>",
    "desk-code": "<p>۱۷۳۰۲</p>",
    "end-mark": "<p>پایان پیام/ ۴۲</p>",
    "item-code": "<p>كد خبر: ۷۰</p>",
}


@pytest.mark.parametrize("rule", RULES)
def test_each_rule(rule):
    result = extract(article(TEXT + RULES[rule]), URL)
    assert result.record.body == KEPT
    assert result.removed.pop(rule) >= 1
    assert result.removed == {}
    assert result.record.body_html == "<p>بند نخست.</p><p>بند دوم.</p>"
    assert result.record.links == []


@pytest.mark.parametrize(
    "body",
    [
        "<p>مردم پیام را تا پایان خواندند و نظر شما را خواستند.</p><p>شماره تماس:</p><p>88112</p>",
        "<p>آمار:</p><table><tr><td>17302</td></tr></table>",
        "<p>بیشتر بخوانید و کمتر بگویید، کتابدار گفت.</p><p>متن.</p>",
        "<p>17302</p>",
    ],
)
def test_what_must_stay(body):
    result = extract(article(body), URL)
    assert len(result.record.body.split("\n")) == body.count("</p>") + body.count("</td>")
    assert result.removed == {}


def test_end_mark_behind_the_last_sentence():
    result = extract(article("<p>یک.</p><p>دو شد. <b>انتهای پیام/ز</b></p>"), URL)
    assert (result.record.body, result.removed) == ("یک.\nدو شد.", {"end-mark": 1})
    assert "انتهای" not in result.record.body_html


def test_text_behind_a_cut_element_stays():
    result = extract(article('پیش <span class="ads">آگهی</span>پس'), URL)
    assert result.record.body == "پیش پس"


def test_survivors_are_told():
    record = extract(article("<p>متن. شما در حال پاسخ به نظر رضا</p>"), URL).record
    assert record.warnings == ["boilerplate may be left in the text: شما در حال پاسخ"]
    assert survivors("به نظر شما خبر خوب است") == []


def of(markup: str) -> list[str]:
    return [block.text for block in blocks(etree.fromstring(markup, etree.HTMLParser()))]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>یک<br>دو<br><br>سه</p>", ["یک", "دو", "سه"]),
        ("<div>الف<p>ب</p>پ<div></div><br></div>", ["الف", "ب", "پ"]),
        ("<p>نی<b>م</b>‌<i>فاصله</i>\xa0 \n است‌</p>", ["نیم‌فاصله است‌"]),
        ("<ul><li>یک<ul><li>دو</li></ul></li><li>سه</li></ul>", ["یک", "دو", "سه"]),
        ("<blockquote><p>نقل</p></blockquote><h3>میان‌تیتر</h3>", ["نقل", "میان‌تیتر"]),
        ("<figure><img><figcaption>شرح</figcaption></figure>", ["شرح"]),
        (
            "<table><tr><th>نام<td><p>سن</p><p>شهر</p><tr><td rowspan=2>آ<td><td>ب<br>پ</table>",
            ["نام | سن شهر", "آ | ب پ"],
        ),
        ("<table><tr><td>آ<table><tr><td>ب</td><td>پ</td></tr></table></td><td>ت</td></tr></table>", ["آ ب | پ | ت"]),
        ("<p>دیده<script>x</script><style>y</style><noscript>z</noscript> شد</p>", ["دیده شد"]),
        ("<p>\u200c</p><p>\xa0</p>", []),
    ],
)
def test_blocks(markup, expected):
    assert of(markup) == expected


TAGS = st.sampled_from("p div br table tr td th ul li a b h3 script blockquote".split())
MARKUP = st.lists(st.one_of(TAGS.map("<{}>".format), TAGS.map("</{}>".format), st.text("ا ب‌\n\xa0x&<>", max_size=5)))


@given(MARKUP.map("".join))
def test_blocks_never_raise(markup):
    root = etree.fromstring(f"<div>{markup}</div>", etree.HTMLParser())
    found = [block.text for block in blocks(root)]
    assert all(text and text == " ".join(text.split()) for text in found)
    assert line(root) == " ".join(found)
