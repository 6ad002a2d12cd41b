"""Dialects are data: that it is whole, and that pages are told apart by it."""

from __future__ import annotations

import pytest

from scraper.dialects import DIALECTS, detect
from scraper.dialects.base import paths
from scraper.extract import extract
from tests.scraper.pages import GOLDEN, REAL, article


def test_detect():
    assert detect(b"<html><p>news_id_c</p></html>") is None
    found, evidence = detect(article())
    assert (found.name, evidence) == ("nastooh", ["generator «www.nastooh.ir»", "metas named nastooh:*"])
    assert detect(b'<div class="news_nav news_pdate_c">')[0].name == "iransamaneh"


@pytest.mark.parametrize("page", GOLDEN, ids=lambda page: page.parent.name)
def test_golden_pages_are_recognised(page):
    assert detect(page.read_bytes())[0].name == page.parent.parent.name


def test_real_pages_of_other_systems_are_not_taken_for_ours():
    pages = [*REAL.glob("tasnim*.html"), *REAL.glob("mehrnews*.html")]
    if not pages:
        pytest.skip(f"real pages are not at {REAL}")
    assert [detect(page.read_bytes()) for page in pages] == [None] * len(pages)


def test_the_page_is_believed_before_the_caller():
    result = extract(article(), "https://x.ir/news/70/", dialect="iransamaneh")
    assert result.dialect == "nastooh"
    assert result.evidence[-1] == "the caller named iransamaneh, which the page does not look like"


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: dialect.name)
def test_seeds_are_templates(dialect):
    seeds = dialect.seeds
    numbers = {"page": 2, "year": 1402, "month": 11, "day": 19}
    for template in filter(None, (*seeds.feeds, *seeds.sitemaps, seeds.archive, seeds.archive_day)):
        path = template.format(**numbers)
        assert path.startswith("/")
        assert "{" not in path
        assert not dialect.skip.match(path)
        assert not any(address.pattern.fullmatch(path) for address in dialect.addresses)


@pytest.mark.parametrize("path", ["/redirect/ads/7", "/barcode?text=x", "/d/2024/01/01/0/1.jpg", "/old/upload/1.doc"])
def test_skipped(path):
    assert DIALECTS["nastooh"].skip.match(path)


def test_class_shorthand():
    from lxml import etree

    root = etree.fromstring('<r><a class="x\n y"/><a class="xy"/><a class="z"/><a/></r>')
    assert [len(path(root)) for path in paths("//a[.x]", "//a[.y or .z]", "//a[.xy][.x]")] == [1, 2, 0]
