"""The Python interface as docs/python.md describes it, and the notebook that uses it."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from archive import open_collection
from archive.errors import NothingFoundError, QueryError, UsageError
from archive.search.answers import Answers
from archive.search.find import Page, find
from tests.analysts.conftest import Dumped, other_bytes
from tests.conftest import ROOT, Crawled


def test_importing_costs_little_and_needs_no_scrapy() -> None:
    code = """
import sys
import archive
from archive import open_collection
heavy = {"pandas", "pyarrow", "numpy", "scrapy", "twisted", "matplotlib"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    light = "import sys, archive; assert not {'sqlite3', 'msgspec'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", light], cwd=ROOT, check=True)


def test_records_come_in_order_of_publication_undated_last(crawled: Crawled) -> None:
    with_dates = [r.published for r in crawled.open().records]
    dated = [dt.datetime.fromisoformat(p) for p in with_dates if p]
    assert dated == sorted(dated)
    assert with_dates[len(dated) :] == [None] * (len(with_dates) - len(dated)) != []


def test_conditions_choose_as_in_a_search(crawled: Crawled) -> None:
    collection = open_collection(str(crawled.path))
    everything = list(collection.records)
    some = collection.select("بهزیستی", province=["هرمزگان", "IR-25"], since="1402-12", until="1403-01-05")
    assert 0 < len(some) == len(list(some)) < len(everything) == len(collection.records)
    assert all(r.province in {"IR-22", "IR-25"} and "1402-12" <= r.published_jalali <= "1403-01-05" for r in some)
    assert {r.kind for r in collection.select(kind="photo")} == {"photo"}
    assert [r.id for r in some] == [r.id for r in everything if r in list(some)]


def test_two_loops_over_records_do_not_disturb_each_other(crawled: Crawled) -> None:
    records = crawled.open().records
    pairs = [(one.id, two.id) for one, two in zip(records, records, strict=True)]
    assert len(pairs) == len(records)
    assert all(one == two for one, two in pairs)
    first = iter(records)
    next(first)
    assert len(list(records)) == len(list(first)) + 1


def test_every_loop_over_records_ends_in_the_moment_in_which_it_began(
    changing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.records._ROWS", 10)
    collection, change = changing
    before = list(collection.records)
    first, second = iter(collection.records), iter(collection.records)
    assert (next(first), next(second)) == (before[0], before[0])
    edited = replace(before[-1], published=None, published_jalali=None, title="تازه")
    change(lambda writer: writer.catalogue.store(other_bytes(edited)))
    assert [*first, *second] == before[1:] * 2
    assert list(collection.records) != before


def test_conditions_that_cannot_be_understood_are_said_to_be_so(crawled: Crawled) -> None:
    collection = crawled.open()
    with pytest.raises(QueryError, match="atlantis"):
        list(collection.select(province="atlantis"))
    with pytest.raises(UsageError, match="1402-13"):
        collection.select(since="1402-13")
    with pytest.raises(UsageError, match="no column nothing"):
        collection.records.to_arrow(["nothing"])
    with pytest.raises(NothingFoundError):
        collection.get("a:1")
    with pytest.raises(UsageError, match='sort="relevance"'):
        collection.search("وقف", sort="foo")
    with pytest.raises(UsageError, match="limit of 0 or more"):
        collection.search("وقف", limit=-1)
    with pytest.raises(UsageError, match="offices takes a text"):
        collection.select(office=5)
    with pytest.raises(QueryError, match="photo"):
        collection.search("kind:nothing")
    with pytest.raises(QueryError, match="behzisti-qom"):
        len(collection.select(office="nope"))


def test_a_year_may_be_a_number_and_a_day_a_date(crawled: Crawled) -> None:
    collection = crawled.open()
    assert 0 < len(collection.select(until=1402)) == len(collection.select(until="1402")) < len(collection.records)
    since = dt.date(2024, 3, 20)
    assert 0 < len(collection.select(since=since)) == len(collection.select(since="1403-01-01"))


def test_a_missing_pandas_is_said_to_be_missing(crawled: Crawled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.records.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="pip install pandas"):
        crawled.open().records.to_pandas()


def test_tables_hold_what_records_do(crawled: Crawled, dumped: Dumped) -> None:
    table = crawled.open().records.to_arrow()
    assert table["body"].to_pylist() == [r.body for r in dumped.records]
    assert table["images"].to_pylist() == [[{"url": i.url, "alt": i.alt} for i in r.images] for r in dumped.records]
    frame = crawled.open().select(organisation="endowment").to_pandas(["id", "published_at"])
    assert list(frame.columns) == ["id", "published_at"]
    moments = frame.set_index("id")["published_at"]
    for record in dumped.records:
        if record.organisation == "endowment" and record.published:
            assert moments[record.id] == dt.datetime.fromisoformat(record.published)


def test_search_stories_and_bytes_are_at_hand(crawled: Crawled) -> None:
    collection = crawled.open()
    found = collection.search("توان خواهان", limit=3)
    assert len(found.hits) == 3 <= found.total
    joint = set(crawled.portal.world.joint)
    assert [items for items in collection.stories().values() if joint <= set(items)]
    assert collection.response(min(joint)).startswith(b"HTTP/1.1 200")
    assert [record.revision for record in collection.revisions(min(joint))] == [1]


def test_a_search_sees_one_moment_of_a_collection_that_changes(changing) -> None:
    collection, change = changing
    before = collection.search("", limit=1)

    class Meanwhile(Answers):
        """A crawl finds the newest item without a date just when the hits have been found."""

        def spread(self, *asked):
            record = replace(collection.get(before.hits[0].id), published=None, published_jalali=None, title="تازه")
            change(lambda writer: writer.catalogue.store(other_bytes(record)))
            return super().spread(*asked)

    found, _ = find(collection.catalogue, Meanwhile(), "", Page(1))
    assert (found.hits, found.total) == (before.hits, before.total)
    assert collection.search("", limit=1).hits != before.hits


def test_the_lines_in_the_docs_run(crawled: Crawled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(crawled.folder)
    Path("collection").symlink_to("c")
    text = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    codes = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(codes) > 2
    names: dict[str, object] = {}
    for code in codes:
        exec(code, names)


def test_the_notebook_runs(crawled: Crawled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("BAYEGAN_COLLECTION", str(crawled.path))
    monkeypatch.setenv("BAYEGAN_PICTURES", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(ROOT / "docs/news.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "kept without output"
    NotebookClient(notebook, timeout=120).execute()
    assert {path.name for path in tmp_path.glob("*.png")} == {"months.png", "words.png", "joint.png"}
