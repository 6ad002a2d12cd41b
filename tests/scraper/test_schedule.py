"""What a schedule.toml says, and when that makes an office due. Plain values, no crawl."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from archive.catalogue import CUT_OFF
from archive.errors import NothingFoundError, UsageError
from archive.jalali import TEHRAN
from archive.offices import Offices, load_offices
from archive.rhythm import Past, Visit, interval
from scraper import pauses
from scraper.due import Group, groups, next_turn, turns
from scraper.schedule import Rule, Schedule, Window, load_schedule
from tests.conftest import ROOT

A, B, C = "behzisti-qom", "behzisti-yazd", "oghaf-qom"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def tehran(day: int, clock: str) -> dt.datetime:
    """A moment of January 2030 in Tehran."""
    hour, minute = map(int, clock.split(":"))
    return dt.datetime(2030, 1, day, hour, minute, tzinfo=TEHRAN)


NOON = tehran(10, "12:00")


@pytest.fixture
def offices(tmp_path: Path) -> Offices:
    made = ((A, "welfare", "IR-25"), (B, "welfare", "IR-21"), (C, "endowment", "IR-25"))
    blocks = (f'[[office]]\nid = "{id_}"\norganisation = "{kind}"\nprovince = "{province}"\nurl = "http://{id_}.test/"\n'
              for id_, kind, province in made)  # fmt: skip
    (tmp_path / "offices.toml").write_text("\n".join(blocks))
    return load_offices(tmp_path / "offices.toml")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "schedule.toml"


def visited(
    began: dt.datetime, state: str = "finished", reason: str = "finished", crew: tuple[str, ...] = (A,)
) -> Past:
    return Past((Visit("crawl-1", state, reason, crew, True, began, began + HOUR, True, ""),))


# --- the file -----------------------------------------------------------------------------------------------------


def test_without_a_file_every_office_follows_its_news(offices: Offices, file: Path) -> None:
    assert load_schedule(file, offices).rules == {A: Rule(), B: Rule(), C: Rule()}


def test_a_file_names_offices_as_crawl_does_and_later_blocks_replace_key_by_key(offices: Offices, file: Path) -> None:
    file.write_text("""
[[schedule]]
offices = ["behzisti"]
every = "6h"
window = "01:00-06:00"
budget = {requests = 5000, bytes = "500 MB"}
recheck = [1, 3, 7]

