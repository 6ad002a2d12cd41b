"""CDXJ: keys as the reference implementation makes them, lines as `cdxj-indexer` writes them, files written whole."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import surt
from hypothesis import example, given
from hypothesis import strategies as st

from archive import cdxj, warc
from tests.archive.test_warc import exchange, writer
from tests.conftest import Crawled

TOOLS = Path(sys.executable).parent
PIECES = (
    '/ . .. %20 %D8%AE خ a B ? & = # ; % %25 ~ ! aspx www. :80 @ + " \\ | ، می‌شود (S(abcdefghijklmnopqrstuvwx))'.split()
)


@given(
    host=st.sampled_from(
        ["x.ir", "www.y.ir:8080", "WWW1.Z.ir", "u:p@x.ir:80", "10.0.0.1", "خبر.ir", "x.ir:", "x.ir:0443"]
    ),
    tls=st.booleans(),
    rest=st.lists(st.sampled_from(PIECES), max_size=9).map("".join),
)
@example(host="x.ir", tls=False, rest="p?PHPSESSID=0123456789abcdef0123456789abcdef&x=1")
@example(host="x.ir", tls=False, rest="p?b=2&a=%31&sid=0123456789abcdef0123456789abcdef")
@example(host="x.ir", tls=False, rest="(S(0123456789abcdefghijklmn))/News.aspx?id=3")
def test_keys_are_those_of_the_reference(host: str, tls: bool, rest: str) -> None:
    url = f"http{'s' * tls}://{host}/{rest}"
    assert cdxj.url_key(url) == surt.surt(url)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.behzisti.ir/news/1/خانه", "ir,behzisti)/news/1/%d8%ae%d8%a7%d9%86%d9%87"),
        ("http://behzisti.ir:80/news/1/%D8%AE%D8%A7%D9%86%D9%87/", "ir,behzisti)/news/1/%d8%ae%d8%a7%d9%86%d9%87"),
        ("http://qom.oghaf.ir:8080/?b=2&a=1#top", "ir,oghaf,qom:8080)/?a=1&b=2"),
        ("http://x.ir", "ir,x)/"),
        ("urn:uuid:1", "urn:uuid:1"),
    ],
)
def test_writings_of_one_address_share_a_key(url: str, key: str) -> None:
    assert cdxj.url_key(url) == key


def by_the_tool(path: Path) -> str:
    return subprocess.run([TOOLS / "cdxj-indexer", "--sort", path], capture_output=True, text=True, check=True).stdout


def test_lines_are_those_of_the_tool(crawled: Crawled) -> None:
    for path in warc.warc_files(crawled.path):
        assert "".join(cdxj.index_lines(path)) == by_the_tool(path)


def revisited(root: Path) -> Path:
    """A file with a response, a revisit of it, one without media type, and what no index holds."""
    out = writer(root)
    first = exchange(b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\nhi", "http://x.test/b?z=1&a=2")
    first[0].headers.append(("WARC-Payload-Digest", warc.digest(b"hi")))
    again = exchange(b"HTTP/1.1 304 Not Modified\r\nX: y\r\n\r\n", "http://x.test/b?z=1&a=2")
    again[0].type = "revisit"
    again[0].headers += [
        ("WARC-Payload-Digest", warc.digest(b"hi")),
        ("WARC-Refers-To", f"<{first[0].id}>"),
        ("WARC-Profile", "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"),
        ("Content-Type", "application/http; msgtype=response"),
    ]
    first[0].headers.append(("Content-Type", "application/http; msgtype=response"))
    bare = exchange(b"HTTP/1.1 404 Not Found\r\n\r\n", "http://x.test/a")
    bare[0].headers += [("Content-Type", "application/http"), ("WARC-Payload-Digest", warc.digest(b""))]
    for records in (first, again, bare):
        records[1].headers = [*records[1].headers, ("Content-Type", "application/warc-fields")]
        records[2].headers = [*records[2].headers, ("Content-Type", "application/http; msgtype=request")]
        out.write(records)
    out.finish()
    return warc.warc_files(root)[0]


def test_a_revisit_is_written_as_pywb_expects_it(tmp_path: Path) -> None:
    path = revisited(tmp_path)
    lines = cdxj.index_lines(path)
    assert "".join(lines) == by_the_tool(path)
    key, stamp, facts = lines[-1].split(" ", 2)
    assert (key, stamp) == ("test,x)/b?a=2&z=1", "20260321083000")
    assert {json.loads(line.split(" ", 2)[2])["mime"] for line in lines[1:]} == {"text/html", "warc/revisit"}
    assert json.loads(facts)["filename"] == path.name


def test_offset_and_length_lead_to_the_very_member(crawled: Crawled) -> None:
    path = warc.warc_files(crawled.path)[0]
    for line in cdxj.index_lines(path):
        facts = json.loads(line.split(" ", 2)[2])
        place = warc.Location(path.relative_to(crawled.path).as_posix(), int(facts["offset"]), int(facts["length"]))
        record = warc.read_record(crawled.path, place)
        assert (record.type, record.get("WARC-Target-URI")) == ("response", facts["url"])
        assert record.get("WARC-Payload-Digest") == facts["digest"]


def test_the_index_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = revisited(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            cdxj.seal(path)
    assert not cdxj.index_of(path).exists()
    made = cdxj.seal(path)
    assert made.name == path.name.removesuffix(".warc.gz") + ".cdxj"
    first = made.read_bytes()
    made.unlink()
    assert cdxj.seal(path).read_bytes() == first


def test_the_index_of_a_finished_file_is_kept_that_of_an_unfinished_one_made_anew(tmp_path: Path) -> None:
    path = revisited(tmp_path)
    index = cdxj.seal(path)
    right = index.read_text()
    index.write_text("")
    cdxj.seal(path)
    assert index.read_text() == ""
    unfinished = path.rename(path.with_name(path.name + warc.OPEN_SUFFIX))
    cdxj.seal(unfinished)
    assert index.read_text() == right


def test_damage_does_not_keep_the_rest_from_being_indexed(tmp_path: Path, crawled: Crawled) -> None:
    path = tmp_path / "x.warc.gz"
    shutil.copy(warc.warc_files(crawled.path)[0], path)
    whole = cdxj.index_lines(path)
    with path.open("r+b") as file:
        file.seek(int(json.loads(whole[0].split(" ", 2)[2])["offset"]) + 40)
        file.write(b"\xff" * 20)
    assert set(whole) - set(cdxj.index_lines(path)) == {whole[0]}
