"""Prometheus reads the state of a collection: from a file and from `bayegan serve`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from archive import alarms, metrics
from archive.alarms import Alarm
from archive.collection import open_collection
from archive.errors import CollectionError
from archive.web.app import create_app
from tests.conftest import Crawled

NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Value by name and label values, in the order of the labels' names."""
    return {
        (sample.name.removeprefix("bayegan_"), *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def crawl(crawled: Crawled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = crawled.copy(tmp_path_factory.mktemp("metrics") / "c")
    alarms.note(path, [Alarm("silent", "behzisti-qom", "…")], NOW)
    return path


def test_the_file_and_the_web_page_tell_what_is_kept_and_what_stands(crawl: Path, tmp_path: Path) -> None:
    opened = open_collection(crawl)
    metrics.write(tmp_path / "bayegan.prom", opened.catalogue, crawl, NOW)
    found = samples((tmp_path / "bayegan.prom").read_text())
    assert sum(value for (name, *_), value in found.items() if name == "items") == opened.catalogue.count()
    assert found["alarm", "behzisti-qom", "silent"] == 1
    assert found["crawl_finished",] == 1
    assert found["failures_in_a_row", "behzisti-qom"] == 0
    newest = max(v for (name, *_), v in found.items() if name == "newest_item_timestamp_seconds")
    published = max(dt.datetime.fromisoformat(r.published) for r in opened.catalogue.records() if r.published)
    assert newest == published.timestamp()
    assert [path.name for path in tmp_path.iterdir()] == ["bayegan.prom"]
    response = TestClient(create_app(crawl, hosts=None)).get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert samples(response.text).keys() == found.keys()


def test_a_folder_that_is_not_there_is_said(crawl: Path, crawled: Crawled, tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match="Name another file with --metrics"):
        metrics.write(tmp_path / "none" / "x.prom", crawled.open().catalogue, crawl, NOW)
