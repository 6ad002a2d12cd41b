"""Crawls in the catalogue: which one goes on, and what a crawl did.

The report is counted from the catalogue, so a crawl that was killed can be reported like any other.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from archive import recovery, warc
from archive.catalogue import CUT_OFF, Catalogue
from archive.collection import lock_holder
from archive.drift import Drift, compare
from archive.errors import NothingFoundError
from archive.search import index

ITEM_OUTCOMES = (
    "recorded",
    "changed",
    "unchanged",
    "collided",
    "known",
    "gone",
    "absent",
    "refused",
    "failed",
    "out-of-range",
)
"""What can become of an item in a crawl; `absent` is a code that was tried and names nothing. `pending` beside them: it
waits for the crawl to go on."""

FORGOTTEN = "frontier-forgotten"
"""Count of a crawl whose frontier rows were dropped: its report is the one that was written."""

INCOMPLETE = ("refused", "failed", "collided")
"""Outcomes after which something is missing or doubtful."""

_NAMED = 10


@dataclass(slots=True, frozen=True)
class Scope:
    """What a crawl covers. A crawl of the same scope goes on where an unfinished one stopped."""

    offices: tuple[str, ...]
    since: str | None = None
    until: str | None = None
    recheck: bool = False
    sweep: bool = False

    def text(self) -> str:
        """The scope as JSON, the same for equal scopes."""
        return json.dumps(asdict(self), sort_keys=True)


def begin_crawl(catalogue: Catalogue, scope: Scope, now: dt.datetime) -> tuple[str, bool]:
    """The id of the crawl to work on, and whether it goes on with an unfinished one."""
    catalogue.begin()
    row = catalogue.db.execute(
        "SELECT id FROM crawls WHERE scope = ? AND state <> 'finished' ORDER BY started DESC LIMIT 1",
        (scope.text(),),
    ).fetchone()
    if row:
        catalogue.db.execute("UPDATE crawls SET state = 'running', reason = NULL, runs = runs + 1 WHERE id = ?", row)
        catalogue.commit()
        return row[0], True
    crawl = f"{now.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    catalogue.db.execute(
        "INSERT INTO crawls (id, scope, state, started) VALUES (?, ?, 'running', ?)",
        (crawl, scope.text(), now.astimezone(dt.UTC).isoformat(timespec="seconds")),
    )
    catalogue.commit()
    return crawl, False


def note_run(catalogue: Catalogue, crawl: str, seconds: float, counts: Mapping[str, int]) -> None:
    """Add to what the runs on a crawl took and counted; noted while they go on, for a run may be killed."""
    catalogue.begin()
    catalogue.db.execute(
        "UPDATE crawls SET seconds = seconds + ?, counts = ? WHERE id = ?",
        (seconds, json.dumps(dict(noted_counts(catalogue, crawl) + Counter(counts)), sort_keys=True), crawl),
    )


def noted_counts(catalogue: Catalogue, crawl: str) -> Counter[str]:
    """What the runs on a crawl have counted as far as it is noted."""
    return Counter(json.loads(catalogue.db.execute("SELECT counts FROM crawls WHERE id = ?", (crawl,)).fetchone()[0]))


def end_crawl(
    catalogue: Catalogue, crawl: str, reason: str, now: dt.datetime, seconds: float, counts: dict[str, int]
) -> bool:
    """Note that a run on a crawl has ended; true when nothing is left to do. Time and counts: what is not noted yet."""
    note_run(catalogue, crawl, seconds, counts)
    left = catalogue.db.execute(
        "SELECT count(*) FROM frontier WHERE crawl = ? AND state <> 'done'", (crawl,)
    ).fetchone()[0]
    finished = left == 0 and reason == "finished"
    state, ended = "finished" if finished else "stopped", now.astimezone(dt.UTC).isoformat(timespec="seconds")
    catalogue.db.execute(
        "UPDATE crawls SET state = ?, finished = ?, reason = ? WHERE id = ?", (state, ended, reason, crawl)
    )
    catalogue.commit()
    if finished:
        index.settle(catalogue.db)
    return finished


def note_walks(catalogue: Catalogue, crawl: str, now: dt.datetime) -> None:
    """Note of which offices a finished crawl has walked the listings, and for which it has settled all they name.

    An office is complete when its sitemaps and archive were read to the end without a failure. From then on it stays
    so after each crawl whose archive had no failure, or whose feed had none where nothing more had to be read. Crawls
    that were not finished do not count, whatever they recorded: beneath that may lie what they did not come to.
    """
    catalogue.begin()
    catalogue.db.execute(
        "INSERT OR REPLACE INTO meta SELECT 'walk-tried/' || office, started FROM frontier JOIN crawls"
        " ON crawls.id = crawl WHERE crawl = ? AND role = 'listing' AND path IN ('archive', 'sitemap') GROUP BY office",
        (crawl,),
    )
    catalogue.db.execute(
        "INSERT OR REPLACE INTO meta SELECT 'walked/' || office, :until FROM ("
        " SELECT office, path <> 'feed' AS wide, path = 'archive' AS old,"
        "  sum(outcome = 'listing') AS good, sum(outcome IN ('failed', 'refused')) AS bad"
        " FROM frontier WHERE crawl = :crawl AND role = 'listing' AND path IN ('feed', 'archive', 'sitemap')"
        " GROUP BY office, path) GROUP BY office HAVING sum(wide) AND sum(bad * wide) = 0"
        " OR EXISTS (SELECT 1 FROM meta WHERE key = 'walked/' || office)"
        " AND (sum(good * old) AND sum(bad * old) = 0 OR NOT sum(wide) AND sum(good) AND sum(bad) = 0)",
        {"crawl": crawl, "until": now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
    )
    catalogue.commit()


def forget(catalogue: Catalogue, before: dt.datetime) -> int:
    """Drop the frontier rows of crawls that finished before a time; what failed or was refused stays. Returns how many.

    Most rows only say that a known item was listed again. The report of such a crawl is its report.json from then on.
    """
    crawls = catalogue.db.execute(
        "SELECT id, counts FROM crawls WHERE state = 'finished' AND finished < ?",
        (before.astimezone(dt.UTC).isoformat(timespec="seconds"),),
    ).fetchall()
    dropped = 0
    catalogue.begin()
    for crawl, counts in crawls:
        if FORGOTTEN in counts or not _report_file(catalogue, crawl).exists():
            continue
        dropped += catalogue.db.execute(
            "DELETE FROM frontier WHERE crawl = ? AND coalesce(outcome, '') NOT IN ('refused', 'failed')", (crawl,)
        ).rowcount
        marked = json.dumps({**json.loads(counts), FORGOTTEN: 1}, sort_keys=True)
        catalogue.db.execute("UPDATE crawls SET counts = ? WHERE id = ?", (marked, crawl))
    catalogue.commit()
    return dropped


def _report_file(catalogue: Catalogue, crawl: str) -> Path:
    return catalogue.path.parent / "crawls" / crawl / "report.json"


def told_state(catalogue: Catalogue, state: str, reason: str | None) -> tuple[str, str | None]:
    """State and reason of a crawl as its row has them, but for one that says it runs while no process writes."""
    cut_off = state == "running" and lock_holder(catalogue.path.parent) is None
    return ("stopped", CUT_OFF) if cut_off else (state, reason)


def unrecovered(catalogue: Catalogue) -> int:
    """How many captures a dead process left in unfinished WARC files and not in the catalogue."""
    root, found = catalogue.path.parent, 0
    for path in warc.warc_files(root):
        if path.name.endswith(warc.OPEN_SUFFIX):
            name = path.relative_to(root).as_posix().removesuffix(warc.OPEN_SUFFIX)
            known = catalogue.db.execute("SELECT max(offset + length) FROM captures WHERE warc = ?", (name,)).fetchone()
            found += recovery.unindexed(path, known[0] or 0)
    return found


def found_crawl(catalogue: Catalogue, crawl: str | None, scope: str, fetched: str) -> None:
    """Note a crawl that only its captures tell of."""
    if crawl:
        catalogue.db.execute(
            "INSERT OR IGNORE INTO crawls (id, scope, state, started, reason) VALUES (?, ?, 'finished', ?, 'rebuilt')",
            (crawl, scope, fetched),
        )


def take_over(catalogue: Catalogue, old: Path, *, walks: bool = True) -> bool:
    """Copy crawls and frontier, which are in no WARC file, from another catalogue; false when it cannot be read.

    Args:
        walks: also which listings were walked to their end; without that, the next crawl walks them again.
    """
    catalogue.commit()
    try:
        catalogue.db.execute("ATTACH ? AS old", (f"{old.absolute().as_uri()}?mode=ro",))
    except sqlite3.Error:
        return False
    try:
        catalogue.begin()
        catalogue.db.execute("INSERT OR REPLACE INTO crawls SELECT * FROM old.crawls")
        catalogue.db.execute("INSERT INTO frontier SELECT * FROM old.frontier")
        if catalogue.db.execute("SELECT 1 FROM old.sqlite_master WHERE name = 'fills'").fetchone():
            catalogue.db.execute("INSERT INTO fills SELECT * FROM old.fills")
        kept = "key LIKE 'files-of/%'" + " OR key LIKE 'walk%'" * walks
        catalogue.db.execute(f"INSERT OR IGNORE INTO meta SELECT * FROM old.meta WHERE {kept}")  # noqa: S608
        catalogue.note_cut_off()
        catalogue.commit()
    except sqlite3.Error:
        catalogue.db.execute("ROLLBACK")
        return False
    finally:
        catalogue.db.execute("DETACH old")
    return True


@dataclass(slots=True)
class OfficeReport:
    """One office's part of a crawl: items by outcome, reasons by outcome."""

    items: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, dict[str, int]] = field(default_factory=dict)
    listings: int = 0
    assets: int = 0


