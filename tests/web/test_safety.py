"""Hostile text and hostile requests: nothing runs, nothing is loaded from elsewhere, nothing is written."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from lxml import html

from archive.collection import lock_collection, open_collection
from archive.errors import NothingFoundError, UsageError
from archive.search import index
from archive.web import app as web_app
from archive.web.messages import in_persian
from archive.web.reading import Memo, Reading
from archive.web.routes import VIEWS
from archive.web.words import HELP, WORDS
from tests.conftest import Crawled
from tests.web.conftest import HOSTILE, Shown, Site, running

_LOADS = "//script | //*[@style] | //style | //object | //embed | //base | //meta[@http-equiv] | //@onerror | //@onload"


def pages_with_hostile_text(shown: Shown) -> list[str]:
    return [
        f"/item/{shown.hostile}",
        f"/item/{shown.hostile}/diff",
        f"/item/{shown.hostile}/as-it-was",
        "/search?q=code:990002",
        "/places",
        "/coverage",
        "/province/IR-25",
        f"/search?q={HOSTILE}",
        f"/search?q=title:{HOSTILE}",
        f"/search?from={HOSTILE}",
        f"/office/{HOSTILE}",
        f"/item/{HOSTILE}",
        f"/{HOSTILE}",
        f"/en/item/{shown.hostile}?x={HOSTILE}",
    ]


def test_hostile_text_is_text_everywhere(site: Site, shown: Shown) -> None:
    for path in pages_with_hostile_text(shown):
        found = site.get(path)
        page = html.fromstring(found.text)
        assert not page.xpath(_LOADS), path
        assert not [a for a in page.xpath("//@href | //@src | //@action") if not re.match(r"/|#|https?://", a)], path
        assert "49" not in page.xpath("string(//h1)"), path
    assert HOSTILE in html.fromstring(site.get(f"/item/{shown.hostile}").text).xpath("string(//h1)")


def test_pages_allow_no_script_and_nothing_from_elsewhere(site: Site, shown: Shown) -> None:
    for path in ("/", "/search?q=x", f"/item/{shown.edited}", "/static/style.css", "/index.json", "/nowhere"):
        headers = site.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_style_and_pages_name_no_outside_resource(site: Site) -> None:
    style = site.get("/static/style.css").text
    assert re.findall(r"url\(([^)]*)\)", style) == ["vazirmatn.woff2"]
    assert "@import" not in style
    assert site.get("/static/vazirmatn.woff2").content[:4] == b"wOF2"
    assert "SIL Open Font License" in site.get("/static/vazirmatn-OFL.txt").text


def test_replay_has_no_origin_and_no_script(site: Site, shown: Shown) -> None:
    replay = site.get(f"/item/{shown.edited}/as-it-was.json").json()["replay"]
    found = site.get(replay)
    policy = [part.strip() for part in found.headers["content-security-policy"].split(";")]
    assert policy[0] == "sandbox"
    assert "default-src 'none'" in policy
    assert not [part for part in policy if "script" in part or "allow-" in part]
    assert "set-cookie" not in found.headers
    page = site.get(f"/item/{shown.edited}/as-it-was").text
    assert html.fromstring(page).xpath("string(//iframe/@sandbox)") == ""


def test_replay_changes_nothing_but_what_was_captured(site: Site, shown: Shown) -> None:
    collection = open_collection(shown.path)
    record = collection.catalogue.get(shown.edited)
    block = collection.read(record.capture).block
    body = block.partition(b"\r\n\r\n")[2]
    found = site.get(f"/replay/{record.capture.record_id}").content
    kept = re.findall(rb"/replay/urn:uuid:[0-9a-f-]+", found)
    assert len(kept) == 1
    assert found.replace(b'"' + kept[0] + b'"', b'"http://www.behzisti.test/files/kept.png"') == body
    first = collection.catalogue.revisions(shown.edited)[0]
    original = site.get(f"/replay/{first.capture.record_id}").content
    assert first.title.encode() in original
    collection.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/search?page=0", 400),
        ("/search?page=501", 400),
        ("/search?page=x", 400),
        ("/search?page=99999999999999999999", 400),
        ("/search?q=" + "و" * 1001, 400),
        ('/search?q="', 400),
        ("/search?q=((((((((((x))))))))))", 400),
        ("/search?province=IR-99", 400),
        ("/search?org=x", 400),
        ("/search?office=../../etc/passwd", 400),
        ("/search?from=1402-13-01", 400),
        ("/search?from=1403&to=1402", 400),
        ("/search?sort=random", 400),
        ("/search?q=a%00b", 400),
        ("/item/x", 400),
        ("/item/x:1", 404),
        ("/item/x:1/diff", 404),
        ("/item/x:1/cite.bib", 404),
        ("/calendar/1402/13", 400),
        ("/calendar/9999/1", 400),
        ("/raw/urn:uuid:none", 404),
        ("/replay/../../catalogue.sqlite", 404),
        ("/static/../app.py", 404),
        ("/static/%2e%2e/app.py", 404),
        ("/nowhere", 404),
    ],
)
def test_what_cannot_be_understood_is_refused_with_a_sentence(site: Site, path: str, status: int) -> None:
    found = site.client.get(path, follow_redirects=True)
    assert found.status_code == status
    if found.headers["content-type"].startswith("text/html"):
        sentence = html.fromstring(found.text).xpath('string(//p[@class="nothing"])')
        assert re.search("[آ-ی]", sentence), "in Persian"
    assert "Traceback" not in found.text


def test_a_refusal_is_json_where_json_was_asked_for(site: Site) -> None:
    found = site.get("/search.json", q='"')
    assert found.headers["content-type"] == "application/problem+json"
    assert found.json() == {
        "title": "Bad Request",
        "status": 400,
        "detail": 'A " is not closed. Write a " where the phrase ends.',
    }


def test_pages_are_only_read(site: Site) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert site.client.request(method, "/search").status_code == 405
    assert site.client.head("/search").status_code == 200


def test_a_revision_that_is_not_there_is_not_found(site: Site, shown: Shown) -> None:
    assert site.get(f"/item/{shown.edited}/diff", a=1, b=9).status_code == 404
    assert site.get(f"/item/{shown.edited}/as-it-was", revision=9).status_code == 404


def test_another_host_name_is_not_answered(site: Site) -> None:
    for host, status in {"evil.example": 421, "127.0.0.1:1": 200, "localhost": 200, "[::1]:8600": 200, "": 421}.items():
        assert site.client.get("/", headers={"Host": host}).status_code == status, host


def test_the_connection_cannot_write(shown: Shown) -> None:
    reading = Reading(shown.path, Memo(), 5)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reading.db.execute("DELETE FROM items")
    reading.close()


def test_a_query_that_takes_too_long_is_stopped(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(db: sqlite3.Connection, *_: object, **__: object) -> None:
        db.execute("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n").fetchone()

    monkeypatch.setattr(index, "resolve", endless)
    for site in running(shown.path, seconds=0.2):
        begun = time.monotonic()
        found = site.get("/search", q="وقف")
        assert found.status_code == 503
        assert "بیش از اندازه" in found.text
        assert time.monotonic() - begun < 2
        assert site.get("/search.csv").status_code == 503


def test_a_defect_is_a_page_without_its_insides(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret insides")

    monkeypatch.setattr(index, "resolve", broken)
    for site in running(shown.path):
        found = site.get("/search")
        assert found.status_code == 500
        assert "secret" not in found.text


def test_serving_goes_on_while_a_crawl_writes(crawled: Crawled, tmp_path: Path) -> None:
    path = crawled.copy(tmp_path / "c")
    stop = threading.Event()
    written: list[str] = []

    def write() -> None:
        writer = lock_collection(path)
        like = next(writer.catalogue.records())
        while not stop.is_set():
            made = replace(like, id=f"behzisti:8{len(written):05}", code=f"8{len(written):05}", aliases=[])
            writer.catalogue.store(made)
            writer.commit()
            written.append(made.id)
        writer.close()

    for site in running(path):
        before = site.get("/search.json").json()["total"]
        crawl = threading.Thread(target=write)
        crawl.start()
        try:
            totals = []
            for _ in range(25):
                data = site.get("/search.json", sort="relevance", q="بهزیستی").json()
                counted = sum(v["count"] for f in data["facets"] if f["name"] == "org" for v in f["values"])
                assert counted == data["total"]
                totals.append(site.get("/index.json").json()["state"]["items"])
                exported = site.get("/search.jsonl")
                assert exported.text.count("\n") == int(exported.headers["x-total-count"])
        finally:
            stop.set()
            crawl.join()
        assert totals == sorted(totals)
        assert site.get("/index.json").json()["state"]["items"] == before + len(written)
        assert site.get(f"/item/{written[-1]}").status_code == 200


def test_a_collection_that_was_rebuilt_is_served_anew_and_one_that_is_gone_is_said_to_be(
    shown: Shown, tmp_path: Path
) -> None:
    import shutil

    path = tmp_path / "c"
    shutil.copytree(shown.path, path)
    for site in running(path):
        assert site.get("/index.json").json()["state"]["items"] == shown.count
        empty = lock_collection(tmp_path / "empty")
        empty.close()
        for file in path.glob("catalogue.sqlite*"):
            file.unlink()
        assert site.get("/index.json").status_code == 404
        (tmp_path / "empty" / "catalogue.sqlite").rename(path / "catalogue.sqlite")
        assert site.get("/index.json").json()["state"]["items"] == 0
        for view in VIEWS:
            if "{" not in view.path:
                assert site.get(view.path).status_code == 200, view.path


def test_serving_nothing_or_on_a_taken_port_is_refused(tmp_path: Path, shown: Shown) -> None:
    with pytest.raises(NothingFoundError):
        web_app.serve(tmp_path / "none", "127.0.0.1", 0, (), print)
    for site in running(shown.path):
        with pytest.raises(UsageError, match="--port"):
            web_app.serve(shown.path, "127.0.0.1", httpx.URL(site.base).port, (), print)


def test_every_sentence_of_the_query_language_is_known_in_persian(site: Site) -> None:
    wrong = ['"', "(", ")", "()", "OR", "سیل OR", "title:", "foo:x", "org:x", "-(", "ا*", "!", "from:1402-13",
             "from:x", "-from:1402", "from:1403 to:1402", "(" * 9 + "x" + ")" * 9, "province:", "NOT OR"]  # fmt: skip
    for query in wrong:
        detail = site.get("/search.json", q=query).json()["detail"]
        assert in_persian(detail) != detail, detail


def test_every_text_is_in_two_languages() -> None:
    for key, (persian, english) in WORDS.items():
        assert persian.count("{}") == english.count("{}"), key
    assert all(len(row) == 3 for row in HELP)


def test_every_example_of_the_help_page_is_a_query(site: Site) -> None:
    for write, *_ in HELP:
        assert site.get("/search.json", q=write).status_code == 200, write
