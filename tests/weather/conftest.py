"""The storm: one crawl for all tests of bad weather."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.weather.storm import Storm, through_the_storm


@pytest.fixture(scope="session")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storm]:
    """A crawl through all bad weather at once; for tests that only look."""
    with through_the_storm(tmp_path_factory.mktemp("storm")) as storm:
        yield storm
