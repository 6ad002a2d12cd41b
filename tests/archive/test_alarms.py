"""Alarms: found in what the catalogue says, raised once, cleared once; and the pasts of offices that they rest on."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive import alarms, crawls, rhythm
from archive.alarms import Alarm, Limits
from archive.collection import CollectionWriter, lock_collection
from archive.crawls import Scope
from archive.drift import Tally
from archive.record import NewsRecord
from archive.rhythm import Past, Visit
from tests.conftest import Crawled

NOW = dt.datetime(2030, 1, 31, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
A, B = "behzisti-qom", "behzisti-yazd"


def visit(days_ago: float, reached: bool | None = True, why: str = "") -> Visit:
    began = NOW - days_ago * DAY
    return Visit("c", "finished", "finished", (A,), True, began, began, reached, why)


def daily(newest_days_ago: float) -> tuple[dt.datetime, ...]:
    return tuple(NOW - (newest_days_ago + n) * DAY for n in range(20))


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[CollectionWriter]:
    opened = lock_collection(tmp_path / "c")
    yield opened
    opened.close()


def crawl(writer: CollectionWriter, days_ago: float, homes: dict[str, str], **scope: str) -> str:
    """A crawl that ended some days ago; the reason why each office could not be read, empty when it could."""
    began = NOW - days_ago * DAY
    made, _ = crawls.begin_crawl(writer.catalogue, Scope(tuple(homes), **scope), began)
    writer.catalogue.begin()
    for office, why in homes.items():
        writer.catalogue.db.execute(
            "INSERT INTO frontier (crawl, key, url, role, office, portal, dialect, host, path, priority, state,"
            " outcome, reason) VALUES (?, ?, '', 'home', ?, '', '', '', 'seed', 0, 'done', ?, ?)",
            (made, office, office, "failed" if why else "listing", why),
        )
    crawls.end_crawl(writer.catalogue, made, "finished", began + dt.timedelta(hours=1), 3600, {})
    return made


# --- the past of an office ----------------------------------------------------------------------------------------


def test_the_past_of_an_office_is_read_from_crawls_and_items(writer: CollectionWriter, crawled: Crawled) -> None:
    record = next(crawled.open().catalogue.records())
    for number, moment in enumerate(("2030-01-20T10:00:00+03:30", "2030-01-25T10:00:00+03:30")):
        writer.catalogue.store(replace(record, id=f"x:{number}", code=str(number), office=A, published=moment,
                                       published_jalali=f"1408-11-0{number + 1}", aliases=[]))  # fmt: skip
    undated = replace(record, id="x:9", code="9", office=A, published=None, published_jalali=None, aliases=[])
    writer.catalogue.store(undated)
    crawl(writer, 9, {A: ""})
    crawl(writer, 5, {A: "dns", B: ""})
    newest = crawl(writer, 1, {A: "timeout"})
    past = rhythm.pasts(writer.catalogue, [A, B, "oghaf-qom"])
    assert past[A].last
    assert (past[A].last.crawl, past[A].last.began) == (newest, NOW - DAY)
    assert past[A].failures == 2
    assert [each.why for each in past[A].visits] == ["timeout", "dns", ""]
    assert past[A].seen == NOW - 9 * DAY + dt.timedelta(hours=1)
    assert [f"{moment:%d}" for moment in past[A].news] == ["25", "20"]
    assert past[B].failures == 0
    assert past["oghaf-qom"] == Past()


def test_of_a_crawl_whose_rows_were_dropped_it_is_known_who_was_reached(writer: CollectionWriter) -> None:
    made = crawl(writer, 40, {A: "", B: "dns"})
    (writer.root / "crawls" / made).mkdir(parents=True)
    (writer.root / "crawls" / made / "report.json").touch()
    assert crawls.forget(writer.catalogue, NOW - 30 * DAY)
    past = rhythm.pasts(writer.catalogue, [A, B])
    assert [past[office].visits[0].reached for office in (A, B)] == [True, False]


def test_a_crawl_of_past_days_says_nothing_about_today(writer: CollectionWriter) -> None:
    crawl(writer, 1, {A: ""}, since="2020-01-01", until="2020-12-31")
    assert rhythm.pasts(writer.catalogue, [A])[A] == Past()


def test_a_crawl_waits_until_it_or_a_later_one_of_its_offices_has_finished(writer: CollectionWriter) -> None:
    def begin(days_ago: float, *offices: str) -> str:
        return crawls.begin_crawl(writer.catalogue, Scope(offices), NOW - days_ago * DAY)[0]

    def left() -> list[tuple[str, list[str]]]:
        return [(each.crawl, each.offices) for each in rhythm.unfinished(writer.catalogue)]

    first = begin(9, A, B)
    assert left() == [(first, [A, B])]
    crawl(writer, 5, {A: ""})
    assert left() == [(first, [B])]
    crawl(writer, 4, {B: ""}, since="2029-12-01")
    assert left() == [(first, [B])], "other days"
    crawl(writer, 3, {B: ""})
    assert left() == []


# --- what is an alarm ---------------------------------------------------------------------------------------------


def test_nothing_new_is_an_alarm_after_four_usual_gaps_and_not_before() -> None:
    def raised(days: float, limits: Limits) -> bool:
        return alarms.silent(A, Past((visit(0),), daily(days)), limits, NOW) is not None

    assert [raised(days, Limits()) for days in (3.9, 4.1)] == [False, True]
    assert [raised(days, Limits(silent=10 * DAY)) for days in (9.9, 10.1)] == [False, True]
    busy = tuple(NOW - 2.9 * DAY - n * dt.timedelta(hours=1) for n in range(20))
    assert alarms.silent(A, Past((visit(0),), busy), Limits(), NOW) is None, "a holiday is three days"


def test_nothing_new_is_no_alarm_where_nobody_has_looked() -> None:
    assert alarms.silent(A, Past((visit(19),), daily(20)), Limits(), NOW) is None
    assert alarms.silent(A, Past((visit(0, reached=False), visit(19)), daily(20)), Limits(), NOW) is None


def test_an_office_that_has_never_given_an_item_is_an_alarm_after_three_visits() -> None:
    assert alarms.silent(A, Past((visit(0), visit(1))), Limits(), NOW) is None
    found = alarms.silent(A, Past((visit(0), visit(1), visit(2))), Limits(), NOW)
    assert found
    assert "never given an item" in found.text


def test_failing_again_and_again_is_an_alarm_that_says_why() -> None:
    down = [visit(0, False, "dns"), visit(1, None), visit(2, False, "timeout"), visit(3, False, "timeout"), visit(4)]
    found = alarms.failing(A, Past(tuple(down)), Limits())
    assert found
    assert "last 3 crawls (dns)" in found.text
    assert alarms.failing(A, Past(tuple(down)), Limits(failures=4)) is None
    assert alarms.failing(A, Past((visit(0), *down)), Limits()) is None


def test_an_unfinished_crawl_and_a_full_disk_are_alarms(writer: CollectionWriter) -> None:
    waiting, _ = crawls.begin_crawl(writer.catalogue, Scope((A,)), NOW - 4 * DAY)
    limits = Limits(disk_free=10**18)
    found = alarms.find(writer.catalogue, writer.root, {A: Past()}, limits, NOW)
    assert [(each.kind, each.about) for each in found] == [("disk", ""), ("unfinished", waiting)]
    assert not alarms.find(writer.catalogue, writer.root, {A: Past()}, Limits(unfinished=5 * DAY, disk_free=1), NOW)


def test_a_site_that_has_changed_is_an_alarm_with_an_example(writer: CollectionWriter, crawled: Crawled) -> None:
    record: NewsRecord = next(r for r in crawled.open().catalogue.records() if r.lead and r.body)
    for days_ago, lead in ((9, record.lead), (1, "")):
        made, tally = crawl(writer, days_ago, {A: ""}), Tally()
        for number in range(20):
            page = replace(record, lead=lead, body=f"{record.body} {number}")
            tally.page(A, f"http://x.test/{days_ago}/{number}", "nastooh", page)
        tally.flush(writer.catalogue, made)
    [alarm] = alarms.find(writer.catalogue, writer.root, {A: Past(), B: Past()}, Limits(disk_free=1), NOW)
    assert (alarm.kind, alarm.about) == ("changed", A)
    assert "lead 100% → 0%" in alarm.text
    assert "http://x.test/1/" in alarm.text


# --- the log ------------------------------------------------------------------------------------------------------


def test_an_alarm_is_raised_once_stands_and_is_cleared_once(tmp_path: Path) -> None:
    one, other = Alarm("silent", A, "nothing for 5 days"), Alarm("disk", "", "full")
    first = alarms.note(tmp_path, [one, other], NOW)
    again = alarms.note(tmp_path, [replace(one, text="nothing for 6 days"), other], NOW + DAY)
    last = alarms.note(tmp_path, [other], NOW + 2 * DAY)
    assert (first.raised, again.raised, last.raised) == ([one, other], [], [])
    assert (again.cleared, last.cleared, last.standing) == ([], [one], [other])
    assert alarms.standing(tmp_path) == [other]
    assert alarms.note(tmp_path, [one, other], NOW + 3 * DAY).raised == [one], "it can come back"
    lines = [json.loads(line) for line in (tmp_path / alarms.LOG).read_text("utf-8").splitlines()]
    assert [(line["state"], line["kind"]) for line in lines] == [
        ("raised", "silent"), ("raised", "disk"), ("cleared", "silent"), ("raised", "silent")]  # fmt: skip
    assert lines[0] == {"time": "2030-01-31T12:00:00+00:00", "state": "raised", "kind": "silent", "about": A,
                        "text": "nothing for 5 days"}  # fmt: skip


def test_an_alarm_stays_untold_until_somebody_was_told(tmp_path: Path) -> None:
    one = Alarm("silent", A, "…")
    assert alarms.note(tmp_path, [one], NOW).untold == [one]
    assert alarms.note(tmp_path, [one], NOW).untold == [one]
    alarms.note_told(tmp_path, [one], NOW)
    assert alarms.note(tmp_path, [one], NOW).untold == []
    alarms.note(tmp_path, [], NOW)
    assert alarms.note(tmp_path, [one], NOW).untold == [one], "it is over and back: a new alarm"


def test_a_line_that_was_cut_short_does_not_matter(tmp_path: Path) -> None:
    alarms.note(tmp_path, [Alarm("silent", A, "…")], NOW)
    with (tmp_path / alarms.LOG).open("a", encoding="utf-8") as log:
        log.write('{"time": "20')
    assert [each.about for each in alarms.standing(tmp_path)] == [A]
    alarms.note(tmp_path, [], NOW)
    assert alarms.standing(tmp_path) == []
