"""Bad weather: what servers under strain, broken ones and hostile ones do, and what becomes of it.

docs/weather.md has a row for each; one crawl (tests/weather/storm.py) meets them all.
"""

from __future__ import annotations

import gzip
from itertools import pairwise

import pytest

from archive import warc
from archive.http import HttpError, TooLargeError, content_decode, read_response
from tests.conftest import bayegan
from tests.scraper.wire_server import Exchange
from tests.weather.storm import CRAWL_DELAY, MEGABYTE, STORM_ITEMS, TIMEOUT, Storm

pytestmark = pytest.mark.xdist_group("storm")
IN_FLIGHT = 2 * 2 - 1  # requests of a host that may be under way beside one: see scraper/frontier.py


def test_what_could_not_be_fetched_leaves_the_crawl_unfinished_and_everything_else_done(storm: Storm) -> None:
    assert storm.ran.code == 4
    assert (storm.report["state"], storm.report["reason"]) == ("stopped", "hosts-in-trouble")
    struck = {item.id for item in storm.items.values()}
    others = {item.id for item in storm.portal.world.of("behzisti")} - struck
    assert others
    assert all(storm.has(id_) for id_ in others)


# --- a server that is busy --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("item", "status", "seconds"), [("seconds", 429, 1), ("date", 503, 1)])
def test_retry_after_in_seconds_or_as_a_date_is_obeyed_by_the_whole_host(
    storm: Storm, item: str, status: int, seconds: float
) -> None:
    first, second = storm.asked(item)
    assert (first.status, second.status) == (status, 200)
    assert second.started - first.started >= seconds, "a date has no fractions of a second"
    meanwhile = [e for e in storm.portal.log if e.host == first.host and 0 < e.started - first.ended < seconds]
    assert len(meanwhile) <= IN_FLIGHT
    assert storm.has(item)


def test_a_wait_longer_than_a_crawl_leaves_the_host_to_the_next_one(storm: Storm) -> None:
    assert len(storm.sites.to("/news/1/x", "wait.test")) == 1
    assert storm.report["offices"]["wait.test"]["items"]["pending"] >= 1
    assert storm.report["counts"]["host-given-up/wait.test"] == 1


def asked_for_items(storm: Storm, host: str) -> list[Exchange]:
    return [e for e in storm.sites.log if e.host == host and e.target.startswith("/news/")]


def asked_in_trouble(storm: Storm, host: str) -> list[Exchange]:
    """The requests to a host that is in trouble behind its home page."""
    return [e for e in storm.sites.log if e.host == host and e.target not in {"/", "/robots.txt"}]


def test_a_host_that_answers_nothing_but_503_is_paused_then_left_to_the_next_crawl(storm: Storm) -> None:
    asked = asked_in_trouble(storm, "storm.test")
    assert 8 + 2 <= len(asked) <= 8 + IN_FLIGHT + 2, "one probe after each pause"
    gaps = [after.at - before.at for before, after in pairwise(asked)]
    assert sorted(gaps)[-2] >= 0.4
    assert max(gaps) >= 0.8, "the second pause is twice as long"
    assert storm.report["counts"]["host-paused/storm.test"] == 2
    assert storm.report["counts"]["host-given-up/storm.test"] == 1
    assert storm.report["offices"]["storm.test"]["items"] == {"pending": STORM_ITEMS}, "nothing is lost, nothing failed"


def test_a_host_that_recovers_during_the_pause_is_crawled_to_its_end(storm: Storm) -> None:
    assert storm.report["counts"]["host-paused/passing.test"] == 1
    assert "host-given-up/passing.test" not in storm.report["counts"]
    assert storm.report["offices"]["passing.test"]["items"] == {"recorded": 12}
    times = [e.at for e in asked_for_items(storm, "passing.test")]
    assert max(after - before for before, after in pairwise(times)) >= 0.4


# --- robots.txt -------------------------------------------------------------------------------------------------


def test_without_its_robots_txt_a_host_is_not_crawled(storm: Storm) -> None:
    assert {e.target for e in storm.sites.log if e.host == "r503.test"} == {"/robots.txt"}
    assert len(storm.sites.to("/robots.txt", "r503.test")) == 2, "BAYEGAN_TRIES"
    assert storm.home("r503.test") == ("refused", "robots-unreachable")
    assert storm.report["counts"]["robots-unreachable/r503.test"] == 1


