"""When each office is to be crawled next, and which crawls that makes now. Pure: plain values in, plain values out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cronsim import CronSim

from archive.catalogue import CUT_OFF
from archive.jalali import TEHRAN
from archive.rhythm import Past, Visit, interval
from scraper.schedule import Rule, Schedule

_GOES_ON = {"shutdown", "window", CUT_OFF}  # reasons to stop after which a crawl goes on as soon as it may


@dataclass(frozen=True, slots=True)
class Turn:
    """An office's next crawl: when (None: it is paused), why then, and the stopped crawl it goes on with."""

    office: str
    when: dt.datetime | None
    why: str
    goes_on: str | None = None

    def due(self, now: dt.datetime) -> bool:
        """Whether it is time."""
        return self.when is not None and self.when <= now


@dataclass(frozen=True, slots=True)
class Group:
    """Offices that are crawled together in one crawl, under one rule."""

    offices: tuple[str, ...]
    rule: Rule
    goes_on: str | None = None


def next_turn(office: str, rule: Rule, past: Past, now: dt.datetime) -> Turn:
    """When an office is crawled next.

    A time that was missed counts once, however often it was missed: the office is due now. Outside its window it
    waits for the window.
    """
    if rule.paused:
        return Turn(office, None, f"paused: {rule.paused}")
    last = past.last
    goes_on = last.crawl if last and last.state != "finished" and last.plain else None
    when, why = _unhindered(rule, past, now)
    if rule.window:
        opening = rule.window.opening(max(when, now))
        if opening > max(when, now):
            when, why = opening, f"{why}; waits for {rule.window.start:%H:%M}"
    return Turn(office, when, why, goes_on)


def _unhindered(rule: Rule, past: Past, now: dt.datetime) -> tuple[dt.datetime, str]:
    """When, were there no window, and why."""
    last = past.last
    if last is None:
        return now, "never crawled"
    if last.state == "running":
        return now, "it is being crawled"
    if last.state == "stopped" and last.reason in _GOES_ON:
        return now, f"its crawl was stopped ({last.reason})"
    return _regular(rule, past, last, now)


def _regular(rule: Rule, past: Past, last: Visit, now: dt.datetime) -> tuple[dt.datetime, str]:
    if rule.cron:
        following = next(CronSim(rule.cron, last.began.astimezone(TEHRAN)))
        return following, f"cron {rule.cron}"
    if rule.every:
        return last.began + rule.every, f"every {text_of(rule.every)}"
    wait = interval(past.news, now)
    return last.began + wait, f"every {text_of(wait)}, as its news come"


def text_of(span: dt.timedelta) -> str:
    """A time span in words: `90 min`, `6 h`, `2.5 d`."""
    minutes = span.total_seconds() / 60
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes >= 2 * size:
            return f"{minutes / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{minutes:.0f} min"


def turns(schedule: Schedule, pasts: Mapping[str, Past], now: dt.datetime) -> list[Turn]:
    """The next turn of every office, soonest first, paused ones last."""
    found = [next_turn(office, rule, pasts.get(office, Past()), now) for office, rule in schedule.rules.items()]
    return sorted(found, key=lambda turn: (turn.when is None, turn.when))


def groups(
    turns: Iterable[Turn], schedule: Schedule, pasts: Mapping[str, Past], now: dt.datetime, order: Iterable[str]
) -> list[Group]:
    """The crawls to make now: stopped ones go on, the other offices that are due go together by rule.

    A stopped crawl goes on only whole, because its scope is its identity: when one of its offices is paused, not in
    the schedule any more or outside its window, the others are crawled anew.

    Args:
        order: every office id as the offices file orders them.
    """
    due = {turn.office: turn for turn in turns if turn.due(now)}
    found: list[Group] = []
    for turn in due.values():
        last = pasts[turn.office].last if turn.goes_on else None
        if turn.goes_on and last and turn.office not in {o for g in found for o in g.offices}:
            allowed = all(_open(schedule.rules.get(office), now) for office in last.offices)
            if allowed:
                found.append(Group(last.offices, schedule.rules[turn.office], turn.goes_on))
    taken = {office for group in found for office in group.offices}
    together: dict[Rule, list[str]] = {}
    for office in order:
        if office in due and office not in taken:
            together.setdefault(_limits_of(schedule.rules[office]), []).append(office)
    return found + [Group(tuple(offices), rule) for rule, offices in together.items()]


def _open(rule: Rule | None, now: dt.datetime) -> bool:
    return rule is not None and not rule.paused and (rule.window is None or rule.window.contains(now))


def _limits_of(rule: Rule) -> Rule:
    """What has to be equal for offices to be crawled together; when they are due need not be."""
    return Rule(window=rule.window, requests=rule.requests, bytes=rule.bytes, recheck=rule.recheck)