[[schedule]]
offices = ["قم"]
cron = "30 2 * * *"
window = false
recheck = false
""")
    rules = load_schedule(file, offices).rules
    night = Window(dt.time(1), dt.time(6))
    assert rules[B] == Rule(6 * HOUR, None, night, 5000, 500_000_000, (1, 3, 7))
    assert rules[A] == Rule(None, "30 2 * * *", None, 5000, 500_000_000, ())
    assert rules[C] == Rule(cron="30 2 * * *", recheck=())


def test_an_office_that_no_block_names_is_not_crawled(offices: Offices, file: Path) -> None:
    file.write_text('[[schedule]]\noffices = ["oghaf"]\n')
    assert list(load_schedule(file, offices).rules) == [C]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('every = "99999999999d"', "longer than a hundred years"),
        ('every = "6 hours"', 'every = "6h"'),
        ("every = 6", 'every = "6h"'),
        ('evry = "6h"', "«every»"),
        ('cron = "0 25 * * *"', "Tehran"),
        ('cron = "0 0 31 2 *"', "comes true"),
        ('window = "1-6"', '"01:00-06:00"'),
        ('window = "01:00-25:00"', '"01:00-06:00"'),
        ('window = "01:00-01:00"', '"01:00-06:00"'),
        ("budget = {}", "requests, bytes"),
        ('budget = {bytes = "much"}', '"500 MB"'),
        ("budget = {seconds = 5}", "«seconds»"),
        ("recheck = [7, 3]", "recheck = false"),
        ("paused = 3", "paused ="),
        ('every = "6h"\ncron = "0 3 * * *"', "not both"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_with_what_is_right(
    offices: Offices, file: Path, line: str, says: str
) -> None:
    file.write_text(f'[[schedule]]\noffices = ["oghaf"]\n\n[[schedule]] # second\noffices = ["behzisti"]\n{line}\n')
    with pytest.raises(UsageError) as error:
        load_schedule(file, offices)
    assert f"schedule.toml, line {6 + line.count(chr(10))}" in str(error.value)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[schedule]]\n", "line 1: the block does not say whom"),
        ('[[schedule]]\noffices = ["nobody"]\n', "line 2: No office"),
        ("[[schedule]\n", "is not TOML"),
        ("[alarms]\nsilent = 3\n", 'line 2.*silent = "5d"'),
        ('[alarms]\nwebhook = "example.org"\n', "line 2.*http"),
        ('\n[alarms]\ndisk_free = "-1"\n', "line 3.*GB"),
        ("[alarm]\n", "line 1.*«alarms»"),
    ],
)
def test_every_other_mistake_is_named_too(offices: Offices, file: Path, text: str, says: str) -> None:
    file.write_text(text)
    with pytest.raises(UsageError, match=says):
        load_schedule(file, offices)


def test_the_example_in_the_docs_is_a_schedule(file: Path) -> None:
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    file.write_text(text.partition("```toml\n")[2].partition("```")[0], "utf-8")
    schedule = load_schedule(file, load_offices(ROOT / "spiders" / "offices.toml"))
    assert len(schedule.rules) == 62
    assert schedule.rules["behzisti-yazd"].paused
    assert schedule.webhook


def test_a_file_that_was_named_must_be_there(offices: Offices, file: Path) -> None:
    with pytest.raises(UsageError, match="no schedule file"):
        load_schedule(file, offices, needed=True)


# --- when ---------------------------------------------------------------------------------------------------------


def test_an_interval_is_counted_from_the_start_of_the_last_crawl() -> None:
    rule = Rule(every=6 * HOUR)
    assert next_turn(A, rule, visited(tehran(10, "07:00")), NOON).when == tehran(10, "13:00")
    assert next_turn(A, rule, Past(), NOON).due(NOON)


def test_times_that_were_missed_count_once() -> None:
    rule, long_ago = Rule(cron="30 2 * * *"), visited(tehran(1, "02:30"))
    assert next_turn(A, rule, long_ago, NOON).due(NOON)
    assert next_turn(A, rule, visited(NOON), NOON).when == tehran(11, "02:30")


def test_outside_its_window_an_office_waits_for_it() -> None:
    rule = Rule(every=HOUR, window=Window(dt.time(1), dt.time(6)))
    turn = next_turn(A, rule, visited(tehran(10, "05:30")), NOON)
    assert (turn.when, turn.due(NOON)) == (tehran(11, "01:00"), False)
    assert next_turn(A, rule, visited(tehran(10, "03:00")), tehran(10, "05:00")).due(tehran(10, "05:00"))


def test_a_window_may_go_over_midnight() -> None:
    window = Window(dt.time(22), dt.time(4))
    assert window.contains(tehran(10, "23:00"))
    assert window.contains(tehran(10, "03:59"))
    assert not window.contains(tehran(10, "04:00"))
    assert window.closing(tehran(10, "23:00")) == tehran(11, "04:00")
    assert window.opening(NOON) == tehran(10, "22:00")
    assert window.contains(dt.datetime(2030, 1, 10, 20, 0, tzinfo=dt.UTC)), "half past eleven in Tehran"


def test_a_paused_office_has_no_turn_and_says_why() -> None:
    turn = next_turn(A, Rule(paused="it moves"), Past(), NOON)
    assert (turn.when, turn.due(NOON), turn.why) == (None, False, "paused: it moves")


@pytest.mark.parametrize("reason", ["shutdown", "window"])
def test_a_crawl_that_was_told_to_stop_goes_on_at_once(reason: str) -> None:
    turn = next_turn(A, Rule(every=DAY), visited(NOON - HOUR, "stopped", reason), NOON)
    assert (turn.due(NOON), turn.goes_on) == (True, "crawl-1")


def test_a_crawl_that_used_up_its_budget_goes_on_when_the_office_is_due_again() -> None:
    turn = next_turn(A, Rule(every=DAY), visited(NOON - HOUR, "stopped", "budget"), NOON)
    assert (turn.when, turn.goes_on) == (NOON - HOUR + DAY, "crawl-1")


def test_a_crawl_that_was_cut_off_goes_on_at_once() -> None:
    turn = next_turn(A, Rule(every=DAY), visited(NOON - HOUR, "stopped", CUT_OFF), NOON)
    assert turn.due(NOON)
    assert "cut off" in turn.why


def test_the_interval_follows_the_news() -> None:
    def every(gap: dt.timedelta, silence: dt.timedelta = dt.timedelta()) -> dt.timedelta:
        return interval([NOON - silence - gap * n for n in range(1, 21)], NOON)

    assert every(dt.timedelta(minutes=20)) == HOUR, "not more often than hourly"
    assert every(4 * HOUR) == 2 * HOUR, "half the time between two items"
    assert 2 * HOUR < every(4 * HOUR, silence=DAY) < every(4 * HOUR, silence=10 * DAY), "longer when none come"
    assert every(HOUR, silence=40 * HOUR) > 5 * HOUR, "soon after a busy office falls silent"
    assert every(4 * HOUR, silence=365 * DAY) == 3 * DAY, "but not for ever"
    assert interval([], NOON) == DAY


# --- what goes together -------------------------------------------------------------------------------------------


def due_groups(rules: dict[str, Rule], pasts: dict[str, Past], now: dt.datetime = NOON) -> list[Group]:
    schedule = Schedule(rules)
    return groups(turns(schedule, pasts, now), schedule, pasts, now, [A, B, C])


def test_offices_that_are_due_go_together_unless_their_limits_differ() -> None:
    rules = {C: Rule(every=HOUR), A: Rule(every=DAY), B: Rule(requests=10)}
    assert [group.offices for group in due_groups(rules, {})] == [(A, C), (B,)]
    assert [group.offices for group in due_groups(rules, {A: visited(NOON - HOUR)})] == [(B,), (C,)]


def test_a_stopped_crawl_goes_on_with_exactly_its_offices() -> None:
    stopped = visited(NOON - HOUR, "stopped", "shutdown", (A, B))
    found = due_groups({A: Rule(), B: Rule(), C: Rule()}, {A: stopped, B: stopped})
    assert found == [Group((A, B), Rule(), "crawl-1"), Group((C,), Rule())]


def test_a_stopped_crawl_with_a_paused_office_waits_and_the_others_are_crawled_anew() -> None:
    stopped = visited(NOON - HOUR, "stopped", "shutdown", (A, B))
    assert due_groups({A: Rule(), B: Rule(paused="x")}, {A: stopped, B: stopped}) == [Group((A,), Rule())]


# --- pauses -------------------------------------------------------------------------------------------------------

WRITTEN = """\
# ours
[[schedule]]
offices = ["all"]  # every one
every = "6h"

