"""WACZ packs: what they hold, that public tools accept them, and that every byte can be replayed from them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive import warc
from archive.collection import open_collection
from archive.errors import CollectionError, NothingFoundError, QueryError, UsageError
from archive.http import read_response
from archive.jalali import parse_period
from archive.wacz import Selection, pack
from tests.archive.test_fixity import catalogue
from tests.archive.test_warc import exchange, writer
from tests.conftest import Crawled, bayegan, crawl
from tests.portal.server import Portal

TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def packed(crawled: Crawled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that was crawled."""
    path = tmp_path_factory.mktemp("packed") / "all.wacz"
    pack(crawled.open(), path, Selection())
    return path


def read(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def archive(path: Path) -> tuple[str, bytes]:
    ((name, data),) = [(n, d) for n, d in read(path).items() if n.startswith("archive/")]
    return name.removeprefix("archive/"), data


def pages(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in read(path)["pages/pages.jsonl"].decode().splitlines()]


def index(path: Path) -> list[dict[str, str]]:
    return [json.loads(line.split(" ", 2)[2]) for line in read(path)["indexes/index.cdxj"].decode().splitlines()]


def ids(path: Path) -> list[str]:
    return [page["id"] for page in pages(path)[1:]]


# --- the format -------------------------------------------------------------------------------------------------


def test_the_public_validator_accepts_it(packed: Path) -> None:
    done = subprocess.run([TOOLS / "wacz", "validate", "-f", packed], capture_output=True, text=True, check=False)
    assert (done.returncode, "is valid" in done.stdout) == (0, True), done.stdout


def test_it_has_the_files_of_the_standard_each_with_its_hash(packed: Path) -> None:
    files = read(packed)
    package = json.loads(files["datapackage.json"])
    assert (package["profile"], package["wacz_version"]) == ("data-package", "1.1.1")
    listed = {resource["path"]: resource for resource in package["resources"]}
    assert set(files) == {*listed, "datapackage.json", "datapackage-digest.json"}
    assert {"indexes/index.cdxj", "pages/pages.jsonl"} < set(listed)
    for path, resource in listed.items():
        assert resource["bytes"] == len(files[path])
        assert resource["hash"] == "sha256:" + hashlib.sha256(files[path]).hexdigest()
        assert resource["name"] == path.rpartition("/")[2]
    digest = json.loads(files["datapackage-digest.json"])
    assert digest["path"] == "datapackage.json"
    assert digest["hash"] == "sha256:" + hashlib.sha256(files["datapackage.json"]).hexdigest()


def test_the_archive_is_stored_so_that_players_can_seek_in_it(packed: Path) -> None:
    with zipfile.ZipFile(packed) as file:
        for info in file.infolist():
            assert (info.compress_type == zipfile.ZIP_STORED) == info.filename.startswith("archive/")


def test_pages_begin_with_their_header_and_name_what_the_index_has(packed: Path, crawled: Crawled) -> None:
    header, *rest = pages(packed)
    assert header["format"] == "json-pages-1.0"
    records = list(crawled.open().catalogue.records())
    assert [page["id"] for page in rest] == [record.id for record in records]
    known = {(entry["url"], entry["status"]) for entry in index(packed)}
    for page, record in zip(rest, records, strict=True):
        assert (page["url"], "200") in known
        assert page["title"] == record.title
        assert record.body in page["text"]
        assert record.capture
        assert page["ts"] == record.capture.fetched[:19] + "Z"


def test_the_index_is_that_of_the_public_indexer(packed: Path, tmp_path: Path) -> None:
    name, data = archive(packed)
    (tmp_path / name).write_bytes(data)
    done = subprocess.run([TOOLS / "cdxj-indexer", "--sort", tmp_path / name], capture_output=True, check=True)
    assert done.stdout == read(packed)["indexes/index.cdxj"]


# --- the bytes --------------------------------------------------------------------------------------------------


def test_every_member_but_the_first_is_one_of_the_collection(packed: Path, crawled: Crawled, tmp_path: Path) -> None:
    name, data = archive(packed)
    (tmp_path / name).write_bytes(data)
    kept = {
        path.read_bytes()[offset : offset + length]
        for path in warc.warc_files(crawled.path)
        for offset, length, _ in warc.members(path)
    }
    (_, _, first), *rest = warc.members(tmp_path / name)
    assert b"WARC-Type: warcinfo" in first
    assert all(data[offset : offset + length] in kept for offset, length, _ in rest)


def test_an_exchange_is_copied_whole_behind_its_own_warcinfo(packed: Path) -> None:
    _, data = archive(packed)
    kinds = [record.rec_type for record in ArchiveIterator(io.BytesIO(data))]
    exchanges = kinds.count("response")
    assert kinds.count("request") == kinds.count("metadata") == exchanges
    assert kinds[:5] == ["warcinfo", "warcinfo", "response", "metadata", "request"]


def test_what_the_portal_sent_can_be_replayed_by_offset(packed: Path, crawled: Crawled) -> None:
    _, data = archive(packed)
    for entry in index(packed):
        member = data[int(entry["offset"]) : int(entry["offset"]) + int(entry["length"])]
        record = next(iter(ArchiveIterator(io.BytesIO(member))))
        assert record.rec_headers["WARC-Target-URI"] == entry["url"]
        block = gzip.decompress(member).partition(b"\r\n\r\n")[2][:-4]
        response = read_response(block)
        assert warc.digest(response.payload) == entry["digest"]
        if entry["mime"] == "image/jpeg":
            assert response.body.startswith(b"\xff\xd8")
        elif entry["mime"] == "text/css":
            assert b"{" in response.body
        else:
            assert b"<html" in response.body[:500].lower()


def test_the_pictures_and_style_sheets_of_an_item_are_packed_with_it(packed: Path, crawled: Crawled) -> None:
    kept = {url for (url,) in crawled.open().catalogue.db.execute("SELECT url FROM captures WHERE status = 200")}
    pictures = {image.url for record in crawled.open().catalogue.records() for image in record.images} & kept
    assert len(pictures) > 50
    packs = {entry["url"]: entry["mime"] for entry in index(packed)}
    assert pictures <= set(packs)
    sheets = {url for (url,) in crawled.open().catalogue.db.execute("SELECT url FROM captures WHERE mime = 'text/css'")}
    assert sheets
    assert sheets == {url for url, mime in packs.items() if mime == "text/css"}


def test_the_same_selection_gives_the_same_bytes(packed: Path, crawled: Crawled, tmp_path: Path) -> None:
    again = tmp_path / "of another name.wacz"
    pack(crawled.open(), again, Selection())
    assert again.read_bytes() == packed.read_bytes()


# --- the selection ----------------------------------------------------------------------------------------------


def selected(crawled: Crawled, folder: Path, selection: Selection) -> list[str]:
    path = folder / "x.wacz"
    path.unlink(missing_ok=True)
    result = pack(crawled.open(), path, selection)
    assert result.items == len(ids(path))
    assert result.bytes == path.stat().st_size
    return ids(path)


def test_conditions_select(crawled: Crawled, tmp_path: Path) -> None:
    records = list(crawled.open().catalogue.records())
    office, other = sorted({record.office for record in records if record.office})[:2]
    of_office = [record.id for record in records if record.office == office]
    assert selected(crawled, tmp_path, Selection(offices=(office,))) == of_office
    both = [record.id for record in records if record.office in {office, other}]
    assert selected(crawled, tmp_path, Selection(offices=(office, other))) == both
    word = records[0].title.split()[0]
    found = selected(crawled, tmp_path, Selection(query=f"title:{word}"))
    assert records[0].id in found
    assert len(found) < len(records)
    assert set(selected(crawled, tmp_path, Selection(f"title:{word}", (records[0].office or "",)))) <= set(found)


def test_days_select_as_in_a_search(crawled: Crawled, tmp_path: Path) -> None:
    records = [record for record in crawled.open().catalogue.records() if record.published_jalali]
    year = records[0].published_jalali[:4]  # type: ignore[index]
    first, last_day = parse_period(year)
    wanted = {record.id for record in records if (record.published_jalali or "").startswith(year)}
    assert set(selected(crawled, tmp_path, Selection(since=first, until=last_day))) == wanted
    assert set(selected(crawled, tmp_path, Selection(query=f"from:{year} to:{year}"))) == wanted


def test_nothing_selected_leaves_nothing_behind(crawled: Crawled, tmp_path: Path) -> None:
    with pytest.raises(NothingFoundError, match="behzisti-alborz"):
        pack(crawled.open(), tmp_path / "x.wacz", Selection(offices=("behzisti-alborz",)))
    with pytest.raises(QueryError, match="no-such-office"):
        pack(crawled.open(), tmp_path / "x.wacz", Selection(offices=("no-such-office",)))
    with pytest.raises(QueryError):
        pack(crawled.open(), tmp_path / "x.wacz", Selection(query="("))
    assert list(tmp_path.iterdir()) == []


def test_what_exists_is_left_alone(crawled: Crawled, tmp_path: Path) -> None:
    dest = tmp_path / "x.wacz"
    dest.write_text("mine")
    with pytest.raises(UsageError, match="left alone"):
        pack(crawled.open(), dest, Selection())
    with pytest.raises(UsageError, match=r"\.wacz"):
        pack(crawled.open(), tmp_path / "x.zip", Selection())
    with pytest.raises(CollectionError, match="cannot be written"):
        pack(crawled.open(), tmp_path / "nowhere" / "x.wacz", Selection())
    assert (dest.read_text(), list(tmp_path.iterdir())) == ("mine", [dest])


def test_a_damaged_capture_is_not_passed_on(crawled: Crawled, tmp_path: Path) -> None:
    root = crawled.copy(tmp_path / "c")
    collection = open_collection(root)
    record = next(collection.catalogue.records())
    capture, one = record.capture, Selection(f"code:{record.code} portal:{record.portal}")
    assert capture
    path = root / capture.warc
    whole = path.read_bytes()
    member = whole[capture.offset : capture.offset + capture.length]
    forged = gzip.decompress(member)[:-30] + b"!" * 26 + b"\r\n\r\n"
    for damaged, said in (
        (b"?" + member[1:], "bayegan verify"),
        (member[:50] + b"\xff" * 20 + member[70:], "bayegan verify"),
        (warc.compress(forged), "not the one that was written"),
    ):
        path.write_bytes(whole[: capture.offset] + damaged + whole[capture.offset + capture.length :])
        with pytest.raises(CollectionError, match=said):
            pack(collection, tmp_path / "x.wacz", one)
    path.unlink()
    with pytest.raises(CollectionError, match="bayegan verify"):
        pack(collection, tmp_path / "x.wacz", one)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c"]


def test_every_revision_is_packed(portal: Portal, tmp_path: Path) -> None:
    crawl(tmp_path, "behzisti")
    item = portal.world.of("behzisti")[0]
    portal.edit(item.id, title="عنوان تازه پس از اصلاح خبر")
    crawl(tmp_path, "behzisti", "--recheck")
    collection = open_collection(tmp_path / "c")
    pack(collection, tmp_path / "x.wacz", Selection(query=f"code:{item.code}"))
    kept = {r.capture.payload_digest for r in collection.catalogue.revisions(item.id) if r.capture}
    assert len(kept) == 2
    assert kept <= {entry["digest"] for entry in index(tmp_path / "x.wacz")}
    (page,) = pages(tmp_path / "x.wacz")[1:]
    assert page["title"] == "عنوان تازه پس از اصلاح خبر"


def test_what_a_revisit_refers_to_is_packed_with_it(crawled: Crawled, tmp_path: Path) -> None:
    root = crawled.copy(tmp_path / "c")
    record = next(open_collection(root).catalogue.records())
    assert record.capture
    (row,) = sqlite3.connect(root / "catalogue.sqlite").execute(
        "SELECT record_id, payload_digest FROM captures WHERE url LIKE '%robots.txt' LIMIT 1"
    )
    (again,) = sqlite3.connect(root / "catalogue.sqlite").execute(
        "SELECT url FROM captures WHERE record_id = ?", (record.capture.record_id,)
    )
    records = exchange(b"HTTP/1.1 304 Not Modified\r\n\r\n", again[0])
    records[0].type = "revisit"
    for each in records:
        each.headers = [*each.headers, ("WARC-IP-Address", "192.0.2.7")]
    records[0].headers += [("WARC-Refers-To", f"<{row[0]}>"), ("WARC-Payload-Digest", row[1])]
    out = writer(root)
    out.write(records)
    out.finish()
    catalogue(root, root / out.finished[0])
    pack(open_collection(root), tmp_path / "x.wacz", Selection(query=f"code:{record.code} portal:{record.portal}"))
    entries = [entry for entry in index(tmp_path / "x.wacz") if entry["mime"] not in {"image/jpeg", "text/css"}]
    kinds = sorted((entry["mime"], entry["url"]) for entry in entries)
    assert [mime for mime, _ in kinds] == ["text/html", "text/plain", "warc/revisit"]
    assert kinds[1][1].endswith("robots.txt")
    done = subprocess.run([TOOLS / "wacz", "validate", "-f", tmp_path / "x.wacz"], check=False, capture_output=True)
    assert done.returncode == 0


def test_the_command(crawled: Crawled, tmp_path: Path) -> None:
    office = next(crawled.open().catalogue.records()).office
    dest = tmp_path / "x.wacz"
    ran = bayegan("pack", dest, "--office", office, "--since", "1390", "--collection", crawled.path, "--json")
    assert (ran.code, ran.json["items"]) == (0, len(ids(dest)))
    again = bayegan("pack", dest, "--collection", crawled.path)
    assert (again.code, "left alone" in again.err) == (2, True)
    nothing = bayegan("pack", tmp_path / "y.wacz", "--query", "ناموجودستان", "--collection", crawled.path)
    assert (nothing.code, (tmp_path / "y.wacz").exists()) == (3, False)
