"""The catalogue opens in Datasette, and the metadata in docs/ makes it readable."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.conftest import ROOT, Crawled

pytestmark = pytest.mark.xdist_group("datasette")  # what they share is made once

METADATA = json.loads((ROOT / "docs/datasette.json").read_text(encoding="utf-8"))
DATABASE = METADATA["databases"]["catalogue"]


@pytest.fixture(scope="module")
def ask(crawled: Crawled):
    from datasette.app import Datasette

    datasette = Datasette([str(crawled.path / "catalogue.sqlite")], metadata=METADATA)

    def get(path: str) -> Any:
        answer = asyncio.run(datasette.client.get(path))
        assert answer.status_code == 200, answer.text
        return answer.json() if ".json" in path else answer.text

    return get


def test_items_have_facets_labels_and_no_noise(ask, crawled: Crawled) -> None:
    shown = ask("/catalogue/items.json")
    assert shown["filtered_table_rows_count"] == len(crawled.portal.world.items)
    assert {"organisation", "province", "office", "kind"} <= set(shown["facet_results"])
    hidden = {table["name"] for table in ask("/catalogue.json")["tables"] if table["hidden"]}
    assert {"news", "news_data", "bands", "sketches"} <= hidden
    assert "items" not in hidden
    assert "کد خبر" in ask("/catalogue/items")


def test_every_table_that_is_named_exists(ask) -> None:
    tables = {table["name"] for table in ask("/catalogue.json")["tables"]}
    assert set(DATABASE["tables"]) <= tables
    assert tables <= set(DATABASE["tables"]), "a new table wants a word or `hidden`"


@pytest.mark.parametrize("name", sorted(DATABASE["queries"]))
def test_every_query_answers(name: str, ask, crawled: Crawled) -> None:
    item = crawled.portal.world.joint[0]
    shown = ask(f"/catalogue/{name}.json?id={item}&text=بهزیستی&_shape=array")
    assert isinstance(shown, list)
    if name == "item":
        assert shown[0]["title"] == crawled.portal.world.items[item].title
    assert bool(shown) == (name != "edited"), "nothing was edited in this collection"


def test_addresses_are_links(ask) -> None:
    assert '<a href="http://127.0.0.1:8600/item/' in ask("/catalogue/newest")
