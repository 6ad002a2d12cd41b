"""Exports, feeds, citations and captured bytes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import xml.etree.ElementTree as ET

import pytest

from archive import warc
from archive.record import from_json, to_json
from archive.web import streams
from tests.web.conftest import HOSTILE, Shown, Site

ATOM = "{http://www.w3.org/2005/Atom}"
FILTERS = {"q": "بهزیستی -قرآن", "province": "IR-22", "from": "1402-12", "to": "1403-01"}
FILTERS |= {"sort": "relevance", "fold": "no"}


def rows(site: Site, **params: str) -> list[dict[str, str]]:
    found = site.get("/search.csv", **params)
    assert found.content.startswith(b"\xef\xbb\xbf")
    return [*csv.DictReader(io.StringIO(found.content.decode("utf-8-sig"), newline=""))]


def test_exports_hold_every_hit_in_order_and_obey_every_filter(site: Site) -> None:
    wanted = site.get("/search.json", **FILTERS).json()
    ids = [hit["id"] for hit in wanted["hits"]]
    assert 0 < wanted["total"] == len(ids) < 20
    lines = site.get("/search.jsonl", **FILTERS).text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ids == [row["id"] for row in rows(site, **FILTERS)]


def test_exports_are_not_capped(site: Site, shown: Shown) -> None:
    found = site.get("/search.jsonl")
    assert found.headers["x-total-count"] == str(shown.count)
    assert found.text.count("\n") == shown.count == len(rows(site))


def test_a_line_of_jsonl_is_the_record(site: Site, plain) -> None:
    assert site.get("/search.jsonl", q=f"code:{plain.code} portal:{plain.portal}").content == to_json(plain) + b"\n"


def test_a_spreadsheet_computes_nothing(site: Site, plain) -> None:
    cells = [cell for row in rows(site) for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    row = next(row for row in rows(site) if row["id"] == plain.id)
    assert (row["title"], row["body"], row["warc"]) == (plain.title, plain.body, plain.capture.warc)
    assert int(row["offset"]) == plain.capture.offset


def test_only_so_many_exports_run_at_once_and_the_next_is_asked_to_wait(
    site: Site,
) -> None:
    taken = [streams._slots.acquire(timeout=5) for _ in range(streams._AT_ONCE)]
    try:
        refused = site.get("/search.csv")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    finally:
        for _ in taken:
            streams._slots.release()
    for _ in range(streams._AT_ONCE + 1):
        assert site.get("/search.csv", q="وقف").status_code == 200


def test_a_search_is_a_feed_with_ids_that_last(site: Site) -> None:
    found = site.get("/search.json", q="کودک", province="IR-25").json()
    feed = ET.fromstring(site.get("/feed.atom", q="کودک", province="IR-25").content)
    entries = feed.findall(f"{ATOM}entry")
    assert [e.findtext(f"{ATOM}title") for e in entries] == [h["title"] for h in found["hits"]]
    assert all((e.findtext(f"{ATOM}id") or "").startswith("urn:uuid:") for e in entries)
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert site.client.get(links["self"]).status_code == site.client.get(links["alternate"]).status_code == 200
    as_json = site.get("/feed.json", q="کودک", province="IR-25").json()
    assert as_json["version"] == "https://jsonfeed.org/version/1.1"
    assert [i["id"] for i in as_json["items"]] == [e.findtext(f"{ATOM}id") for e in entries]
    assert site.client.get(as_json["items"][0]["url"]).status_code == 200


def test_a_feed_with_hostile_text_is_well_formed(site: Site, shown: Shown) -> None:
    feed = ET.fromstring(site.get("/feed.atom", q="code:990002").content)
    assert feed.findtext(f"{ATOM}entry/{ATOM}title") == HOSTILE


def test_citations_carry_code_time_digest_and_capture(site: Site, plain) -> None:
    for form in ("txt", "bib", "ris", "csl.json"):
        found = site.get(f"/item/{plain.id}/cite.{form}")
        assert found.status_code == 200
        for fact in (
            plain.title,
            plain.code,
            plain.capture.fetched,
            plain.capture.payload_digest,
            plain.capture.record_id,
        ):
            assert fact in found.text, (form, fact)
    item = site.get(f"/item/{plain.id}/cite.csl.json").json()[0]
    assert item["issued"]["date-parts"][0] == [int(part) for part in plain.published[:10].split("-")]


def test_raw_is_the_gzip_member_as_it_is_in_the_file(site: Site, shown: Shown, plain) -> None:
    found = site.get(f"/raw/{plain.capture.record_id}")
    with warc.locate(shown.path, plain.capture.warc).open("rb") as source:
        source.seek(plain.capture.offset)
        assert found.content == source.read(plain.capture.length)
    assert gzip.decompress(found.content).startswith(b"WARC/1.1\r\nWARC-Type: response")
    assert "attachment" in found.headers["content-disposition"]


def test_a_damaged_capture_is_said_to_be_and_the_item_still_shown(
    site: Site, shown: Shown, monkeypatch: pytest.MonkeyPatch, plain
) -> None:
    def damaged(*_: object) -> None:
        raise warc.DamagedMemberError(shown.path, 5, "not a readable gzip member")

    monkeypatch.setattr(warc, "read_record", damaged)
    for path in (f"/raw/{plain.capture.record_id}", f"/replay/{plain.capture.record_id}"):
        assert site.get(path).status_code == 503
    assert site.get(f"/item/{plain.id}").status_code == 200


def test_every_exported_record_can_be_read_back(site: Site) -> None:
    for line in site.get("/search.jsonl").text.splitlines():
        assert from_json(line).id
