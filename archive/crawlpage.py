"""The report of a crawl as one HTML page that needs nothing else: `crawls/<id>/report.html`."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archive import names
from archive.catalogue import Catalogue
from archive.crawls import INCOMPLETE, CrawlReport
from archive.drift import FIELDS
from archive.jalali import TEHRAN, jalali_text
from archive.web.show import environment, size

NAME = "report.html"
Turns = Mapping[str, tuple[dt.datetime | None, str]]
"""Office → when it is crawled next (None: it is paused) and why then."""

_PROBLEMS = 200  # named on the page; report.json names them all

_environment = environment()
_environment.globals["office"] = lambda id_: names.office_name(id_, "fa")
_environment.filters["number"] = lambda value: f"{value:,}"
_environment.filters["bytes"] = lambda value: size("en", value)


@dataclass(frozen=True, slots=True)
class _Group:
    """Problems of one office with one reason."""

    office: str
    outcome: str
    reason: str
    addresses: list[tuple[str | None, str]]


def write_page(path: Path, catalogue: Catalogue, report: CrawlReport, turns: Turns | None = None) -> None:
    """Write the page, whole or not at all. `turns` says what comes next, where a schedule knows it."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(page(catalogue, report, turns), encoding="utf-8")
    temporary.replace(path)


def page(catalogue: Catalogue, report: CrawlReport, turns: Turns | None = None) -> str:
    """The page."""
    return _environment.get_template("crawl.html").render(
        r=report,
        fields=FIELDS,
        fills=_fills(catalogue, report.crawl),
        outcomes=list(report.items),
        problems=_problems(report),
        left_out=max(0, len(report.problems) - _PROBLEMS),
        reasons=_reasons(report),
        removed=_counts(report, "removed/"),
        noted=_counts(report, ""),
        pending=report.items.get("pending", 0),
        turns=[
            (office, moment(when) if when else "—", why)
            for office, (when, why) in (turns or {}).items()
            if office in report.offices
        ],
        moment=lambda iso: moment(dt.datetime.fromisoformat(iso)) if iso else "—",
        duration=_duration(report.seconds),
        incomplete=INCOMPLETE,
    )


def moment(when: dt.datetime) -> str:
    """A moment in Tehran, with the day in both calendars."""
    local = when.astimezone(TEHRAN)
    return f"{jalali_text(local.date())} ({local:%Y-%m-%d}) {local:%H:%M}"


def _fills(catalogue: Catalogue, crawl: str) -> dict[str, dict[str, float]]:
    """On which share of an office's pages each field was filled, by office and field."""
    rows = catalogue.db.execute(
        "SELECT office, field, filled, total FROM fills WHERE crawl = ? AND total > 0 ORDER BY office", (crawl,)
    )
    shares: dict[str, dict[str, float]] = {}
    for office, field, filled, total in rows:
        if field in FIELDS:
            shares.setdefault(office, {})[field] = filled / total
    return shares


def _duration(seconds: float) -> str:
    if not seconds:  # of a crawl that was rebuilt, or killed at once
        return "not known"
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole % 60} s"


def _problems(report: CrawlReport) -> list[_Group]:
    groups: dict[tuple[str, str, str], _Group] = {}
    for problem in report.problems[:_PROBLEMS]:
        key = (problem.office, problem.outcome, problem.reason)
        group = groups.setdefault(key, _Group(*key, []))
        group.addresses.append((problem.id, problem.url))
    return list(groups.values())


def _reasons(report: CrawlReport) -> list[tuple[str, str, int]]:
    """Outcome, reason and number, over all offices, most frequent first."""
    found: Counter[tuple[str, str]] = Counter()
    for part in report.offices.values():
        for outcome, reasons in part.reasons.items():
            for reason, number in reasons.items():
                found[outcome, reason] += number
    return [(outcome, reason, number) for (outcome, reason), number in found.most_common()]


def _counts(report: CrawlReport, prefix: str) -> list[tuple[str, int]]:
    """Counts whose name has a prefix, without it, most frequent first; for no prefix those that have none of ours."""
    chosen = {
        name.removeprefix(prefix): number
        for name, number in report.counts.items()
        if (name.startswith(prefix) if prefix else not name.startswith("removed/"))
    }
    return sorted(chosen.items(), key=lambda pair: -pair[1])
