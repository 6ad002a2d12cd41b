"""Looking again: what becomes of a known item, row by row of the decision table, on days that follow each other."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from archive.collection import Collection, open_collection
from tests.conftest import IMPOLITE, bayegan, crawl
from tests.portal.faults import Fault
from tests.portal.server import Portal, running_portal
from tests.portal.world import World

pytestmark = pytest.mark.xdist_group("rechecks")  # what they share is made once

ITEM = re.compile(r"/(?:news|photo|video|fa/news)/(\d+)")
FIRST, NOT_DUE, DUE, SECOND_LOOK, BACK = (
    "2026-01-01T08:00:00+00:00",
    "2026-01-01T20:00:00+00:00",
    "2026-01-02T09:00:00+00:00",
    "2026-01-03T10:00:00+00:00",
    "2026-01-04T11:00:00+00:00",
)
WALLED, EDITED, TOUCHED, DELETED, WITHDRAWN, MOVED, REUSED, RESTORED = range(2, 10)


@dataclass
class Days:
    """A portal on five days: the crawl's report and the items asked for on each, and the ids things happened to."""

    folder: Path
    portal: Portal
    ids: list[str]
    reports: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)

    def crawl(self, at: str) -> None:
        self.portal.log.clear()
        self.reports[at] = crawl(self.folder, "all", "--json", at=at).json
        self.asked[at] = [match[1] for e in self.portal.log if (match := ITEM.match(e.target))]

    def open(self) -> Collection:
        return open_collection(self.folder / "c")

    def code(self, number: int) -> str:
        return self.ids[number].partition(":")[2]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    folder = tmp_path_factory.mktemp("days")
    with running_portal(World(seed=1, items=12)) as portal:
        portal.offices_toml(folder / "portal.toml")
        world = portal.world
        days = Days(folder, portal, [item.id for item in world if item.portal == "behzisti" and item.body])
        days.crawl(FIRST)
        days.crawl(NOT_DUE)
        world.edit(days.ids[EDITED], title="عنوان تازهٔ خبر")
        world.touch(days.ids[TOUCHED])
        portal.faults[days.ids[WALLED]] = Fault("login")
        world.delete(days.ids[DELETED])
        world.delete(days.ids[WITHDRAWN], 410)
        world.delete(days.ids[RESTORED])
        portal.faults[days.ids[MOVED]] = Fault.answer(302, {"Location": "/"})
        nothing_alike = "چلچراغ سبلان زمرد فیروزه نقره‌کار گلاب‌گیری قمصر سفالگری لالجین ترمه‌بافی میناکاری"
        world.edit(days.ids[REUSED], title=nothing_alike, kicker="", lead=nothing_alike, body=nothing_alike)
        days.crawl(DUE)
        days.crawl(SECOND_LOOK)
        portal.faults.pop(days.ids[WALLED])
        world.gone.pop(days.ids[RESTORED])
        days.crawl(BACK)
        yield days


def test_home_pages_and_feeds_come_before_items_and_these_before_second_looks(days: Days) -> None:
    rows = days.open().catalogue.db.execute(
        "SELECT CASE WHEN role = 'listing' OR path = 'recheck' THEN path ELSE role END, min(priority), max(priority)"
        " FROM frontier WHERE outcome <> 'known' GROUP BY 1"
    )
    least, most = {}, {}
    for what, low, high in rows:
        least[what], most[what] = low, high
    assert least["home"] > most["feed"] >= least["feed"] > most["item"] >= least["item"] > most["recheck"]


def test_an_unknown_code_is_recorded(days: Days) -> None:
    assert days.reports[FIRST]["items"] == {"recorded": len(days.portal.world.items)}


def test_a_known_item_that_is_not_due_is_not_fetched(days: Days) -> None:
    assert not days.asked[NOT_DUE]
    assert days.reports[NOT_DUE]["items"] == {"known": len(days.portal.world.items)}


def test_a_day_later_every_item_is_due_once(days: Days) -> None:
    assert sorted(set(days.asked[DUE])) == sorted(item.code for item in days.portal.world)


def test_an_item_as_it_was_is_unchanged_and_seen_again(days: Days) -> None:
    record = days.open().catalogue.get(days.ids[0])
    assert (record.revision, record.status) == (1, "live")
    assert days.reports[DUE]["items"]["unchanged"] == len(days.portal.world.items) - 7
    assert str(record.last_seen).startswith("2026-01-04")
    assert str(record.first_seen).startswith("2026-01-01")


def test_other_bytes_with_the_same_news_give_no_revision(days: Days) -> None:
    assert days.open().catalogue.get(days.ids[TOUCHED]).revision == 1


