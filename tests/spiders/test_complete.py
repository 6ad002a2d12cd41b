"""Crawls that were cut off, limited or of another scope leave no hole: what they left out is found by the next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from archive.catalogue import Catalogue
from archive.collection import open_collection
from archive.crawls import Scope, begin_crawl, end_crawl, report
from archive.errors import UsageError
from archive.offices import Office
from archive.record import Capture, NewsRecord
from scraper.crawl import project_settings
from scraper.queueing import queue_gaps
from spiders.portal import PortalSpider
from tests.conftest import crawl
from tests.portal.faults import Fault
from tests.portal.server import Portal, running_portal
from tests.portal.world import World

pytestmark = pytest.mark.xdist_group("complete")  # what they share is made once

OFFICE, NEIGHBOUR = "oghaf-hormozgan", "oghaf-qom"
NEWS = 65  # three pages of the archive and a bit; the feed holds one


@dataclass
class Story:
    """What each crawl of the story missed, by name."""

    missed: dict[str, int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder, story = tmp_path_factory.mktemp("holes"), Story()
    with running_portal(World(seed=1, items=6)) as portal:
        portal.offices_toml(folder / "portal.toml")
        portal.faults["/fa-sitemap"] = Fault.answer(404)  # the archive alone leads to what is older

        def publish(day: int) -> None:
            start = dt.datetime(2026, 1, day, tzinfo=dt.UTC)
            for n in range(NEWS):
                portal.world.publish("oghaf", "IR-22", start + dt.timedelta(minutes=n))

        def run(name: str, at: str, *words: str) -> None:
            crawl(folder, *words, "-s", "BAYEGAN_RECHECK_DAYS=", "-s", "BAYEGAN_IMAGES=0", at=at)
            known = open_collection(folder / "c").catalogue.knows
            story.missed[name] = sum(not known(item.id) for item in portal.world.of("oghaf"))

        run("walk", "2026-01-01T08:00:00+00:00", OFFICE, NEIGHBOUR)
        publish(2)
        run("limited", "2026-01-03T08:00:00+00:00", OFFICE, "--limit", "45")
        run("another scope", "2026-01-03T09:00:00+00:00", OFFICE, NEIGHBOUR)
        publish(20)
        run("gone on", "2026-01-21T08:00:00+00:00", OFFICE)
        run("walk is not due", "2026-01-21T09:00:00+00:00", OFFICE)
        publish(22)
        portal.faults["/fa/rss"] = Fault.answer(500)
        run("without feed", "2026-01-21T10:00:00+00:00", OFFICE)
        yield story


def test_what_a_limited_crawl_left_out_is_found_by_a_crawl_of_another_scope(story: Story) -> None:
    assert story.missed["walk"] == 0
    assert story.missed["limited"] == NEWS - 45
    assert story.missed["another scope"] == 0


def test_a_crawl_that_goes_on_weeks_later_reads_the_pages_again_that_have_moved(story: Story) -> None:
    assert story.missed["gone on"] == 0


def test_the_archive_is_read_in_place_of_a_feed_that_fails(story: Story) -> None:
    assert story.missed["without feed"] == 0


def test_a_walk_that_left_pages_out_is_told_of_and_is_no_whole_walk(portal: Portal, tmp_path: Path) -> None:
    portal.faults["/fa-sitemap"] = Fault.answer(404)
    for minute in range(2 * NEWS):
        portal.world.publish("oghaf", "IR-22", dt.datetime(2026, 1, 1, minute // 60, minute % 60, tzinfo=dt.UTC))
    bounded = crawl(
        tmp_path, OFFICE, "--json", "-s", "BAYEGAN_LISTINGS_MAX=1", "-s", "BAYEGAN_IMAGES=0", at="2026-01-02T08:00:00Z"
    )
    assert bounded.code == 4
    left = [problem for problem in bounded.json["problems"] if problem["reason"] == "too-many"]
    assert {(problem["outcome"], problem["office"]) for problem in left} == {("refused", OFFICE)}
    assert any(problem["url"].endswith("&p=7") for problem in left)  # the first page leads to the next five
    crawl(tmp_path, OFFICE, "-s", "BAYEGAN_IMAGES=0", at="2026-01-03T09:00:00Z")
    known = open_collection(tmp_path / "c").catalogue.knows
    assert not [item.id for item in portal.world.of("oghaf") if item.province == "IR-22" and not known(item.id)]


def test_codes_that_lie_far_apart_are_swept_from_the_newest_and_not_counted_through(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "c.sqlite", write=True)
    for code in ("7", "9", "98030903723", "98030903725"):
        capture = Capture("w", 0, 1, f"urn:{code}", "sha256:x", "2024-04-01T10:00:00Z", 200, None)
        catalogue.store(NewsRecord(f"one:{code}", "one", code, f"http://one.ir/news/{code}/", "خبر", capture=capture))
    catalogue.not_found("one:98030903722", "http://one.ir/news/98030903722/", "http-404", "2024-04-01T10:00:00Z")
    office = Office("one-fars", "welfare", "http://one.ir/", "one", dialect="nastooh")
    queued = queue_gaps(catalogue, "a-crawl", [office], 3)
    rows = catalogue.db.execute("SELECT key, url FROM frontier ORDER BY id").fetchall()
    assert rows[0] == ("one:98030903724", "http://one.ir/news/98030903724/")
    assert [key for key, _ in rows[1:]] == ["one:98030903721", "one:98030903720"]
    assert queued == {"one": (3, 98030903725 - 7 + 1 - 5 - 3)}


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(UsageError, match="Swap them"):
        PortalSpider(since="1403-02-01", until="1402-01")


def test_a_setting_that_must_be_a_number_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(UsageError, match="DOWNLOAD_DELAY is a number"):
        project_settings(None, {}, {"DOWNLOAD_DELAY": "slow"})


def test_the_report_is_of_the_crawl_that_ran_last(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "c.sqlite", write=True)
    first, later = Scope(("one",)), Scope(("two",))
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    ids = []
    for n, scope in enumerate((first, later, first)):
        crawl_id, _ = begin_crawl(catalogue, scope, day + dt.timedelta(days=n))
        end_crawl(catalogue, crawl_id, "limit", day + dt.timedelta(days=n, hours=1), 1.0, {})
        ids.append(crawl_id)
    assert ids[2] == ids[0] == report(catalogue).crawl