@dataclass(slots=True)
class Problem:
    """One address that did not end well, with the word for why."""

    outcome: str
    reason: str
    url: str
    office: str
    id: str | None
    code: str | None


@dataclass(slots=True)
class CrawlReport:
    """What a crawl did. Bytes are those of the WARC members; the rate is in fetches a second of running time."""

    crawl: str
    state: str
    reason: str | None
    started: str
    finished: str | None
    runs: int
    seconds: float
    scope: dict[str, Any]
    fetched: int
    bytes: int
    rate: float | None
    items: dict[str, int]
    offices: dict[str, OfficeReport]
    problems: list[Problem]
    warc_files: list[str]
    counts: dict[str, int]
    drift: list[Drift] = field(default_factory=list)
    unrecovered: int = 0
    """Captures that a run left in unfinished WARC files when it died: not in the other numbers yet."""


def report(catalogue: Catalogue, crawl: str | None = None) -> CrawlReport:
    """Count what a crawl did, the one that ran last unless it is named. Raises NothingFoundError when there is none."""
    last = "ORDER BY max(started, coalesce(finished, '')) DESC, rowid DESC LIMIT 1"
    where, values = ("WHERE id = ?", (crawl,)) if crawl else (last, ())
    row = catalogue.db.execute(
        f"SELECT id, scope, state, started, finished, reason, runs, seconds, counts FROM crawls {where}",  # noqa: S608
        values,
    ).fetchone()
    if row is None:
        raise _no_crawl(catalogue, crawl)
    crawl_id, scope, state, started, finished, reason, runs, seconds, counts = row
    if FORGOTTEN in counts and _report_file(catalogue, crawl_id).exists():
        return msgspec.json.decode(_report_file(catalogue, crawl_id).read_bytes(), type=CrawlReport)
    told, reason = told_state(catalogue, state, reason)
    fetched, size = catalogue.db.execute(
        "SELECT count(*), coalesce(sum(length), 0) FROM captures WHERE crawl = ?", (crawl_id,)
    ).fetchone()
    files = catalogue.db.execute("SELECT DISTINCT warc FROM captures WHERE crawl = ? ORDER BY warc", (crawl_id,))
    offices = _offices(catalogue, crawl_id)
    totals: Counter[str] = Counter()
    for part in offices.values():
        totals.update(part.items)
    return CrawlReport(
        crawl=crawl_id, state=told, reason=reason, started=started, finished=finished, runs=runs,
        seconds=round(seconds, 3), scope=json.loads(scope), fetched=fetched, bytes=size,
        rate=round(fetched / seconds, 2) if seconds else None, items=_ordered(totals), offices=offices,
        problems=_problems(catalogue, crawl_id), warc_files=[name for (name,) in files], counts=json.loads(counts),
        drift=compare(catalogue, crawl_id), unrecovered=unrecovered(catalogue) if told != state else 0,
    )  # fmt: skip


