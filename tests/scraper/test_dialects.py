"""Dialects are data: that it is whole, and that pages are told apart by it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scraper.dialects import DIALECTS, detect, proven
from scraper.dialects.base import paths
from scraper.extract import extract
from tests.scraper.pages import GOLDEN, REAL, article


def test_detect():
    assert detect(b"<html><p>news_id_c</p></html>") is None
    found, evidence = detect(article())
    assert (found.name, evidence) == ("nastooh", ["generator «www.nastooh.ir»", "metas named nastooh:*"])
    assert detect(b'<div class="news_nav news_pdate_c">')[0].name == "iransamaneh"


@pytest.mark.parametrize("page", GOLDEN, ids=lambda page: f"{page.parts[-3]}/{page.parts[-2]}")
def test_golden_pages_are_recognised(page):
    found = detect(page.read_bytes())
    assert (found[0].name if found else "generic") == page.parent.parent.name


@pytest.mark.parametrize("page", GOLDEN, ids=lambda page: f"{page.parts[-3]}/{page.parts[-2]}")
def test_what_is_likely_changes_no_answer(page):
    body = page.read_bytes()
    assert all(detect(body, likely) == detect(body) for likely in (*DIALECTS, "unknown"))


def test_every_dialect_has_a_golden_page():
    assert {page.parent.parent.name for page in GOLDEN} == set(DIALECTS)


def test_what_a_dialect_is_proven_on_is_told_alike_and_true():
    table = (Path(__file__).parents[2] / "docs/dialects.md").read_text("utf-8")
    told = dict(
        re.findall(r"^\| `(\w+)` \| (a real page|a page in its vocabulary|nothing yet) \|", table, re.MULTILINE)
    )
    assert told == {dialect.name: dialect.proven for dialect in DIALECTS.values()}
    assert proven("unknown") == "nothing yet"
    if REAL.exists():
        read = {extract(page.read_bytes(), "https://x.ir/").dialect for page in REAL.glob("*.html")}
        exact = {dialect.name for dialect in DIALECTS.values() if dialect.proven == "a real page"}
        assert exact <= read, "a real page of each is kept"


@pytest.mark.parametrize(("name", "dialect"), [("tasnim*.html", "tasnim"), ("mehrnews*.html", "aspnet")])
def test_real_pages_of_other_systems_are_not_taken_for_ours(name, dialect):
    pages = list(REAL.glob(name))
    if not pages:
        pytest.skip(f"real pages are not at {REAL}")
    assert [detect(page.read_bytes())[0].name for page in pages] == [dialect]


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


def test_selectors_find_the_same_by_name_and_by_xpath():
    from lxml import etree

    from scraper.outline import Outline

    for page in GOLDEN:
        root = etree.fromstring(page.read_bytes(), etree.HTMLParser(encoding="utf-8", remove_comments=True))
        outline = Outline(root)
        for dialect in DIALECTS.values():
            fields = dialect.fields
            for group in (
                fields.title,
                fields.kicker,
                fields.lead,
                fields.body,
                fields.date,
                fields.tags,
                fields.media,
            ):
                for selector in group:
                    assert outline.find(selector) == selector(root), selector.expression


def test_an_old_capture_is_read_by_the_rules_of_its_day():
    import datetime as dt
    from dataclasses import replace

    today = DIALECTS["nastooh"]
    old = replace(today.fields, title=paths(".//h6"))
    older = replace(today.fields, title=paths(".//h5"))
    dialect = replace(today, earlier=((dt.date(2015, 3, 20), older), (dt.date(2020, 3, 19), old)))
    order = {
        day: [found.fields for found in dialect.on(day)] for day in (None, dt.date(2015, 3, 20), dt.date(2016, 1, 1))
    }
    assert order[None] == [today.fields, old, older]
    assert order[dt.date(2015, 3, 20)] == [older, old, today.fields]
    assert order[dt.date(2016, 1, 1)][0] == old
    assert today.on(dt.date(2016, 1, 1)) == (today,)
