"""A collection with everything a page can meet, and a server over it as `bayegan serve` runs it."""

from __future__ import annotations

import datetime as dt
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import uvicorn

from archive import warc
from archive.collection import CollectionWriter, Exchange, lock_collection, open_collection
from archive.record import Capture, Image, NewsRecord
from archive.web.app import create_app
from tests.conftest import Crawled

HOSTILE = """<script>document.title='owned'</script>"'><img src=x onerror="document.title='owned'"> {{7*7}} \u202eabc"""
_WHEN = dt.datetime(2030, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def keep(
    writer: CollectionWriter, url: str, body: bytes, content_type: str, when: dt.datetime = _WHEN, status: int = 200
) -> Capture:
    """Keep an exchange as the crawler does."""
    head = f"HTTP/1.1 {status} OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    digest, date = warc.digest(body), warc.warc_date(when)
    response = warc.Record(
        "response",
        head.encode() + body,
        [("WARC-Target-URI", url), ("WARC-Date", date), ("WARC-IP-Address", "127.0.0.1"),
         ("WARC-Payload-Digest", digest), ("Content-Type", "application/http;msgtype=response")],
    )  # fmt: skip
    tie = ("WARC-Concurrent-To", f"<{response.id}>")
    request = warc.Record(
        "request",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        [("WARC-Target-URI", url), ("WARC-Date", date), tie, ("Content-Type", "application/http;msgtype=request")],
    )
    mime = content_type.partition(";")[0]
    return writer.keep(Exchange("behzisti", [response, request], url, date, status, mime, digest, "127.0.0.1"))


def png() -> bytes:
    """A small green picture."""
    size = 40

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x0b\x5d\x56" * size) * size
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@dataclass(frozen=True)
class Shown:
    """The collection that is served, and the ids of the items that were made for a test."""

    path: Path
    edited: str
    withdrawn: str
    hostile: str
    copied: str
    count: int


@pytest.fixture(scope="session")
def shown(crawled: Crawled, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """The crawled portal, and: an edit with a picture, a withdrawal, a text passed on, a text full of markup."""
    path = crawled.copy(tmp_path_factory.mktemp("shown") / "c")
    with_writer = lock_collection(path)
    try:
        records = [r for r in with_writer.catalogue.records() if r.portal == "behzisti" and r.body.count("\n") > 2]
        edited, withdrawn, copied = records[3], records[4], records[5]
        make_edit(with_writer, edited)
        withdraw(with_writer, withdrawn)
        hostile = make_hostile(with_writer, edited)
        twin = replace(
            copied, id="oghaf:990001", portal="oghaf", code="990001", url="http://www.oghaf.test/fa/news/990001",
            office="oghaf-qom", organisation="endowment", lead="این خبر را از همکاران گرفته‌ایم.", aliases=[],
        )  # fmt: skip
        with_writer.catalogue.store(twin)
        count = with_writer.catalogue.count()
    finally:
        with_writer.close()
    return Shown(path, edited.id, withdrawn.id, hostile, copied.id, count)


def make_edit(writer: CollectionWriter, record: NewsRecord) -> None:
    """A second revision: two words of the title, a paragraph less, a picture that is kept."""
    picture = "http://www.behzisti.test/files/kept.png"
    keep(writer, picture, png(), "image/png")
    lines = record.body.split("\n")
    title = record.title + " (اصلاحیه)"
    page = f"""<!doctype html><title>{title}</title><h1>{title}</h1>
<img id=kept src="http://www.behzisti.test/files/kept.png" alt="">
<img src="http://www.behzisti.test/files/not-kept.png" alt=""><script>document.body.innerHTML = 'ran'</script>
<p onclick="x()">{lines[0]}</p><a id=out href="http://www.behzisti.test/">out</a><form action="/"><input></form>"""
    fresh = replace(
        record,
        title=title,
        body="\n".join([lines[0].replace("از", "اَز", 1) + " این بند کامل شد.", *lines[2:]]),
        body_html=None,
        images=[Image(picture, "نشان سبز"), *record.images],
        capture=keep(writer, record.url, page.encode(), "text/html; charset=utf-8"),
    )
    assert writer.catalogue.store(fresh) == "changed"


def withdraw(writer: CollectionWriter, record: NewsRecord) -> None:
    """Two looks say that the site does not have it any more."""
    for day in (3, 4):
        writer.catalogue.not_found(record.id, record.url, "http-404", f"2030-01-0{day}T00:00:00Z")


def make_hostile(writer: CollectionWriter, like: NewsRecord) -> str:
    """Markup in every field that can hold text."""
    texts = dict.fromkeys(("title", "kicker", "lead", "body", "published_raw", "short_url"), HOSTILE)
    lists = {name: [HOSTILE] for name in ("authors", "categories", "tags", "videos", "warnings", "aliases")}
    made = replace(
        like,
        **texts,
        **lists,
        id="behzisti:990002",
        code="990002",
        url="javascript:document.title='owned'",
        body_html=f"<p onmouseover=x()>تله {HOSTILE}</p><svg onload=x()><a href='javascript:x()'>a</a>",
        images=[Image("javascript:x()", HOSTILE), Image(HOSTILE, HOSTILE)],
        office=HOSTILE,
        kind=HOSTILE,
    )
    writer.catalogue.store(made)
    return made.id


@dataclass(frozen=True)
class Site:
    """A running server and a client for it."""

    base: str
    client: httpx.Client

    def get(self, path: str, **params: str | int) -> httpx.Response:
        return self.client.get(path, params=params or None)


def running(root: Path, **options: object) -> Iterator[Site]:
    """Serve a collection on a free port of loopback."""
    config = uvicorn.Config(create_app(root, **options), port=0, log_level="error", lifespan="off")  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=base, timeout=30) as client:
        yield Site(base, client)
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def site(shown: Shown) -> Iterator[Site]:
    yield from running(shown.path)


@pytest.fixture
def plain(shown: Shown) -> Iterator[NewsRecord]:
    """An item that nothing was done to."""
    collection = open_collection(shown.path)
    yield next(r for r in collection.catalogue.records() if r.revision == 1 and r.images and r.body_html)
    collection.close()
