"""pywb, installed beside us, replays what was captured byte for byte."""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from archive import pywb
from archive.cdxj import timestamp
from archive.errors import NothingFoundError
from archive.http import read_response
from tests.conftest import ROOT, Crawled, bayegan, environment

needs_pywb = pytest.mark.skipif(not shutil.which("wayback"), reason="NOT REPLAYED: pywb's `wayback` is not on the PATH")


@pytest.fixture(scope="module")
def base(crawled: Crawled) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "scraper", "replay", "--collection", str(crawled.path), "--port", str(port)]
    run = subprocess.Popen(words, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2)
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/{pywb.NAME}"
    finally:
        subprocess.run(["pkill", "-P", str(run.pid)], check=False)
        run.terminate()
        run.wait()


@needs_pywb
def test_identity_replay_gives_the_payload_of_every_capture(crawled: Crawled, base: str) -> None:
    collection = crawled.open()
    records = list(collection.catalogue.records())
    for record in random.Random(1).sample(records, 30):
        assert record.capture is not None
        captured = collection.read(record.capture)
        url = quote(str(captured.get("WARC-Target-URI")), safe=":/?&=%")
        asked = urllib.request.Request(f"{base}/{timestamp(record.capture.fetched)}id_/{url}")
        with urllib.request.urlopen(asked, timeout=20) as answer:
            got = answer.read()
        response = read_response(captured.block)
        assert got in {response.payload, response.body}, record.id


def test_links_lead_to_every_finished_file(crawled: Crawled, tmp_path: Path) -> None:
    assert pywb.prepare(crawled.path, tmp_path / "p") == 2
    inside = tmp_path / "p" / "collections" / pywb.NAME
    assert len([p for p in (inside / "archive").iterdir() if p.exists()]) == 2
    assert len([p for p in (inside / "indexes").iterdir() if p.exists()]) == 2


def test_a_collection_without_a_finished_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(NothingFoundError):
        pywb.prepare(tmp_path, tmp_path / "p")


def test_without_pywb_the_command_says_how_to_get_it(crawled: Crawled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    ran = bayegan("replay", "--collection", crawled.path)
    assert ran.code == 1
    assert "pipx install pywb" in ran.err
