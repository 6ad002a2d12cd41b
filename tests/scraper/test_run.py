"""`bayegan run` against the local portal: what is due is crawled, within its limits, and alarms are told."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from archive.collection import lock_collection, open_collection
from scraper import install
from scraper.cli import app
from scraper.run import RunOrder, RunResult, outlook, run
from tests import zygote
from tests.conftest import IMPOLITE, Crawled, bayegan, command, environment
from tests.portal.server import Portal

SLOW = ("-s", "DOWNLOAD_DELAY=0.2", "-s", "AUTOTHROTTLE_ENABLED=0")


def words(folder: Path, *more: object) -> tuple[object, ...]:
    return (*more, "--offices", folder / "portal.toml", "--collection", folder / "c")


def order_for(folder: Path) -> RunOrder:
    return RunOrder(folder / "c", folder / "portal.toml")


def plan(folder: Path, text: str) -> None:
    (folder / "c").mkdir(exist_ok=True)
    (folder / "c" / "schedule.toml").write_text(text)


def recorded(folder: Path) -> list[str]:
    opened = open_collection(folder / "c")
    try:
        return sorted(record.id for record in opened.catalogue.records())
    finally:
        opened.close()


# --- crawls -------------------------------------------------------------------------------------------------------


def test_what_is_due_is_crawled_by_its_limits_and_once(portal: Portal, tmp_path: Path) -> None:
    plan(tmp_path, """
