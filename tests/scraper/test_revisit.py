"""What a server repeats, or says is unchanged, is kept as a revisit of what it said before."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive import warc
from archive.collection import open_collection
from tests.conftest import bayegan, crawl
from tests.portal.server import Portal
from tests.scraper.test_rebuild import dumped, same

PROFILE = "http://netpreserve.org/warc/1.1/revisit/"


def records(collection: Path, kind: str) -> list[warc.Record]:
    return [
        record
        for path in warc.warc_files(collection)
        for offset, _, data in warc.members(path)
        for record in [warc.parse(data, path, offset)]
        if record.type == kind
    ]


@pytest.fixture
def twice(portal: Portal, tmp_path: Path) -> Path:
    """A collection of one organisation, crawled, and every item looked at again."""
    assert crawl(tmp_path, "behzisti").code == 0
    portal.log.clear()
    ran = crawl(tmp_path, "behzisti", "--recheck", "--json")
    assert ran.json["items"] == {"unchanged": len(portal.world.of("behzisti"))}
    return tmp_path / "c"


def test_a_known_item_is_asked_for_with_its_etag_and_a_304_becomes_a_revisit(portal: Portal, twice: Path) -> None:
    items = [e for e in portal.log if "/news/" in e.target and "sitemap" not in e.target]
    assert items
    assert all(e.status == 304 and b"If-None-Match" in e.request for e in items)
    unmodified = [r for r in records(twice, "revisit") if r.get("WARC-Profile") == f"{PROFILE}server-not-modified"]
    assert len(unmodified) == len(portal.world.of("behzisti"))
    assert all(b" 304 " in r.block.partition(b"\r\n")[0] for r in unmodified)


def test_only_last_seen_moves(portal: Portal, twice: Path) -> None:
    catalogue = open_collection(twice).catalogue
    for record in catalogue.records():
        assert record.revision == 1
        assert record.first_seen == record.capture.fetched  # type: ignore[union-attr]
        assert record.last_seen > record.first_seen  # type: ignore[operator]


def test_the_same_payload_again_becomes_a_revisit_that_leads_to_the_first(twice: Path) -> None:
    same_again = [r for r in records(twice, "revisit") if r.get("WARC-Profile") == f"{PROFILE}identical-payload-digest"]
    assert any(str(r.get("WARC-Target-URI")).endswith("/robots.txt") for r in same_again)
    firsts = {f"<{r.id}>": r for r in records(twice, "response")}
    for revisit in same_again:
        first = firsts[str(revisit.get("WARC-Refers-To"))]
        assert first.get("WARC-Payload-Digest") == revisit.get("WARC-Payload-Digest")
        assert first.get("WARC-Target-URI") == revisit.get("WARC-Refers-To-Target-URI")
        assert first.get("WARC-Date") == revisit.get("WARC-Refers-To-Date")
        assert revisit.block.endswith(b"\r\n\r\n")
        assert revisit.block.startswith(b"HTTP/1.1 ")


def test_verify_accepts_revisits_and_a_rebuild_gives_the_same_dump(twice: Path) -> None:
    verified = bayegan("verify", "--collection", twice)
    assert verified.code == 0, verified.out
    before = dumped(twice, "before")
    assert bayegan("rebuild", "--collection", twice).code == 0
    assert same(before, dumped(twice, "after"))


def test_other_bytes_with_the_same_news_are_kept_and_give_no_revision(portal: Portal, tmp_path: Path) -> None:
    crawl(tmp_path, "behzisti")
    item = portal.world.of("behzisti")[0]
    portal.touch(item.id)
    ran = crawl(tmp_path, "behzisti", "--recheck", "--json")
    assert "changed" not in ran.json["items"]
    responses = [r for r in records(tmp_path / "c", "response") if f"/{item.code}/" in str(r.get("WARC-Target-URI"))]
    assert len([r for r in responses if "/d/" not in str(r.get("WARC-Target-URI"))]) == 2


def test_an_edit_and_its_undoing_are_three_revisions_each_with_its_bytes(portal: Portal, tmp_path: Path) -> None:
    crawl(tmp_path, "behzisti")
    item = portal.world.of("behzisti")[0]
    for title in ("عنوانی که عوض شد", item.title):
        portal.edit(item.id, title=title)
        crawl(tmp_path, "behzisti", "--recheck")
    collection = open_collection(tmp_path / "c")
    revisions = collection.catalogue.revisions(item.id)
    assert [r.title for r in revisions] == [item.title, "عنوانی که عوض شد", item.title]
    for revision in revisions:
        assert revision.capture is not None
        assert collection.read(revision.capture).type == "response"
    before = dumped(tmp_path / "c", "before")
    assert bayegan("rebuild", "--collection", tmp_path / "c").code == 0
    assert same(before, dumped(tmp_path / "c", "after"))


def test_pictures_of_an_item_are_captured_beside_it(portal: Portal, tmp_path: Path) -> None:
    crawl(tmp_path, "behzisti")
    collection = open_collection(tmp_path / "c")
    captured = {row[0] for row in collection.catalogue.db.execute("SELECT url FROM captures WHERE mime = 'image/jpeg'")}
    shown = {image.url for record in collection.catalogue.records() for image in record.images}
    assert shown
    assert shown == captured


def test_pictures_can_be_left_out(portal: Portal, tmp_path: Path) -> None:
    crawl(tmp_path, "behzisti", "-s", "BAYEGAN_IMAGES=0")
    assert not [e for e in portal.log if e.target.endswith(".jpg")]
