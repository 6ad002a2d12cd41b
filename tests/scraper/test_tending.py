"""Is the installation well, are the offices still there: what the archivist looks after."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from archive import alarms
from archive.collection import Collection, lock_collection, lock_holder, open_collection
from archive.errors import CollectionError
from archive.officechecks import FILE, Check, keep_checks, read_checks
from archive.offices import Office
from scraper import console, doctor
from scraper.console_tending import show_checks
from scraper.doctor import Point, check_up
from scraper.probe import MOST_HOPS, Fetched
from scraper.visits import judge_home
from tests.conftest import IMPOLITE, Crawled, bayegan
from tests.portal.faults import Fault
from tests.portal.server import Portal
from tests.scraper.wire_server import Script, WireServer, certificate, running, tls_context

NOW = dt.datetime.now(dt.UTC)


# --- doctor -----------------------------------------------------------------------------------------------------


def check(root: Path, now: dt.datetime | None = None) -> dict[str, Point]:
    """The worst point of each kind."""
    worst: dict[str, Point] = {}
    for point in check_up(root, console.BUILTIN_OFFICES, now or dt.datetime.now(dt.UTC)):
        order = ("ok", "warn", "bad")
        if point.what not in worst or order.index(point.state) > order.index(worst[point.what].state):
            worst[point.what] = point
    assert all(point.advice for point in worst.values() if point.state != "ok")
    return worst


@pytest.fixture
def damaged(crawled: Crawled, tmp_path: Path) -> Path:
    return crawled.copy(tmp_path / "c")


def change(root: Path, sql: str) -> None:
    with sqlite3.connect(root / "catalogue.sqlite") as db:
        db.execute(sql)
    db.close()


def test_a_good_installation_is_well(crawled: Crawled) -> None:
    found = check(crawled.path)
    well = "python packages offices schedule warc collection lock clock files crawls replay browser".split()
    assert {what: found[what].state for what in well} == dict.fromkeys(well, "ok")
    assert "120 items" in found["collection"].message
    ran = bayegan("doctor", "--collection", crawled.path, "--json")
    assert ran.code == (1 if any(point["state"] == "bad" for point in ran.json) else 0)
    assert {point["what"] for point in ran.json} >= set(found)


def test_without_a_collection_the_rest_is_checked(tmp_path: Path) -> None:
    found = check(tmp_path / "none")
    assert found["collection"].state == "warn"
    assert {"python", "packages", "disk", "clock"} <= set(found)
    assert not (tmp_path / "none").exists()


def test_a_missing_and_an_old_package_are_named() -> None:
    assert doctor._wrong(Requirement("scrapy>=2")) == ""
    assert "999" in doctor._wrong(Requirement("scrapy>=999"))
    assert "not installed" in doctor._wrong(Requirement("no-such-package-anywhere"))


def test_a_clock_behind_the_newest_capture_is_bad(crawled: Crawled) -> None:
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    assert check(crawled.path, yesterday)["clock"].state == "bad"
    assert check(crawled.path.parent / "none", dt.datetime(1970, 1, 1, tzinfo=dt.UTC))["clock"].state == "bad"


def test_a_lock_is_told_from_the_file_that_a_dead_process_left(damaged: Path) -> None:
    assert (damaged / "lock").read_text(encoding="utf-8"), "the crawl is over, its file is still there"
    assert lock_holder(damaged) is None
    writer = lock_collection(damaged)
    try:
        assert "process" in (lock_holder(damaged) or "")
        assert "is writing" in check(damaged)["lock"].message
    finally:
        writer.close()
    assert check(damaged)["lock"].message == "free"


def test_an_unfinished_file_and_a_crawl_that_was_cut_off_are_to_be_looked_at(damaged: Path) -> None:
    file = next(damaged.glob("warc/*/*/*.warc.gz"))
    file.rename(f"{file}.open")
    change(damaged, "UPDATE crawls SET state = 'running'")
    found = check(damaged)
    assert (found["files"].state, found["crawls"].state, found["unfinished"].state) == ("warn", "warn", "warn")
    assert file.name in found["files"].message
    writer = lock_collection(damaged)
    try:
        found = check(damaged)
        assert (found["files"].state, found["crawls"].state) == ("ok", "warn"), "a process works, on something else"
        change(damaged, "UPDATE crawls SET state = 'running', reason = NULL")
        assert check(damaged)["crawls"].state == "ok", "a process is at it"
    finally:
        writer.close()


def test_files_and_catalogue_that_do_not_belong_together_are_bad(damaged: Path, tmp_path: Path) -> None:
    file = next(damaged.glob("warc/*/*/*.warc.gz"))
    assert check(damaged)["warc"].state == "ok"
    change(damaged, f"DELETE FROM captures WHERE warc LIKE '%{file.name}'")
    assert check(damaged)["warc"].state == "bad", "a crawl once began an empty catalogue beside older files"
    assert "rebuild" in check(damaged)["warc"].advice
    assert bayegan("rebuild", "--collection", damaged).code == 0
    assert check(damaged)["warc"].state == "ok"
    file.rename(tmp_path / file.name)
    found = check(damaged)["warc"]
    assert (found.state, file.name in found.message, "rebuild" in found.advice) == ("bad", True, False)


def test_a_lost_catalogue_is_told_from_a_collection_that_is_not_there_yet(damaged: Path) -> None:
    (damaged / "catalogue.sqlite").unlink()
    found = check(damaged)["collection"]
    assert found.state == "bad"
    assert "`bayegan rebuild" in found.message
    assert "crawl" not in found.message + found.advice


@pytest.mark.parametrize("there", [True, False], ids=["a collection", "none yet"])
def test_a_schedule_with_which_nothing_is_crawled_is_bad(damaged: Path, there: bool) -> None:
    root = damaged if there else damaged.with_name("none")
    root.mkdir(exist_ok=True)
    assert check(root)["schedule"].state == "ok"
    file = root / "schedule.toml"
    file.write_text('[[schedule]]\noffices = ["all"]\nevery = "6x"\n', encoding="utf-8")
    found = check(root)["schedule"]
    assert found.state == "bad"
    assert "line 3" in found.message
    file.write_text('[[schedule]]\noffices = ["qom"]\n[alarms]\ndisk_free = "900000 GB"\n', encoding="utf-8")
    assert check(root)["schedule"].message.startswith("2 offices")
    assert check(root)["disk"].state != "ok", "its limit counts"


def test_advice_for_a_full_disk_takes_no_file_away_that_the_catalogue_leads_to(
    crawled: Crawled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10**8}))
    limits = alarms.Limits()
    alarm = alarms.find(open_collection(crawled.path).catalogue, crawled.path, {}, limits, NOW)[-1]
    for said in (check(crawled.path)["disk"].advice, alarm.text):
        assert "larger disk" in said
        assert "Leave its WARC files together" in said


def test_a_catalogue_of_another_version_and_one_that_is_broken_are_bad(damaged: Path) -> None:
    change(damaged, "UPDATE meta SET value = '0' WHERE key = 'normaliser_version'")
    assert check(damaged)["collection"].state == "bad"
    (damaged / "catalogue.sqlite").write_bytes(b"x" * 5000)
    assert "rebuild" in check(damaged)["collection"].message


@pytest.mark.parametrize(("free", "state"), [(10**12, "ok"), (10**9, "warn"), (10**8, "bad")])
def test_the_disk_must_have_room_for_the_next_crawls(
    crawled: Crawled, monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    assert check(crawled.path)["disk"].state == state
    opened: Collection = open_collection(crawled.path)
    stored = sum(file.stat().st_size for file in crawled.path.glob("warc/*/*/*.warc.gz"))
    assert 0 < sum(doctor._written(opened)) <= stored


# --- offices check ----------------------------------------------------------------------------------------------


HOME = "<html><head>{head}</head><body><h3><a href='/news/7/x'>خبر</a></h3></body></html>"
NASTOOH = '<meta name="generator" content="www.nastooh.ir">'


@pytest.mark.parametrize(
    ("dialect", "home", "finding", "detail"),
    [
        ("nastooh", {"head": NASTOOH}, "verified", ""),
        ("unknown", {"head": NASTOOH}, "verified", "its system is nastooh"),
        ("unknown", {}, "verified", ""),
        ("nastooh", {"head": NASTOOH, "url": "https://www.a.ir/"}, "verified", "answers at https://www.a.ir/"),
        ("nastooh", {"head": NASTOOH, "url": "http://b.ir/"}, "moved", "http://b.ir/"),
        ("nastooh", {"head": '<meta name="generator" content="WordPress 6">'}, "other-system", "wordpress"),
        ("nastooh", {}, "other-system", "unknown: its home page bears no mark of nastooh"),
        ("unknown", {"body": b"<html><body>for sale</body></html>"}, "other-system", "unknown: nothing on its home"),
        ("nastooh", {"status": 404}, "dead", "http-404"),
        ("nastooh", {"failure": "dns"}, "dead", "dns"),
        ("nastooh", {"body": b""}, "dead", "empty"),
        ("nastooh", {"failure": "robots"}, "closed", "robots"),
        ("nastooh", {"status": 403}, "closed", "http-403"),
        ("nastooh", {"body": b"<html><body>Just a moment...</body></html>"}, "closed", "challenge"),
    ],
)  # fmt: skip
def test_what_a_home_page_means_for_its_office(dialect: str, home: dict, finding: str, detail: str) -> None:
    office = Office("a", "welfare", "http://a.ir/", "a", dialect=dialect)
    page = HOME.format(head=home.pop("head", "")).encode()
    fetched = Fetched(office.url, **{"url": office.url, "status": 200, "body": page, **home})
    check = judge_home(office, fetched, NOW)
    assert check.finding == finding
    assert check.detail.startswith(detail)


@pytest.mark.parametrize(
    ("own", "says"),
    [(Path("mine.toml"), "Correct the address or the system in mine.toml."), (None, "in an offices file of your own.")],
)
def test_what_a_check_found_is_to_be_corrected_where_the_offices_are_from(
    capsys: pytest.CaptureFixture[str], own: Path | None, says: str
) -> None:
    check = Check("behzisti-qom", "http://qom.behzisti.ir/", "2026-01-01T00:00:00Z", "dead")
    show_checks([check], own)
    said = capsys.readouterr().err
    assert says in said
    assert ("built-in" in said) == (own is None)
    show_checks([replace(check, finding="verified")], own)
    assert "orrect" not in capsys.readouterr().err


TLS_BLOCKS = """
[[office]]
id = "gone"
organisation = "welfare"
url = "http://nobody.behzisti.test/"

