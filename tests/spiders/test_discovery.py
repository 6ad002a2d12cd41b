"""Where items are looked for: in listings, later only at their beginning, and under the codes between known ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.collection import open_collection
from archive.jalali import to_gregorian
from scraper.dialects import DIALECTS
from scraper.listing import Entry, Listing
from scraper.newscode import identify
from spiders.discovery import Walks, edges, seeds_of, without_session, year_before
from tests.conftest import Ran, bayegan, crawl
from tests.portal import others
from tests.portal.faults import Fault
from tests.portal.server import Portal, running_portal
from tests.portal.world import World

pytestmark = pytest.mark.xdist_group("discovery")  # what they share is made once

HOME = "http://hormozgan.behzisti.ir/"
NASTOOH = DIALECTS["nastooh"].seeds
ARCHIVE = re.compile(r"/archive\?|/page/archive\.xhtml|/fa/archive\?")


def test_without_a_range_the_archive_is_walked_from_its_newest_page() -> None:
    found = list(seeds_of(HOME, NASTOOH, None, to_gregorian(1403, 1, 25)))
    assert ("sitemap", f"{HOME}sitemap/1403/sitemap.xml") in found
    assert [url for path, url in found if path == "archive"] == [f"{HOME}archive?pi=1&ms=0"]


def test_in_a_range_every_jalali_day_is_asked_for_newest_first_over_the_turn_of_a_leap_year() -> None:
    found = list(seeds_of(HOME, NASTOOH, to_gregorian(1403, 12, 29), to_gregorian(1404, 1, 1)))
    days = [url.partition("ms=0&")[2] for path, url in found if path == "archive"]
    assert days == ["dy=1&mn=1&yr=1404", "dy=30&mn=12&yr=1403", "dy=29&mn=12&yr=1403"]
    assert [url for path, url in found if "/sitemap/140" in url] == [
        f"{HOME}sitemap/1404/sitemap.xml",
        f"{HOME}sitemap/1403/sitemap.xml",
    ]


def test_the_sitemap_of_a_year_leads_to_the_year_before_until_no_office_had_a_site() -> None:
    assert year_before(f"{HOME}sitemap/1403/sitemap.xml", NASTOOH) == f"{HOME}sitemap/1402/sitemap.xml"
    assert year_before(f"{HOME}sitemap/1380/sitemap.xml", NASTOOH) is None
    assert year_before(f"{HOME}sitemap/all/sitemap.xml", NASTOOH) is None


def test_leaves_at_both_ends_of_an_index_are_read_again() -> None:
    assert edges(list("abcdefg")) == set("abfg")
    assert edges(["a"]) == {"a"}


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("http://x.ir/archive;jsessionid=8F2A?pi=2", "http://x.ir/archive?pi=2"),
        ("http://x.ir/archive?sid=abc&pi=2", "http://x.ir/archive?pi=2"),
        ("http://x.ir/archive?pi=2&PHPSESSID=abc", "http://x.ir/archive?pi=2"),
        ("http://x.ir/(S(4yx2v45))/archive.aspx?p=2", "http://x.ir/archive.aspx?p=2"),
        ("http://x.ir/archive?inside=1&resid=7", "http://x.ir/archive?inside=1&resid=7"),
    ],
)
def test_a_session_id_makes_no_new_address(address: str, same: str) -> None:
    assert without_session(address) == same


def _page(*codes: int) -> Listing:
    return Listing([Entry(f"http://x.ir/news/{code}/") for code in codes])


def test_a_pager_that_repeats_its_last_page_ends() -> None:
    walks = Walks(most=100)
    assert not walks.may_go_on(_page(3, 2), "one", "archive")
    assert not walks.may_go_on(_page(1), "one", "archive")
    assert walks.may_go_on(_page(1), "one", "archive") == "repeating"
    assert not walks.may_go_on(_page(1), "another", "archive")


def test_an_empty_page_ends_a_calendar_that_goes_on_for_ever() -> None:
    assert Walks(most=100).may_go_on(_page(), "one", "archive") == "empty"


def test_a_pager_without_end_is_bounded() -> None:
    walks = Walks(most=3)
    told = [walks.may_go_on(_page(code), "one", "archive") for code in range(5)]
    assert told == ["", "", "", "too-many", "too-many"]


@dataclass
class Walked:
    """Four crawls of one portal: the first, one an hour later, one a day later, and a sweep."""

    folder: Path
    portal: Portal
    first: list[str]
    hour: list[str]
    day: list[str]
    swept: list[str]
    sweep: Ran
    again: list[str]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    folder = tmp_path_factory.mktemp("walked")
    with running_portal(World(seed=1, items=24)) as portal:
        portal.offices_toml(folder / "portal.toml")
        # One item is not in any listing: only its code leads to it.
        hidden = next(item.id for item in portal.world if item.portal == "behzisti" and item.number == 15)
        portal.world.gone[hidden] = 404

        def run(at: str, *words: str) -> tuple[Ran, list[str]]:
            portal.log.clear()
            ran = crawl(folder, "welfare", *words, "--json", "-s", "BAYEGAN_RECHECK_DAYS=", at=at)
            return ran, [exchange.target for exchange in portal.log]

        first = run("2026-01-01T08:00:00+00:00")[1]
        hour = run("2026-01-01T09:00:00+00:00")[1]
        day = run("2026-01-02T09:00:00+00:00")[1]
        portal.world.gone.pop(hidden)
        hide = portal.world.shelves["behzisti"]
        hide.all.remove(hidden)
        for ids in hide.by.values():
            if hidden in ids:
                ids.remove(hidden)
        sweep, swept = run("2026-01-02T10:00:00+00:00", "--sweep")
        again = run("2026-01-02T11:00:00+00:00", "--sweep")[1]
        yield Walked(folder, portal, first, hour, day, swept, sweep, again)


def test_the_first_walk_reads_every_sitemap_and_page_of_the_archive(walked: Walked) -> None:
    assert any("/sitemap/1402/" in target for target in walked.first)
    assert any(target.endswith("/sitemap/1401/sitemap.xml") for target in walked.first)
    assert any(target.startswith("/sitemap/1401/") for target in walked.first)


def test_an_hour_later_the_feed_is_enough_when_it_reaches_back_to_what_is_known(walked: Walked) -> None:
    assert sorted(set(walked.hour)) == ["/", "/robots.txt", "/rss"]


def test_a_day_later_the_archive_is_read_until_a_page_brings_nothing_new(walked: Walked) -> None:
    assert {target for target in walked.day if ARCHIVE.match(target)} == {"/archive?pi=1&ms=0"}
    assert len(walked.day) < len(walked.first)


def test_a_sweep_finds_an_item_that_no_listing_names(walked: Walked) -> None:
    assert walked.sweep.json["items"]["recorded"] == 1
    assert walked.sweep.json["items"]["absent"] > 20


def test_a_sweep_tries_only_codes_of_which_nothing_is_known_and_only_once(walked: Walked) -> None:
    known = {item.code for item in walked.portal.world if item.portal == "behzisti"}
    tried = [match[1] for target in walked.swept if (match := re.fullmatch(r"/news/(\d+)/", target))]
    assert len(tried) == len(set(tried)) > 20
    assert len(set(tried) & known) == 1
    assert not [target for target in walked.again if re.fullmatch(r"/news/\d+/", target)]


def test_a_sweep_reads_the_pages_of_tags_and_topics(walked: Walked) -> None:
    assert any(target.startswith("/tag/") for target in walked.swept)
    assert any(target.startswith("/service/") for target in walked.swept)


def test_after_a_sweep_the_ledger_has_no_unknown_code(walked: Walked) -> None:
    ledger = bayegan("report", "--coverage", "--json", "--collection", walked.folder / "c").json
    (portal,) = ledger["portals"]
    assert portal["states"]["unknown"] == 0
    assert portal["states"]["absent"] == walked.sweep.json["items"]["absent"]
    assert sum(portal["states"].values()) == portal["highest"] - portal["lowest"] + 1
    assert all(month["listed"] == month["recorded"] for month in ledger["months"])


def test_a_sweep_can_be_bounded_and_says_what_is_left(portal: Portal, tmp_path: Path) -> None:
    assert crawl(tmp_path, "behzisti").code == 0
    ran = crawl(tmp_path, "behzisti", "--sweep", "--json", "-s", "BAYEGAN_SWEEP_CODES=5", "-s", "BAYEGAN_SWEEP_TAGS=0")
    counts = ran.json["counts"]
    assert counts["sweep-queued/behzisti"] == 5
    assert counts["sweep-left/behzisti"] > 5
    assert ran.json["items"]["absent"] == 5


def test_what_a_stopped_sweep_left_is_not_said_of_the_one_that_goes_on(portal: Portal, tmp_path: Path) -> None:
    assert crawl(tmp_path, "behzisti").code == 0
    sweep = ("--sweep", "--json", "-s", "BAYEGAN_SWEEP_TAGS=0")
    few = ("-s", "BAYEGAN_RUN_REQUESTS=30", "-s", "BAYEGAN_SWEEP_CODES=40")
    stopped = crawl(tmp_path, "behzisti", *sweep, *few).json
    assert stopped["counts"]["sweep-left/behzisti"] > 0
    ended = crawl(tmp_path, "behzisti", *sweep).json
    assert (ended["crawl"], ended["runs"]) == (stopped["crawl"], 2)
    assert "sweep-left/behzisti" not in ended["counts"], "everything was tried"


def test_a_list_of_days_is_read_from_the_settings(portal: Portal, tmp_path: Path) -> None:
    assert crawl(tmp_path, "behzisti-fars", at="2026-01-01T08:00:00+00:00").code == 0
    later = crawl(tmp_path, "behzisti-fars", "--json", "-s", "BAYEGAN_RECHECK_DAYS=2,4", at="2026-01-02T20:00:00+00:00")
    assert set(later.json["items"]) == {"known"}


def test_a_home_page_goes_on_where_there_is_no_archive(portal: Portal, tmp_path: Path) -> None:
    offices = tmp_path / "portal.toml"
    office = '\n[[office]]\nid = "rehearsal"\norganisation = "welfare"\nurl = "http://generic.systems.test/"\n'
    offices.write_text(offices.read_text(encoding="utf-8") + office, encoding="utf-8")
    assert crawl(tmp_path, "rehearsal").code == 0
    recorded = {record.url.partition("test")[2] for record in open_collection(tmp_path / "c").catalogue.records()}
    assert {path for path in others.pages("generic") if identify(f"http://x.ir{path}")} <= recorded


def test_a_listing_leads_nowhere_outside_its_portal(portal: Portal, tmp_path: Path) -> None:
    pager = '<ul class="pagination"><a class="page-link" href="http://elsewhere.test/archive?pi=2">۲</a></ul>'
    entry = '<li class="news"><div class="desc"><h3><a href="/news/70502/x">خبر</a></h3></div></li>'
    page = f'<html><head><meta name="generator" content="www.nastooh.ir"></head><body>{entry}{pager}</body></html>'
    portal.faults["fars.behzisti.test/archive"] = Fault("page", body=page.encode())
    ran = crawl(tmp_path, "behzisti-fars", "--json")
    assert ran.json["counts"]["links/off-site"] == 1
    assert not [p for p in ran.json["problems"] if "elsewhere" in p["url"]]
