"""Which style sheets of a page are captured."""

from __future__ import annotations

import pytest

from scraper.styles import stylesheets
from tests.conftest import SHARED_PAGES

BASE = "http://www.behzisti.test/news/1/x"


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ('<link rel="stylesheet" href="/a.css?v=1&amp;w=2#x">', ["http://www.behzisti.test/a.css?v=1&w=2"]),
        ("<LINK HREF=b.css REL=StyleSheet>", ["http://www.behzisti.test/news/1/b.css"]),
        ("<link rel='alternate stylesheet' title='>' href='//cdn.test/c.css'/>", ["http://cdn.test/c.css"]),
        ('<link rel="preload" as="style" href="/d.css">', []),
        ('<link rel="stylesheet">', []),
        ('<link rel="stylesheet" href="data:text/css,a{}">', []),
        ('<linked rel="stylesheet" href="/e.css">', []),
        (
            '<link rel="stylesheet" href="/f.css"><link rel="stylesheet" href="/f.css">',
            ["http://www.behzisti.test/f.css"],
        ),
    ],
)
def test_addresses_are_found_as_a_browser_finds_them(tag: str, found: list[str]) -> None:
    assert stylesheets(f"<!doctype html><head>{tag}</head>".encode(), BASE) == found


def test_a_page_names_no_more_than_a_crawl_should_fetch() -> None:
    page = "".join(f'<link rel="stylesheet" href="/{n}.css">' for n in range(100))
    assert len(stylesheets(page.encode(), BASE)) == 20


@pytest.mark.skipif(not SHARED_PAGES.exists(), reason=f"the real pages in {SHARED_PAGES} are not here")
def test_a_real_page() -> None:
    page = (SHARED_PAGES / "behzisti.ir__news-70583.html").read_bytes()
    assert all(".css" in address for address in stylesheets(page, "http://khorasanrazavi.behzisti.ir/news/70583/x"))
