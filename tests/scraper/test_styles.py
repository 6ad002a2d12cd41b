"""Which style sheets of a page are captured."""

from __future__ import annotations

import time

import pytest

from archive.css import loaded_by, with_kept
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


THEME = "http://www.behzisti.test/theme"
SHEET = f"{THEME}/css/main.css"


@pytest.mark.parametrize(
    ("sheet", "loaded"),
    [
        ('@import "a.css";', [(f"{THEME}/css/a.css", True)]),
        ("@IMPORT url( '/b.css?v=1#x' ) print;", [("http://www.behzisti.test/b.css?v=1", True)]),
        ("@import url(//cdn.test/c.css);", [("http://cdn.test/c.css", True)]),
        ("p{background:#fff URL( ../bg.png ) repeat}", [(f"{THEME}/bg.png", False)]),
        ("p{background:url(a.png?x),url('b c.png')}", [(f"{THEME}/css/{n}", False) for n in ("a.png?x", "b c.png")]),
        ("i{background:url(data:image/png;base64,AA==)}j{fill:url(#x)}k{background:url()}", []),
        ("/* url(a.png) */ p{} /* @import 'b.css'; url(c.png)", []),
        (
            "@font-face{src:url(f.woff2)}p{background:url(z.png)}@import 'a.css';",  # when in doubt without fonts
            [(f"{THEME}/css/a.css", True), (f"{THEME}/css/z.png", False), (f"{THEME}/css/f.woff2", False)],
        ),
    ],
)
def test_what_a_style_sheet_loads_is_found_as_a_browser_finds_it(sheet: str, loaded: list[tuple[str, bool]]) -> None:
    assert list(loaded_by(sheet.encode(), SHEET).items()) == loaded


@pytest.mark.parametrize("part", [b"/*", b"url(", b"url('", b'url("', b"@import ", b"@import url(   ", b"url( x"])
def test_a_hostile_style_sheet_is_read_in_time(part: bytes) -> None:
    start = time.process_time()
    loaded_by(part * (2**21 // len(part)), SHEET)
    assert time.process_time() - start < 5


def test_a_style_sheet_is_shown_with_what_was_kept_of_it() -> None:
    sheet = b"@import 'a.css'; p { background: url( b.png ) /* url(b.png) */, url(c.png) }"
    kept = {
        "http://www.behzisti.test/theme/css/a.css": "/replay/1",
        "http://www.behzisti.test/theme/css/b.png": "/replay/2",
    }
    shown = b'@import "/replay/1"; p { background: url( "/replay/2" ) /* url(b.png) */, url(c.png) }'
    assert with_kept(sheet, SHEET, kept.get) == shown
