"""Reading the article alone gives the record that the whole page gives; every doubt ends in reading the whole page."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

import scraper.extract as extraction
from archive.record import to_dict
from scraper.dialects import DIALECTS, detect
from scraper.extract import extract
from scraper.slices import cut_out
from tests.portal.iransamaneh import IranSamaneh
from tests.portal.nastooh import Nastooh
from tests.portal.world import World
from tests.scraper.pages import GOLDEN, REAL, article

URL = "https://www.behzisti.ir/news/70/"
NASTOOH = DIALECTS["nastooh"]
NO_DOCTYPE = '<html><head></head><body><div><article id="item">'


def pages() -> dict[str, tuple[bytes, str]]:
    """Golden, portal and real pages by name, each with its address."""
    found = {
        f"{path.parts[-3]}/{path.parts[-2]}": (
            path.read_bytes(),
            json.loads(path.with_name("expected.json").read_text("utf-8"))["address"],
        )
        for path in GOLDEN
    }
    for gold in REAL.glob("*.gold.json"):
        page = gold.with_name(gold.name.replace(".gold.json", ".html"))
        found[gold.name.split("__")[0]] = page.read_bytes(), json.loads(gold.read_text("utf-8"))["url"]
    world = World(seed=3, items=24)
    for item in world:
        site = Nastooh if item.portal == "behzisti" else IranSamaneh
        page = site(world, item.host, item.province).article(item)
        found[f"portal/{item.id}"] = page.encode(), f"http://{item.host}.{item.portal}.test{item.path}"
    return found


PAGES = pages()


@pytest.fixture
def whole_pages_only(monkeypatch):
    """No dialect says where the article's bytes are."""
    plain = {name: replace(dialect, slice=None) for name, dialect in DIALECTS.items()}

    def choose(body, name):
        found = detect(body)
        return plain[found[0].name if found else "generic"], []

    monkeypatch.setattr(extraction, "_choose", choose)


@pytest.mark.parametrize("name", PAGES)
def test_both_ways_give_the_same_record(name, request):
    body, url = PAGES[name]
    alone = extract(body, url)
    request.getfixturevalue("whole_pages_only")
    whole = extract(body, url)
    assert alone.refusal == whole.refusal
    assert to_dict(alone.record) == to_dict(whole.record)


def test_most_pages_are_read_from_their_article_alone(monkeypatch):
    read: Counter[str] = Counter()
    of_whole = extraction.tree
    monkeypatch.setattr(extraction, "tree", lambda of: read.update(["whole"]) or of_whole(of))
    sliced = [
        name
        for name in PAGES
        if name.startswith(("portal/", "nastooh/", "wordpress/", "khabaronline", "tasnim", "tabnak"))
    ]
    for name in sliced:
        extract(*PAGES[name])
    assert read["whole"] <= len(sliced) // 4


WELL = article("<p>یک</p>", metas='<meta property="og:title" content="عنوان">')
DOUBTFUL = {
    "no such mark": WELL.replace(b'id="item"', b'id="thing"'),
    "the mark elsewhere": WELL.replace(b'<article id="item">', b'<div id="item"></div><article id=item>'),
    "two of them": WELL.replace(b"</body>", b'<article id="item"></article></body>'),
    "one in another": WELL.replace(b"<p>", b"<article>a</article><p>"),
    "no end": WELL.replace(b"</article>", b""),
    "no head": WELL.replace(b"</head>", b""),
    "in a comment": WELL.replace(b"<article", b"<!-- > <article"),
    "in a script": WELL.replace(b"<article", b"<script>x='<article").replace(b"</article>", b"</article>'</script>"),
    "an end in a comment": WELL.replace(b"<p>", b"<!-- </article> --><p>"),
    "an end in a script": WELL.replace(b"<p>", b"<script>'</article>'</script><p>"),
    "closes what is around it": WELL.replace(b"<article", b"<div><article").replace(b"<p>", b"</div></div></div><p>"),
    "broken bytes": WELL.replace("یک".encode(), b"\xdb"),
}


@pytest.mark.parametrize("doubt", DOUBTFUL)
def test_doubt(doubt):
    try:
        assert cut_out(DOUBTFUL[doubt], NASTOOH.slice, Counter()) is None
    except UnicodeDecodeError:
        assert doubt == "broken bytes"


BOXES = (
    '<div class="item-boxes"><ul class="related-items"><li><h3><a href="/news/9/x">خبر دیگر</a></h3></li></ul>{}</div>'
)


@pytest.mark.parametrize(
    ("also", "left_out"),
    [
        ("", True),
        ('<section class="box tags"><a href="/tag/x">برچسب</a></section>', False),
        ('<h4 class="subtitle kicker">روتیتر</h4>', False),
        ('<meta itemprop="author" content="نویسنده">', False),
    ],
    ids=["nothing", "tags", "kicker", "meta"],
)
def test_the_boxes_that_close_an_article_are_left_out_unless_something_is_read_there(also, left_out, request):
    body = WELL.replace(b"</article>", BOXES.format(also).encode() + b"</article>")
    removed: Counter[str] = Counter()
    assert (cut_out(body, NASTOOH.slice, removed).root.find(".//h3") is None) == left_out
    assert removed == ({"related": 1} if left_out else {})
    alone = extract(body, URL)
    request.getfixturevalue("whole_pages_only")
    assert to_dict(alone.record) == to_dict(extract(body, URL).record)


def test_what_a_page_says_of_itself_is_read_wherever_it_stands(request):
    body, url = PAGES["wordpress/jalali-path"]
    told = b'<script type="application/ld+json">{"@type":"NewsArticle","dateModified":"2014-12-29T08:00:00Z"}</script>'
    body = body.replace(b"</body>", told + b"</body>")
    alone = extract(body, url)
    assert alone.record.modified == "2014-12-29T11:30:00+03:30"
    request.getfixturevalue("whole_pages_only")
    assert to_dict(alone.record) == to_dict(extract(body, url).record)


def test_no_doubt():
    page = cut_out(WELL, NASTOOH.slice, Counter())
    assert page.meta(("nastooh:code",)) == "70"


@pytest.mark.parametrize(
    "metas",
    [
        "<meta content='الف &quot;ب&quot;' property='og:title'>",
        '<meta property="og:title" content="الف > ب &amp;laquo; ج &amp;raquo; &zwnj;">',
        '<!-- <meta property="og:title" content="نه"> --><meta property="og:title" itemprop="headline" content="آری">',
        '<meta property="og:title" content=" "><meta name="og:title" value="دوم">',
        '<link rel="canonical" href="/news/70/a?x=1&amp;y=2"><meta property="og:title" content="a">',
        '<script>var a = \'<meta property="og:title" content="نه">\'</script>',
    ],
)
def test_the_head_as_text_says_what_the_parsed_head_says(metas, request):
    body = article(metas=metas, title="")
    alone = extract(body, URL)
    request.getfixturevalue("whole_pages_only")
    whole = extract(body, URL)
    assert (alone.record and to_dict(alone.record)) == (whole.record and to_dict(whole.record))
