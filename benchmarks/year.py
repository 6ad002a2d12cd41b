"""A simulated year: `python -m benchmarks.year [--days D] [--offices N] [--items A_DAY] [--every HOURS]`.

A local portal publishes, edits and withdraws items while the clock moves; `bayegan run` is called at every step, each
in a process of its own that believes in that time, over real sockets into a real collection. Printed is what it cost,
how late things were found, and whether anything was lost. In the last two days nothing new happens.
"""

from __future__ import annotations

import argparse
import datetime as dt
import heapq
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from archive.collection import open_collection
from archive.provinces import PROVINCES
from tests.conftest import IMPOLITE, command, environment
from tests.portal.server import Portal, running_portal
from tests.portal.world import PORTALS, World

_BEGIN = dt.datetime(2025, 3, 21, 0, 30, tzinfo=dt.UTC)  # 1 Farvardin 1404, early morning in Tehran
_EDITED, _WITHDRAWN = 0.03, 0.01  # of the items
_EDIT_DAYS, _WITHDRAWAL_DAYS = 4.0, 20.0  # mean age at which that happens
_UNKNOWN = dt.timedelta(days=3)  # in which nobody can know the rhythm of an office
_QUIET = dt.timedelta(days=2)
_HOUR = dt.timedelta(hours=1)


@dataclass
class Events:
    """What happened on the portal, and when."""

    published: dict[str, dt.datetime] = field(default_factory=dict)
    edited: dict[str, dt.datetime] = field(default_factory=dict)
    withdrawn: dict[str, dt.datetime] = field(default_factory=dict)
    found_gone: dict[str, dt.datetime] = field(default_factory=dict)
    to_come: list[tuple[dt.datetime, str, str]] = field(default_factory=list)
    """What will be edited or withdrawn: a heap by time."""


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--offices", type=int, default=62)
    parser.add_argument("--items", type=float, default=20, help="an office and day")
    parser.add_argument("--every", type=float, default=1, help="hours between two runs")
    options = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, running_portal(World(seed=1, items=1), keep_bytes=False) as portal:
        offices = _offices(Path(folder) / "offices.toml", portal.port, options.offices)
        events, totals = _simulate(Path(folder), portal, offices, options)
        _print(Path(folder), portal, events, totals, time.monotonic() - begun)


def _offices(path: Path, port: int, number: int) -> list[tuple[str, str]]:
    """Write the offices file; portal and province of each office."""
    offices = [(portal, province) for province in PROVINCES for portal in PORTALS][:number]
    hosts = "".join(f'"*.{portal}.test" = "127.0.0.1:{port}"\n' for portal in PORTALS)
    blocks = (
        f'\n[[office]]\nid = "{portal}-{p.slug}"\norganisation = "{PORTALS[portal][0]}"\nprovince = "{p.code}"\n'
        f'url = "http://{p.slug}.{portal}.test/"\nportal = "{portal}"\ndialect = "unknown"\n'
        for portal, p in offices
    )
    path.write_text("[resolve]\n" + hosts + "".join(blocks), encoding="utf-8")
    return [(portal, p.code) for portal, p in offices]


def _simulate(
    folder: Path, portal: Portal, offices: list[tuple[str, str]], options: argparse.Namespace
) -> tuple[Events, Counter[str]]:
    rng, events, totals = random.Random(1), Events(), Counter[str]()
    words = ["run", "--offices", folder / "offices.toml", "--collection", folder / "c", "--json", *IMPOLITE]
    now, end = _BEGIN, _BEGIN + dt.timedelta(days=options.days)
    while now < end:
        rate = len(offices) * options.items / 16 if now < end - _QUIET else 0.0  # items an hour while people are awake
        _live(portal.world, offices, rng, events, (now, now + options.every * _HOUR), rate)
        now += options.every * _HOUR
        portal.log.clear()
        ran = subprocess.run(
            command(*words, at=now.isoformat()), env=environment(), capture_output=True, text=True, check=False
        )
        if ran.returncode not in {0, 4}:
            sys.exit(f"{now}: exit {ran.returncode}: {ran.stderr}")
        _count(json.loads(ran.stdout), totals)
        totals["requests"] += len(portal.log)
        _note_gone(folder / "c", events, now)
        if not totals["runs"] % 100:
            sys.stderr.write(f"\r{now:%Y-%m-%d %H:%M} {totals['requests']:,} requests, {totals['recorded']:,} items ")
    return events, totals


