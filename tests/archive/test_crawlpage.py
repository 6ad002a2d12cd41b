"""The HTML report of a crawl: everything the JSON says, for a person, in one file."""

from __future__ import annotations

import datetime as dt

import lxml.html
import pytest

from archive import crawlpage
from archive.crawls import CrawlReport, Problem, report
from archive.drift import Drift
from tests.conftest import Crawled

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def told(crawled: Crawled) -> CrawlReport:
    return report(crawled.open().catalogue)


def cells(page: lxml.html.HtmlElement, office: str) -> list[str]:
    """The row of an office in the first table, heads and numbers."""
    [row] = page.xpath("(//table)[1]//tr[th//*[text()=$office]]", office=office)
    return [part.text_content().strip() for part in row]


def test_every_crawl_leaves_a_page_that_needs_nothing_else(crawled: Crawled, told: CrawlReport) -> None:
    path = crawled.path / "crawls" / told.crawl / "report.html"
    page = lxml.html.document_fromstring(path.read_text("utf-8"))
    assert not page.xpath("//script | //link | //img | //@src | //a/@href | //iframe")
    assert "@import" not in page.findtext(".//style")
    assert "url(" not in page.findtext(".//style")
    name = page.xpath("//bdi[@lang='fa' and @dir='rtl']/text()")
    assert "بهزیستی هرمزگان" in name
    assert not list(path.parent.glob("*.part"))


def test_it_says_of_each_office_what_the_json_says(crawled: Crawled, told: CrawlReport) -> None:
    page = lxml.html.document_fromstring(crawlpage.page(crawled.open().catalogue, told))
    for office, part in told.offices.items():
        numbers = [part.items.get(name, 0) for name in told.items] + [part.listings, part.assets]
        assert cells(page, office)[1:] == [f"{number:,}" for number in numbers]
    text = page.text_content()
    for name in told.warc_files:
        assert name in text
    fills = page.xpath("//h2[starts-with(., 'How often')]/following::table[1]//tr[th//*[text()='behzisti-qom']]/td")
    assert any(cell.text_content().strip() == "100" for cell in fills)


def test_it_names_what_is_missing_what_has_changed_and_what_comes_next(crawled: Crawled, told: CrawlReport) -> None:
    office = "behzisti-qom"
    told.state, told.reason, told.items["pending"] = "stopped", "budget", 1200
    told.problems = [Problem("failed", HOSTILE, f"http://x.test/{HOSTILE}", office, "behzisti:1", "1")] * 300
    told.offices[office].reasons = {"failed": {"timeout": 7}}
    told.drift = [Drift(office, "lead", "", 0.98, 0.1, 40, "http://x.test/2")]
    turns = {office: (dt.datetime(2030, 1, 1, 20, 30, tzinfo=dt.UTC), "every 6 h"), "elsewhere": (None, "paused: x")}
    markup = crawlpage.page(crawled.open().catalogue, told, turns)
    assert HOSTILE not in markup
    text = lxml.html.document_fromstring(markup).text_content()
    for said in ("stopped (budget)", "1,200 items wait", "timeout", "100 more are in report.json", "98 %", "10 %",
                 "http://x.test/2", "1408-10-13 (2030-01-02) 00:00", "every 6 h"):  # fmt: skip
        assert said in text, said
    assert "elsewhere" not in text
