"""A dump explains itself: the lines in its README load it, and validators accept its descriptions."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.collection import lock_collection, open_collection
from archive.dump.loading import UNTESTED, loaders
from archive.dump.options import Options
from archive.dump.write import dump
from archive.record import KEYS, Attachment, Image, json_schema
from tests.analysts.conftest import EVERYTHING, Dumped, lines
from tests.conftest import Crawled

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def test_every_field_is_described_with_its_source() -> None:
    definitions = json_schema()["$defs"]
    assert list(definitions["NewsRecord"]["properties"]) == list(KEYS)
    for definition in definitions.values():
        for name, said in definition["properties"].items():
            assert len(said["description"]) > 5, name
            assert said["x-source"], name


def test_every_record_is_as_the_json_schema_says(dumped: Dumped) -> None:
    from jsonschema import Draft202012Validator

    schema = json.loads((dumped.folder / "schema/record.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    rows = [json.loads(line) for line in lines(dumped.folder)]
    assert [error.message for row in rows for error in validator.iter_errors(row)] == []
    assert not validator.is_valid(rows[0] | {"published_jalali": "1402"})
    assert not validator.is_valid({key: rows[0][key] for key in KEYS[:-1]})


def test_frictionless_accepts_the_data_package(dumped: Dumped) -> None:
    from frictionless import Package

    report = Package(str(dumped.folder / "datapackage.json")).validate()
    assert report.valid, report.to_summary()
    assert len(report.tasks) == sum(file.path.startswith(("data/", "graph/")) for file in dumped.manifest.files)


def test_mlcroissant_accepts_the_croissant_and_reads_the_records(dumped: Dumped) -> None:
    import mlcroissant

    dataset = mlcroissant.Dataset(str(dumped.folder / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    assert not dataset.metadata.ctx.issues.warnings
    titles = {record["records/title"].decode() for record in dataset.records("records")}
    assert titles == {record.title for record in dumped.records}


def test_the_readme_tells_counts_fields_and_rights(dumped: Dumped) -> None:
    text = (dumped.folder / "README.md").read_text(encoding="utf-8")
    counts = Counter(record.office for record in dumped.records)
    for office, number in counts.items():
        assert re.search(rf"^\|.*`{office}`.*\| {number} \|$", text, re.MULTILINE), office
    assert all(f"| `{key}` |" in text for key in KEYS)
    assert "| `capture.offset` | integer | first byte of the gzip member | bytes |" in text
    citation = (dumped.folder / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {dumped.manifest.content[:16]}" in citation


def test_the_readme_names_what_the_ledger_misses(changing, tmp_path: Path) -> None:
    collection, change = changing
    change(lambda writer: writer.catalogue.note_listed("behzisti:1", "behzisti-qom", "1399-02-03"))
    manifest = dump(collection, tmp_path / "d")
    assert [(gap.office, gap.month, gap.listed, gap.recorded) for gap in manifest.gaps] == [
        ("behzisti-qom", "1399-02", 1, 0)
    ]
    assert "| behzisti-qom | 1399-02 | 1 | 0 |" in (tmp_path / "d/README.md").read_text(encoding="utf-8")


# --- loading ----------------------------------------------------------------------------------------------------


def blocks(folder: Path) -> list[tuple[str, str]]:
    """Language and code of each block in the README."""
    return re.findall(r"```(\w+)\n(.*?)\n```", (folder / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def loaded(language: str, code: str) -> list[str]:
    """The ids of what a block loads."""
    if language == "sh":
        ran = subprocess.run(["bash", "-o", "pipefail", "-c", code], capture_output=True, text=True, check=True)
        return [line.split("\t")[1] for line in ran.stdout.splitlines()]
    names: dict[str, Any] = {}
    exec(code, names)
    table = next(names[name] for name in ("df", "table", "news") if name in names)
    return [str(each) for each in table["id"]]


EVERY = [pytest.param(each, id=f"{each.tool} {each.format}") for each in loaders(EVERYTHING)]


@pytest.mark.parametrize("loader", EVERY)
def test_the_lines_in_the_readme_load_every_record(
    loader, dumped: Dumped, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if loader.note == UNTESTED:
        pytest.skip(f"R is not run by the tests; the README says so of {loader.tool}")
    if loader.language == "sh" and not shutil.which("jq"):
        pytest.skip("jq is not on the PATH")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.chdir(dumped.folder)
    assert (loader.language, loader.code) in blocks(dumped.folder)
    assert sorted(loaded(loader.language, loader.code)) == sorted(record.id for record in dumped.records)


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_the_lines_fit_the_compression(
    crawled: Crawled, dumped: Dumped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compression
) -> None:
    dump(crawled.open(), tmp_path / "d", Options(compression=compression))
    monkeypatch.chdir(tmp_path / "d")
    for language, code in blocks(tmp_path / "d"):
        if language != "r":
            assert sorted(loaded(language, code)) == sorted(record.id for record in dumped.records), code


@pytest.fixture(scope="module")
def uneven(crawled: Crawled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dump in which the first year lacks what the second has, and only the second has a 31st of Ordibehesht."""
    root = crawled.copy(tmp_path_factory.mktemp("uneven") / "c")
    writer = lock_collection(root)
    record = next(iter(writer.catalogue.records()))
    one, two = (replace(record, id=f"behzisti:{code}", code=code, aliases=[]) for code in "12")
    with writer.catalogue.db:
        writer.catalogue.db.execute("DELETE FROM items")
    bare: dict[str, Any] = {"images": [], "attachments": [], "videos": [], "links": [], "tags": [], "modified": None}
    rich = {name: ["http://x.test/"] for name in ("videos", "links", "tags")}
    rich |= {"images": [Image("http://x.test/a.png")], "attachments": [Attachment("http://x.test/a.pdf", "برگه")]}
    moment = "2022-05-21T10:00:00+04:30"
    writer.catalogue.store(replace(one, **bare, published="2021-05-01T10:00:00+04:30", published_jalali="1400-02-11"))
    writer.catalogue.store(replace(two, **rich, published=moment, modified=moment, published_jalali="1401-02-31"))
    writer.close()
    collection = open_collection(root)
    dump(collection, root / "dump", Options(("jsonl",)))
    return root / "dump"


LINES = [pytest.param(each, id=each.tool) for each in loaders(Options(("jsonl",))) if each.language == "python"]


@pytest.mark.parametrize("loader", LINES)
@pytest.mark.parametrize("days", [["1400-02-11"], ["1400-02-11", "1401-02-31"]], ids=["one", "both"])
def test_lines_load_years_that_differ_and_take_no_jalali_day_for_a_gregorian_one(
    loader, days: list[str], uneven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data/jsonl").mkdir(parents=True)
    for day in days:
        shutil.copy(uneven / f"data/jsonl/{day[:4]}.jsonl.zst", tmp_path / "data/jsonl")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(loader.code, names)
    column = next(names[name] for name in ("df", "table") if name in names)["published_jalali"]
    assert (column.to_pylist() if hasattr(column, "to_pylist") else list(column)) == days


def test_text_survives_every_tool(dumped: Dumped, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd
    import polars as pl

    monkeypatch.chdir(dumped.folder)
    bodies = {record.id: record.body for record in dumped.records}
    frame = pd.read_parquet("data/parquet").set_index("id")["body"]
    assert frame.to_dict() == bodies
    polars = pl.read_ndjson("data/jsonl/*.jsonl.zst", infer_schema_length=None)
    assert dict(zip(polars["id"], polars["body"], strict=True)) == bodies
