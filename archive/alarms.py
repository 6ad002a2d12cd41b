"""Alarms: what a person should know of without looking. Each is raised once, stands, and is cleared once.

`alarms.jsonl` in the collection is the log and the memory: what was raised last and not cleared stands.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from archive import rhythm
from archive.catalogue import Catalogue
from archive.drift import Drift, compare
from archive.rhythm import Past

LOG = "alarms.jsonl"
Kind = Literal["silent", "changed", "failing", "unfinished", "disk"]

MAKE_ROOM = (
    "Make room: remove older dumps, packs and what else lies there, or move the whole collection to a larger disk. "
    "Leave its WARC files together: the catalogue leads to each of them."
)

_QUIETEST = dt.timedelta(days=3)
_GAPS = 4
_NEVER_VISITS = 3
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on something is an alarm."""

    silent: dt.timedelta | None = None  # nothing new for so long; None: four usual gaps of the office, at least 3 days
    unfinished: dt.timedelta = dt.timedelta(days=3)  # a crawl that was begun so long ago and still waits
    failures: int = 3  # visits in a row that could not read an office's front page
    disk_free: int = 2_000_000_000  # bytes: two full WARC files


@dataclass(frozen=True, slots=True, order=True)
class Alarm:
    """What is wrong, with whom. `about` is an office, a crawl or empty; with the kind it is the alarm's identity."""

    kind: Kind
    about: str
    text: str = field(compare=False)


@dataclass(slots=True)
class Changes:
    """What a look has changed. `untold`: alarms that nobody has been told of yet, new or not."""

    standing: list[Alarm]
    raised: list[Alarm]
    cleared: list[Alarm]
    untold: list[Alarm]


def find(
    catalogue: Catalogue, root: Path, offices: Mapping[str, Past], limits: Limits, now: dt.datetime
) -> list[Alarm]:
    """Every alarm that there is reason for now, among the offices given (those that are to be crawled)."""
    found = [
        alarm
        for office, past in offices.items()
        for alarm in (failing(office, past, limits), silent(office, past, limits, now))
        if alarm
    ]
    found += changed(catalogue, offices)
    for waiting in rhythm.unfinished(catalogue):
        if now - waiting.since >= limits.unfinished:
            text = (
                f"Crawl {waiting.crawl}, begun {_days(now - waiting.since)} ago, has not finished "
                f"({waiting.reason or 'it is at work'}); {len(waiting.offices)} offices wait. "
                "`bayegan report` says what is left; the same `bayegan crawl` goes on with it."
            )
            found.append(Alarm("unfinished", waiting.crawl, text))
    free = shutil.disk_usage(root).free
    if free < limits.disk_free:
        text = f"Only {free / 1e9:.1f} GB are free for the collection; {limits.disk_free / 1e9:g} GB are the limit."
        found.append(Alarm("disk", "", f"{text} {MAKE_ROOM}"))
    return sorted(found)


def failing(office: str, past: Past, limits: Limits) -> Alarm | None:
    """An office whose front page could not be read several times in a row."""
    if past.failures < limits.failures or past.last is None:
        return None
    why = next((visit.why for visit in past.visits if visit.reached is False), "")
    text = f"{office} could not be read in its last {past.failures} crawls ({why or 'no reason given'})."
    return Alarm("failing", office, f"{text} See whether its site has moved: `bayegan offices check {office}`.")


def silent(office: str, past: Past, limits: Limits, now: dt.datetime) -> Alarm | None:
    """An office that was visited, and has had nothing new for longer than it ever takes."""
    if past.seen is None:
        return None
    if not past.news:
        visits = sum(visit.reached is True for visit in past.visits)
        never = f"{office} was visited {visits} times and has never given an item. `bayegan doctor` shows why."
        return Alarm("silent", office, never) if visits >= _NEVER_VISITS else None
    allowed = limits.silent or max(_QUIETEST, _GAPS * (past.gap or _QUIETEST))
    if past.seen - past.news[0] < allowed:
        return None
    usual = f", usually every {_days(past.gap)}" if past.gap else ""
    text = f"{office} has published nothing new for {_days(now - past.news[0])}{usual}."
    return Alarm("silent", office, f"{text} Look at its site: it may have moved, or its listings changed.")


