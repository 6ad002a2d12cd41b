"""The offices file: what it names, whom a word selects, and what is wrong with a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.errors import UsageError
from archive.offices import Offices, load_offices, portal_of_host
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def offices() -> Offices:
    return load_offices(ROOT / "spiders" / "offices.toml")


@pytest.mark.parametrize(
    ("word", "number"),
    [("all", 62), ("welfare", 31), ("behzisti", 31), ("oghaf", 31), ("IR-22", 2), ("hormozgan", 2), ("هرمزگان", 2),
     ("كرمان", 2), ("خراسان رضوی", 2), ("خراسان‌رضوی", 2), ("oghaf-qom", 1)],
)  # fmt: skip
def test_a_word_selects_an_office_an_organisation_a_province_or_all(offices: Offices, word: str, number: int) -> None:
    assert len(offices.select([word])) == number


def test_words_add_up_and_nothing_comes_twice(offices: Offices) -> None:
    assert [o.id for o in offices.select(["hormozgan", "behzisti-hormozgan"])] == [
        "behzisti-hormozgan",
        "oghaf-hormozgan",
    ]


@pytest.mark.parametrize(
    ("host", "portal"),
    [("khorasanrazavi.behzisti.ir", "behzisti"), ("www.behzisti.ir", "behzisti"), ("BEHZISTI.IR", "behzisti"),
     ("qom.oghaf.ir", "oghaf"), ("news.x.gov.ir", "x"), ("a.b.test", "b"), ("localhost", "localhost"),
     ("127.0.0.1", "127-0-0-1")],
)  # fmt: skip
def test_a_host_tells_its_portal(host: str, portal: str) -> None:
    assert portal_of_host(host) == portal


def test_the_publisher_is_found_by_portal_and_province(offices: Offices) -> None:
    publisher = offices.publisher("behzisti", "IR-22")
    assert publisher
    assert publisher.id == "behzisti-hormozgan"
    assert offices.publisher("behzisti", None) is None
    assert offices.publisher("elsewhere", "IR-22") is None


def test_short_links_belong_to_the_portal_of_the_office_they_lead_to(tmp_path: Path) -> None:
    block = '[[office]]\nid = "a"\norganisation = "welfare"\nurl = "https://www.tasnimnews.com/"\nportal = "tasnim"\n'
    (tmp_path / "o.toml").write_text(block, encoding="utf-8")
    assert load_offices(tmp_path / "o.toml").portal_of_url("https://tn.ai/2043565") == "tasnim"


GOOD = '[[office]]\nid = "a"\norganisation = "welfare"\nurl = "http://a.x.test/"\nprovince = "IR-22"\n'


def test_a_block_needs_little(tmp_path: Path) -> None:
    (tmp_path / "o.toml").write_text(GOOD, encoding="utf-8")
    [office] = load_offices(tmp_path / "o.toml").all
    assert (office.portal, office.dialect, office.verified) == ("x", "unknown", False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no office"),
        ("office = 5", "no office"),
        (GOOD.replace("welfare", "sports"), "Office 1"),
        (GOOD.replace("IR-22", "IR-99"), "ISO 3166-2"),
        (GOOD.replace("http://", "ftp://"), "http or https"),
        (GOOD + GOOD, "more than once"),
        (GOOD.replace('id = "a"', "id = 5"), "Office 1"),
        (GOOD.replace('id = "a"\n', ""), "Office 1"),
        (GOOD + GOOD.replace('id = "a"', 'id = "b"'), "a and b have the same url"),
        (GOOD + GOOD.replace('id = "a"', 'id = "b"').replace("x.test/", "x.test"), "a and b have the same url"),
        ("[[office", "cannot be read"),
        (GOOD.replace('id = "a"', 'id = "a, b/.."'), "cannot be an office's id"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "o.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=says):
        load_offices(tmp_path / "o.toml")
