"""What is seen of Latin and figures in lines of Persian: in a real Chromium, by where the pieces stand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lxml import html
from playwright.sync_api import Browser, Page

from archive.collection import open_collection
from archive.web.words import WORDS
from tests.web.conftest import Shown, Site
from tests.web.test_browser import browser as browser  # noqa: PLC0414 - a fixture

PLACE = """([selector, piece]) => {
  const walker = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    const at = node.data.indexOf(piece);
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + piece.length);
    const box = range.getBoundingClientRect();
    return {x: box.x, y: box.y, lines: new Set([...range.getClientRects()].map(r => Math.round(r.y))).size};
  }
}"""


def place(page: Page, selector: str, piece: str) -> dict[str, float]:
    """Where a piece of text is seen, and on how many lines."""
    found = page.evaluate(PLACE, [selector, piece])
    assert found, f"{piece} is not in {selector}"
    return found


def assert_left_to_right(page: Page, selector: str, *pieces: str) -> None:
    seen = [place(page, selector, piece) for piece in pieces]
    assert len({round(each["y"]) for each in seen}) == 1, "one line"
    assert [each["x"] for each in seen] == sorted(each["x"] for each in seen), pieces


@pytest.fixture(params=[1280, 390])
def page(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(base_url=site.base, viewport={"width": request.param, "height": 900})
    yield context.new_page()
    context.close()


def test_the_time_in_a_citation_is_read_as_it_is_written(page: Page, plain) -> None:
    page.goto(f"/item/{plain.id}")
    fetched = plain.capture.fetched
    assert_left_to_right(page, ".citation", fetched[:4], fetched[4:10], fetched[10:19], fetched[-1])
    assert place(page, ".citation", fetched)["lines"] == 1
    lines = page.locator(".citation").inner_text().split("\n")
    assert f"کد خبر {plain.code}. ضبط‌شده در {fetched}." in lines  # as it is copied
    # The label stands to the right of what it is about, as Persian is read.
    assert place(page, ".citation", "ضبط‌شده در")["x"] > place(page, ".citation", fetched)["x"]


def test_no_time_is_broken_over_two_lines(page: Page, plain) -> None:
    page.goto(f"/item/{plain.id}")
    for moment in (plain.capture.fetched, plain.published):
        assert place(page, ".side", moment)["lines"] == 1, moment


def test_examples_of_dates_are_read_as_they_are_to_be_typed(page: Page) -> None:
    page.goto("/help")
    assert_left_to_right(page, ".help", "1402", "/01")
    row = page.locator(".help a", has_text="از:")
    assert row.inner_text() == "از:1402/01 تا:1402/06/31"
    page.goto("/search?q=بهزیستی&from=1402-01-05&to=1403")
    assert_left_to_right(page, ".chosen", "۱۴۰۲", "-۰۱", "-۰۵")
    assert_left_to_right(page, "#date-hint", "2023", "-08", "-01")


def test_a_refusal_keeps_what_was_typed_and_what_is_known_in_order(page: Page) -> None:
    page.goto("/search?kind=zz")
    said = page.locator("p.nothing")
    assert said.get_attribute("dir") == "rtl"
    assert "photo (عکس)، video (فیلم)" in said.inner_text()
    assert place(page, "p.nothing", "zz")["x"] > place(page, "p.nothing", "نیست")["x"]


@pytest.mark.parametrize("width", [500, 900, 1280])
@pytest.mark.parametrize("path", ["/coverage", "/office/behzisti-hormozgan"])
def test_a_table_wider_than_the_page_says_so(browser: Browser, site: Site, path: str, width: int) -> None:
    context = browser.new_context(base_url=site.base, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(path)
    wider = page.locator(".scroll").first.evaluate("box => box.scrollWidth > box.clientWidth")
    assert wider or width > 500
    assert page.locator(".sideways").first.is_visible() or not wider
    assert WORDS["sideways"][0] in page.content()
    context.close()


def test_the_calendar_is_dark_in_the_dark(browser: Browser, site: Site) -> None:
    context = browser.new_context(base_url=site.base, color_scheme="dark")
    page = context.new_page()
    page.goto("/coverage")
    image = page.locator(".picture img")
    image.scroll_into_view_if_needed()
    shot = image.screenshot()
    brightness = page.evaluate(
        """async bytes => {
          const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
          const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
          canvas.drawImage(bitmap, 0, 0);
          const data = canvas.getImageData(0, 0, bitmap.width, bitmap.height).data;
          return data.filter((_, at) => at % 4 < 3).reduce((sum, value) => sum + value, 0) / data.length * 4 / 3;
        }""",
        list(shot),
    )
    assert brightness < 90
    context.close()


def test_one_address_is_shown_once_however_it_is_written(site: Site, shown: Shown) -> None:
    collection = open_collection(shown.path)
    record = next(r for r in collection.catalogue.records() if any("%D8" in url for url in r.aliases))
    collection.close()
    page = html.fromstring(site.get(f"/item/{record.id}").text)
    listed = [link.text_content() for link in page.xpath('//ul[@class="addresses"]//*[contains(@class, "address")]')]
    assert record.url in listed
    assert not [url for url in listed if "%D8" in url]
    assert len(listed) >= 2
