"""The rules of the house: who may import whom, how long a module may be, what spiders must not contain."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy.crawler import Crawler
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

import settings
from tests.conftest import ROOT

ROOMS = ("archive", "scraper", "spiders")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_archive_imports_nothing_from_above_it_and_no_scrapy(path: Path) -> None:
    if path.relative_to(ROOT).parts[0] == "archive":
        assert not imported(path) & {"scraper", "spiders", "scrapy", "twisted"}


@pytest.mark.parametrize(
    "module",
    ["scraper.extract", "scraper.listing", "scraper.newscode", "archive.fixity", "archive.dump", "archive.search.find"],
)
def test_it_loads_without_scrapy(module: str) -> None:
    code = f"""
import sys
class Refuse:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in {{"scrapy", "twisted"}}:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import {module}
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "spiders").glob("*.py")), ids=lambda path: path.name)
def test_spiders_hold_no_selectors(path: Path) -> None:
    assert not re.search(r"\.(css|xpath)\(|etree|lxml|//\w+\[", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_short(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= 400


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_stay_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno <= 45, f"{path.name}: {node.name}"


def test_every_spider_can_be_made() -> None:
    values = Settings()
    values.setmodule(settings)
    loader = SpiderLoader.from_settings(values)
    assert loader.list() == ["behzisti", "oghaf", "portal"]
    for name in loader.list():
        crawler = Crawler(loader.load(name), values)
        spider = loader.load(name).from_crawler(crawler, province="hormozgan")
        assert spider.chosen
        assert all(office.province == "IR-22" for office in spider.chosen)
