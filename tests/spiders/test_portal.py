"""A crawl from the offices file to records, on the local portal, over real sockets."""

from __future__ import annotations

import contextlib
import json
import random
import re
import signal
import time
from pathlib import Path

import pytest

from archive import warc
from archive.collection import open_collection
from archive.errors import BayeganError
from archive.record import to_dict
from tests import zygote
from tests.conftest import IMPOLITE, Crawled, bayegan, command, crawl, environment
from tests.portal.faults import Fault
from tests.portal.server import Portal

ITEM = re.compile(r"/(?:news|photo|video|fa/news)/(\d+)")


def test_every_item_of_both_organisations_is_recorded_once(crawled: Crawled) -> None:
    assert crawled.ran.code == 0, crawled.ran.err
    collection = crawled.open()
    published = sorted(crawled.portal.world.items)
    assert sorted(record.id for record in collection.catalogue.records()) == published
    revisions = collection.catalogue.db.execute("SELECT item, count(*) FROM revisions GROUP BY item").fetchall()
    assert sorted(revisions) == [(item, 1) for item in published]


def test_every_field_is_what_the_portal_published(crawled: Crawled) -> None:
    records = {record.id: json.loads(json.dumps(to_dict(record))) for record in crawled.open().catalogue.records()}
    for truth in crawled.portal.world.truth():
        record = records[truth["id"]]
        assert {key: record[key] for key in truth} == truth


def test_an_item_is_fetched_once_under_whatever_address_it_is_listed(crawled: Crawled) -> None:
    fetched = [match[1] for exchange in crawled.log if (match := ITEM.match(exchange.target))]
    assert sorted(fetched) == sorted(item.code for item in crawled.portal.world.items.values())


def test_other_addresses_of_an_item_are_kept_as_aliases(crawled: Crawled) -> None:
    records = list(crawled.open().catalogue.records())
    assert any(len(record.aliases) > 3 for record in records)
    assert all(record.url not in record.aliases for record in records)


def test_the_office_is_the_one_that_publishes_not_the_host(crawled: Crawled) -> None:
    for record in crawled.open().catalogue.records():
        truth = crawled.portal.world.items[record.id]
        assert record.province == truth.province
        slug = (record.office or "").rpartition("-")[2]
        assert (record.office or "").startswith(record.portal), (record.id, record.office)
        assert slug


def test_a_second_crawl_fetches_no_item_again(portal: Portal, tmp_path: Path) -> None:
    assert crawl(tmp_path).code == 0
    portal.log.clear()
    second = crawl(tmp_path, "all", "--json")
    assert second.code == 0
    assert second.json["items"] == {"known": len(portal.world.items)}
    assert not [e for e in portal.log if ITEM.match(e.target)]


def test_listings_feeds_sitemaps_and_robots_are_captured_too(crawled: Crawled) -> None:
    urls = {row[0] for row in crawled.open().catalogue.db.execute("SELECT url FROM captures")}
    for end in ("/robots.txt", "/rss", "/sitemap/all/sitemap.xml", "/archive?pi=1&ms=0", "/fa/rss/allnews"):
        assert any(url.endswith(end) for url in urls), end


def test_robots_txt_is_obeyed(portal: Portal, tmp_path: Path) -> None:
    crawl(tmp_path)
    assert portal.requests("hormozgan.behzisti.test", "/robots.txt")
    assert not [e for e in portal.log if e.target.startswith(("/redirect/", "/print/"))]


def test_the_user_agent_names_us_and_a_contact(portal: Portal, tmp_path: Path) -> None:
    crawl(tmp_path, "behzisti-hormozgan")
    assert all(b"Bayegan/" in e.request and b"contact" in e.request for e in portal.log)


def test_since_and_until_keep_what_lies_between_and_what_has_no_date(portal: Portal, tmp_path: Path) -> None:
    assert crawl(tmp_path, "behzisti", "--since", "1402-12-15", "--until", "1402/12/25").code == 0
    got = {record.id for record in open_collection(tmp_path / "c").catalogue.records()}
    between = {
        item.id
        for item in portal.world.of("behzisti")
        if item.published and "2024-03-05" <= item.published.date().isoformat() <= "2024-03-15"
    }
    undated = {item.id for item in portal.world.of("behzisti") if item.published is None}
    assert between
    assert between <= got <= between | undated


