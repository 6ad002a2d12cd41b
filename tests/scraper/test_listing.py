"""Listings, feeds and sitemaps."""

from __future__ import annotations

import gzip
import json
import time

import pytest

from scraper.dates import parse
from scraper.listing import Entry, read_listing
from tests.scraper.pages import REAL

URL = "https://www.behzisti.ir/archive?pi=1&ms=0"
NASTOOH = """<html><head><meta name="generator" content="www.nastooh.ir"></head><body>
<nav><ul><li><a href="/news/12">درباره ما</a></li></ul></nav>
<ul><li class="news"><figure><a href="/news/7/a"><img></a></figure><div class="desc">
<h3><a href="/news/7/%D8%A7">هفت  خبر</a></h3>
<p>lead</p><time title="چهارشنبه ۱۱ بهمن ۱۴۰۲ - ۱۸:۱۷">۱۰ روز قبل</time></div></li>
<li class="photo"><div class="desc">
<h3><a href="https://yazd.behzisti.ir/photo/8/b" title="دیروز ۱۹:۰۳">هشت</a></h3></div></li>
<li class="news"><div class="desc"><h3><a href="/news/7/%D8%A7">هفت</a></h3></div></li>
<li class="news"><div class="desc"><h3><a href="/service/x">بخش</a></h3></div></li></ul>
<ul class="pagination"><li><a class="page-link" href="#">1</a></li>
<li><a class="page-link" href="/page/archive.xhtml?wide=0&amp;ms=0&amp;pi=2">۲</a></li></ul></body></html>""".encode()
RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><item><title>یک</title>
<link>
  https://x.ir/fa/news/1/a </link><pubDate>21 Jul 2018 08:39:54 +0430</pubDate></item>
<item><title><![CDATA[دو & سه]]></title><guid>https://x.ir/fa/news/2/b</guid></item><item><title>بی‌نشانی</title></item></channel></rss>""".encode()
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>a</title><link rel="edit" href="/e"/>
<link href="/news/3/c"/><updated>2024-01-01T00:00:00Z</updated></entry></feed>"""
URLSET = b"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>https://x.ir/news/4/d</loc><lastmod>2024-01-02</lastmod>
<n:news><n:publication_date>2024-01-01</n:publication_date><n:title>t</n:title></n:news></url>
</urlset>"""
INDEX = b"""<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>https://x.ir/a.xml</loc></sitemap>
<sitemap><loc>/b.xml</loc></sitemap></sitemapindex>"""


def test_html():
    listing = read_listing(NASTOOH, URL)
    assert listing.kind == "html"
    assert listing.entries == [
        Entry("https://www.behzisti.ir/news/7/%D8%A7", "هفت خبر", "چهارشنبه ۱۱ بهمن ۱۴۰۲ - ۱۸:۱۷"),
        Entry("https://yazd.behzisti.ir/photo/8/b", "هشت", "دیروز ۱۹:۰۳"),
    ]
    assert listing.pages == ["https://www.behzisti.ir/page/archive.xhtml?wide=0&ms=0&pi=2"]


def test_feeds():
    listing = read_listing(RSS, "https://x.ir/fa/rss/allnews")
    assert listing.entries == [
        Entry("https://x.ir/fa/news/1/a", "یک", "21 Jul 2018 08:39:54 +0430"),
        Entry("https://x.ir/fa/news/2/b", "دو & سه", None),
    ]
    assert read_listing(ATOM, "https://x.ir/feed").entries == [
        Entry("https://x.ir/news/3/c", "a", "2024-01-01T00:00:00Z")
    ]


