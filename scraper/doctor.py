"""Is this installation well? What `bayegan doctor` checks, each finding with what to do."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

import settings
from archive import alarms, cdxj, rhythm, schema, warc
from archive.catalogue import CUT_OFF
from archive.collection import Collection, lock_holder, open_collection
from archive.crawls import told_state
from archive.errors import BayeganError, NothingFoundError
from archive.losses import look_for
from archive.offices import load_offices
from archive.persian import NORMALISER_VERSION
from scraper.schedule import NAME, load_schedule

_PYTHON = (3, 11)
_SKEW = dt.timedelta(minutes=5)
_EARLIEST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""No clock that is right says less: this program is not older."""
_CRAWLS = 5
_AHEAD = 10
"""There should be room for as many crawls like the last ones."""
_NEWEST = 1000
_MANY = 5


@dataclass(frozen=True, slots=True)
class Point:
    """One line of the check. `advice` says what to do when it is not ok."""

    what: str
    state: Literal["ok", "warn", "bad"]
    message: str
    advice: str = ""


def check_up(root: Path, offices: Path, now: dt.datetime) -> list[Point]:
    """Check the installation and the collection at `root`, which need not be there yet."""
    schedule, limits = _schedule(root, offices)
    found = [_python(), *_packages(), _contact(), _offices(offices), schedule, *_tools()]
    try:
        collection = open_collection(root)
    except NothingFoundError:
        there = next((p for p in (root, *root.absolute().parents) if p.exists()), Path("/"))
        found += [Point("collection", "warn", f"there is none at {root} yet", "`bayegan crawl` makes it.")]
        return [*found, _disk(there, [], limits), _clock(None, now)]
    except BayeganError as error:
        return [*found, Point("collection", "bad", str(error), "See the message."), _disk(root, [], limits)]
    try:
        return [*found, *_collection(collection, limits, now)]
    finally:
        collection.close()


def _python() -> Point:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _PYTHON:
        return Point("python", "bad", f"{version} is too old", "Install Python 3.11 or newer; run `make setup` again.")
    return Point("python", "ok", version)


def _packages() -> Iterator[Point]:
    try:
        needs = metadata.requires("bayegan") or []
    except metadata.PackageNotFoundError:
        yield Point("packages", "warn", "Bayegan runs without being installed", "Run `make setup`.")
        return
    wanted = [r for r in map(Requirement, needs) if r.marker is None or r.marker.evaluate({"extra": ""})]
    wrong = [text for need in wanted if (text := _wrong(need))]
    for text in wrong:
        yield Point("packages", "bad", text, "Run `make setup`: it installs what the lock file names.")
    if not wrong:
        yield Point("packages", "ok", f"all {len(wanted)} are there, in versions that fit")


def _wrong(need: Requirement) -> str:
    try:
        version = metadata.version(need.name)
    except metadata.PackageNotFoundError:
        return f"{need.name} is not installed"
    fits = need.specifier.contains(version, prereleases=True)
    return "" if fits else f"{need.name} {version} is installed, {need.specifier} is needed"


def _contact() -> Point:
    if "no contact given" in settings.USER_AGENT:
        advice = "Set BAYEGAN_CONTACT to an e-mail or web address of yours, and BAYEGAN_OPERATOR to your name."
        return Point("contact", "warn", "the user agent names nobody whom a site could reach", advice)
    return Point("contact", "ok", settings.USER_AGENT)


def _offices(path: Path) -> Point:
    try:
        listed = load_offices(path)
    except BayeganError as error:
        return Point("offices", "bad", str(error), "Mend the file; it is read before every crawl.")
    return Point("offices", "ok", f"{len(listed.all)} in {listed.source}")


def _schedule(root: Path, offices: Path) -> tuple[Point, alarms.Limits]:
    """The collection's schedule file as `run` reads it, and the limits it sets."""
    path = root / NAME
    if not path.exists():
        return Point("schedule", "ok", f"no {NAME}: every office as often as its news come"), alarms.Limits()
    try:
        known = load_schedule(path, load_offices(offices))
    except BayeganError as error:
        advice = "Mend it: `bayegan run` crawls nothing until then."
        return Point("schedule", "bad", str(error), advice), alarms.Limits()
    return Point("schedule", "ok", f"{len(known.rules)} offices in {path}"), known.limits


def _tools() -> Iterator[Point]:
    for what, commands, use in (
        ("replay", ("wayback",), "`bayegan replay` only (pywb)"),
        ("browser", ("chromium", "chromium-browser", "google-chrome"), "the tests of the web pages only"),
    ):
        there = next(filter(None, map(shutil.which, commands)), None)
        yield Point(what, "ok", there or f"not installed; needed for {use}")


# --- the collection ---------------------------------------------------------------------------------------------


def _collection(collection: Collection, limits: alarms.Limits, now: dt.datetime) -> Iterator[Point]:
    catalogue, root = collection.catalogue, collection.root
    versions = f"schema {schema.VERSION}, normaliser {NORMALISER_VERSION}"
    yield Point("collection", "ok", f"{root}: {catalogue.count()} items, {versions}")
    holder = lock_holder(root)
    busy = f"held by {holder}: a crawl, an import or a rebuild is writing" if holder else "free"
    yield Point("lock", "ok", busy)
    yield _files(collection)
    yield _disk(root, _written(collection), limits)
    yield _clock(_newest(collection), now)
    yield _unfinished_files(root, busy=bool(holder))
    yield from _crawls(collection)
    if not holder:
        yield from _waiting(collection)
    for alarm in alarms.standing(root):
        yield Point("alarm", "warn", alarm.text)


