"""The local portal behaves like the sites it stands in for. Every test speaks HTTP to a real socket."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from html import unescape
from urllib.parse import quote, unquote, urlencode

import lxml.etree
import lxml.html
import pytest

from archive.jalali import TEHRAN, to_jalali
from tests.portal.faults import Fault
from tests.portal.server import Portal, running_portal
from tests.portal.story import CELL
from tests.portal.world import World

JOINT = "behzisti:70583"


@pytest.fixture
def portal():
    with running_portal(World(seed=1)) as running:
        yield running


class Answer:
    def __init__(self, response: http.client.HTTPResponse, raw: bytes) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = gzip.decompress(raw) if response.headers.get("Content-Encoding") == "gzip" else raw

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def tree(self):
        return lxml.html.fromstring(self.text)

    def codes(self, where: str = "//section[@id='box301']") -> list[str]:
        """Item codes linked from the main list, in page order."""
        links = [unquote(href) for part in self.tree.xpath(where) for href in part.xpath(".//h3//a/@href")]
        return [match[1] for link in links if (match := re.match(r"(?:/fa)?/(?:news|photo|video)/(\d+)/", link))]


def get(portal: Portal, host: str, target: str, method: str = "GET", **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=10)
    try:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        target = quote(target, safe="/%?=&+")
        connection.request(method, target, headers={"Host": host, "Accept-Encoding": "gzip", **fields})
        response = connection.getresponse()
        return Answer(response, response.read())
    finally:
        connection.close()


def raw_get(portal: Portal, host: str, target: str) -> bytes:
    """What comes out of the socket, untouched."""
    with socket.create_connection(("127.0.0.1", portal.port), timeout=10) as sock:
        lines = [
            f"GET {quote(target)} HTTP/1.1",
            f"Host: {host}",
            "Accept-Encoding: gzip",
            "Connection: close",
        ]
        sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        received = b""
        while piece := sock.recv(65536):
            received += piece
        return received


def walk(portal: Portal, host: str, target: str, where: str) -> list[str]:
    """Codes of a listing, following its link to the next page."""
    codes = []
    while target:
        answer = get(portal, host, target)
        codes += answer.codes(where)
        target = next(iter(answer.tree.xpath("//a[@rel='next']/@href")), "")
    return codes


def squeeze(text: str) -> str:
    return " ".join(text.split())


# --- the world ---


def test_the_same_seed_tells_the_same_news_and_another_seed_other_news():
    assert World(seed=3, items=20).truth() == World(seed=3, items=20).truth()
    assert World(seed=3, items=20).truth() != World(seed=4, items=20).truth()


def test_codes_rise_with_gaps_and_titles_are_unique():
    world = World(items=300)
    for name in ("behzisti", "oghaf"):
        items = world.of(name)[::-1]
        codes = [int(item.code) for item in items]
        assert codes == sorted(set(codes))
        assert codes[-1] - codes[0] > len(codes)
        assert [item.listed for item in items] == sorted(item.listed for item in items)
        assert len({item.title for item in items}) == 300


def test_the_default_world_has_every_peculiarity():
    world = World()
    items = list(world)
    assert len({item.province for item in items}) >= 8
    assert {item.kind for item in items} == {"news", "report", "photo", "video", "talk"}
    assert {shape for item in items for shape in item.shapes} == {"p", "h", "li", "quote", "row"}
    assert any(item.published is None for item in items)
    assert any(len(item.body) == 1 for item in items)
    assert any("ي" in item.title for item in items)
    assert any("\u200c" in item.title for item in items)
    assert any(item.host != item.office for item in items)
    assert all(not item.body for item in items if item.kind in {"photo", "video"})
    assert any(item.listed.utcoffset().total_seconds() == 4.5 * 3600 for item in items)


def test_both_organisations_publish_the_joint_story_in_the_same_words():
    world = World()
    welfare, endowment = (world.items[id_] for id_ in world.joint)
    assert welfare.id == JOINT
    assert (welfare.lead, welfare.body) == (endowment.lead, endowment.body)
    assert welfare.code != endowment.code
    assert welfare.title != endowment.title


# --- article pages ---


@pytest.mark.parametrize(
    "target",
    [
        "/news/70583/",
        "/news/70583",
        "/news/70583/eservices",
        "/photo/70583/x",
        "/news/70583/%25D8%25A8",
        "/news/70583/بهزیستی",
    ],
)
@pytest.mark.parametrize(
    "host", ["www.behzisti.test", "behzisti.test", "khorasanrazavi.behzisti.test", "WWW.Behzisti.test:80"]
)
def test_one_code_is_served_by_every_host_under_any_slug(portal, host, target):
    answer = get(portal, host, target)
    assert answer.status == 200
    assert answer.tree.xpath("//h1")[0].text_content().strip() == portal.world.items[JOINT].title


def test_welfare_pages_carry_the_truth_and_are_as_large_as_real_ones(portal):
    for item in portal.world.of("behzisti"):
        answer = get(portal, f"{item.office}.behzisti.test", item.path)
        assert 60_000 < len(answer.body) < 120_000
        tree = answer.tree
        assert tree.xpath("//meta[@property='og:title']/@content") == [item.title]
        assert tree.xpath("//meta[@property='nastooh:code']/@content") == [item.code]
        assert tree.xpath("//p[contains(@class,'summary')]")[0].text_content() == item.lead
        body = squeeze(tree.xpath("//*[@itemprop='articleBody']")[0].text_content())
        for line in item.body:
            for cell in line.split(CELL):
                assert cell in body
        dates = tree.xpath("//meta[@property='article:published_time']/@content")
        assert bool(dates) == (item.published is not None)
        assert bool(tree.xpath("//div[contains(@class,'item-date')]/span")) == (item.published is not None)


def test_dates_are_utc_in_the_head_and_local_in_the_page(portal):
    item = next(item for item in portal.world.of("behzisti") if item.listed.year == 2022 and item.listed.hour == 0)
    tree = get(portal, "www.behzisti.test", item.path).tree
    assert tree.xpath("//meta[@property='article:published_time']/@content") == ["2022-08-02T19:50:00Z"]
    assert "۱۲ مرداد ۱۴۰۱" in tree.xpath("//div[contains(@class,'item-date')]/span")[0].text
    assert "۰۰:۲۰" in tree.xpath("//div[contains(@class,'item-date')]/span")[0].text


@pytest.mark.parametrize(
    "part",
    [
        'name="generator" content="www.nastooh.ir"',
        'id="frmNewsComment"',
        "لغو پاسخ",
        "خدمات الکترونیک پرکاربرد",
        'class="print-header" style="display: none;"',
        "captcha-image",
        "short-link-container",
        "related-items",
        'class="box tags"',
        "استان‌ها &amp;gt; هرمزگان",
        'rel="amphtml"',
    ],
)
def test_boilerplate_surrounds_the_news(portal, part):
    assert part in get(portal, "hormozgan.behzisti.test", "/news/70583/").text


def test_related_items_and_adverts_sit_inside_the_article(portal):
    article = get(portal, "www.behzisti.test", "/news/70583/").tree.xpath("//article[@id='item']")[0]
    assert article.xpath(".//section[contains(@class,'related-items')]//li")
    assert article.xpath(".//section[contains(@class,'ads')]")


def test_end_marks_and_desk_codes_are_in_some_pages_but_never_in_the_truth(portal):
    texts = [get(portal, "www.behzisti.test", item.path).text for item in portal.world.of("behzisti")]
    for mark in ("بیشتر بخوانید", "انتهای پیام", "پایان پیام", "7496/1858"):
        assert any(mark in text for text in texts)
        assert not any(mark in "\n".join(item.body) for item in portal.world)


def test_amp_and_print_versions_show_the_same_news(portal):
    item = portal.world.items[JOINT]
    for target in (f"/amp/{item.code}/", f"/print/{item.code}/x"):
        answer = get(portal, "www.behzisti.test", target)
        assert item.body[1] in unescape(answer.text)
        assert len(answer.body) < 30_000


def test_short_links_lead_to_the_item(portal):
    item = portal.world.items[JOINT]
    answer = get(portal, "www.behzisti.test", item.short)
    assert answer.status == 302
    assert unquote(answer.headers["Location"]) == f"http://www.behzisti.test{item.path}"


def test_endowment_pages_are_iransamaneh(portal):
    for item in portal.world.of("oghaf"):
        answer = get(portal, f"{item.office}.oghaf.test", item.path)
        assert 60_000 < len(answer.body) < 120_000
        tree = answer.tree
        assert tree.xpath("//h1[@class='Htag']/a")[0].text_content().strip() == item.title
        bodies = [squeeze(part.text_content()) for part in tree.xpath("//div[@class='body']")]
        assert len(bodies) > 1
        for line in item.body:
            for cell in line.split(CELL):
                assert cell in max(bodies, key=len)
        assert tree.xpath("//form[@id='comm_form']")


def test_endowment_dates_are_jalali_with_an_arabic_letter(portal):
    item = next(item for item in portal.world.of("oghaf") if item.listed.month == 5 and item.listed.year == 2022)
    text = get(portal, "www.oghaf.test", item.path).text
    assert "۲۱ ارد\u064aبهشت ۱۴۰۱ - ۱۸:۵۹" in text
    assert 'article:published_time" content="۱۴۰۱/۰۲/۲۱ - ۱۸:۵۹"' in text


# --- listings ---


def test_the_archive_of_a_day_lists_exactly_what_appeared_that_jalali_day(portal):
    days = {to_jalali(item.listed.astimezone(TEHRAN).date()) for item in portal.world.of("behzisti")}
    assert len(days) > 10
    for year, month, day in days:
        expected = [
            item.code
            for item in portal.world.of("behzisti")
            if to_jalali(item.listed.astimezone(TEHRAN).date()) == (year, month, day)
        ]
        target = f"/archive?pi=1&ms=0&dy={day}&mn={month}&yr={year}"
        assert walk(portal, "www.behzisti.test", target, "//section[@id='box301']") == expected


def test_a_day_without_news_is_an_empty_list(portal):
    answer = get(portal, "www.behzisti.test", "/archive?pi=1&ms=0&dy=5&mn=6&yr=1402")
    assert answer.status == 200
    assert answer.codes() == []


def test_the_pager_reaches_everything_and_a_province_sees_its_own(portal):
    main = "//section[@id='box301']"
    everything = [item.code for item in portal.world.of("behzisti")]
    assert walk(portal, "www.behzisti.test", "/archive", main) == everything
    own = [item.code for item in portal.world.of("behzisti") if item.province == "IR-22"]
    assert walk(portal, "hormozgan.behzisti.test", "/archive", main) == own
    endowment = [item.code for item in portal.world.of("oghaf")]
    assert walk(portal, "www.oghaf.test", "/fa/archive", "//div[@class='archive_list']") == endowment


def test_lists_print_addresses_raw_encoded_and_encoded_twice(portal):
    hrefs = [
        href
        for page in (1, 2, 3)
        for href in get(portal, "www.behzisti.test", f"/archive?pi={page}").tree.xpath("//h3/a/@href")
    ]
    assert any("%25D8" in href for href in hrefs)
    assert any("%D8" in href and "%25" not in href for href in hrefs)
    assert any("%" not in href for href in hrefs)


def test_feeds_list_the_latest_with_their_dates(portal):
    feed = lxml.etree.fromstring(get(portal, "www.behzisti.test", "/rss").body)
    links = [unquote(link) for link in feed.xpath("//item/link/text()")]
    latest = portal.world.select("behzisti")[:50]
    assert links == [f"http://{item.host}.behzisti.test{item.path}" for item in latest]
    assert all(re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", date) for date in feed.xpath("//pubDate/text()"))
    other = lxml.etree.fromstring(get(portal, "qom.oghaf.test", "/fa/rss/allnews").body)
    assert all(re.fullmatch(r"\d\d \w{3} \d{4} [\d:]{8} \+0[34]30", date) for date in other.xpath("//pubDate/text()"))
    assert len(other.xpath("//item")) == len(portal.world.select("oghaf", "IR-25"))
    assert not other.xpath("//guid")


def test_sitemaps_name_every_item(portal):
    found: list[str] = []
    kinds = set()
    for year in (1401, 1402, 1403):
        index = lxml.etree.fromstring(get(portal, "www.behzisti.test", f"/sitemap/{year}/sitemap.xml").body)
        for leaf in index.xpath("//*[local-name()='loc']/text()"):
            answer = get(portal, "www.behzisti.test", leaf.removeprefix("http://www.behzisti.test"))
            kinds.add(answer.headers["Content-Type"].partition(";")[0])
            if answer.text.startswith("{"):
                found += [url["loc"] for url in json.loads(answer.text)["urls"]]
            else:
                found += lxml.etree.fromstring(answer.body).xpath("//*[local-name()='loc']/text()")
    expected = {f"http://www.behzisti.test{item.path}" for item in portal.world.of("behzisti")}
    assert {unquote(url) for url in found} == expected
    assert kinds == {"application/json", "text/xml"}
    archive = lxml.etree.fromstring(get(portal, "www.oghaf.test", "/fa-sitemap-newsarchive").body)
    assert len(archive.xpath("//*[local-name()='loc']")) == len(portal.world.of("oghaf"))


def test_other_pages_answer_too(portal):
    item = portal.world.items[JOINT]
    tag = item.tags[1].replace(" ", "+")
    assert item.code in get(portal, "www.behzisti.test", f"/tag/{tag}").codes()
    assert item.code in walk(portal, "www.behzisti.test", "/service/provinces/hormozgan", "//section[@id='box301']")
    assert 'pageType" content="home"' in get(portal, "hormozgan.behzisti.test", "/").text
    assert "Disallow: /redirect/" in get(portal, "www.behzisti.test", "/robots.txt").text
    picture = item.images[0][0].removeprefix("http://media.behzisti.test")
    assert get(portal, "media.behzisti.test", picture).body.startswith(b"\xff\xd8")
    for host, target in (
        ("nowhere.test", "/"),
        ("nobody.behzisti.test", "/"),
        ("www.behzisti.test", "/news/1/x"),
    ):
        assert get(portal, host, target).status == 404


# --- change ---


def test_an_unchanged_page_is_304(portal):
    first = get(portal, "www.behzisti.test", "/news/70583/")
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    again = get(portal, "www.behzisti.test", "/news/70583/", If_None_Match=etag)
    assert (again.status, again.body) == (304, b"")
    assert get(portal, "www.behzisti.test", "/news/70583/", If_Modified_Since=modified).status == 304
    assert get(portal, "www.behzisti.test", "/news/70583/", If_None_Match='"other"').status == 200


def test_an_edit_changes_the_page_and_its_etag_but_no_other_page(portal):
    neighbour = portal.world.of("behzisti")[0]
    before = (
        get(portal, "www.behzisti.test", "/news/70583/"),
        get(portal, "www.behzisti.test", neighbour.path),
    )
    portal.edit(JOINT, title="عنوان تازه این خبر", body=["بند نخست.", "بند دوم."])
    after = get(portal, "www.behzisti.test", "/news/70583/", If_None_Match=before[0].headers["ETag"])
    assert after.status == 200
    assert after.headers["ETag"] != before[0].headers["ETag"]
    assert "عنوان تازه این خبر" in after.text
    assert get(portal, "www.behzisti.test", neighbour.path).headers["ETag"] == before[1].headers["ETag"]
    assert portal.world.items[JOINT].truth()["body"] == "بند نخست.\nبند دوم."


def test_a_touched_page_has_other_bytes_but_the_same_news(portal):
    before = get(portal, "www.behzisti.test", "/news/70583/")
    truth = portal.world.items[JOINT].truth()
    portal.touch(JOINT)
    after = get(portal, "www.behzisti.test", "/news/70583/")
    assert before.body != after.body
    assert truth == portal.world.items[JOINT].truth()


@pytest.mark.parametrize("status", [404, 410])
def test_a_deleted_item_is_gone_everywhere(portal, status):
    portal.delete(JOINT, status)
    for host in ("www.behzisti.test", "qom.behzisti.test"):
        assert get(portal, host, "/news/70583/").status == status
    assert "70583" not in walk(portal, "www.behzisti.test", "/archive", "//section[@id='box301']")


def test_remote_control_for_a_portal_on_its_own(portal):
    query = urlencode({"id": JOINT, "title": "ویرایش از راه دور"})
    assert get(portal, "localhost", f"/_portal/edit?{query}", "POST").status == 200
    truth = {row["id"]: row for row in json.loads(get(portal, "localhost", "/_portal/truth.json").text)}
    assert truth[JOINT]["title"] == "ویرایش از راه دور"
    assert get(portal, "localhost", f"/_portal/delete?id={JOINT}&status=410", "POST").status == 200
    assert get(portal, "www.behzisti.test", "/news/70583").status == 410
    assert get(portal, "localhost", "/_portal/edit?id=nobody:1", "POST").status == 400


# --- the wire ---


def test_the_log_holds_the_bytes_that_were_received(portal):
    for item in portal.world.of("behzisti")[:14]:
        received = raw_get(portal, "www.behzisti.test", item.path)
        entry = portal.log[-1]
        assert entry.response == received
        assert entry.request.startswith(b"GET /")
        assert (entry.host, entry.status) == ("www.behzisti.test", 200)


def test_responses_come_in_every_form_http_allows(portal):
    responses = [raw_get(portal, "www.behzisti.test", item.path).lower() for item in portal.world.of("behzisti")[:14]]
    heads = [response.partition(b"\r\n\r\n")[0] for response in responses]
    forms = {(b"content-encoding: gzip" in head, b"transfer-encoding: chunked" in head) for head in heads}
    assert forms == {(False, False), (True, False), (False, True), (True, True)}
    assert {head.split(b"\r\n")[0] for head in heads} == {
        b"http/1.1 200 ok",
        b"http/1.1 200 ok then",
        b"http/1.1 200 ",
    }
    assert any(head.count(b"set-cookie:") == 2 for head in heads)
    assert any(b"\xe9" in head for head in heads)


def test_head_and_clients_without_gzip(portal):
    item = portal.world.of("behzisti")[0]
    assert get(portal, "www.behzisti.test", item.path, "HEAD").body == b""
    plain = get(portal, "www.behzisti.test", item.path, Accept_Encoding="identity")
    assert "Content-Encoding" not in plain.headers
    assert item.title in unescape(plain.text)


def test_a_connection_serves_many_requests(portal):
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=10)
    for item in portal.world.of("oghaf")[:20]:
        connection.request("GET", quote(item.path), headers={"Host": "www.oghaf.test"})
        assert connection.getresponse().read()
    connection.close()
    assert {entry.connection for entry in portal.log} == {1}


# --- faults ---


def test_a_fault_strikes_as_often_as_told(portal):
    portal.faults["www.behzisti.test/archive"] = Fault.answer(429, {"Retry-After": "2"}, times=2)
    answers = [get(portal, "www.behzisti.test", "/archive") for _ in range(3)]
    assert [answer.status for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "2"
    assert get(portal, "qom.behzisti.test", "/archive").status == 200


def test_a_fault_can_follow_an_item_to_every_host(portal):
    portal.faults[JOINT] = Fault("challenge", status=403)
    for host in ("www.behzisti.test", "qom.behzisti.test"):
        answer = get(portal, host, "/news/70583/any")
        assert answer.status == 403
        assert "challenge-form" in answer.text
    assert get(portal, "www.behzisti.test", portal.world.of("behzisti")[0].path).status == 200


def test_a_reset_breaks_the_connection(portal):
    portal.faults["/news/70583"] = Fault("reset", times=1)
    with pytest.raises(ConnectionResetError):
        raw_get(portal, "www.behzisti.test", "/news/70583/")
    assert portal.log[-1].status == 0
    assert get(portal, "www.behzisti.test", "/news/70583/").status == 200


def test_a_truncated_answer_is_half_of_it(portal):
    whole = raw_get(portal, "www.behzisti.test", "/news/70583/")
    portal.faults["/news/70583"] = Fault("truncate", times=1)
    assert raw_get(portal, "www.behzisti.test", "/news/70583/") == whole[: len(whole) // 2] == portal.log[-1].response


@pytest.mark.parametrize("kind", ["stall", "drip"])
def test_slow_answers_are_complete(portal, kind):
    whole = raw_get(portal, "www.behzisti.test", "/news/70583/")
    portal.faults["/news/70583"] = Fault(kind, seconds=0.3, times=1)
    started = time.monotonic()
    assert raw_get(portal, "www.behzisti.test", "/news/70583/") == whole
    assert time.monotonic() - started >= 0.29


# --- on its own ---


def test_the_offices_file_leads_to_the_portal(portal, tmp_path):
    data = tomllib.loads(portal.offices_toml(tmp_path / "portal.toml").read_text())
    assert data["resolve"]["*.behzisti.test"] == f"127.0.0.1:{portal.port}"
    offices = {office["id"]: office for office in data["office"]}
    assert offices["behzisti-hormozgan"]["url"] == "http://hormozgan.behzisti.test/"
    assert offices["oghaf-qom"]["dialect"] == "unknown"
    assert len(offices) == len(data["office"]) == 20


def test_it_runs_alone_and_stops_when_told(tmp_path):
    offices, truth = tmp_path / "portal.toml", tmp_path / "truth.json"
    command = [
        sys.executable,
        "-m",
        "tests.portal",
        "--items",
        "12",
        "--offices",
        str(offices),
        "--truth",
        str(truth),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert str(offices) in line
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert len(json.loads(truth.read_text())) == 24
    assert tomllib.loads(offices.read_text())["office"]