def _live(
    world: World,
    offices: list[tuple[str, str]],
    rng: random.Random,
    events: Events,
    span: tuple[dt.datetime, dt.datetime],
    rate: float,
) -> None:
    """Publish, edit and withdraw what is due in a span of time. News comes between 7 and 22 o'clock in Tehran."""
    hours = (span[1] - span[0]) / _HOUR
    awake = 3 <= span[1].hour <= 18
    number = rng.gauss(1, 0.2) * rate * hours if awake else 0.0
    moments = sorted(span[0] + rng.random() * (span[1] - span[0]) for _ in range(round(number)))
    for moment in moments:
        portal, province = rng.choice(offices)
        item = world.publish(portal, province, moment)
        events.published[item.id] = moment
        if rng.random() < _EDITED:
            heapq.heappush(
                events.to_come, (moment + dt.timedelta(days=rng.expovariate(1 / _EDIT_DAYS)), "edit", item.id)
            )
        elif rng.random() < _WITHDRAWN:
            due = moment + dt.timedelta(days=rng.expovariate(1 / _WITHDRAWAL_DAYS))
            heapq.heappush(events.to_come, (due, "withdraw", item.id))
    while events.to_come and events.to_come[0][0] <= span[1] and rate:
        moment, what, id_ = heapq.heappop(events.to_come)
        if what == "edit":
            world.edit(id_, title=f"{world.items[id_].title} (اصلاحیه)")
            events.edited[id_] = moment
        else:
            world.delete(id_)
            events.withdrawn[id_] = moment


def _count(result: dict[str, Any], totals: Counter[str]) -> None:
    totals["runs"] += 1
    totals["crawls"] += len(result["crawls"])
    for crawl in result["crawls"]:
        totals["fetched"] += crawl["fetched"]
        totals.update(crawl["items"])
        totals["problems"] += len(crawl["problems"])


def _note_gone(root: Path, events: Events, now: dt.datetime) -> None:
    if not root.exists():
        return
    collection = open_collection(root)
    for (id_,) in collection.catalogue.db.execute("SELECT id FROM items WHERE status = 'gone'"):
        events.found_gone.setdefault(id_, now)
    collection.close()


def _print(root: Path, portal: Portal, events: Events, totals: Counter[str], seconds: float) -> None:
    catalogue = open_collection(root / "c").catalogue
    records = {record.id: record for record in catalogue.records()}
    seen = {id_: dt.datetime.fromisoformat(str(record.first_seen)) for id_, record in records.items()}
    delays = {id_: (seen[id_] - moment) / _HOUR for id_, moment in events.published.items() if id_ in seen}
    settled = [delay for id_, delay in delays.items() if events.published[id_] > _BEGIN + _UNKNOWN]
    late = [
        (dt.datetime.fromisoformat(str(revision.capture and revision.capture.fetched)) - moment) / _HOUR
        for id_, moment in events.edited.items()
        if id_ in records and seen[id_] < moment
        for revision in islice(catalogue.revisions(id_), 1, 2)
    ]
    known = [id_ for id_, moment in events.edited.items() if id_ in seen and seen[id_] < moment]
    gone = [
        (events.found_gone[id_] - when) / _HOUR for id_, when in events.withdrawn.items() if id_ in events.found_gone
    ]
    withdrawn = [id_ for id_, when in events.withdrawn.items() if id_ in seen and seen[id_] < when]
    lost = [id_ for id_ in events.published if id_ not in records and id_ not in portal.world.gone]
    useful = totals["recorded"] + totals["changed"] + len(gone)
    sys.stdout.write(
        f"\n{totals['runs']:,} runs, {totals['crawls']:,} crawls, {totals['requests']:,} requests,"
        f" {totals['recorded']:,} items in {seconds / 60:.0f} min\n"
        f"requests that brought a new item, an edit or a withdrawal: {useful:,} ({useful / totals['requests']:.0%});"
        f" looks at known items {totals['unchanged'] + totals['changed'] + totals['gone']:,}\n"
        f"from publication to record, hours: {_spread([*delays.values()])}; after the third day: {_spread(settled)}\n"
        f"edits of recorded items found: {len(late):,} of {len(known):,}, hours: {_spread(late)}\n"
        f"withdrawals found: {len(gone):,} of {len(withdrawn):,}, hours: {_spread(gone)}\n"
        f"published and neither recorded nor withdrawn before: {len(lost):,}; problems {totals['problems']:,}\n"
    )


def _spread(values: list[float]) -> str:
    if len(values) < 2:
        return "too few"
    cuts = statistics.quantiles(values, n=20)
    return f"median {statistics.median(values):.1f}, p95 {cuts[18]:.1f}, most {max(values):.1f}"


if __name__ == "__main__":
    main()