[[schedule]]
offices = ["behzisti"]
every = "6h"
budget = {requests = 30}
[[schedule]]
offices = ["oghaf"]
every = "6h"
budget = {bytes = "60 kB"}
""")  # fmt: skip
    first = bayegan(*words(tmp_path, "run", *IMPOLITE, "--json"), at="2030-01-01T00:00:00+00:00")
    assert first.code == 4, first.err
    welfare, endowment = first.json["crawls"]
    assert [(each["state"], each["reason"]) for each in (welfare, endowment)] == [("stopped", "budget")] * 2
    assert 10 < welfare["fetched"] < 70
    assert 60_000 <= endowment["bytes"] < 300_000
    assert {turn["next"][:16] for turn in first.json["next"]} == {"2030-01-01T06:00"}
    nothing = outlook(order_for(tmp_path), dt.datetime(2030, 1, 1, 5, 59, tzinfo=dt.UTC))
    assert (nothing.groups, len(nothing.turns)) == ([], 20)
    plan(tmp_path, '[[schedule]]\noffices = ["all"]\nevery = "6h"\n')
    last = bayegan(*words(tmp_path, "run", *IMPOLITE, "--json"), at="2030-01-01T07:00:00+00:00")
    assert [(each["crawl"], each["state"]) for each in last.json["crawls"]] == [
        (welfare["crawl"], "finished"),
        (endowment["crawl"], "finished"),
    ], last.err
    assert recorded(tmp_path) == sorted(portal.world.items)
    page = (tmp_path / "c" / "crawls" / welfare["crawl"] / "report.html").read_text("utf-8")
    assert "بهزیستی هرمزگان" in page
    assert "every 6 h" in page, "it says what comes next"


def test_sigterm_ends_it_in_good_order_and_the_next_run_goes_on(portal: Portal, tmp_path: Path) -> None:
    other = '[[schedule]]\noffices = ["oghaf-qom"]\nbudget = {requests = 999}\n'
    plan(tmp_path, f'[[schedule]]\noffices = ["behzisti"]\n{other}')
    said, complaints = tmp_path / "said", tmp_path / "complaints"
    with said.open("w") as out, complaints.open("w") as err:
        line = command(*words(tmp_path, "run", *SLOW, "--json"))
        process = zygote.spawn(line, env=environment(), out=out, err=err)
    while len(portal.log) < 25 and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 4, complaints.read_text("utf-8")
    [stopped] = json.loads(said.read_text("utf-8"))["crawls"]
    assert (stopped["state"], stopped["reason"]) == ("stopped", "shutdown")
    assert not list((tmp_path / "c").rglob("*.open"))
    again = bayegan(*words(tmp_path, "run", *IMPOLITE, "--json"))
    finished, not_begun = again.json["crawls"]
    assert (not_begun["state"], not_begun["runs"]) == ("finished", 1)
    assert (finished["crawl"], finished["state"], finished["runs"]) == (stopped["crawl"], "finished", 2)
    assert recorded(tmp_path) == sorted(portal.world.items)


def test_when_its_window_closes_a_crawl_stops_and_waits_for_the_next(portal: Portal, tmp_path: Path) -> None:
    plan(tmp_path, '[[schedule]]\noffices = ["all"]\nwindow = "01:00-02:00"\n')
    ran = bayegan(*words(tmp_path, "run", *SLOW, "--json"), at="2030-01-01T01:59:57+03:30")
    assert ran.code == 4, ran.err
    assert [each["reason"] for each in ran.json["crawls"]] == ["window"]
    assert {turn["next"] for turn in ran.json["next"]} == {"2030-01-01T21:30:00+00:00"}, "one o'clock in Tehran"
    assert not outlook(order_for(tmp_path), dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)).groups
    assert outlook(order_for(tmp_path), dt.datetime(2030, 1, 1, 22, tzinfo=dt.UTC)).groups[0].goes_on


def test_while_another_process_writes_it_says_so_and_exits_5(portal: Portal, tmp_path: Path) -> None:
    lock_collection(tmp_path / "c").close()
    writer = lock_collection(tmp_path / "c")
    try:
        ran = bayegan(*words(tmp_path, "run", *IMPOLITE))
    finally:
        writer.close()
    assert (ran.code, ran.out) == (5, "")
    assert "Another process is writing" in ran.err
    assert not portal.log


# --- alarms -------------------------------------------------------------------------------------------------------


@pytest.fixture
def quiet(crawled: Crawled, tmp_path: Path) -> RunOrder:
    """A collection where nothing is due for an hour, and all the news is years old."""
    crawled.copy(tmp_path / "c")
    return RunOrder(tmp_path / "c", crawled.folder / "portal.toml")


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def kinds(result: RunResult) -> list[set[str]]:
    changes = result.alarms
    return [{alarm.kind for alarm in alarms} for alarms in (changes.standing, changes.raised, changes.cleared)]


class Hook(http.server.BaseHTTPRequestHandler):
    """Takes messages, or refuses them."""

    took: list[dict[str, object]]
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.status == 200:
            self.took.append(json.loads(body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[tuple[type[Hook], str]]:
    class Mine(Hook):
        took = []  # noqa: RUF012 - one list a test

    server = http.server.HTTPServer(("127.0.0.1", 0), Mine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Mine, f"http://127.0.0.1:{server.server_port}/bayegan"
    server.shutdown()
    server.server_close()


def test_an_alarm_is_told_once_by_webhook_and_mail_and_so_is_its_end(
    quiet: RunOrder, hook: tuple[type[Hook], str], tmp_path: Path
) -> None:
    taken, url = hook
    told = tmp_path / "mail.txt"
    alarms = f'[alarms]\nwebhook = "{url}"\nmail = ["sh", "-c", "cat >> {told}"]\n'
    plan(tmp_path, f'[[schedule]]\noffices = ["behzisti-qom"]\n{alarms}')
    first = run(quiet, now)
    assert (first.code, kinds(first)) == (4, [{"silent"}, {"silent"}, set()])
    second = run(quiet, now)
    assert (second.code, kinds(second)) == (4, [{"silent"}, set(), set()])
    plan(tmp_path, f'[[schedule]]\noffices = ["behzisti-qom"]\n{alarms}silent = "9000d"\n')
    last = run(quiet, now)
    assert (last.code, kinds(last)) == (0, [set(), set(), {"silent"}])
    assert [(len(each["raised"]), len(each["cleared"])) for each in taken.took] == [(1, 0), (0, 1)]  # type: ignore[arg-type]
    assert "behzisti-qom has published nothing new" in str(taken.took[0]["text"])
    assert told.read_text().count("Alarm (silent)") == 1
    assert told.read_text().count("Over (silent behzisti-qom)") == 1


def test_an_alarm_that_nobody_took_is_told_again(quiet: RunOrder, hook: tuple[type[Hook], str], tmp_path: Path) -> None:
    taken, url = hook
    plan(tmp_path, f'[[schedule]]\noffices = ["behzisti-qom"]\n[alarms]\nwebhook = "{url}"\n')
    taken.status = 500
    result = run(quiet, now)
    assert f"The webhook {url} did not take an alarm" in result.notices[0]
    taken.status = 200
    assert not run(quiet, now).notices
    run(quiet, now)
    assert [len(each["raised"]) for each in taken.took] == [1]  # type: ignore[arg-type]


def test_paused_offices_raise_no_alarm(quiet: RunOrder, tmp_path: Path) -> None:
    plan(tmp_path, '[[schedule]]\noffices = ["all"]\npaused = "holidays"\n')
    assert run(quiet, now).code == 0


def test_no_crawl_begins_when_there_is_no_room_for_it(portal: Portal, tmp_path: Path) -> None:
    lock_collection(tmp_path / "c").close()
    plan(tmp_path, '[[schedule]]\noffices = ["all"]\n[alarms]\ndisk_free = "9000000 GB"\n')
    result = run(RunOrder(tmp_path / "c", tmp_path / "portal.toml"), now)
    assert (result.code, kinds(result)[1]) == (4, {"disk"})
    assert "are free" in (result.stopped or "")
    assert not portal.log


# --- the command line ---------------------------------------------------------------------------------------------


def invoke(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_schedule_shows_last_and_next_run_and_why(quiet: RunOrder) -> None:
    given = ("--collection", quiet.collection, "--offices", quiet.offices)
    _, out, _ = invoke("schedule", *given, "--json")
    offices = json.loads(out)["offices"]
    assert len(offices) == 20
    assert {(each["result"], each["due"], each["why"]) for each in offices} == {
        ("finished", False, "every 3 d, as its news come")
    }
    assert all(each["next"] > each["last"] for each in offices)
    invoke("schedule", "pause", "behzisti-qom", "--reason", "سایت می‌رود", *given)
    _, out, _ = invoke("schedule", *given)
    assert "paused: سایت می‌رود" in next(line for line in out.splitlines() if line.startswith("behzisti-qom"))
    code, out, _ = invoke("run", "--dry-run", *given)
    assert (code, out) == (0, "")
    invoke("schedule", "resume", "behzisti-qom", *given)
    assert "paused" not in invoke("schedule", *given)[1]


def test_systemd_units_and_a_crontab_line_run_what_was_asked_for(quiet: RunOrder, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("BAYEGAN_OPERATOR", 'Archive "50 %", you@example.org')
    given = ("--collection", quiet.collection, "--offices", quiet.offices, "--metrics", tmp_path / "m" / "b.prom")
    code, out, _ = invoke("schedule", "--install", "systemd", "--to", tmp_path / "my units", *given)
    assert code == 0
    service, timer = (Path(line) for line in out.splitlines())
    text = service.read_text()
    assert f"ExecStart={sys.executable} -P -m scraper run --collection {quiet.collection}" in text
    assert f"--metrics {tmp_path}/m/b.prom" in text
    assert 'Environment="BAYEGAN_OPERATOR=Archive \\"50 %%\\", you@example.org"' in text
    assert "ProtectSystem=strict" in text
    assert f"ReadWritePaths={quiet.collection} {tmp_path}/m" in text
    assert "Persistent=true" in timer.read_text()
    timer.write_text("[Timer]\n")
    with pytest.raises(Exception, match="was not written by Bayegan"):
        install.systemd(quiet, tmp_path / "my units")
    _, out, _ = invoke("schedule", "--install", "cron", *given)
    line = out.splitlines()[-1]
    assert line.startswith("*/5 * * * * BAYEGAN_OPERATOR='Archive \"50 \\%\", you@example.org' ")
    assert line.endswith("--quiet")