@pytest.mark.parametrize(
    ("link", "guid", "code"),
    [
        ("https://x.ir/1403/02/a/", "https://x.ir/?p=123", "123"),
        ("https://x.ir/1403/02/a/", "http://www.x.ir/?post_type=news&#038;p=9", "9"),
        ("https://x.ir/1403/02/a/", "http://old.x.ir/?p=9", None),  # a number of the site that it was before
        ("https://x.ir/1403/02/a/", "https://x.ir/1403/02/a/", None),
        ("https://x.ir/1403/02/a/", "tag:x.ir,2024:77", None),
        ("https://x.ir/news/5/a", "https://x.ir/?p=123", None),
    ],
)
def test_a_guid_names_an_item_whose_address_does_not(link, guid, code):
    feed = f'<rss><channel><item><link>{link}</link><guid isPermaLink="false">{guid}</guid></item></channel></rss>'
    [entry] = read_listing(feed.encode(), "https://x.ir/feed/").entries
    assert (entry.url, entry.code) == (link, code)
    assert entry.item("x") == (f"x:{code}" if code else "x:5" if "/news/5/" in link else None)


def test_what_a_list_is_numbered_with_is_no_code_of_its_entries():
    entry = '<article><h2 class="entry-title"><a href="/1403/02/{0}/">{0}</a></h2></article>'
    head = '<html><head><meta name="generator" content="WordPress 6.5"></head>'
    page = head + '<body><main><div id="{0}">{1}</div></main>'
    for name in ("post-grid-1234", "post-1234"):
        listing = page.format(name, entry.format("a") + entry.format("b"))
        assert read_listing(listing.encode(), URL).entries == [], name


def test_an_article_that_a_listing_numbers_is_an_entry_whatever_its_address():
    page = """<html><head><meta name="generator" content="WordPress 6.5"></head><body><main><article id="post-12">
    <h2 class="entry-title"><a href="/1403/02/a/">یک</a></h2></article><article><h2 class="entry-title">
    <a href="/about/">دو</a></h2></article></main></body></html>"""
    assert read_listing(page.encode(), URL).entries == [Entry("https://www.behzisti.ir/1403/02/a/", "یک", code="12")]


@pytest.mark.parametrize("body", [URLSET, gzip.compress(URLSET, mtime=0)], ids=["plain", "gzip"])
def test_sitemaps(body):
    listing = read_listing(body, "https://x.ir/sitemap.xml")
    assert (listing.kind, listing.entries) == ("sitemap", [Entry("https://x.ir/news/4/d", "t", "2024-01-01")])


def test_a_compressed_sitemap_of_the_largest_size():
    urls = b"".join(b"<url><loc>https://x.ir/news/%d/d</loc></url>" % code for code in range(1, 50_001))
    sitemap = URLSET.partition(b"<url>")[0] + urls + b"</urlset>"
    start = time.process_time()
    listing = read_listing(gzip.compress(sitemap, 1), "https://x.ir/sitemap.xml.gz", None, "application/octet-stream")
    assert time.process_time() - start < 10, "a machine under load needs two seconds"
    assert (listing.kind, len(listing.entries), listing.cut_off) == ("sitemap", 50_000, False)
    assert listing.entries[-1].url == "https://x.ir/news/50000/d"


@pytest.mark.parametrize("cut", [1, 8, 30])
def test_a_compressed_sitemap_that_is_cut_off_says_so(cut):
    assert read_listing(gzip.compress(URLSET, mtime=0)[:-cut], "https://x.ir/sitemap.xml").cut_off


def test_sitemap_index():
    listing = read_listing(INDEX, "https://x.ir/sitemap.xml")
    assert (listing.kind, listing.sitemaps) == ("sitemap-index", ["https://x.ir/a.xml", "https://x.ir/b.xml"])


def test_json_leaf():
    leaf = json.dumps({"urls": [{"loc": "https://x.ir/news/5/e"}, {"loc": 7}, 8]}).encode()
    assert read_listing(leaf, URL).entries == [Entry("https://x.ir/news/5/e")]


