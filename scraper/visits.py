"""One visit to the home page of each office: is it still there, and what it is thought to be?"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from archive.officechecks import Check, Finding
from archive.offices import UNKNOWN, Office, Offices
from scraper.dialects import GENERIC
from scraper.examine import Examination, examine
from scraper.probe import Fetch, Fetched

_AT_ONCE = 16
_CLOSED = frozenset({"robots", "challenge", "login", "http-401", "http-403"})
"""Reasons that say: somebody is there and does not let us in."""


_EMPTY = frozenset({"empty", "not-html", "error-page"})


async def visit_all(
    fetch: Fetch, offices: Iterable[Office], now: dt.datetime, progress: Callable[[int], None] = lambda _: None
) -> list[Check]:
    """Visit offices, several hosts at once and each host by one request after the other, in the order given."""
    hosts: dict[str, asyncio.Lock] = {}
    slots = asyncio.Semaphore(_AT_ONCE)

    async def visit(office: Office) -> Check:
        async with hosts.setdefault(office.host, asyncio.Lock()), slots:
            check = judge_home(office, await fetch(office.url), now)
        progress(1)
        return check

    return list(await asyncio.gather(*map(visit, offices)))


def judge_home(office: Office, home: Fetched, now: dt.datetime) -> Check:
    """Say what a home page that was fetched means for its office."""
    finding, detail, dialect = _judge(office, home)
    return Check(office.id, office.url, now.astimezone(dt.UTC).isoformat(timespec="seconds"), finding, detail, dialect)


def _judge(office: Office, home: Fetched) -> tuple[Finding, str, str | None]:
    """Finding, detail and detected system."""
    found = examine(home, Offices((replace(office, dialect=UNKNOWN),), {}, ""))
    dialect = None if found.dialect == GENERIC.name else found.dialect
    if found.reason in _CLOSED:
        return "closed", found.reason or "", dialect
    if found.kind == "nothing" or found.reason in _EMPTY:
        return "dead", found.reason or "", dialect
    if _bare(home.url) != _bare(office.url):
        return "moved", home.url, dialect
    if another := _another_system(office, dialect, found):
        return "other-system", another, dialect
    return "verified", _noticed(office, home, dialect), dialect


def _another_system(office: Office, dialect: str | None, found: Examination) -> str:
    """The system of a home page that is not the one its office has; empty when there is nothing to say."""
    if dialect:
        return "" if office.dialect in {dialect, UNKNOWN} else dialect
    if office.dialect not in {UNKNOWN, GENERIC.name}:
        return f"unknown: its home page bears no mark of {office.dialect}"
    return "" if found.entries else "unknown: nothing on its home page is known to name a news item"


def _noticed(office: Office, home: Fetched, dialect: str | None) -> str:
    notes = [f"answers at {home.url}"] if urlsplit(home.url).scheme != urlsplit(office.url).scheme else []
    notes += [f"its system is {dialect}"] if dialect and office.dialect == UNKNOWN else []
    return "; ".join(notes)


def _bare(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
