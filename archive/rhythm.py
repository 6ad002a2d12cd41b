"""What each office did last and how often it publishes: read from the catalogue, for the schedule and for alarms."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from archive.catalogue import Catalogue
from archive.crawls import FORGOTTEN, told_state

SHORTEST, LONGEST = dt.timedelta(hours=1), dt.timedelta(days=3)
"""Bounds of the interval that follows the news."""

_NEWEST = 20  # items that an office's rhythm is read from
_CRAWLS = 1000  # looked through for the last visits of an office
_VISITS = 10
_SILENCE = 4  # a silence of so many gaps counts as much as one gap does: an office that slows down is seen to


@dataclass(frozen=True, slots=True)
class Visit:
    """One office's part in one crawl. `reached`: its front page was read; None when it never was its turn."""

    crawl: str
    state: str
    reason: str | None
    offices: tuple[str, ...]
    plain: bool
    began: dt.datetime
    ended: dt.datetime | None
    reached: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Past:
    """The last visits of an office and the times of its newest items, newest first."""

    visits: tuple[Visit, ...] = ()
    news: tuple[dt.datetime, ...] = ()

    @property
    def last(self) -> Visit | None:
        """The newest visit."""
        return self.visits[0] if self.visits else None

    @property
    def failures(self) -> int:
        """How many of the newest visits, one after another, did not read its front page."""
        reached = [visit.reached for visit in self.visits if visit.reached is not None]
        return next((i for i, good in enumerate(reached) if good), len(reached))

    @property
    def seen(self) -> dt.datetime | None:
        """When its front page was read last."""
        return next((visit.ended or visit.began for visit in self.visits if visit.reached), None)

    @property
    def gap(self) -> dt.timedelta | None:
        """The usual time between two items; None when it has fewer than two."""
        return (self.news[0] - self.news[-1]) / (len(self.news) - 1) if len(self.news) > 1 else None


def expected_gap(news: Sequence[dt.datetime], now: dt.datetime) -> dt.timedelta | None:
    """The time in which the next item is to be expected, from the newest ones; None when there is none.

    The mean gap of the newest items, the silence since the last one included; a long silence stretches it further.
    """
    if not news:
        return None
    return max((now - news[-1]) / len(news), (now - news[0]) / _SILENCE)


def interval(news: Sequence[dt.datetime], now: dt.datetime) -> dt.timedelta:
    """How long to wait between two crawls: half the expected gap, from an hour to three days; a day without news."""
    gap = expected_gap(news, now)
    return dt.timedelta(days=1) if gap is None else min(max(gap / 2, SHORTEST), LONGEST)


def pasts(catalogue: Catalogue, offices: Iterable[str]) -> dict[str, Past]:
    """The past of each office, read from crawls, frontier and items.

    A crawl of past days only (`--until`) tells nothing about today and is left out.
    """
    wanted = dict.fromkeys(offices)
    visits: dict[str, list[Visit]] = {office: [] for office in wanted}
    homes = _homes(catalogue)
    rows = catalogue.db.execute(
        "SELECT id, scope, state, reason, started, finished, runs, counts FROM crawls"
        " ORDER BY coalesce(finished, started) DESC LIMIT ?",
        (_CRAWLS,),
    )
    for id_, text, state, reason, *rest in rows:
        row = (id_, *told_state(catalogue, state, reason), *rest)
        scope = _scope(text)
        if scope.get("until"):
            continue
        for office in scope.get("offices", ()):
            if office in visits and len(visits[office]) < _VISITS:
                visits[office].append(_visit(row, scope, homes.get((id_, office))))
    return {office: Past(tuple(visits[office]), _news(catalogue, office)) for office in wanted}


def _scope(text: str) -> dict[str, Any]:
    try:
        scope = json.loads(text)
    except ValueError:
        return {}
    return scope if isinstance(scope, dict) else {}


def _visit(row: tuple[Any, ...], scope: dict[str, Any], home: tuple[str, str] | None) -> Visit:
    crawl, state, reason, started, finished, runs, counts = row
    ended = dt.datetime.fromisoformat(finished) if finished else None
    began = dt.datetime.fromisoformat(started)
    if runs > 1 and ended is not None:  # when the last of several runs began is not written down
        began = ended
    plain = not any(scope.get(key) for key in ("since", "recheck", "sweep"))
    # Of a crawl whose rows were dropped, what failed has stayed.
    reached = home[0] == "listing" if home else True if FORGOTTEN in counts else None
    offices = tuple(scope.get("offices", ()))
    return Visit(crawl, state, reason, offices, plain, began, ended, reached, home[1] if home else "")


def _homes(catalogue: Catalogue) -> dict[tuple[str, str], tuple[str, str]]:
    """What became of each office's front page in the newest crawls: outcome and reason by crawl and office."""
    rows = catalogue.db.execute(
        "SELECT crawl, office, outcome, coalesce(reason, '') FROM frontier WHERE role = 'home' AND state = 'done'"
        " AND crawl IN (SELECT id FROM crawls ORDER BY coalesce(finished, started) DESC LIMIT ?)",
        (_CRAWLS,),
    )
    return {(crawl, office): (outcome, reason) for crawl, office, outcome, reason in rows}


def _news(catalogue: Catalogue, office: str) -> tuple[dt.datetime, ...]:
    """When the newest items were published; when they were seen first, for an office that dates none of its items."""
    rows = catalogue.db.execute(
        "SELECT published FROM items WHERE office = ? AND published_jalali IS NOT NULL"
        " ORDER BY published_jalali DESC, docid DESC LIMIT ?",
        (office, _NEWEST),
    ).fetchall() or catalogue.db.execute(
        "SELECT first_seen FROM items WHERE office = ? ORDER BY first_seen DESC LIMIT ?", (office, _NEWEST)
    )
    return tuple(sorted((dt.datetime.fromisoformat(moment) for (moment,) in rows), reverse=True))


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A crawl that waits to go on, and the offices of it that no later crawl has finished."""

    crawl: str
    since: dt.datetime
    reason: str | None
    offices: list[str] = field(default_factory=list)


def unfinished(catalogue: Catalogue) -> list[Unfinished]:
    """Crawls that wait, oldest first; those whose offices have all been crawled since, in the same days, not."""
    rows = catalogue.db.execute(
        "SELECT id, scope, state, reason, started FROM crawls"
        " WHERE started >= (SELECT min(started) FROM crawls WHERE state <> 'finished') ORDER BY started DESC"
    )
    done: dict[str, set[str]] = {}
    found = []
    for crawl, text, state, reason, started in rows:
        scope = _scope(text)
        days = json.dumps({key: value for key, value in scope.items() if key != "offices"}, sort_keys=True)
        offices = set(scope.get("offices", ()))
        if state == "finished":
            done.setdefault(days, set()).update(offices)
        elif left := offices - done.get(days, set()):
            why = told_state(catalogue, state, reason)[1]
            found.append(Unfinished(crawl, dt.datetime.fromisoformat(started), why, sorted(left)))
    return found[::-1]
