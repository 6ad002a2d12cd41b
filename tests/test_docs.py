"""The documentation names every command, option and setting, and nothing in it points into the void."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

import settings
from scraper.cli import app
from tests.conftest import ROOT


def _commands(group: Any, prefix: str = "") -> dict[str, Any]:
    """Every verb by the words that call it: `crawl`, `offices`, `offices add`."""
    found = {}
    for name, command in group.commands.items():
        found[prefix + name] = command
        if hasattr(command, "commands"):
            found.update(_commands(command, f"{prefix}{name} "))
    return found


COMMANDS = _commands(typer.main.get_command(app))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_is_documented(name: str) -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert f"## `bayegan {name}" in text
    for parameter in COMMANDS[name].params:
        for option in parameter.opts:
            if option.startswith("-"):
                assert f"`{option}" in text, f"{name} {option}"


def test_every_setting_of_ours_is_documented() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name in dir(settings):
        if name.startswith("BAYEGAN_"):
            assert f"`{name}`" in text, name


def test_everything_that_a_report_counts_is_documented() -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    paths = [path for room in ("scraper", "spiders") for path in (ROOT / room).glob("*.py")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    counted = set(re.findall(r'(?:\.count|count_anew)\(f?"([\w/-]+)', source))
    assert {"warnings", "sweep-left/", "walks-ended/"} <= counted
    assert {name for name in counted if f"`{name}" not in text} == set()


def test_every_page_of_docs_is_reachable_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert f"docs/{page.name}" in readme, page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_no_file_names_a_package_registry() -> None:
    hosts = re.compile("|".join(("pypi" + r"\.org", "python" + "hosted", "npm" + "js", "debian" + r"\.org")))
    for path in ROOT.glob("*"):
        if path.is_file() and path.suffix in {".txt", ".toml", ".md", ""}:
            assert not hosts.search(path.read_text(encoding="utf-8", errors="replace")), path.name