def changed(catalogue: Catalogue, offices: Iterable[str]) -> list[Alarm]:
    """Offices whose pages are not what they were, seen from the last crawl that read some of them."""
    last: dict[str, list[str]] = {}
    for office in offices:
        crawl = catalogue.db.execute("SELECT max(crawl) FROM fills WHERE office = ?", (office,)).fetchone()[0]
        if crawl:
            last.setdefault(crawl, []).append(office)
    found: dict[str, list[Drift]] = {}
    for crawl, of_it in last.items():
        for drift in compare(catalogue, crawl):
            if drift.office in of_it:
                found.setdefault(drift.office, []).append(drift)
    return [Alarm("changed", office, _changed(office, drifts)) for office, drifts in found.items()]


def _changed(office: str, drifts: list[Drift]) -> str:
    what = "; ".join(
        f"{drift.what}{f' {drift.detail}' if drift.detail else ''} {drift.before:.0%} → {drift.now:.0%}"
        for drift in drifts[:_MOST_NAMED]
    )
    example = next((drift.example for drift in drifts if drift.example), None)
    look = f"Look at it: `bayegan doctor {example}`." if example else "`bayegan report` shows what."
    return f"The site of {office} has changed: {what}. {look}"


def note(root: Path, found: Iterable[Alarm], now: dt.datetime) -> Changes:
    """Write what is new and what is over to the log of a collection."""
    with (root / LOG).open("a+", encoding="utf-8") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        before, told = _replay(log)
        standing = {(alarm.kind, alarm.about): alarm for alarm in found}
        raised = [alarm for key, alarm in standing.items() if key not in before]
        cleared = [alarm for key, alarm in before.items() if key not in standing]
        for state, alarms in (("raised", raised), ("cleared", cleared)):
            _append(log, state, alarms, now)
    untold = [alarm for key, alarm in standing.items() if key not in told]
    return Changes(list(standing.values()), raised, cleared, untold)


def note_told(root: Path, alarms: Iterable[Alarm], now: dt.datetime) -> None:
    """Write down that somebody has been told of alarms."""
    with (root / LOG).open("a+", encoding="utf-8") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        _append(log, "told", alarms, now)


def standing(root: Path) -> list[Alarm]:
    """The alarms that were raised and not cleared."""
    try:
        with (root / LOG).open(encoding="utf-8") as log:
            return sorted(_replay(log)[0].values())
    except FileNotFoundError:
        return []


def _append(log: Any, state: str, alarms: Iterable[Alarm], now: dt.datetime) -> None:
    time = now.astimezone(dt.UTC).isoformat(timespec="seconds")
    lines = [json.dumps({"time": time, "state": state, **asdict(alarm)}, ensure_ascii=False) + "\n" for alarm in alarms]
    if lines:
        log.seek(0)
        before = log.read()
        log.write("" if not before or before.endswith("\n") else "\n")  # after a line that a full disk cut short
        log.write("".join(lines))
        log.flush()


def _replay(log: Any) -> tuple[dict[tuple[str, str], Alarm], set[tuple[str, str]]]:
    """What stands after the log's last line, and of which of it somebody was told."""
    standing: dict[tuple[str, str], Alarm] = {}
    told: set[tuple[str, str]] = set()
    log.seek(0)
    for line in log:
        try:
            entry = json.loads(line)
            alarm = Alarm(entry["kind"], entry["about"], entry["text"])
            state = entry["state"]
        except (ValueError, KeyError, TypeError):
            continue
        key = (alarm.kind, alarm.about)
        if state == "raised":
            standing[key] = alarm
        elif state == "told":
            told.add(key)
        else:
            standing.pop(key, None)
            told.discard(key)
    return standing, told


def _days(span: dt.timedelta | None) -> str:
    assert span is not None
    hours = span.total_seconds() / 3600
    return f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} hours"  # noqa: PLR2004