def test_entities_are_not_expanded():
    layers = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
    head = b'<!DOCTYPE r [<!ENTITY a0 "aaaaaaaaaa">' + layers + b'<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    item = b"<rss><channel><item><title>&a11;&f;</title><link>https://x.ir/news/1/a</link></item></channel></rss>"
    start = time.process_time()
    listing = read_listing(b'<?xml version="1.0"?>' + head + item, URL)
    assert time.process_time() - start < 1
    assert listing.kind == "feed"
    assert all(len(entry.title or "") < 100 and "root" not in (entry.title or "") for entry in listing.entries)


def test_a_bomb_in_gzip_ends():
    assert read_listing(gzip.compress(b"<rss>" + b" " * 2**27, 1), URL).kind in {"feed", "unreadable"}


@pytest.mark.parametrize(
    "body", [b"", b"%PDF-1.7", b"{", b"[1]", b"\x1f\x8bno", b"<?xml version='1.0'?><", b"<rss", b'{"urls":7}']
)
def test_bad_input(body):
    listing = read_listing(body, URL)
    assert listing.entries == listing.pages == listing.sitemaps == []


def test_a_real_feed():
    feed = REAL / "tabnak.ir__fa-rss-allnews-20180721.xml"
    if not feed.exists():
        pytest.skip(f"real pages are not at {REAL}")
    entries = read_listing(feed.read_bytes(), "http://www.tabnak.ir/fa/rss/allnews").entries
    assert len(entries) == 100
    assert all(entry.title and parse(entry.published_raw) for entry in entries)


def test_side_lists_do_not_count_when_the_column_is_known():
    entry = '<ul><li class="news"><div class="desc"><h3><a href="/news/{}/a" title="x">الف</a></h3></div></li></ul>'
    mark = '<meta name="generator" content="www.nastooh.ir">'
    for inside, expected in ((entry.format(1), ["https://www.behzisti.ir/news/1/a"]), ("", [])):
        page = f'{mark}<div class="main-content">{inside}</div><aside>{entry.format(2)}</aside>'
        assert [found.url for found in read_listing(page.encode(), URL).entries] == expected


def test_a_headline_that_names_a_day_is_no_date():
    title = "راهپیمایی ۲۲ بهمن ۱۴۰۲"
    entry = f'<li class="news"><h3><a href="/news/1/a" title="{title}">{title}</a></h3></li>'
    page = f'<meta name="generator" content="www.nastooh.ir">{entry}'
    assert read_listing(page.encode(), URL).entries[0].published_raw is None


def test_a_real_listing_of_2011():
    page = REAL / "mehrnews.ir__txtNewsView_fa-1389-12-19.html"
    if not page.exists():
        pytest.skip(f"real pages are not at {REAL}")
    listing = read_listing(page.read_bytes(), "http://www.mehrnews.ir/txtNewsView_fa.aspx?t=News&Page=1")
    assert listing.kind == "html"
    assert len(listing.entries) == 358
    assert all(parse(entry.published_raw).year == 2011 for entry in listing.entries if entry.published_raw)
    assert sum(entry.published_raw is not None for entry in listing.entries) == 358


def test_listing_of_wordpress():
    title = '<h2 class="entry-title"><a href="/?p={0}">خبر {0}</a></h2>'
    entry = f'<article>{title}<time datetime="2014-12-2{{0}}">x</time></article>'
    page = (
        '<head><meta name="generator" content="WordPress 4"></head><body><main>'
        + entry.format(7)
        + entry.format(8)
        + '</main><aside><h3><a href="/?p=9">کناری</a></h3></aside>'
        + '<div class="nav-links"><a href="/page/2/">۲</a></div>'
    )
    listing = read_listing(page.encode(), "https://x.ir/")
    assert [(found.url, found.published_raw) for found in listing.entries] == [
        ("https://x.ir/?p=7", "2014-12-27"),
        ("https://x.ir/?p=8", "2014-12-28"),
    ]
    assert listing.pages == ["https://x.ir/page/2/"]
