"""The state of a collection for Prometheus: for `/metrics` of `bayegan serve` and for its textfile collector."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, write_to_textfile
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from archive import alarms, rhythm
from archive.catalogue import Catalogue
from archive.crawls import report
from archive.errors import CollectionError, NothingFoundError

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(catalogue: Catalogue, root: Path, now: dt.datetime) -> bytes:
    """Every metric of a collection."""
    return generate_latest(_registry(catalogue, root, now))


def write(path: Path, catalogue: Catalogue, root: Path, now: dt.datetime) -> None:
    """Write them to a file, whole or not at all. Raises CollectionError when it cannot be written."""
    try:
        write_to_textfile(str(path), _registry(catalogue, root, now))
    except OSError as error:
        raise CollectionError(
            f"The metrics could not be written to {path}: {error.strerror or error}. "
            "Name another file with --metrics, in a folder that exists."
        ) from error


def _registry(catalogue: Catalogue, root: Path, now: dt.datetime) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_State(catalogue, root, now))
    return registry


@dataclass(frozen=True)
class _State(Collector):
    """Reads everything when it is asked, so that the numbers belong to one moment."""

    catalogue: Catalogue
    root: Path
    now: dt.datetime

    def collect(self) -> Iterator[Metric]:
        """Called by the registry."""
        yield from self._whole()
        yield from self._offices()
        yield from self._last_crawl()
        standing = _gauge("alarm", "Alarms that stand, each 1", "kind", "about")
        for alarm in alarms.standing(self.root):
            standing.add_metric([alarm.kind, alarm.about], 1)
        yield standing

    def _whole(self) -> Iterator[Metric]:
        captures = self.catalogue.db.execute("SELECT count(*) FROM captures").fetchone()[0]
        yield _gauge("captures", "Responses and revisits kept", value=captures)
        yield _gauge("disk_free_bytes", "Free where the collection is", value=shutil.disk_usage(self.root).free)
        waiting = len(rhythm.unfinished(self.catalogue))
        yield _gauge("unfinished_crawls", "Crawls that wait to go on", value=waiting)

    def _offices(self) -> Iterator[Metric]:
        items = _gauge("items", "Records", "office")
        counts = dict(self.catalogue.db.execute("SELECT coalesce(office, ''), count(*) FROM items GROUP BY office"))
        for office, number in sorted(counts.items()):
            items.add_metric([office], number)
        yield items
        newest = _gauge("newest_item_timestamp_seconds", "Publication of the newest item", "office")
        seen = _gauge("last_visit_timestamp_seconds", "When the front page of an office was read last", "office")
        failures = _gauge("failures_in_a_row", "Crawls since then that could not read it", "office")
        for office, past in rhythm.pasts(self.catalogue, self._known(counts)).items():
            if past.news:
                newest.add_metric([office], past.news[0].timestamp())
            if past.seen:
                seen.add_metric([office], past.seen.timestamp())
            if past.visits:
                failures.add_metric([office], past.failures)
        yield from (newest, seen, failures)

    def _known(self, counts: dict[str, int]) -> list[str]:
        visited = self.catalogue.db.execute("SELECT DISTINCT office FROM frontier WHERE role = 'home'")
        return sorted({office for (office,) in visited} | counts.keys() - {""})

    def _last_crawl(self) -> Iterator[Metric]:
        try:
            last = report(self.catalogue)
        except NothingFoundError:
            return
        ended = last.finished or last.started
        yield _gauge("crawl_fetched", "Captures of the last crawl", value=last.fetched)
        yield _gauge("crawl_bytes", "Bytes of them in WARC files", value=last.bytes)
        yield _gauge("crawl_seconds", "Running time of the last crawl", value=last.seconds)
        yield _gauge("crawl_finished", "Whether the last crawl has finished", value=last.state == "finished")
        moment = dt.datetime.fromisoformat(ended).timestamp()
        yield _gauge("crawl_timestamp_seconds", "When the last crawl ended", value=moment)
        items = _gauge("crawl_items", "Items of the last crawl by outcome", "office", "outcome")
        for office, part in last.offices.items():
            for outcome, number in part.items.items():
                items.add_metric([office, outcome], number)
        yield items


def _gauge(name: str, meaning: str, *labels: str, value: float | None = None) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"bayegan_{name}", meaning, value=value, labels=labels or None)