[[schedule]]
offices = ["oghaf"]
paused = "they asked"

[alarms]
silent = "5d"
"""


def test_a_pause_is_written_into_the_file_and_taken_out_again(offices: Offices, file: Path) -> None:
    file.write_text(WRITTEN)
    assert pauses.pause(file, offices, "behzisti-qom", "سایت می‌رود") == [A]
    assert load_schedule(file, offices).rules[A] == Rule(every=6 * HOUR, paused="سایت می‌رود")
    assert "# every one" in file.read_text()
    pauses.resume(file, offices, A)
    assert file.read_text() == WRITTEN
    assert pauses.resume(file, offices, "all") == [C]
    assert not any(rule.paused for rule in load_schedule(file, offices).rules.values())


def test_one_office_of_a_paused_group_can_be_resumed(offices: Offices, file: Path) -> None:
    file.write_text('[[schedule]]\noffices = ["behzisti"]\npaused = "x"\n')
    pauses.resume(file, offices, A)
    rules = load_schedule(file, offices).rules
    assert (rules[A].paused, rules[B].paused) == ("", "x")


def test_a_pause_makes_the_file_and_leaves_the_other_offices_scheduled(offices: Offices, file: Path) -> None:
    pauses.pause(file, offices, A, "x")
    assert list(load_schedule(file, offices).rules) == [A, B, C]


def test_what_cannot_be_paused_or_resumed_is_said_and_nothing_is_written(offices: Offices, file: Path) -> None:
    file.write_text('[[schedule]]\noffices = ["oghaf"]\n')
    with pytest.raises(NothingFoundError, match="Add a"):
        pauses.pause(file, offices, A, "x")
    with pytest.raises(NothingFoundError, match="Nothing of"):
        pauses.resume(file, offices, C)
    with pytest.raises(UsageError, match="reason"):
        pauses.pause(file, offices, C, " ")
    assert file.read_text() == '[[schedule]]\noffices = ["oghaf"]\n'
