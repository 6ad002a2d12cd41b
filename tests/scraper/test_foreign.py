"""WARC files written by others become captures and records of ours."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive import warc
from archive.collection import open_collection
from archive.record import to_dict
from tests.conftest import Crawled, Ran, bayegan
from tests.portal.world import Item

PROVENANCE = {"url", "aliases", "first_seen", "last_seen", "capture"}


def take(crawled: Crawled, folder: Path, *files: Path) -> Ran:
    return bayegan(
        "import", *files, "--offices", crawled.folder / "portal.toml", "--collection", folder / "c", "--json"
    )


def page(crawled: Crawled, item: Item) -> bytes:
    """A response as the portal sent it."""
    return next(e.response for e in crawled.log if f"/{item.code}/" in e.target and e.status == 200)


def written_by_warcio(path: Path, pages: dict[str, bytes], *, zipped: bool = True, version: str = "1.0") -> Path:
    with path.open("wb") as out:
        writer = WARCWriter(out, gzip=zipped, warc_version=version)
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "someone else"}))
        for url, block in pages.items():
            head, _, body = block.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            http = StatusAndHeaders(lines[0].split(" ", 1)[1], [tuple(x.split(": ", 1)) for x in lines[1:]], "HTTP/1.1")  # type: ignore[misc]
            response = writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=http)
            asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "x")], is_http_request=True)
            request = writer.create_warc_record(url, "request", http_headers=asked)
            writer.write_request_response_pair(request, response)
    return path


@pytest.fixture
def pages(crawled: Crawled) -> dict[str, bytes]:
    items = [i for i in crawled.portal.world.of("behzisti") if i.kind == "news"][:6]
    return {f"http://www.behzisti.test{quote(i.path)}": page(crawled, i) for i in items}


@pytest.mark.skipif(not shutil.which("wget"), reason="wget is not installed: its WARC cannot be made here")
def test_what_wget_archived_gives_the_same_records_as_our_own_crawl(crawled: Crawled, tmp_path: Path) -> None:
    own = {record.id: record for record in crawled.open().catalogue.records()}
    (tmp_path / "urls").write_text("\n".join(quote(r.url, safe=":/?&=%") for r in own.values()), encoding="utf-8")
    words = ["wget", "-q", "-i", "urls", "--warc-file=got", "--no-warc-keep-log", "-O", "/dev/null", "--no-verbose"]
    env = {**os.environ, "http_proxy": f"http://127.0.0.1:{crawled.portal.port}/"}
    subprocess.run(words, cwd=tmp_path, env=env, check=False, capture_output=True)
    ran = take(crawled, tmp_path, tmp_path / "got.warc.gz")
    assert ran.code == 0, ran.out
    assert ran.json["outcomes"]["recorded"] == len(own)
    got = {record.id: record for record in open_collection(tmp_path / "c").catalogue.records()}
    for item, record in got.items():
        theirs, ours = to_dict(record), to_dict(own[item])
        different = {key for key in ours if theirs[key] != ours[key]} - PROVENANCE
        assert not different, (item, different)
    assert bayegan("verify", "--collection", tmp_path / "c").code == 0


@pytest.mark.parametrize(("zipped", "version"), [(True, "1.0"), (False, "1.0"), (True, "1.1"), (False, "1.1")])
def test_gzip_and_plain_of_both_versions(
    crawled: Crawled, tmp_path: Path, pages: dict[str, bytes], zipped: bool, version: str
) -> None:
    file = written_by_warcio(tmp_path / "x.warc", pages, zipped=zipped, version=version)
    ran = take(crawled, tmp_path, file)
    assert (ran.code, ran.json["outcomes"]) == (0, {"recorded": len(pages)})
    assert bayegan("verify", "--collection", tmp_path / "c").code == 0


def test_the_copy_holds_the_same_bytes_and_says_where_they_came_from(
    crawled: Crawled, tmp_path: Path, pages: dict[str, bytes]
) -> None:
    file = written_by_warcio(tmp_path / "x.warc.gz", pages)
    with file.open("rb") as source:
        theirs = [
            r.raw_stream.read() for r in ArchiveIterator(source, no_record_parse=True) if r.rec_type == "response"
        ]
    take(crawled, tmp_path, file)
    [path] = warc.warc_files(tmp_path / "c")
    records = [warc.parse(data, path, offset) for offset, _, data in warc.members(path)]
    assert [r.block for r in records if r.type == "response"] == theirs
    told = [r.block.decode() for r in records if r.type == "metadata"]
    assert all("imported-from: x.warc.gz" in text and "imported-record: urn:uuid:" in text for text in told)


def test_a_wacz_is_taken_in(crawled: Crawled, tmp_path: Path, pages: dict[str, bytes]) -> None:
    file = written_by_warcio(tmp_path / "x.warc.gz", pages)
    with zipfile.ZipFile(tmp_path / "x.wacz", "w") as packed:
        packed.write(file, "archive/data.warc.gz")
        packed.writestr("pages/pages.jsonl", "{}")
    assert take(crawled, tmp_path, tmp_path / "x.wacz").json["outcomes"] == {"recorded": len(pages)}


def test_a_response_without_its_request_is_taken_and_survives_verify_rebuild_and_recovery(
    crawled: Crawled, tmp_path: Path, pages: dict[str, bytes]
) -> None:
    with (tmp_path / "x.warc.gz").open("wb") as out:
        for url, block in pages.items():
            common = [("WARC-Date", "2024-05-01T10:00:00Z"), ("WARC-Target-URI", url)]
            out.write(warc.compress(warc.serialise(warc.Record("response", block, common))))
    assert take(crawled, tmp_path, tmp_path / "x.warc.gz").json["outcomes"] == {"recorded": len(pages)}
    assert bayegan("verify", "--collection", tmp_path / "c").code == 0
    assert bayegan("rebuild", "--collection", tmp_path / "c").code == 0
    assert open_collection(tmp_path / "c").catalogue.count() == len(pages)


def test_the_same_file_again_changes_nothing(crawled: Crawled, tmp_path: Path, pages: dict[str, bytes]) -> None:
    file = written_by_warcio(tmp_path / "x.warc.gz", pages)
    take(crawled, tmp_path, file)
    again = take(crawled, tmp_path, file)
    assert again.json["outcomes"] == {"already-here": len(pages)}
    assert open_collection(tmp_path / "c").catalogue.count() == len(pages)


def test_what_is_not_news_is_counted_and_left_out(crawled: Crawled, tmp_path: Path, pages: dict[str, bytes]) -> None:
    url, block = next(iter(pages.items()))
    other = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body>hello</body></html>"
    gone = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\nno"
    mixed = {
        url: block,
        "http://www.behzisti.test/": other,
        "http://example.test/about": other,
        "http://www.behzisti.test/news/999/x": gone,
        "http://www.behzisti.test/news/998/x": other,
    }
    ran = take(crawled, tmp_path, written_by_warcio(tmp_path / "x.warc.gz", mixed))
    outcomes = ran.json["outcomes"]
    assert (outcomes["recorded"], outcomes["not-news"], outcomes["http-404"]) == (1, 2, 1)
    assert sum(outcomes.values()) == 5


def test_what_is_malformed_is_named_and_the_rest_taken(
    crawled: Crawled, tmp_path: Path, pages: dict[str, bytes]
) -> None:
    good = written_by_warcio(tmp_path / "good.warc.gz", pages)
    (tmp_path / "cut.warc.gz").write_bytes(good.read_bytes()[:-200])
    (tmp_path / "not.warc.gz").write_bytes(gzip.compress(b"this is no WARC"))
    (tmp_path / "empty.warc.gz").write_bytes(b"")
    ran = take(crawled, tmp_path, *(tmp_path / f"{n}.warc.gz" for n in ("not", "cut", "empty")))
    assert ran.code == 4
    assert any("not.warc.gz" in fault for fault in ran.json["malformed"])
    assert ran.json["outcomes"]["recorded"] >= len(pages) - 1


def test_a_file_that_is_not_there_is_wrong_usage(crawled: Crawled, tmp_path: Path) -> None:
    ran = bayegan("import", tmp_path / "none.warc.gz", "--collection", tmp_path / "c")
    assert ran.code == 2
    assert not (tmp_path / "c").exists()
