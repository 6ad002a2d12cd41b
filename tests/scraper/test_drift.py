"""«This site changed» in the report of a crawl, over real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.collection import open_collection
from archive.crawls import report
from scraper.console import plain, show_report
from scraper.rebuild import rebuild
from tests.conftest import Crawled, crawl
from tests.portal.server import running_portal
from tests.portal.sites import NEW_LINE
from tests.portal.world import World

OFFICE = """[resolve]
"*.behzisti.test" = "127.0.0.1:{port}"

[[office]]
id = "head-office"
organisation = "welfare"
url = "http://www.behzisti.test/"
dialect = "{dialect}"
"""


def test_an_ordinary_crawl_says_of_no_site_that_it_changed(crawled: Crawled) -> None:
    assert report(crawled.open().catalogue).drift == []


def test_a_site_that_lost_its_markup_is_named_and_one_that_did_not_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_portal(World(seed=1, items=60)) as portal:
        offices = tmp_path / "portal.toml"
        offices.write_text(OFFICE.format(port=portal.port, dialect="nastooh"), encoding="utf-8")
        for until in ("2024-03-07", "2024-03-18"):
            ordinary = crawl(tmp_path, "all", "--until", until, "--json")
            assert ordinary.json["items"]["recorded"] > 15
            assert ordinary.json["drift"] == []
        portal.world.redesign()
        offices.write_text(OFFICE.format(port=portal.port, dialect="wordpress"), encoding="utf-8")
        changed = crawl(tmp_path, "all", "--json")
    found = {drift["what"]: drift for drift in changed.json["drift"]}
    assert {"lead", "published", "published_raw", "block", "system"} <= set(found)
    assert not {"body", "tags", "images", "province", "refused"} & set(found)
    assert found["lead"]["before"] > 0.9
    assert found["lead"]["now"] == 0
    assert found["block"]["detail"] == NEW_LINE
    assert found["system"]["detail"] == "wordpress → nastooh", "the block of the office says another one than its home"
    assert all(drift["example"].startswith("http://www.behzisti.test/") for drift in found.values())
    show_report(report(open_collection(tmp_path / "c").catalogue))
    assert "This site changed: head-office: lead is on 0%" in capsys.readouterr().out
    rebuild(tmp_path / "c", processes=1)
    again = report(open_collection(tmp_path / "c").catalogue)
    assert [plain(drift) for drift in again.drift] == changed.json["drift"]
