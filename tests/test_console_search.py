"""Search on a terminal: facets, stories, pages, and lines for terminals that put everything down from left to right."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from scraper import console, console_search
from scraper.console_search import laid_out, reorders, wants_layout
from tests.conftest import Crawled, bayegan


@pytest.fixture(scope="module")
def story(crawled: Crawled) -> list[str]:
    """A story of two offices in the crawled collection."""
    hits = bayegan("search", "", "--collection", crawled.path, "--json", "--limit", "1000").json["hits"]
    told = next(hit for hit in hits if hit["elsewhere"])
    return [told["id"], *(each["id"] for each in told["elsewhere"])]


def test_a_story_is_printed_once_or_unfolded_and_json_holds_all(crawled: Crawled, story: list[str]) -> None:
    query = " OR ".join(f"code:{item.partition(':')[2]}" for item in story)
    place = ("search", query, "--collection", crawled.path)
    folded = bayegan(*place)
    assert "همین خبر در ۲ پایگاه" in folded.out.replace("2", "۲")
    assert sum(line.startswith("14") for line in folded.out.splitlines()) == 1
    assert "2 found that tell 1 stories" in folded.err
    assert sum(line.startswith("14") for line in bayegan(*place, "--unfold").out.splitlines()) == 2
    every, once = (bayegan(*place, "--json", *fold).json for fold in ((), ("--fold",)))
    assert {hit["id"] for hit in every["hits"]} == set(story)
    assert len({hit["story"] for hit in every["hits"]}) == 1
    assert (once["total"], once["stories"], len(once["hits"])) == (2, 1, 1)


def test_facets_and_pages(crawled: Crawled) -> None:
    place = ("search", "بهزیستی", "--collection", crawled.path, "--json", "--facets")
    found = bayegan(*place, "--limit", "1000").json
    facets = {facet["name"]: {each["value"]: each["count"] for each in facet["values"]} for facet in found["facets"]}
    assert sum(facets["org"].values()) == found["total"]
    page = bayegan(*place, "--limit", "3", "--offset", "2").json
    assert [hit["id"] for hit in page["hits"]] == [hit["id"] for hit in found["hits"]][2:5]
    shown = bayegan(*place[:4], "--facets", "--limit", "1").out
    assert "province: " in shown
    assert "بهزیستی" in shown.splitlines()[-5]


def test_a_line_is_put_down_from_the_right_with_joined_letters() -> None:
    (line,) = laid_out("وقف (PDF) در ۱۴۰۲", 20)
    assert line == "   ۱۴۰۲ ﺭﺩ (PDF) ﻒﻗﻭ"


def test_lines_are_cut_before_they_are_turned() -> None:
    first, last = laid_out("سلام جهان خوب", 9)
    assert first == "ﻥﺎﻬﺟ ﻡﻼﺳ".rjust(9)
    assert last == "ﺏﻮﺧ".rjust(9)


@pytest.mark.parametrize(
    ("environment", "does"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"VTE_VERSION": "7200"}, True),
        ({"VTE_VERSION": "5202"}, False),
        ({"TERM_PROGRAM": "Apple_Terminal"}, True),
        ({"KONSOLE_VERSION": "230804"}, True),
        ({"TERM": "mlterm-256color"}, True),
        ({}, False),
    ],
)
def test_terminals_that_lay_out_themselves_are_left_to_it(environment: dict[str, str], does: bool) -> None:
    assert reorders(environment) == does


def test_only_a_terminal_that_needs_it_gets_turned_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VTE_VERSION", "TERM_PROGRAM", "KONSOLE_VERSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for tty in (True, False):
        monkeypatch.setattr(console_search.sys, "stdout", SimpleNamespace(isatty=lambda tty=tty: tty))
        assert [wants_layout(bidi) for bidi in ("auto", "on", "off")] == [tty, True, False]


def test_the_option_prints_what_the_terminal_is_to_put_down(crawled: Crawled) -> None:
    ran = bayegan("search", "توان خواهان", "--collection", crawled.path, "--bidi", "on", "--limit", "2")
    assert ran.code == 0
    assert "*ﻥﺎﻫﺍﻮﺧ" in ran.out.replace("ﻥﺎﻫﺍﻮﺧ\u200c", "ﻥﺎﻫﺍﻮﺧ")
    assert "توان" not in ran.out


def test_what_others_wrote_gives_the_terminal_no_orders(capsys: pytest.CaptureFixture[str]) -> None:
    console.write(console.escape("خبر \x9b31m[bold]تازه\x1b[2J\x07\u200cها"))
    assert capsys.readouterr().out == "خبر 31m[bold]تازه[2J\u200cها\n"
