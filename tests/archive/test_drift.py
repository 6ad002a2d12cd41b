"""A site that changes is noticed, one that stays as it is is not."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from archive import drift
from archive.catalogue import Catalogue
from archive.crawls import take_over
from archive.drift import Drift, Tally, compare
from archive.record import NewsRecord

OFFICE = "behzisti-qom"
WORDS = {
    "kicker": "x",
    "lead": "x",
    "published": "x",
    "published_raw": "x",
    "tags": ["x"],
    "images": ["x"],
    "authors": ["x"],
}


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path / "catalogue.sqlite", write=True)


def page(number: int, **changes: object) -> NewsRecord:
    """A full page, unless something is taken from it."""
    facts = {
        "lead": "خلاصه",
        "body": f"متن خبر {number}\nسطر {chr(1600 + number)}",
        "published": "2024-03-07T15:18:00+03:30",
        "published_raw": "۱۷ اسفند",
        "province_source": "dateline",
        "tags": ["وقف"],
        **changes,
    }
    return NewsRecord(f"behzisti:{number}", "behzisti", str(number), f"http://qom.ir/news/{number}", "عنوان", **facts)


def crawl(
    catalogue: Catalogue, day: int, pages: list[NewsRecord | None], system: str = "nastooh", flushes: int = 1
) -> str:
    """Count the pages of a crawl; None stands for a refused one."""
    name = f"2024010{day}T000000Z-aaaa"
    tally = Tally()
    for part in range(flushes):
        for record in pages[part::flushes]:
            tally.page(OFFICE, record.url if record else "http://qom.ir/news/0", system, record)
        tally.flush(catalogue, name)
    catalogue.commit()
    return name


def named(found: list[Drift]) -> list[str]:
    return [drift.what for drift in found]


def test_a_field_that_is_lost_is_named_with_both_rates_and_an_example(catalogue: Catalogue) -> None:
    crawl(catalogue, 1, [page(n) for n in range(40)])
    second = crawl(catalogue, 2, [page(n, lead="") for n in range(40, 52)], flushes=3)
    (found,) = compare(catalogue, second)
    assert (found.office, found.what, found.before, found.now, found.pages) == (OFFICE, "lead", 1.0, 0.0, 12)
    assert found.example in {f"http://qom.ir/news/{n}" for n in range(40, 52)}
    assert "lead is on 0% of 12 pages, 100% before" in found.sentence
    assert "bayegan doctor http://qom.ir/news/" in found.sentence


def test_what_was_never_there_is_no_loss(catalogue: Catalogue) -> None:
    crawl(catalogue, 1, [page(n, tags=[]) for n in range(40)])
    assert compare(catalogue, crawl(catalogue, 2, [page(n, tags=[]) for n in range(40)])) == []


def test_a_field_that_comes_and_goes_raises_no_alarm(catalogue: Catalogue) -> None:
    chance = random.Random(7)
    for day in range(1, 9):
        pages = [page(n, tags=["x"] * (chance.random() < 0.5), lead="x" * (chance.random() < 0.9)) for n in range(15)]
        assert compare(catalogue, crawl(catalogue, day, pages)) == []


@pytest.mark.soak
def test_offices_that_stay_as_they_are_raise_hardly_an_alarm(catalogue: Catalogue) -> None:
    chance, offices, days = random.Random(1), [f"office-{n}" for n in range(62)], 120
    usual = {(o, name): chance.choice([0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 1]) for o in offices for name in WORDS}
    pages, alarms = 0, []
    for day in range(days):
        tally, name = Tally(), f"{day:08d}"
        for office in offices:
            for number in range(chance.randint(0, 12)):
                facts = {field: word * (chance.random() < usual[office, field]) for field, word in WORDS.items()}
                tally.page(office, "", "nastooh", page(number, body="", **facts) if chance.random() < 0.97 else None)
                pages += 1
        tally.flush(catalogue, name)
        alarms += compare(catalogue, name)
    print(f"{pages} pages, {days} crawls of {len(offices)} offices: {len(alarms)} false alarms, {alarms}")
    assert len(alarms) <= 3


def test_a_fall_that_few_pages_show_may_be_chance(catalogue: Catalogue) -> None:
    crawl(catalogue, 1, [page(n, tags=["x"] * (n < 8)) for n in range(10)])
    assert compare(catalogue, crawl(catalogue, 2, [page(n, tags=["x"] * (n < 4)) for n in range(10)])) == []
    assert named(compare(catalogue, crawl(catalogue, 3, [page(n, tags=[]) for n in range(40)]))) == ["tags"]


def test_few_pages_are_judged_with_those_of_the_crawls_before(catalogue: Catalogue) -> None:
    crawl(catalogue, 1, [page(n) for n in range(40)])
    days = [crawl(catalogue, day, [page(n, published=None) for n in range(4)]) for day in (2, 3, 4)]
    assert [named(compare(catalogue, day)) for day in days] == [[], [], ["published"]]


def test_the_first_pages_of_an_office_are_compared_with_nothing(catalogue: Catalogue) -> None:
    assert compare(catalogue, crawl(catalogue, 1, [page(n) for n in range(5)])) == []
    assert compare(catalogue, crawl(catalogue, 2, [page(n, lead="") for n in range(50)])) == []


def test_a_province_that_only_the_office_tells_is_not_read_from_the_page(catalogue: Catalogue) -> None:
    crawl(catalogue, 1, [page(n) for n in range(20)])
    later = crawl(catalogue, 2, [page(n, province="IR-25", province_source="office") for n in range(20)])
    assert named(compare(catalogue, later)) == ["province"]


def test_more_refusals_than_usual_are_named(catalogue: Catalogue) -> None:
    crawl(catalogue, 1, [*[page(n) for n in range(95)], *[None] * 5])
    assert compare(catalogue, crawl(catalogue, 2, [*[page(n) for n in range(45)], *[None] * 5])) == []
    (found,) = compare(catalogue, crawl(catalogue, 3, [*[page(n) for n in range(15)], *[None] * 15]))
    assert (found.what, found.now, found.example) == ("refused", 0.5, "http://qom.ir/news/0")
    assert named(compare(catalogue, crawl(catalogue, 4, [None] * 12))) == ["refused"]


def test_another_content_system_is_named(catalogue: Catalogue) -> None:
    crawl(catalogue, 1, [page(n) for n in range(20)])
    (found,) = compare(catalogue, crawl(catalogue, 2, [page(n) for n in range(20)], system="wordpress"))
    assert (found.what, found.detail) == ("system", "nastooh → wordpress")


def test_a_home_page_of_another_system_is_named_before_any_item_is(catalogue: Catalogue) -> None:
    counts = '{"dialect-changed/behzisti-qom/nastooh/wordpress": 1}'
    catalogue.db.execute(
        "INSERT INTO crawls (id, scope, state, started, counts) VALUES ('20240101T000000Z-aaaa', '', '', '', ?)",
        (counts,),
    )
    (found,) = compare(catalogue, "20240101T000000Z-aaaa")
    assert (found.office, found.what, found.detail) == (OFFICE, "system", "nastooh → wordpress")


def test_a_line_that_suddenly_stands_on_many_pages_is_named_whatever_its_numbers(catalogue: Catalogue) -> None:
    usual = "ما را دنبال کنید"
    crawl(catalogue, 1, [page(n, body=f"خبر {chr(1600 + n)}\n{usual}") for n in range(30)])
    pages = [page(n, body=f"خبر {chr(1600 + n)}\nبازدید: {n}\n{usual}") for n in range(20)]
    (found,) = compare(catalogue, crawl(catalogue, 2, pages, flushes=4))
    assert (found.what, found.detail, found.before, found.now) == ("block", "بازدید: 0", 0.0, 1.0)


def test_a_report_is_the_same_whatever_came_later(catalogue: Catalogue) -> None:
    crawl(catalogue, 1, [page(n) for n in range(20)])
    second = crawl(catalogue, 2, [page(n) for n in range(20)])
    crawl(catalogue, 3, [page(n, lead="") for n in range(20)])
    assert compare(catalogue, second) == []


def test_what_is_too_old_to_be_compared_with_is_dropped(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "_MOST_CRAWLS", 3)
    days = [crawl(catalogue, day, [page(n) for n in range(10)]) for day in range(1, 6)]
    drift.forget(catalogue, days[-1])
    kept = [row[0] for row in catalogue.db.execute("SELECT DISTINCT crawl FROM fills ORDER BY crawl")]
    assert kept == days[2:]
    drift.forget(catalogue, days[-1])
    assert len(kept) == 3


def test_a_rebuild_keeps_the_past(catalogue: Catalogue, tmp_path: Path) -> None:
    crawl(catalogue, 1, [page(n) for n in range(20)])
    second = crawl(catalogue, 2, [page(n, lead="") for n in range(20)])
    fresh = Catalogue(tmp_path / "fresh.sqlite", write=True)
    assert take_over(fresh, catalogue.path)
    assert compare(fresh, second) == compare(catalogue, second) != []
    with sqlite3.connect(catalogue.path) as old:
        old.execute("DROP TABLE fills")
    assert take_over(Catalogue(tmp_path / "another.sqlite", write=True), catalogue.path), "an older catalogue has none"
