"""`bayegan serve` as a process."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT, bayegan, command, environment
from tests.web.conftest import Shown


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_serves_and_ends_when_told(shown: Shown, how: signal.Signals) -> None:
    words = command("serve", "--port", "0", "--collection", shown.path)
    server = subprocess.Popen(words, cwd=ROOT, env=environment(), stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr
        said = server.stderr.readline()
        address = next(word for word in said.split() if word.startswith("http://127.0.0.1:"))
        assert httpx.get(address).status_code == 200
        server.send_signal(how)
        assert server.wait(10) == 0
        assert "Traceback" not in server.stderr.read()
    finally:
        server.kill()


def test_no_collection_is_said_to_be_none(tmp_path: Path) -> None:
    ran = bayegan("serve", "--collection", tmp_path / "none")
    assert (ran.code, ran.out) == (3, "")


def test_the_archive_is_served_without_scrapy() -> None:
    code = "import sys; sys.modules['scrapy'] = sys.modules['twisted'] = None; import archive.web.app"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
