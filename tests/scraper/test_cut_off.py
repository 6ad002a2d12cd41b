"""A crawl that was killed: everybody says so, and what its report counts is what all its runs did."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from archive.collection import CATALOGUE, open_collection
from archive.crawls import report
from scraper.console import show_report
from tests import zygote
from tests.conftest import IMPOLITE, Crawled, bayegan, command, environment
from tests.test_crash import crash


@pytest.fixture
def words(crawled: Crawled, tmp_path: Path) -> list[object]:
    return ["crawl", "all", "--offices", crawled.folder / "portal.toml", "--collection", tmp_path / "c", *IMPOLITE]


@pytest.fixture
def slowly(words: list[object]) -> list[str]:
    """The same so slowly that a crawl does not end before it is killed."""
    return [*map(str, words), "-s", "DOWNLOAD_DELAY=0.3"]


def test_everybody_says_of_a_killed_crawl_that_it_was_cut_off(
    crawled: Crawled, words: list[object], slowly: list[str], tmp_path: Path
) -> None:
    assert crash("after-fsync-before-commit", 5, slowly) == -9
    where = ("--collection", tmp_path / "c")
    told = bayegan("report", *where, "--json").json
    assert (told["state"], told["reason"]) == ("stopped", "cut off")
    offices = ("--offices", crawled.folder / "portal.toml")
    turns = bayegan("schedule", *where, *offices, "--json").json["offices"]
    assert {(turn["result"], turn["due"]) for turn in turns} == {("cut off", True)}
    crawls = [point["message"] for point in bayegan("doctor", *where, "--json").json if point["what"] == "crawls"]
    assert crawls == [f"{told['crawl']}: stopped (cut off)"]
    assert bayegan(*words[:2], *offices, "--limit", 1, *where, *IMPOLITE).code == 0
    assert bayegan("report", *where, "--json").json["reason"] == "limit", "it was the last word on it"


def test_an_older_crawl_that_was_cut_off_does_not_run_because_another_does(
    words: list[object], slowly: list[str], tmp_path: Path
) -> None:
    assert crash("after-commit", 5, slowly) == -9
    first = report(open_collection(tmp_path / "c").catalogue).crawl
    other = command("crawl", "qom", *words[2:], "-s", "DOWNLOAD_DELAY=2")
    running = zygote.spawn(other, env=environment())
    try:
        deadline, catalogue = time.monotonic() + 30, open_collection(tmp_path / "c").catalogue
        while report(catalogue).crawl == first and time.monotonic() < deadline:
            time.sleep(0.1)
        assert report(catalogue).state == "running"
        assert (report(catalogue, first).state, report(catalogue, first).reason) == ("stopped", "cut off")
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()


def test_what_lies_in_unfinished_files_is_told_of_before_it_is_taken_in(
    words: list[object], slowly: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert crash("after-fsync-before-commit", 6, slowly) == -9
    before = report(open_collection(tmp_path / "c").catalogue)
    assert before.unrecovered > 0
    show_report(before)
    assert f"{before.unrecovered} captures more lie in unfinished WARC files" in capsys.readouterr().out
    after = bayegan(*words, "--json").json
    assert after["counts"]["recovered/captures"] == before.unrecovered
    assert after["unrecovered"] == 0


def test_time_and_counts_are_those_of_all_runs_the_killed_ones_too(
    crawled: Crawled, words: list[object], slowly: list[str], tmp_path: Path
) -> None:
    whole = report(crawled.open().catalogue)
    taken = 0.0
    for run in (1, 2):
        begun = time.monotonic()
        assert crash("after-commit", 6, slowly) == -9
        cut = report(open_collection(tmp_path / "c").catalogue)
        assert taken < cut.seconds <= taken + time.monotonic() - begun
        assert cut.runs == run
        taken = cut.seconds
    assert bayegan(*words).code == 0
    ended = report(open_collection(tmp_path / "c").catalogue)
    assert ended.runs == 3
    assert ended.seconds > taken
    assert ended.rate == pytest.approx(ended.fetched / ended.seconds, 0.01)
    removed = "removed/comments"  # pages that recovery reads are not counted
    assert 0 < cut.counts[removed] < ended.counts[removed] <= whole.counts[removed]


def test_a_time_that_nobody_noted_is_not_given_as_none_at_all(
    crawled: Crawled, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = crawled.copy(tmp_path / "c")
    (copy / CATALOGUE).unlink()
    assert bayegan("rebuild", "--collection", copy).code == 0
    made_again = report(open_collection(copy).catalogue)
    assert (made_again.seconds, made_again.rate) == (0, None)
    show_report(made_again)
    assert "finished, time not known" in capsys.readouterr().out