def test_limit_stops_after_so_many_new_items_and_the_next_crawl_goes_on(portal: Portal, tmp_path: Path) -> None:
    first = crawl(tmp_path, "behzisti", "--limit", "5", "--json")
    assert first.code == 0
    assert first.json["items"]["recorded"] == 5
    assert first.json["reason"] == "limit"
    assert crawl(tmp_path, "behzisti").code == 0
    assert open_collection(tmp_path / "c").catalogue.count() == len(portal.world.of("behzisti"))


def test_a_target_may_be_an_office_a_province_or_an_organisation(portal: Portal, tmp_path: Path) -> None:
    for target, prefix in (("behzisti-qom", "qom.behzisti"), ("قم", "qom."), ("endowment", "oghaf")):
        portal.log.clear()
        crawl(tmp_path, target, "--limit", "1", collection=f"c-{prefix}")
        assert portal.log
        assert all(prefix in e.host or e.host.startswith("media.") for e in portal.log), target


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed_and_retried_in_the_same_crawl(portal: Portal, tmp_path: Path, status: int) -> None:
    item = portal.world.of("behzisti")[0]
    portal.faults[item.id] = Fault.answer(status, {"Retry-After": "2"}, times=1)
    assert crawl(tmp_path, "behzisti").code == 0
    tries = [e for e in portal.log if f"/{item.code}/" in e.target and "/amp/" not in e.target]
    assert [e.status for e in tries] == [status, 200]
    assert tries[1].started - tries[0].started >= 2
    assert open_collection(tmp_path / "c").catalogue.knows(item.id)


def test_an_item_that_fails_for_good_is_named_with_the_word_for_why(portal: Portal, tmp_path: Path) -> None:
    broken, gone, challenged = portal.world.of("behzisti")[:3]
    portal.faults[broken.id] = Fault.answer(500, {})
    portal.delete(gone.id, status=410)
    portal.faults[challenged.id] = Fault("challenge", status=200)
    ran = crawl(tmp_path, "behzisti", "--json")
    assert ran.code == 4
    problems = {p["id"]: (p["outcome"], p["reason"]) for p in ran.json["problems"]}
    assert problems == {broken.id: ("failed", "http-500"), challenged.id: ("refused", "challenge")}
    known = open_collection(tmp_path / "c").catalogue
    assert not known.knows(broken.id)
    assert not known.knows(challenged.id)


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_a_broken_transfer_is_tried_again_and_its_bytes_are_kept_as_truncated(
    portal: Portal, tmp_path: Path, kind: str
) -> None:
    item = portal.world.of("behzisti")[0]
    portal.faults[item.id] = Fault(kind, after=3000, times=1)
    assert crawl(tmp_path, "behzisti").code == 0
    collection = open_collection(tmp_path / "c")
    assert collection.catalogue.knows(item.id)
    cut = [
        record
        for path in warc.warc_files(tmp_path / "c")
        for offset, _, data in warc.members(path)
        for record in [warc.parse(data, path, offset)]
        if record.get("WARC-Truncated")
    ]
    assert [record.get("WARC-Truncated") for record in cut] == ["disconnect"]


def test_redirects_are_followed_inside_the_portal_and_nowhere_else(portal: Portal, tmp_path: Path) -> None:
    moved, away, inward, home = portal.world.of("behzisti")[:4]
    portal.faults[moved.id] = Fault.answer(301, {"Location": f"http://www.behzisti.test/news/{moved.code}/x"}, times=1)
    portal.faults[away.id] = Fault.answer(302, {"Location": "http://elsewhere.test/"})
    portal.faults[inward.id] = Fault.answer(302, {"Location": "http://169.254.169.254/latest/"})
    portal.faults[home.id] = Fault.answer(302, {"Location": "/"})
    ran = crawl(tmp_path, "behzisti", "--json")
    problems = {p["id"]: (p["outcome"], p["reason"]) for p in ran.json["problems"]}
    assert problems == {away.id: ("refused", "off-site"), inward.id: ("refused", "off-site")}
    assert ran.json["items"]["gone"] == 1
    record = open_collection(tmp_path / "c").catalogue.get(moved.id)
    assert record.url == f"http://www.behzisti.test/news/{moved.code}/x"


