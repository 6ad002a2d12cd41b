"""A site whose addresses name no code: what stands beside its links does, and an item is fetched once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.collection import open_collection
from archive.record import NewsRecord
from tests.conftest import Ran, bayegan, crawl
from tests.portal import others, press
from tests.portal.faults import Fault
from tests.portal.markup import encoded
from tests.portal.server import Portal, running_portal
from tests.portal.world import World
from tests.scraper.test_rebuild import dumped, same

ITEMS = {f"systems:{post.number}": press.SITE + post.path for post in press.POSTS}


@dataclass
class Crawled:
    """Three crawls of the site: the first, one an hour later and one that looks at everything again."""

    folder: Path
    portal: Portal
    first: Ran
    later: list[str]
    again: Ran

    def records(self) -> dict[str, NewsRecord]:
        return {record.id: record for record in open_collection(self.folder / "c").catalogue.records()}


def _offices(folder: Path, portal: Portal, url: str) -> None:
    (folder / "portal.toml").write_text(
        f'[resolve]\n"*.systems.test" = "127.0.0.1:{portal.port}"\n\n[[office]]\nid = "press"\n'
        f'organisation = "welfare"\nurl = "{url}"\n',
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("permalinks")
    with running_portal(World(seed=1, items=1)) as portal:
        _offices(folder, portal, f"{press.SITE}/")
        first = crawl(folder, "press", "--json", at="2026-01-01T08:00:00Z")
        portal.log.clear()
        crawl(folder, "press", at="2026-01-01T09:00:00Z")
        later = [exchange.target for exchange in portal.log]
        again = crawl(folder, "press", "--recheck", "--json", at="2026-01-01T10:00:00Z")
        yield Crawled(folder, portal, first, later, again)


def test_every_post_is_recorded_once_by_its_number_under_its_own_address(crawled: Crawled) -> None:
    assert crawled.first.json["items"] == {"recorded": len(ITEMS)}
    assert {id_: record.url for id_, record in crawled.records().items()} == ITEMS


def test_no_post_is_fetched_again_before_it_is_due(crawled: Crawled) -> None:
    assert sorted(set(crawled.later)) == ["/", "/feed/", "/robots.txt"]


def test_a_post_is_looked_at_again_under_its_own_address(crawled: Crawled) -> None:
    assert crawled.again.json["items"] == {"unchanged": len(ITEMS)}


def test_what_a_crawl_knew_of_its_items_is_in_the_warc_files(crawled: Crawled, tmp_path: Path) -> None:
    collection = crawled.folder / "c"
    assert bayegan("verify", "--deep", "--collection", collection).code == 0
    before = dumped(collection, "before")
    (collection / "catalogue.sqlite").unlink()
    assert bayegan("rebuild", "--collection", collection).code == 0
    assert same(before, dumped(collection, "after"))


def test_a_site_that_takes_to_such_addresses_loses_no_item(tmp_path: Path) -> None:
    with running_portal(World(seed=1, items=1)) as portal:
        _offices(tmp_path, portal, "http://wordpress.systems.test/")
        assert crawl(tmp_path, "press", "--json").json["items"] == {"recorded": 2}
        for target, (_, page) in others.pages("wordpress").items():
            new = f"wordpress.systems.test/1403{target.replace('?p=', '')}/"
            portal.faults[f"wordpress.systems.test{target}"] = Fault.answer(301, {"Location": f"http://{new}"})
            portal.faults[new] = Fault("page", body=page)
        assert crawl(tmp_path, "press", "--recheck", "--json").json["items"] == {"unchanged": 2}


def test_a_post_whose_address_leads_to_the_front_page_is_gone(tmp_path: Path) -> None:
    with running_portal(World(seed=1, items=1)) as portal:
        _offices(tmp_path, portal, f"{press.SITE}/")
        crawl(tmp_path, "press")
        lost = press.POSTS[-1]
        portal.faults[f"press.systems.test{encoded(lost.path)}"] = Fault.answer(301, {"Location": f"{press.SITE}/"})
        for _ in range(2):
            crawl(tmp_path, "press", "--recheck")
        assert open_collection(tmp_path / "c").get(f"systems:{lost.number}").status == "gone"
        before = dumped(tmp_path / "c", "before")
        assert bayegan("rebuild", "--collection", tmp_path / "c").code == 0
        assert same(before, dumped(tmp_path / "c", "after"))
