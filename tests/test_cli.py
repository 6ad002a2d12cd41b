"""The command line as people and programs meet it: results, messages, exit codes, bad input."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from archive import warc
from archive.collection import lock_collection
from tests import zygote
from tests.conftest import IMPOLITE, ROOT, SHARED_PAGES, Crawled, bayegan, command, crawl, environment, flip_a_byte
from tests.portal.server import Portal

DOCUMENT = SHARED_PAGES / "behzisti.ir__news-70583.html"
needs_pages = pytest.mark.skipif(not DOCUMENT.exists(), reason=f"the real pages in {SHARED_PAGES} are not here")


def one_paragraph(text: str) -> bool:
    return text.startswith("bayegan: ") and text.count("\n") == 1 and len(text) > 60


# --- the main job -----------------------------------------------------------------------------------------------


def test_offices_lists_31_provinces_of_two_organisations() -> None:
    listed = bayegan("offices", "--json").json
    assert len(listed) == 62
    assert len({(office["organisation"], office["province"]) for office in listed}) == 62
    assert {o["dialect"] for o in listed if o["organisation"] == "endowment"} == {"unknown"}
    assert [o["id"] for o in listed if o["verified"]] == ["behzisti-khorasanrazavi"]
    assert "هرمزگان" in bayegan("offices").out


@needs_pages
def test_extract_prints_the_record_of_the_user_s_own_document() -> None:
    ran = bayegan("extract", DOCUMENT, "--url", "http://khorasanrazavi.behzisti.ir/news/70583/x")
    assert ran.code == 0, ran.err
    gold = json.loads(DOCUMENT.with_suffix(".gold.json").read_text(encoding="utf-8"))
    record = ran.json
    assert record["id"] == "behzisti:70583"
    for field, key in (("title", "title"), ("lead", "lead"), ("body", "body_text"), ("categories", "category")):
        assert record[field] == gold[key]
    assert record["body"].count("\n") == 7
    assert (record["province"], record["province_source"]) == ("IR-22", "breadcrumb")
    assert record["office"] == "behzisti-hormozgan", "the host is another office's"
    assert not [phrase for phrase in gold["never"] if phrase in ran.out]


def test_search_prints_hits_with_their_context_and_json_for_programs(crawled: Crawled) -> None:
    ran = bayegan("search", "توان خواهان", "--collection", crawled.path)
    assert ran.code == 0
    assert "*توان‌خواهان*" in ran.out
    found = bayegan("search", "توان خواهان", "--collection", crawled.path, "--json").json
    assert found["total"] == len(found["hits"])
    assert all(hit["id"] in crawled.portal.world.items for hit in found["hits"])


def test_show_prints_a_record_and_its_place(crawled: Crawled) -> None:
    item = crawled.portal.world.joint[0]
    record = bayegan("show", item, "--collection", crawled.path, "--json").json
    assert record["id"] == item
    place = record["capture"]
    read = warc.read_record(crawled.path, warc.Location(place["warc"], place["offset"], place["length"]))
    assert read.id == place["record_id"]
    assert record["title"] in bayegan("show", item, "--collection", crawled.path).out


def test_report_says_what_the_last_crawl_did(crawled: Crawled) -> None:
    report = bayegan("report", "--collection", crawled.path, "--json").json
    assert report["state"] == "finished"
    assert report["items"] == {"recorded": len(crawled.portal.world.items)}
    assert report["fetched"] == len(crawled.log)
    assert report["problems"] == []
    assert report["bytes"] > 0
    assert report["warc_files"]
    saved = json.loads((crawled.path / "crawls" / report["crawl"] / "report.json").read_text(encoding="utf-8"))
    assert saved == report
    folder = crawled.path / "crawls" / report["crawl"]
    assert {"log", "settings.json"} <= {p.name for p in folder.iterdir()}
    settings = json.loads((folder / "settings.json").read_text("utf-8"))
    assert settings["ROBOTSTXT_OBEY"] is True
    assert settings["SCHEDULER"] == "scraper.frontier.Frontier"
    assert settings["DEFAULT_REQUEST_HEADERS"]["Accept-Language"].startswith("fa")
    assert " object at 0x" not in json.dumps(settings), "evidence that a reader can use"


def test_a_crawl_that_is_not_there_is_answered_with_those_that_are(crawled: Crawled, tmp_path: Path) -> None:
    made = bayegan("report", "--collection", crawled.path, "--json").json["crawl"]
    ran = bayegan("report", "nonsense", "--collection", crawled.path)
    assert (ran.code, ran.out) == (3, "")
    assert one_paragraph(ran.err)
    assert f"It has {made}." in ran.err
    assert "crawl all" not in ran.err
    lock_collection(tmp_path / "c").close()
    assert "has no crawl yet" in bayegan("report", "--collection", tmp_path / "c").err


def test_results_go_to_stdout_and_messages_to_stderr(crawled: Crawled) -> None:
    ran = bayegan("verify", "--collection", crawled.path)
    assert (ran.code, ran.out) == (0, "")
    assert "all as written" in ran.err


# --- bad input: one paragraph, what to do, the right exit code, nothing lost ------------------------------------


ENTRIES = "".join(f'<li class="news"><h3><a href="/news/{n}/a">خبر {n}</a></h3></li>' for n in range(30))
CHALLENGE = b"""<html><head><title>Just a moment...</title></head><body><script>location.reload()</script>
<noscript>Enable JavaScript and cookies to continue</noscript></body></html>"""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3 binary", "not-html"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(100), "not-html"),
        (f"<html><body><ul>{ENTRIES}</ul></body></html>".encode(), "listing"),
        (CHALLENGE, "challenge"),
    ],
    ids=["empty", "pdf", "jpeg", "listing", "challenge"],
)
def test_a_page_that_is_no_item_is_refused_with_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(content)
    ran = bayegan(
        "extract",
        page,
        "--url",
        "http://www.behzisti.ir/archive" if reason == "listing" else "http://www.behzisti.ir/news/5/x",
    )
    assert (ran.code, ran.out) == (3, "")
    assert one_paragraph(ran.err)
    assert f"({reason})" in ran.err


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    ran = bayegan("extract", tmp_path / "none.html", "--url", "http://x.ir/news/1/")
    assert ran.code == 2
    assert one_paragraph(ran.err)


@pytest.mark.parametrize(
    "words",
    [
        ("crawl", "atlantis"),
        ("crawl", "all", "--since", "1402-13-01"),
        ("crawl", "all", "--offices", "README.md"),
        ("crawl", "all", "--offices", "nowhere.toml"),
        ("crawl", "all", "--resolve", "x.ir=localhost"),
        ("crawl", "all", "--resolve", "x.ir"),
        ("crawl", "all", "-s", "DOWNLOAD_DELAY"),
    ],
)
def test_wrong_usage_is_said_in_one_paragraph_before_anything_is_fetched(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    ran = bayegan(*words, "--collection", tmp_path / "c")
    assert (ran.code, ran.out) == (2, "")
    assert one_paragraph(ran.err)
    assert not (tmp_path / "c").exists()


def test_an_unknown_office_is_answered_with_near_ones() -> None:
    assert "behzisti-hormozgan" in bayegan("crawl", "behzisti-hormozgn").err


@pytest.mark.parametrize("verb", [("report",), ("search", "x"), ("show", "a:1"), ("verify",), ("dump", "d")])
def test_a_collection_that_is_not_there_is_said_to_be(tmp_path: Path, verb: tuple[str, ...]) -> None:
    ran = bayegan(*verb, "--collection", tmp_path / "none", cwd=tmp_path)
    assert (ran.code, ran.out) == (3, "")
    assert one_paragraph(ran.err)
    assert list(tmp_path.iterdir()) == []


def test_nothing_found_is_exit_three(crawled: Crawled) -> None:
    for verb in (("search", "زرافه"), ("show", "behzisti:1")):
        ran = bayegan(*verb, "--collection", crawled.path)
        assert ran.code == 3
        assert one_paragraph(ran.err.splitlines()[-1] + "\n")


def test_a_full_disk_under_the_output_is_no_defect(crawled: Crawled) -> None:
    with Path("/dev/full").open("w") as full:
        line = command("search", "وقف", "--collection", crawled.path)
        ran = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, text=True, env=environment(), check=False)
    assert ran.returncode == 1
    assert one_paragraph(ran.stderr)
    assert "No space left" in ran.stderr
    assert "defect" not in ran.stderr


def test_a_query_may_begin_with_a_negation_and_a_mistyped_option_is_no_query(crawled: Crawled) -> None:
    where = ("--json", "--limit", 1, "--collection", crawled.path)
    totals = [bayegan("search", query, *where).json["total"] for query in ("", "وقف", "-وقف")]
    assert totals[0] == totals[1] + totals[2] > totals[2] > 0
    ran = bayegan("search", "--jsn", "--collection", crawled.path)
    assert ran.code == 2
    assert one_paragraph(ran.err)


def test_a_broken_query_says_what_would_be_right(crawled: Crawled) -> None:
    ran = bayegan("search", 'وقف "بی‌پایان', "--collection", crawled.path)
    assert ran.code == 2
    assert one_paragraph(ran.err)


def test_an_unreachable_host_is_named_and_nothing_else_is_lost(portal: Portal, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    offices = tmp_path / "portal.toml"
    offices.write_text(
        offices.read_text(encoding="utf-8").replace(
            "[resolve]", f'[resolve]\n"qom.behzisti.test" = "127.0.0.1:{port}"'
        ),
        encoding="utf-8",
    )
    alone = crawl(tmp_path, "behzisti-qom", "--json", collection="alone")
    assert alone.code == 1
    assert [(p["office"], p["reason"]) for p in alone.json["problems"]] == [("behzisti-qom", "connection-refused")]
    both = crawl(tmp_path, "qom", "behzisti-hormozgan", "--json")
    assert both.code == 4
    assert both.json["items"]["recorded"] > 0


def test_a_collection_in_use_names_the_process_that_holds_it(crawled: Crawled, tmp_path: Path) -> None:
    words = command("crawl", "all", "--offices", crawled.folder / "portal.toml", "--collection", tmp_path / "c")
    first = zygote.spawn([*words, "-s", "DOWNLOAD_DELAY=0.2"], env=environment())
    try:
        deadline = time.monotonic() + 20
        while not (tmp_path / "c" / "catalogue.sqlite").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        second = bayegan("crawl", "all", "--offices", crawled.folder / "portal.toml", "--collection", tmp_path / "c")
        assert (second.code, second.out) == (5, "")
        assert one_paragraph(second.err)
        assert f"process {first.pid}" in second.err
        assert bayegan("report", "--collection", tmp_path / "c").code == 0, "reading goes on"
    finally:
        first.kill()
        first.wait()
    assert crawl_after_kill(crawled, tmp_path) == 0


def crawl_after_kill(crawled: Crawled, tmp_path: Path) -> int:
    """The lock of a dead process does not wait."""
    words = ("crawl", "all", "--offices", crawled.folder / "portal.toml", "--collection", tmp_path / "c", *IMPOLITE)
    return bayegan(*words).code


def test_a_warc_with_a_flipped_byte_is_found_and_the_rest_still_served(crawled: Crawled, tmp_path: Path) -> None:
    copy = crawled.copy(tmp_path / "c")
    path = warc.warc_files(copy)[0]
    offset = flip_a_byte(path, 7)
    ran = bayegan("verify", "--collection", copy)
    assert ran.code == 1
    assert f"{path.name} at byte {offset}" in ran.out
    assert "restore" in ran.err
    assert bayegan("search", "بهزیستی", "--collection", copy).code == 0
    shutil.rmtree(copy)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("search", "x", "--sort", "foo"), "there is no «foo». Write one of: 'date', 'relevance'."),
        (("search", "x", "--limit", "0"), "write 1 or more."),
        (("search", "x", "--limit", "many"), "write a whole number."),
        (("offices", "add", "http://x.ir", "--organisation", "foo"), "there is no «foo»."),
    ],
)
def test_a_value_that_an_option_does_not_take_is_said_plainly(words: tuple[str, ...], says: str) -> None:
    ran = bayegan(*words)
    assert ran.code == 2
    assert says in ran.err
    assert "Value error" not in ran.err
    assert "Input should" not in ran.err


def test_the_program_says_its_version() -> None:
    ran = bayegan("--version")
    assert (ran.code, ran.out, ran.err) == (0, f"bayegan {version('bayegan')}\n", "")


def test_a_message_in_a_pipe_is_one_line(crawled: Crawled) -> None:
    narrow = {**environment(), "COLUMNS": "20"}
    for words in (("search", "office:nope"), ("search", "وقف", "--limit", "1"), ("verify",)):
        line = command(*words, "--collection", crawled.path)
        ran = subprocess.run(line, env=narrow, capture_output=True, text=True, check=False, cwd=ROOT)
        assert ran.stderr.count("\n") == 1, ran.stderr


def test_an_item_that_was_never_edited_is_said_to_be_so(crawled: Crawled) -> None:
    item = next(iter(crawled.open().records)).id
    ran = bayegan("diff", item, "--collection", crawled.path)
    assert (ran.code, ran.out) == (0, "")
    assert f"{item} was never edited" in ran.err