@pytest.mark.parametrize("host", ["ronce.test", "rstall.test"])
def test_robots_txt_that_comes_at_the_second_asking_is_obeyed(storm: Storm, host: str) -> None:
    first, second = storm.sites.to("/robots.txt", host)
    assert second.at - first.at >= (1 if host == "ronce.test" else TIMEOUT), "Retry-After, or the time-out"
    assert all(e.at > second.at for e in storm.sites.log if e.host == host and e.target != "/robots.txt")
    assert storm.problem(f"{host.partition('.')[0]}:1") == ("refused", "robots")
    assert storm.has(f"{host.partition('.')[0]}:2")


def test_robots_txt_is_read_where_it_has_moved_to(storm: Storm) -> None:
    assert len(storm.sites.to("/rules", "relse.test")) == 1
    assert storm.problem("rmoved:1") == ("refused", "robots")
    assert storm.has("rmoved:2")


@pytest.mark.parametrize("host", ["rloop", "r403"])
def test_robots_txt_that_is_not_there_forbids_nothing(storm: Storm, host: str) -> None:
    assert storm.has(f"{host}:1")
    assert len([e for e in storm.sites.log if e.host == "rloop.test" and e.target.startswith("/r")]) <= 1 + 5 + 1


def test_of_a_long_robots_txt_the_first_500_kilobytes_count(storm: Storm) -> None:
    assert storm.problem("rlong:1") == ("refused", "robots")
    assert storm.has("rlong:2")


def test_robots_txt_is_archived_like_any_page(storm: Storm) -> None:
    for host in ("r503.test", "rlong.test", "ronce.test"):
        sent = [e.response for e in storm.sites.to("/robots.txt", host)]
        assert [r.block for r in storm.kept(f"//{host}/robots.txt")] == sent


def test_crawl_delay_is_kept_within_its_bound(storm: Storm) -> None:
    times = [e.at for e in storm.sites.log if e.host == "rdelay.test"][1:]
    assert len(times) > 3
    assert (times[-1] - times[0]) / (len(times) - 1) >= CRAWL_DELAY * 0.95
    assert min(after - before for before, after in pairwise(times)) >= CRAWL_DELAY / 2, "as a busy server sees it"


# --- slow, cut off, too much ------------------------------------------------------------------------------------


def test_one_byte_a_second_ends_at_the_deadline_and_what_came_is_kept(storm: Storm) -> None:
    slow, whole = storm.asked("trickle")
    assert whole.started - slow.started >= TIMEOUT
    [cut] = [r for r in storm.kept(slow.target) if r.get("WARC-Truncated")] or [None]
    assert cut is not None
    assert cut.get("WARC-Truncated") == "time"
    assert slow.response.startswith(cut.block)
    assert storm.has("trickle")


def test_gzip_that_is_cut_off_is_kept_but_not_accepted(storm: Storm) -> None:
    assert storm.problem("cut-gzip") == ("failed", "undecodable")
    assert not storm.has("cut-gzip")
    code = storm.items["cut-gzip"].code
    assert {facts["error"] for facts in storm.facts(f"/news/{code}/")} == {"undecodable"}
    sent = {e.response for e in storm.asked("cut-gzip")}
    assert sent == {r.block for r in storm.records if r.type == "response" and f"/news/{code}/" in str(r.headers)}


def test_a_gzip_bomb_stays_small(storm: Storm) -> None:
    assert storm.problem("bomb") == ("failed", "too-large")
    assert len(storm.asked("bomb")) == 1, "it would not be smaller another time"
    assert storm.peak < 400 * MEGABYTE


@pytest.mark.parametrize("cut", [1, 9, 500])
def test_what_is_cut_off_of_a_compressed_body_is_missed(cut: int) -> None:
    packed = gzip.compress(bytes(range(256)) * 20)
    assert content_decode(packed, "gzip") == bytes(range(256)) * 20
    with pytest.raises(HttpError):
        content_decode(packed[:-cut] if cut < len(packed) else b"\x1f\x8b", "gzip")


@pytest.mark.parametrize("size", [999, 1000, 1001])
def test_the_bound_of_a_body_is_exact_also_over_several_members(size: int) -> None:
    packed = gzip.compress(bytes(400)) + gzip.compress(bytes(size - 400))
    if size <= 1000:
        assert content_decode(packed, "gzip", 1000) == bytes(size)
    else:
        with pytest.raises(TooLargeError):
            content_decode(packed, "gzip", 1000)


def test_a_page_of_30_megabytes_is_read(storm: Storm) -> None:
    assert storm.has("large")
    record = storm.collection.catalogue.get(storm.items["large"].id)
    assert record.body == "\n".join(storm.items["large"].truth()["body"].splitlines())
    assert record.capture is not None
    [kept] = [r for r in storm.records if r.id == record.capture.record_id]
    assert len(kept.block) > 30 * MEGABYTE