def test_an_edit_is_a_new_revision(days: Days) -> None:
    old, new = days.open().catalogue.revisions(days.ids[EDITED])
    assert old.title != new.title == "عنوان تازهٔ خبر"
    assert days.reports[DUE]["items"]["changed"] == 1


def test_an_unrelated_text_under_a_known_code_is_kept_and_reported_as_a_collision(days: Days) -> None:
    assert days.reports[DUE]["items"]["collided"] == 1
    problems = {p["outcome"]: p["id"] for p in days.reports[DUE]["problems"]}
    assert problems == {"collided": days.ids[REUSED], "refused": days.ids[WALLED]}
    assert len(days.open().catalogue.revisions(days.ids[REUSED])) == 2


@pytest.mark.parametrize("what", [DELETED, WITHDRAWN, MOVED], ids=["404", "410", "redirect to the front page"])
def test_an_item_that_two_looks_do_not_find_is_gone_and_stays_readable(days: Days, what: int) -> None:
    record = days.open().catalogue.get(days.ids[what])
    assert record.status == "gone"
    assert str(record.last_seen).startswith("2026-01-01")
    assert record.body


def test_one_look_in_vain_is_reported_and_is_not_yet_a_verdict(days: Days) -> None:
    assert days.reports[DUE]["items"]["gone"] == 4
    reasons: dict[str, int] = {}
    for office in days.reports[DUE]["offices"].values():
        for reason, number in office["reasons"].get("gone", {}).items():
            reasons[reason] = reasons.get(reason, 0) + number
    assert reasons == {"http-404": 2, "http-410": 1, "redirected-to-no-item": 1}


def test_after_a_look_in_vain_the_second_comes_a_day_later_and_for_nothing_else(days: Days) -> None:
    gone = {days.code(n) for n in (DELETED, WITHDRAWN, MOVED, RESTORED)}
    assert set(days.asked[SECOND_LOOK]) == gone


def test_a_look_that_met_a_login_counts_as_a_look_and_leaves_the_record_as_it_was(days: Days) -> None:
    assert days.code(WALLED) in days.asked[DUE]
    assert days.code(WALLED) not in days.asked[SECOND_LOOK]
    record = days.open().catalogue.get(days.ids[WALLED])
    assert (record.status, record.revision) == ("live", 1)


def test_what_is_there_again_is_live_again(days: Days) -> None:
    record = days.open().catalogue.get(days.ids[RESTORED])
    assert record.status == "live"
    assert str(record.last_seen).startswith("2026-01-04")


def test_the_search_knows_what_is_gone(days: Days) -> None:
    found = bayegan("search", "status:gone", "--json", "--limit", 20, "--collection", days.folder / "c").json
    assert found["total"] == 3


def test_the_files_alone_tell_the_same(days: Days, tmp_path: Path) -> None:
    collection = days.folder / "c"
    before = _state(days.open())
    assert bayegan("dump", tmp_path / "before", "--collection", collection).code == 0
    assert bayegan("rebuild", "--collection", collection).code == 0
    assert bayegan("dump", tmp_path / "after", "--collection", collection).code == 0
    assert _state(days.open()) == before
    first, second = (json.loads((tmp_path / name / "manifest.json").read_text()) for name in ("before", "after"))
    assert first["files"] == second["files"]


def _state(collection: Collection) -> dict[str, list[Any]]:
    db = collection.catalogue.db
    looks = db.execute("SELECT id, status, checked, missed FROM items ORDER BY id").fetchall()
    tables = {name: sorted(db.execute(f"SELECT * FROM {name}")) for name in ("absent", "listed", "addresses")}
    return {"looks": looks, **tables}


def test_rows_of_old_crawls_are_dropped_and_their_reports_stay(days: Days, tmp_path: Path) -> None:
    collection = tmp_path / "c"
    shutil.copytree(days.folder / "c", collection)
    ran = bayegan(
        "crawl", "behzisti-fars", "--offices", days.folder / "portal.toml", "--collection", collection, *IMPOLITE,
        at="2026-03-01T08:00:00+00:00",
    )  # fmt: skip
    assert ran.code == 0
    db = open_collection(collection).catalogue.db
    first = days.reports[DUE]
    left = dict(db.execute("SELECT crawl, count(*) FROM frontier GROUP BY crawl").fetchall())
    assert left.pop(first["crawl"]) == 1  # what was refused
    assert len(left) == 1
    assert bayegan("report", first["crawl"], "--json", "--collection", collection).json == first
