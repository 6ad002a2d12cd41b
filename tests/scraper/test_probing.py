"""A site that nobody has described yet: `doctor URL` says what a page gives, `offices add` writes the block."""

from __future__ import annotations

import asyncio
import datetime as dt
import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from archive.errors import NothingFoundError, UsageError
from archive.offices import Office, load_offices
from scraper import middlewares, newoffice
from scraper.examine import examine
from scraper.newoffice import Wanted
from scraper.probe import MESSAGES, Fetched, check_address
from tests.conftest import IMPOLITE, bayegan
from tests.portal import others
from tests.portal.faults import Fault
from tests.portal.server import Portal, running_portal
from tests.portal.world import World

TODAY = dt.date(2026, 1, 1)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with running_portal(World(seed=1, items=20)) as running:
        running.toml = running.offices_toml(tmp_path_factory.mktemp("portal") / "portal.toml")
        yield running


def get(portal: Portal, url: str) -> Fetched:
    """One page as a probe would bring it, without a process for each."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=10)
    target = quote(parts.path, safe="/%") + (f"?{quote(parts.query, safe='=&%')}" if parts.query else "")
    connection.request("GET", target, headers={"Host": parts.hostname})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return Fetched(url, url, status=answer.status, body=body, content_type=answer.headers["Content-Type"])


def look_at(portal: Portal, url: str) -> newoffice.Site:
    async def fetch(address: str) -> Fetched:
        return get(portal, address)

    return asyncio.run(newoffice.look_at(fetch, url))


def doctor(portal: Portal, url: str, *words: object) -> tuple[int, dict]:
    ran = bayegan("doctor", url, "--offices", portal.toml, "--json", *IMPOLITE, *words)
    return ran.code, ran.json


# --- doctor URL -------------------------------------------------------------------------------------------------


def test_doctor_shows_every_field_of_an_article_and_where_it_stands(portal: Portal) -> None:
    truth = portal.world.items[portal.world.joint[0]]
    code, found = doctor(portal, f"http://{truth.host}.behzisti.test{truth.short}")  # a short link: one redirect
    assert code == 0
    assert (found["kind"], found["id"], found["office"]) == ("article", truth.id, f"behzisti-{truth.host}")
    assert found["hops"] == [f"http://{truth.host}.behzisti.test{truth.short}"]
    assert (found["status"], found["ip"], found["encoding"]) == (200, "127.0.0.1", "utf-8")
    assert (found["dialect"], found["proven"]) == ("nastooh", "a real page")
    assert found["evidence"]
    fields = {field["name"]: field for field in found["fields"]}
    assert fields["title"]["value"] == truth.title
    assert fields["lead"] == {
        "name": "lead",
        "value": truth.lead,
        "source": ".//*[.introtext]",
        "missing": False,
    }
    assert fields["published"]["source"] == "meta article:published_time"
    assert fields["province"] == {"name": "province", "value": "IR-22", "source": "breadcrumb", "missing": False}
    assert fields["authors"]["source"] is None
    assert found["removed"]["comment-form"] == 1


def test_doctor_asks_robots_txt_first_and_nothing_else(portal: Portal) -> None:
    portal.log.clear()
    code, found = doctor(portal, "http://hormozgan.behzisti.test/redirect/ads/7")
    assert (code, found["reason"]) == (3, "robots")
    assert [exchange.target for exchange in portal.log] == ["/robots.txt"]
    assert b"User-Agent: Bayegan/" in portal.log[0].request


def test_doctor_is_not_led_inside_by_a_redirect(portal: Portal) -> None:
    portal.faults["qom.behzisti.test/news/1/"] = Fault.answer(302, {"Location": f"http://127.0.0.1:{portal.port}/in"})
    ran = bayegan("doctor", "http://qom.behzisti.test/news/1/x", "--offices", portal.toml, *IMPOLITE)
    assert ran.code == 3
    assert "blocked-address" in ran.out
    assert "--resolve" in ran.err
    assert not portal.requests("127.0.0.1", "/in")


def test_doctor_names_the_missing_field_and_the_file_to_look_into(portal: Portal) -> None:
    page = get(portal, f"http://www.behzisti.test{portal.world.of('behzisti')[0].path}")
    for name in (b"introtext", b'itemprop="description"', b"summary", b"og:description"):
        page.body = page.body.replace(name, b"x")
    found = examine(page, load_offices(portal.toml))
    assert [field.name for field in found.fields if field.missing] == ["lead"]
    assert any("scraper/dialects/nastooh.py" in advice for advice in found.advice)
    assert any("bayegan offices add http://www.behzisti.test/" in advice for advice in found.advice), (
        "no office is there"
    )


@pytest.mark.parametrize(
    ("url", "kind", "dialect"),
    [
        ("http://hormozgan.behzisti.test/", "listing", "nastooh"),
        ("http://hormozgan.behzisti.test/archive?pi=1&ms=0", "listing", "nastooh"),
        ("http://qom.oghaf.test/", "listing", "iransamaneh"),
        ("http://qom.oghaf.test/fa/rss/allnews", "feed", None),
        ("http://hormozgan.behzisti.test/sitemap/all/sitemap.xml", "sitemap", None),
        ("http://generic.systems.test/", "listing", "generic"),
    ],
)
def test_a_listing_is_told_from_an_article(portal: Portal, url: str, kind: str, dialect: str | None) -> None:
    found = examine(get(portal, url), load_offices(portal.toml))
    assert (found.kind, found.dialect) == (kind, dialect)
    assert found.entries
    assert found.sample
    assert found.usable


def test_what_is_no_page_has_a_reason_and_an_advice() -> None:
    offices = load_offices(Path("spiders/offices.toml"))
    url = "http://qom.behzisti.ir/news/5/x"
    for fetched, kind, reason in (
        (Fetched(url, url, status=404, body=b"<html>"), "nothing", "http-404"),
        (Fetched(url, url, failure="dns"), "nothing", "dns"),
        (Fetched(url, url, status=200, body=b""), "refusal", "empty"),
        (Fetched(url, url, status=200, body=b"%PDF-1.4 \xe2\xe3"), "refusal", "not-html"),
        (Fetched(url, url, status=200, body=b'<html><input type="password"></html>'), "refusal", "login"),
    ):
        found = examine(fetched, offices)
        assert (found.kind, found.reason, found.usable) == (kind, reason, False)
        assert found.message
    assert found.office == "behzisti-qom"
    words = {word for _, word in middlewares._FAILURES} - {"not-captured"}
    assert words | {"tls", "network", "blocked-address", "robots-unreachable"} <= set(MESSAGES)


@pytest.mark.parametrize("text", ["ftp://x.ir/", "http://", "http://[::1", "http://a b.ir/", "http://x.ir:port/"])
def test_what_is_no_address_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError):
        check_address(text)


def test_an_address_may_be_typed_without_http() -> None:
    assert check_address("qom.behzisti.ir") == "http://qom.behzisti.ir/"


# --- offices add ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://hormozgan.behzisti.test/", ("behzisti-hormozgan", "welfare", "IR-22", "behzisti", "nastooh")),
        ("http://qom.oghaf.test/", ("oghaf-qom", "endowment", "IR-25", "oghaf", "iransamaneh")),
        ("http://www.behzisti.test/", ("behzisti", "welfare", None, "behzisti", "nastooh")),
    ],
)
def test_an_office_of_a_known_system_is_described_from_its_own_words(
    portal: Portal, url: str, expected: tuple[str | None, ...]
) -> None:
    site = look_at(portal, url)
    assert urlsplit(site.listings[0]).path in {"/archive", "/fa/archive"}
    office = newoffice.describe(site, Wanted(url), TODAY)
    assert (office.id, office.organisation, office.province, office.portal, office.dialect) == expected
    assert office.verified
    assert office.name.startswith("بهزیستی" if office.organisation == "welfare" else "اوقاف") or not office.province


@pytest.mark.parametrize("system", others.SYSTEMS)
def test_an_office_on_each_system_is_recognised(portal: Portal, system: str) -> None:
    site = look_at(portal, f"http://{system}.{others.DOMAIN}/")
    office = newoffice.describe(site, Wanted(site.home.url), TODAY)
    assert office.dialect == ("unknown" if system == "generic" else system)
    assert (office.organisation, office.province) == ("welfare", "IR-08"), "from the title of the home page"
    assert site.article.id.startswith("systems:")


@pytest.mark.parametrize(
    ("host", "title", "text", "expected"),
    [
        ("www.oghaf-khz.ir", "پایگاه خبری", "اوقاف و امور خیریه خوزستان، اوقاف خوزستان", ("oghaf-khuzestan", "IR-06")),
        ("www.oghaf.ir", "پایگاه خبری", "اوقاف قم، اوقاف یزد، اوقاف قم", ("oghaf", None)),
        ("www.oghaf.ir", "پایگاه خبری", "اوقاف قم", ("oghaf", None)),
        ("www.oghaf-khz.ir", "پایگاه خبری", "اوقاف", ("oghaf-khz", None)),
        ("yazd.oghaf.ir", "اوقاف و امور خیریه استان قم", "", ("oghaf-qom", "IR-25")),
        ("portal.example.ir", "اداره اوقاف", "", ("oghaf-portal-example", None)),
    ],
)
def test_province_and_id_are_guessed_from_title_host_and_words(
    portal: Portal, host: str, title: str, text: str, expected: tuple[str, str | None]
) -> None:
    site = look_at(portal, "http://qom.oghaf.test/")
    page = f"<html><head><title>{title}</title></head><body>{text}</body></html>".encode()
    site.home = Fetched("", f"http://{host}/", status=200, body=page)
    office = newoffice.describe(site, Wanted(""), TODAY)
    assert (office.id, office.province, office.organisation) == (*expected, "endowment")


def test_what_a_person_says_goes_before_what_is_guessed(portal: Portal) -> None:
    site = look_at(portal, "http://qom.oghaf.test/")
    office = newoffice.describe(site, Wanted("", "mine", "welfare", "هرمزگان", "نام"), TODAY)
    assert (office.id, office.organisation, office.province, office.name) == ("mine", "welfare", "IR-22", "نام")
    with pytest.raises(UsageError):
        newoffice.describe(site, Wanted("", province="atlantis"), TODAY)


def test_a_site_of_which_nothing_can_be_read_is_not_added(portal: Portal) -> None:
    with pytest.raises(NothingFoundError):
        look_at(portal, "http://nobody.behzisti.test/")
    site = look_at(portal, "http://hormozgan.behzisti.test/")
    site.article, site.entries = None, []
    with pytest.raises(NothingFoundError, match="nothing was written"):
        newoffice.describe(site, Wanted(""), TODAY)


def office_named(**changes: str) -> Office:
    facts = {"id": "a", "organisation": "welfare", "url": "http://a.ir/", "portal": "a", **changes}
    return Office(**facts)


def test_a_feed_is_no_home_page(portal: Portal) -> None:
    with pytest.raises(UsageError, match=r"is a feed, .* http://hormozgan\.behzisti\.test/$"):
        look_at(portal, "http://hormozgan.behzisti.test/rss")


def test_a_block_is_read_back_as_it_was_whatever_a_name_holds(tmp_path: Path) -> None:
    file = tmp_path / "o.toml"
    name = 'بهزیستی «می‌خواهد» "\\ [[office]]\n\x00\x7f\u2028 #'
    newoffice.add_to(file, office_named(name=name))
    newoffice.add_to(file, office_named(id="b", url="http://b.ir/"))
    assert [(o.id, o.name) for o in load_offices(file).all] == [("a", name), ("b", "")]
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("before", "office"),
    [
        ('[[office]]\nid = "a"\norganisation = "welfare"\nurl = "http://www.a.ir/"\n', office_named(id="new")),
        ('[[office]]\nid = "a"\norganisation = "welfare"\nurl = "http://z.ir/"\n', office_named()),
        ("this is no TOML", office_named()),
        ('office = [{id = "x", organisation = "welfare", url = "http://x.ir/"}]\n', office_named()),
    ],
    ids=["same host", "same id", "broken file", "blocks in another style"],
)
def test_a_file_is_left_as_it_was_when_the_block_does_not_fit(tmp_path: Path, before: str, office: Office) -> None:
    file = tmp_path / "o.toml"
    file.write_text(before, encoding="utf-8")
    with pytest.raises(UsageError):
        newoffice.add_to(file, office)
    assert file.read_text(encoding="utf-8") == before
    assert list(tmp_path.iterdir()) == [file]


def test_offices_on_every_system_are_added_and_crawled_without_code(portal: Portal, tmp_path: Path) -> None:
    file = tmp_path / "offices.toml"
    resolve = ("--resolve", f"*.{others.DOMAIN}=127.0.0.1:{portal.port}")
    first, *further = others.SYSTEMS
    url = f"http://{first}.{others.DOMAIN}/"
    ran = bayegan("offices", "add", url, "--id", first, "--to", file, *resolve, *IMPOLITE)
    assert ran.code == 0, ran.err
    assert ran.out.strip() == file.read_text(encoding="utf-8").strip()
    assert f"bayegan crawl {first} --offices {file} --limit 5" in ran.err
    again = bayegan("offices", "add", url, "--to", file, *resolve)
    assert (again.code, again.out) == (2, "")
    for system in further:
        site = look_at(portal, f"http://{system}.{others.DOMAIN}/")
        newoffice.add(site, Wanted(site.home.url, id=system), file, TODAY)
    report = bayegan("crawl", "all", "--offices", file, "--collection", tmp_path / "c", "--json", *resolve, *IMPOLITE)
    recorded = {office for office, part in report.json["offices"].items() if part["items"].get("recorded")}
    assert recorded == set(others.SYSTEMS)