def test_nul_bytes_cost_nothing_of_a_record(storm: Storm) -> None:
    record = storm.collection.catalogue.get(storm.items["nul"].id)
    truth = storm.items["nul"].truth()
    assert (record.title, record.body.split()) == (truth["title"], truth["body"].split())
    [kept] = [r for r in storm.records if record.capture and r.id == record.capture.record_id]
    assert b"\0" in read_response(kept.block).body


# --- bot checks and logins --------------------------------------------------------------------------------------


@pytest.mark.parametrize("item", ["challenge-403", "challenge-503", "challenge-200"])
def test_a_bot_check_is_no_page_whatever_its_status(storm: Storm, item: str) -> None:
    assert storm.problem(item) == ("refused", "challenge")
    assert len(storm.asked(item)) == 1, "it is not tried again and again"


def test_a_home_page_behind_a_bot_check_is_said_to_be(storm: Storm) -> None:
    assert storm.home("walled.test") == ("refused", "challenge")


def test_a_host_that_checks_for_bots_everywhere_is_left_alone(storm: Storm) -> None:
    assert 8 + 2 <= len(asked_in_trouble(storm, "checked.test")) <= 8 + IN_FLIGHT + 2
    assert storm.report["counts"]["host-given-up/checked.test"] == 1


@pytest.mark.parametrize("item", ["login", "to-login"])
def test_a_login_page_is_no_item_and_no_item_is_gone_behind_it(storm: Storm, item: str) -> None:
    assert storm.problem(item) == ("refused", "login")


# --- certificates -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["expired.test", "wrong.test", "self.test"])
def test_a_bad_certificate_is_refused_before_anything_is_asked(storm: Storm, host: str) -> None:
    assert storm.home(host) == ("failed", "tls")
    assert storm.tls[host].log == []
    assert {facts["error"] for facts in storm.facts(f"//{host}/")} == {"tls"}


def test_an_office_called_insecure_is_crawled_and_the_archive_says_so(storm: Storm) -> None:
    assert storm.has("lax:1")
    said = storm.facts("//lax.test/")
    assert said
    assert all(facts["certificate"] == "not checked, as the offices file says" for facts in said)
    info = next(
        warc.parse(data, path, at) for path in warc.warc_files(storm.folder / "c") for at, _, data in warc.members(path)
    )
    assert '"url":"https://lax.test/","portal":"lax","insecure":true' in info.block.decode()
    assert info.block.decode().count("insecure") == 1


# --- addresses inside -------------------------------------------------------------------------------------------


def test_a_name_that_leads_inside_is_not_connected_to_even_if_it_is_an_office_s(storm: Storm) -> None:
    assert storm.home("inner.test") == ("failed", "blocked-address")
    assert not [e for e in storm.sites.log if e.host == "inner.test"]


def test_the_address_that_was_checked_is_the_one_connected_to(storm: Storm) -> None:
    assert [e.target for e in storm.rebound.log] == ["/robots.txt"]
    assert {r.get("WARC-IP-Address") for r in storm.kept("/robots.txt") if "rebind.test" in str(r.headers)} == {
        "127.0.0.2"
    }
    assert storm.home("rebind.test") == ("failed", "blocked-address"), "its DNS has changed its mind"
    assert not [e for e in storm.sites.log if e.host == "rebind.test"]


# --- feeds and sitemaps -----------------------------------------------------------------------------------------


def test_entities_of_a_feed_are_neither_expanded_nor_fetched(storm: Storm) -> None:
    assert storm.portal.requests("qom.behzisti.test", "/rss")
    assert not storm.portal.requests("evil.test")
    assert storm.report["offices"]["behzisti-qom"]["listings"] > 1


@pytest.mark.parametrize("host", ["gz", "json"])
def test_sitemaps_are_told_by_their_bytes_gzip_and_json_too(storm: Storm, host: str) -> None:
    assert storm.has(f"{host}:1")


def test_a_compressed_sitemap_that_is_cut_off_is_used_and_flagged(storm: Storm) -> None:
    assert storm.has("cutgz:1")
    assert storm.report["offices"]["cutgz.test"]["reasons"]["listing"] == {"cut-off": 1}


# --- what was kept ----------------------------------------------------------------------------------------------


def test_every_exchange_with_a_head_is_in_the_archive(storm: Storm) -> None:
    kept = {r.block for r in storm.records if r.type == "response"}
    sent = [e for e in storm.sites.log if e.response]
    assert sent
    missing = [e for e in sent if e.response not in kept]
    assert not missing, [(e.host, e.target) for e in missing]


def test_the_archive_is_whole_and_says_the_same_when_read_again(storm: Storm) -> None:
    verified = bayegan("verify", "--deep", "--collection", storm.folder / "c")
    assert verified.code == 0, verified.out
