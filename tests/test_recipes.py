"""Pages of docs/ that lead somewhere, followed as a new user would: an empty folder, every command as written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import IMPOLITE, ROOT, environment
from tests.portal.server import running_portal
from tests.portal.world import World

# The portal is ours: the verbs that fetch many pages make no pauses.
_SHIM = """#!/bin/sh
verb=$1; shift
case "$verb" in crawl|run) set -- "$@" {impolite};; esac
exec {python} -m scraper "$verb" "$@"
"""


def follow(page: Path, folder: Path, substitutes: dict[str, str]) -> list[tuple[str, int]]:
    """Run the lines of a page's `sh` blocks in one shell in a folder; each line with its exit code."""
    shim = folder / "bin" / "bayegan"
    shim.parent.mkdir()
    shim.write_text(_SHIM.format(impolite=" ".join(IMPOLITE), python=sys.executable), encoding="utf-8")
    shim.chmod(0o755)
    lines = [
        line for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL) for line in block.splitlines()
    ]
    script = "".join(f"{line}\necho $? >>codes\n" for line in lines)
    for old, new in substitutes.items():
        script = script.replace(old, new)
    ran = subprocess.run(
        ["bash"], input=script, cwd=folder, text=True, capture_output=True, check=False,
        env={**environment(), "PATH": f"{shim.parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert "Traceback" not in ran.stderr, ran.stderr
    return list(zip(lines, map(int, (folder / "codes").read_text().split()), strict=True))


@pytest.mark.soak
def test_new_site(tmp_path: Path) -> None:
    with running_portal(World(items=60)) as portal:
        ran = follow(ROOT / "docs" / "new-site.md", tmp_path, {"127.0.0.1:8700": f"127.0.0.1:{portal.port}"})
    assert len(ran) > 8
    assert not [pair for pair in ran if pair[1]]
    assert (tmp_path / "offices.toml").read_text(encoding="utf-8").count("[[office]]") == 2


@pytest.mark.soak
def test_for_archivists(tmp_path: Path) -> None:
    with running_portal(World(items=60)) as portal:
        portal.offices_toml(tmp_path / "portal.toml")
        ran = follow(ROOT / "docs" / "for-archivists.md", tmp_path, {"/tmp/portal.toml": str(tmp_path / "portal.toml")})
    assert len(ran) > 20
    # The portal's news is of 1403, so that its offices count as silent.
    assert [pair for pair in ran if pair[1]] == [("bayegan run --offices /tmp/portal.toml", 4)]
    assert (tmp_path / "units" / "bayegan-run.timer").exists()
    assert (tmp_path / "hormozgan.wacz").exists()
    assert (tmp_path / "dump-of-today" / "manifest.json").exists()