def _written(collection: Collection) -> list[int]:
    """Bytes that each of the last crawls wrote."""
    rows = collection.catalogue.db.execute(
        "SELECT (SELECT coalesce(sum(length), 0) FROM captures WHERE crawl = crawls.id) FROM crawls"
        " ORDER BY started DESC LIMIT ?",
        (_CRAWLS,),
    )
    return [size for (size,) in rows]


def _newest(collection: Collection) -> dt.datetime | None:
    row = collection.catalogue.db.execute(
        "SELECT max(fetched) FROM (SELECT fetched FROM captures ORDER BY id DESC LIMIT ?)", (_NEWEST,)
    ).fetchone()
    return dt.datetime.fromisoformat(row[0]) if row and row[0] else None


def _files(collection: Collection) -> Point:
    """Whether catalogue and folder name the same WARC files; `verify` looks into them."""
    root = collection.root
    gone = look_for(root).files
    if gone:
        advice = "Bring them back from a copy; `bayegan verify` then says whether they are whole."
        return Point("warc", "bad", f"{len(gone)} are not here, or not whole: {', '.join(gone[:_MANY])}", advice)
    known = {name for (name,) in collection.catalogue.db.execute("SELECT DISTINCT warc FROM captures")}
    there = [path for path in warc.warc_files(root) if not path.name.endswith(warc.OPEN_SUFFIX)]
    index = {path: cdxj.index_of(path) for path in there if path.relative_to(root).as_posix() not in known}
    # A file without a single response has no row; its index is empty.
    strange = [path.name for path, beside in index.items() if not beside.exists() or beside.stat().st_size]
    if strange:
        message = f"the catalogue does not know {len(strange)} that are here: {', '.join(strange[:_MANY])}"
        return Point("warc", "bad", message, "`bayegan rebuild` takes them in.")
    return Point("warc", "ok", f"all {len(there)} finished files are in the catalogue")


def _disk(folder: Path, written: list[int], limits: alarms.Limits) -> Point:
    free, largest = shutil.disk_usage(folder).free, max(written, default=0)
    limit = limits.disk_free
    told = f"{free / 1e9:.1f} GB free" + (
        f"; the largest of the last crawls wrote {largest / 1e6:.1f} MB" if largest else ""
    )
    if not os.access(folder, os.W_OK):
        return Point("disk", "bad", f"{folder} cannot be written to", "Give the rights, or name another collection.")
    if free < max(largest, limit // 10):
        return Point("disk", "bad", f"{told}: the next crawl may not fit", alarms.MAKE_ROOM)
    return Point("disk", "warn" if free < max(_AHEAD * largest, limit) else "ok", told, alarms.MAKE_ROOM)


def _clock(newest: dt.datetime | None, now: dt.datetime) -> Point:
    least = max(_EARLIEST, newest or _EARLIEST)
    if now + _SKEW < least:
        message = f"it is {now:%Y-%m-%d %H:%M} UTC here, but "
        message += f"the newest capture is of {newest:%Y-%m-%d %H:%M}" if newest == least else "that is long past"
        return Point("clock", "bad", message, "Set the clock (NTP) before crawling: captures carry its time.")
    return Point("clock", "ok", f"{now:%Y-%m-%d %H:%M:%S} UTC, not behind the newest capture")


def _unfinished_files(root: Path, *, busy: bool) -> Point:
    left = [path for path in warc.warc_files(root) if path.name.endswith(warc.OPEN_SUFFIX)]
    if not left or busy:
        return Point("files", "ok", f"{len(left)} being written" if left else "no unfinished WARC file")
    names = ", ".join(path.name for path in left[:_MANY])
    advice = "Nothing is lost: the next crawl, import or rebuild recovers and finishes them."
    return Point("files", "warn", f"{len(left)} left unfinished by a process that died: {names}", advice)


def _crawls(collection: Collection) -> Iterator[Point]:
    rows = collection.catalogue.db.execute(
        "SELECT id, state, reason, runs FROM crawls ORDER BY coalesce(finished, started) DESC LIMIT ?", (_CRAWLS,)
    ).fetchall()
    if not rows:
        yield Point("crawls", "ok", "none yet")
    for crawl, stored, why, runs in rows:
        state, reason = told_state(collection.catalogue, stored, why)
        told = f"{crawl}: {state}" + (f" ({reason})" if reason not in {None, state} else "")
        failed = reason in {CUT_OFF, "failed"}
        advice = f"`bayegan report {crawl}` says more." if failed else ""
        yield Point("crawls", "warn" if failed else "ok", told + f", {runs} runs" * (runs > 1), advice)


def _waiting(collection: Collection) -> Iterator[Point]:
    for waiting in rhythm.unfinished(collection.catalogue):
        message = f"{waiting.crawl} has not finished; {len(waiting.offices)} offices wait"
        yield Point("unfinished", "warn", message, "The same `bayegan crawl` command goes on where it stopped.")