[[office]]
id = "strict"
organisation = "welfare"
url = "https://strict.test/"

[[office]]
id = "lax"
organisation = "welfare"
url = "https://lax.test/"
insecure = true
"""


def test_each_office_is_visited_once_and_what_was_found_is_kept(portal: Portal, tmp_path: Path) -> None:
    file = tmp_path / "portal.toml"
    portal.faults["qom.behzisti.test/"] = Fault.answer(302, {"Location": "http://yazd.behzisti.test/"})
    portal.faults["qom.behzisti.test/robots.txt"] = Fault.answer(404)
    portal.faults["fars.behzisti.test/robots.txt"] = Fault.answer(503)
    portal.faults["gilan.behzisti.test/"] = Fault.answer(302, {"Location": "/"})
    portal.faults["gilan.behzisti.test/robots.txt"] = Fault.answer(404)
    home = HOME.format(head=NASTOOH).encode()
    page = Script((b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b" % (len(home), home),))
    own = certificate(tmp_path / "tls", "strict.test", "lax.test")
    with running(WireServer({"/": [page]}, tls_context(own))) as secure:
        text = file.read_text(encoding="utf-8")
        hosts = "".join(f'"{host}.test" = "127.0.0.1:{secure.port}"\n' for host in ("strict", "lax"))
        file.write_text(text.replace("[resolve]\n", f"[resolve]\n{hosts}") + TLS_BLOCKS, encoding="utf-8")
        words = ("--offices", file, "--collection", tmp_path / "c")
        targets = ("behzisti-qom", "hormozgan", "behzisti-fars", "behzisti-gilan", "gone", "strict", "lax")
        ran = bayegan("offices", "check", *targets, *words, *IMPOLITE, "--json")
    assert ran.code == 4
    found = {check["office"]: (check["finding"], check["detail"]) for check in ran.json}
    assert found == {
        "behzisti-qom": ("moved", "http://yazd.behzisti.test/"),
        "behzisti-hormozgan": ("verified", ""),
        "oghaf-hormozgan": ("verified", "its system is iransamaneh"),
        "behzisti-fars": ("dead", "robots-unreachable"),
        "behzisti-gilan": ("dead", "redirect-loop"),
        "gone": ("dead", "http-404"),
        "strict": ("dead", "tls"),
        "lax": ("verified", "its system is nastooh"),
    }
    visited = Counter(exchange.host for exchange in portal.log if exchange.target == "/")
    assert visited.pop("gilan.behzisti.test") == 1 + MOST_HOPS
    asked = ("hormozgan.behzisti", "hormozgan.oghaf", "nobody.behzisti", "qom.behzisti", "yazd.behzisti")
    assert visited == Counter(f"{host}.test" for host in asked)
    before = (tmp_path / "c" / FILE).read_bytes()
    listed = bayegan("offices", *words, "--json").json
    shown = {office["id"]: (office["checked"] or {}).get("finding") for office in listed}
    assert (shown["gone"], shown["lax"], shown["oghaf-yazd"]) == ("dead", "verified", None)
    proven = {office["id"]: office["proven"] for office in listed}
    assert (proven["behzisti-qom"], proven["oghaf-qom"]) == ("a real page", "nothing yet")
    assert (tmp_path / "c" / FILE).read_bytes() == before


def test_a_later_check_replaces_that_of_the_same_office_only(tmp_path: Path) -> None:
    keep_checks(tmp_path, [Check("a", "http://a.ir/", "2026", "verified"), Check("b", "http://b.ir/", "2026", "dead")])
    keep_checks(tmp_path, [Check("a", "http://a.ir/", "2027", "moved", "http://c.ir/")])
    assert {office: check.finding for office, check in read_checks(tmp_path).items()} == {"a": "moved", "b": "dead"}
    (tmp_path / FILE).write_text("[{", encoding="utf-8")
    with pytest.raises(CollectionError):
        read_checks(tmp_path)