def test_a_redirect_loop_ends(portal: Portal, tmp_path: Path) -> None:
    item = portal.world.of("behzisti")[0]
    portal.faults[item.id] = Fault.answer(302, {"Location": f"/news/{item.code}/again"})
    ran = crawl(tmp_path, "behzisti", "--json")
    assert [(p["id"], p["reason"]) for p in ran.json["problems"]] == [(item.id, "redirect-loop")]


def test_an_edited_item_fetched_again_becomes_a_new_revision(portal: Portal, tmp_path: Path) -> None:
    crawl(tmp_path, "behzisti")
    item = portal.world.of("behzisti")[0]
    portal.edit(item.id, title="عنوان تازه پس از اصلاح خبر")
    ran = crawl(tmp_path, "behzisti", "--recheck", "--json")
    assert ran.json["items"]["changed"] == 1
    catalogue = open_collection(tmp_path / "c").catalogue
    assert [r.title for r in catalogue.revisions(item.id)] == [item.title, "عنوان تازه پس از اصلاح خبر"]


# --- kill -9 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=pytest.mark.soak)])
def test_after_kill_nine_at_random_moments_the_same_items_are_there(
    crawled: Crawled, tmp_path: Path, kills: int
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    moments = random.Random(seed)
    words = command(
        "crawl", "all", "--offices", crawled.folder / "portal.toml", "--collection", tmp_path / "c", *IMPOLITE
    )
    words += ["-s", "CONCURRENT_REQUESTS_PER_DOMAIN=1", "-s", "DOWNLOAD_DELAY=0.02"]
    killed = 0
    for _ in range(kills):
        run = zygote.spawn(words, env=environment())
        wait_for_requests(crawled, 3)
        time.sleep(moments.uniform(0, 0.5))
        killed += run.poll() is None
        run.kill()
        run.wait()
    final = zygote.run(words, env=environment())
    assert final.returncode == 0, (seed, final.stderr)
    assert killed >= kills / 2, f"seed {seed}: only {killed} runs were still at work when killed"
    undisturbed, disturbed = crawled.open().catalogue, open_collection(tmp_path / "c").catalogue
    assert sorted(r.id for r in disturbed.records()) == sorted(r.id for r in undisturbed.records()), seed
    assert disturbed.db.execute("SELECT count(*) FROM revisions").fetchone()[0] == disturbed.count(), seed
    contents = ({r.id: r.content_sha256 for r in c.records()} for c in (undisturbed, disturbed))
    assert next(contents) == next(contents), seed
    assert bayegan("verify", "--collection", tmp_path / "c").code == 0, seed


def wait_for_requests(crawled: Crawled, number: int) -> None:
    """Until the portal has been asked so many times more."""
    goal, deadline = len(crawled.portal.log) + number, time.monotonic() + 60
    while len(crawled.portal.log) < goal and time.monotonic() < deadline:
        time.sleep(0.01)


def wait_for_captures(collection: Path, number: int) -> None:
    """Until a crawl in another process has committed so many."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(BayeganError):
            if (
                open_collection(collection).catalogue.db.execute("SELECT count(*) FROM captures").fetchone()[0]
                >= number
            ):
                return
        time.sleep(0.05)
    pytest.fail("the crawl committed nothing")


def test_sigterm_ends_what_is_in_flight_and_the_next_crawl_goes_on(crawled: Crawled, tmp_path: Path) -> None:
    words = command(
        "crawl", "all", "--offices", crawled.folder / "portal.toml", "--collection", tmp_path / "c", *IMPOLITE
    )
    slow = [*words, "-s", "DOWNLOAD_DELAY=0.3"]
    said = tmp_path / "said"
    with said.open("w") as out:
        run = zygote.spawn(slow, env=environment(), out=out, err=out)
    wait_for_captures(tmp_path / "c", 10)
    run.send_signal(signal.SIGTERM)
    assert run.wait(60) == 4, said.read_text(encoding="utf-8")
    assert "stopped (shutdown)" in said.read_text(encoding="utf-8")
    assert not list((tmp_path / "c").rglob("*.open"))
    assert zygote.run(words, env=environment()).returncode == 0
    assert open_collection(tmp_path / "c").catalogue.count() == len(crawled.portal.world.items)
