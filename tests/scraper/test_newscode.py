"""Which item an address names, and the form in which addresses are kept."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scraper.newscode import identify, normalise_url

SLUG = "بهزیستی-هرمزگان-می‌شود"
SAME = [
    f"http://khorasanrazavi.behzisti.ir/news/70583/{SLUG}",
    f"https://www.behzisti.ir/news/70583/{quote(SLUG)}",
    f"https://behzisti.ir/news/70583/{quote(quote(SLUG))}?utm_source=x#c",
    "HTTPS://BEHZISTI.IR:443/news/70583/",
    "https://behzisti.ir/news/70583",
    "https://behzisti.ir/news/70583/eservices",
    "https://behzisti.ir/photo/70583/x",
    "https://behzisti.ir/amp/70583/",
    f"https://behzisti.ir/print/70583/{SLUG}",
    "https://behzisti.ir/news/۷۰۵۸۳/x",
    "https://behzisti.ir/fa/news/70583/x",
    "https://behzisti.ir/fa/print/70583",
    "https://behzisti.ir/fa/amp/news/70583",
    "https://behzisti.ir/fa/news/1402/11/19/70583/x",
]
NONE = [
    "https://behzisti.ir/",
    "https://behzisti.ir/x1a2b",
    "https://behzisti.ir/news",
    "https://behzisti.ir/news/x70583/",
    "https://behzisti.ir/archive?pi=2",
    "https://behzisti.ir/service/provinces",
    "https://behzisti.ir/tag/70583",
    "https://behzisti.ir/redirect/ads/7",
    "https://media.behzisti.ir/d/2024/02/08/3/9001.jpg",
    "ftp://behzisti.ir/news/70583/x",
    "/news/70583/x",
    "https://[behzisti/news/1/",
    "https://behzisti.ir:99999/news/1/",
    "",
]


@pytest.mark.parametrize("url", SAME)
def test_one_item_under_every_address(url):
    assert identify(url).id == "behzisti:70583"


@pytest.mark.parametrize("url", NONE)
def test_not_an_item(url):
    assert identify(url) is None


def test_a_host_of_short_links_names_the_items_of_its_portal():
    assert (
        identify("https://tn.ai/2043565").id == identify("https://www.tasnimnews.com/fa/news/1398/04/11/2043565/x").id
    )
    assert identify("https://tn.ai/about") is None
    assert identify("https://tasnimnews.com/2043565") is None


def test_variants_and_kinds():
    found = [
        identify(f"https://x.ir{path}") for path in ("/news/7/a", "/news/7", "/amp/7/", "/print/7/a", "/photo/7/a")
    ]
    assert [(item.variant, item.kind) for item in found] == [
        ("canonical", "news"),
        ("short", "news"),
        ("amp", None),
        ("print", None),
        ("canonical", "photo"),
    ]
    assert identify("http://127.0.0.1:8000/news/7/a", "behzisti").id == "behzisti:7"


NORMAL = {
    f" HTTPS://WWW.Behzisti.IR:443/news/70583/{quote(SLUG)}#x": f"https://www.behzisti.ir/news/70583/{SLUG}",
    f"http://behzisti.ir/news/70583/{quote(quote(SLUG))}": f"http://behzisti.ir/news/70583/{SLUG}",
    "http://behzisti.ir:8080/news/1/a%2fb%20c?x=%D8%A7": "http://behzisti.ir:8080/news/1/a%2Fb%20c?x=%D8%A7",
    "http://behzisti.ir/tag/%2541+%d8%a7": "http://behzisti.ir/tag/%2541+ا",
    "http://behzisti.ir/news/1/50%25-off-%ff": "http://behzisti.ir/news/1/50%25-off-%FF",
    "http://behzisti.ir": "http://behzisti.ir/",
    "tn.ai/12": "tn.ai/12",
}


@pytest.mark.parametrize("url", NORMAL)
def test_normal_form(url):
    assert normalise_url(url) == NORMAL[url]


PIECES = st.sampled_from(
    ["%", "25", "D8", "A7", "%D8%A7", "%2F", "/", "ا", "\u200c", " ", "?", "#", "%ff", "۷", "news", "12", ".."]
)


@given(st.lists(PIECES, max_size=12).map("".join))
@example("%252525D8%A7")
def test_the_normal_form_is_stable(rest):
    for path in (f"/news/12/{rest}", f"/{rest}"):
        once = normalise_url(f"http://behzisti.ir{path}")
        assert normalise_url(once) == once
        assert identify(once) == identify(f"http://behzisti.ir{path}")


@given(st.text(max_size=60))
def test_never_raises(url):
    for prefix in ("", "http://", "http://x.ir/news/"):
        identify(prefix + url)
        normalise_url(prefix + url)


@given(
    code=st.integers(1, 10**11), slug=st.text(st.characters(codec="utf-8", exclude_characters="\r\n\t"), max_size=30)
)
def test_slugs_do_not_matter(code, slug):
    assert identify(f"https://qom.behzisti.ir/news/{code}/{quote(slug, safe='')}").id == f"behzisti:{code}"


QUERIES = {
    "https://x.ir/?p=5111": ("5111", "pointer"),
    "https://x.ir/index.php?cat=2&p=5111": ("5111", "pointer"),
    "https://x.ir/archives/5111/نمونه": ("5111", "canonical"),
    "http://x.ir/NewsPrint.aspx?NewsID=1271620": ("1271620", "print"),
    "http://x.ir/fa/NewsDetail.aspx?lang=1&newsid=88": ("88", "canonical"),
    "http://x.ir/fa/news/articleType/ArticleView/articleId/44/x.aspx": ("44", "canonical"),
    "http://x.ir/Lists/News/DispForm.aspx?ID=7": ("7", "canonical"),
    "https://x.ir/fa/doc/news/130071/x": ("130071", "canonical"),
    "https://x.ir/content/4411/x": ("4411", "canonical"),
    "https://x.ir/fa/news/1402/11/19/70583/x/amp": ("70583", "amp"),
}


@pytest.mark.parametrize("url", QUERIES)
def test_addresses_of_other_systems(url):
    found = identify(url)
    assert (found.code, found.variant) == QUERIES[url]
    assert identify(normalise_url(url)) == found


@pytest.mark.parametrize(
    "url",
    [
        "http://x.ir/News.aspx",
        "http://x.ir/Search.aspx?PageID=4",
        "http://x.ir/NewsList.aspx?GroupID=4&page=2",
        "https://x.ir/?page=4",
        "https://x.ir/?s=p=4",
        "https://x.ir/1393/10/07/",
    ],
)
def test_listings_of_other_systems_name_no_item(url):
    assert identify(url) is None
