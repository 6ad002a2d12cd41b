"""The ledger of coverage and its picture, over a catalogue made by hand."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from archive.calendarpicture import draw, picture, years
from archive.catalogue import Catalogue
from archive.coverage import Run, ledger
from archive.errors import BayeganError, NothingFoundError, UsageError
from archive.record import Capture, NewsRecord

DAY = "2024-04-01T10:00:00Z"


def _record(code: str, published: str | None = "1403-01-13", portal: str = "one") -> NewsRecord:
    capture = Capture("w", 0, 1, f"urn:{code}", "sha256:x", DAY, 200, None)
    iso = {"1403-01-13": "2024-04-01T09:00:00+03:30", "1402-12-29": "2024-03-19T09:00:00+03:30"}.get(published or "")
    return NewsRecord(
        f"{portal}:{code}", portal, code, f"http://one.ir/news/{code}/", f"خبر {code}",
        office="one-fars", published=iso, published_jalali=published, capture=capture,
    )  # fmt: skip


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    made = Catalogue(tmp_path / "catalogue.sqlite", write=True)
    for code in ("10", "11", "14", "20"):
        made.store(_record(code))
        made.note_listed(f"one:{code}", "one-fars", "1403-01-13")
    made.store(_record("9", "1402-12-29"))
    made.store(_record("extra-1", None))
    made.not_found("one:11", "http://one.ir/news/11/", "http-404", DAY)
    made.not_found("one:11", "http://one.ir/news/11/", "http-404", DAY)
    made.not_found("one:12", "http://one.ir/news/12/", "http-404", DAY)
    made.not_found("one:5", "http://one.ir/news/5/", "http-404", DAY)
    made.note_listed("one:15", "one-fars", "1403-01-14")
    made.note_address("one:15", "http://one.ir/news/15/slug")
    made.note_listed("one:16", "one-fars", "")
    made.not_found("one:16", "http://one.ir/news/16/", "http-410", DAY)
    made.commit()
    return made


def test_every_code_between_the_lowest_and_the_highest_has_one_state(catalogue: Catalogue) -> None:
    (portal,) = ledger(catalogue.db).portals
    assert (portal.lowest, portal.highest, portal.other) == (9, 20, 1)
    assert portal.runs == [
        Run(9, 10, "recorded"),
        Run(11, 11, "gone"),
        Run(12, 12, "absent"),
        Run(13, 13, "unknown"),
        Run(14, 14, "recorded"),
        Run(15, 15, "missing"),
        Run(16, 16, "gone"),
        Run(17, 19, "unknown"),
        Run(20, 20, "recorded"),
    ]
    assert portal.states == {"recorded": 4, "gone": 2, "missing": 1, "absent": 1, "unknown": 4}


def test_what_a_day_lists_and_we_lack_is_named_with_the_reason(catalogue: Catalogue) -> None:
    lacking = {item.id: (item.day, item.reason, item.url) for item in ledger(catalogue.db).missing}
    assert lacking == {
        "one:15": ("1403-01-14", "not-fetched", "http://one.ir/news/15/slug"),
        "one:16": ("", "http-410", None),
    }


def test_listed_is_held_against_recorded_by_office_and_month(catalogue: Catalogue) -> None:
    months = {(m.office, m.month): (m.listed, m.recorded) for m in ledger(catalogue.db).months}
    assert months == {("one-fars", "1403-01"): (5, 4), ("one-fars", ""): (1, 0)}


def test_an_item_recorded_after_all_is_not_absent_any_more(catalogue: Catalogue) -> None:
    catalogue.store(_record("12"))
    (portal,) = ledger(catalogue.db).portals
    assert Run(12, 12, "recorded") in portal.runs


def test_the_picture_of_a_year_shows_each_day_and_frames_what_is_missing(catalogue: Catalogue) -> None:
    assert years(catalogue.db) == [1403, 1402]
    svg = ET.fromstring(picture(catalogue.db, 1403))
    titles = [node.text for node in svg.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == 1 + 366  # 1403 is a leap year
    assert "1403-01-13: 4" in titles
    assert "1403-01-14: 0 (−1)" in titles


@pytest.mark.parametrize(
    ("file", "year", "office", "error", "says"),
    [
        ("p.png", None, None, UsageError, "SVG"),
        ("p.svg", 1390, None, NothingFoundError, "nothing of the year 1390 to draw; there is of 1403, 1402"),
        ("p.svg", 99999, None, NothingFoundError, "nothing of the year"),
        ("p.svg", None, "nobody", NothingFoundError, "«nobody»"),
        ("nowhere/p.svg", None, None, BayeganError, "a folder that exists"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    catalogue: Catalogue, tmp_path: Path, file: str, year: int | None, office: str | None,
    error: type[BayeganError], says: str,
) -> None:  # fmt: skip
    with pytest.raises(error, match=says):
        draw(catalogue.db, tmp_path / file, year, office)
    assert not list(tmp_path.rglob("p.*"))


def test_without_a_dated_item_there_is_no_picture_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(NothingFoundError, match="no year to draw"):
        draw(Catalogue(tmp_path / "c.sqlite", write=True).db, tmp_path / "p.svg")
    assert not (tmp_path / "p.svg").exists()