def _no_crawl(catalogue: Catalogue, crawl: str | None) -> NothingFoundError:
    """The error for a crawl that is not there, with those that are."""
    rows = catalogue.db.execute("SELECT id FROM crawls ORDER BY started DESC, rowid DESC").fetchall()
    if not rows:
        return NothingFoundError("This collection has no crawl yet. `bayegan crawl OFFICE` makes one.")
    newest = ", ".join(id_ for (id_,) in rows[:_NAMED])
    more = f" and {len(rows) - _NAMED} older ones, named as the folders in crawls/ are" if len(rows) > _NAMED else ""
    return NothingFoundError(
        f"This collection has no crawl «{crawl}». It has {newest}{more}. Without a name `report` shows the last."
    )


def _offices(catalogue: Catalogue, crawl: str) -> dict[str, OfficeReport]:
    offices: dict[str, OfficeReport] = {}
    rows = catalogue.db.execute(
        "SELECT office, role, CASE state WHEN 'done' THEN outcome ELSE 'pending' END, coalesce(reason, ''), count(*)"
        " FROM frontier WHERE crawl = ? GROUP BY 1, 2, 3, 4 ORDER BY 1",
        (crawl,),
    )
    for office, role, outcome, reason, number in rows:
        part = offices.setdefault(office, OfficeReport())
        if role == "item":
            part.items[outcome] = part.items.get(outcome, 0) + number
        elif outcome == "listing":
            part.listings += number
        elif outcome == "asset":
            part.assets += number
        if reason:
            reasons = part.reasons.setdefault(outcome, {})
            reasons[reason] = reasons.get(reason, 0) + number
    for part in offices.values():
        part.items = _ordered(part.items)
    return offices


def _ordered(items: dict[str, int]) -> dict[str, int]:
    return {name: items[name] for name in (*ITEM_OUTCOMES, "pending") if items.get(name)}


def _problems(catalogue: Catalogue, crawl: str) -> list[Problem]:
    marks = ",".join("?" * len(INCOMPLETE))
    rows = catalogue.db.execute(
        "SELECT outcome, coalesce(reason, ''), url, office, role, key FROM frontier"  # noqa: S608
        f" WHERE crawl = ? AND state = 'done' AND outcome IN ({marks}) ORDER BY office, id",
        (crawl, *INCOMPLETE),
    )
    return [
        Problem(
            outcome,
            reason,
            url,
            office,
            key if role == "item" else None,
            key.rpartition(":")[2] if role == "item" else None,
        )
        for outcome, reason, url, office, role, key in rows
    ]


def report_json(report: CrawlReport) -> str:
    """The report as indented JSON."""
    return json.dumps(asdict(report), indent=2, ensure_ascii=False) + "\n"


def write_report(path: Path, report: CrawlReport) -> None:
    """Write `report.json`, whole or not at all."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(report_json(report), encoding="utf-8")
    temporary.replace(path)
