"""A reader's journeys in a real Chromium, which may talk to nobody but us."""

from __future__ import annotations

import csv
import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from archive.collection import lock_collection
from tests.web.conftest import Shown, Site, keep, running

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def chromium() -> str:
    """Debian's Chromium; in CI it is installed, by the first of the test processes that asks."""
    with (Path(tempfile.gettempdir()) / "bayegan-tests-chromium.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shutil.which("chromium") and os.environ.get("CI") == "true":
            subprocess.run(["apt-get", "update"], check=True, capture_output=True)
            subprocess.run(["apt-get", "install", "-y", "chromium"], check=True, capture_output=True)
    found = shutil.which("chromium")
    if not found:
        pytest.skip("NO BROWSER WAS TESTED: chromium is not installed; `apt-get install chromium` brings it")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """A fresh window; the test fails when anything in it asked for an address that is not ours."""
    made = browser.new_context(base_url=site.base, viewport={"width": 1280, "height": 900}, accept_downloads=True)
    asked: list[Request] = []
    made.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - a builtin has no place for its marks
    yield made
    assert asked
    # What the policy forbids is announced as a request, too, but never leaves.
    others = [each for each in asked if not each.url.startswith((site.base, "data:"))]
    assert not [each.url for each in others if each.failure != "csp"]
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def search(page: Page, words: str) -> None:
    page.goto("/")
    page.get_by_label("جست‌وجو در بایگانی").fill(words)
    page.get_by_role("button", name="جست‌وجو").click()


def test_three_spellings_find_the_same_items(page: Page) -> None:
    found = []
    for words in ("توان‌خواهان", "توان خواهان", "توانخواهان"):
        search(page, words)
        expect(page.locator("ol.items mark").first).to_be_visible()
        found.append(page.locator("ol.items h2 a").evaluate_all("links => links.map(a => a.pathname)"))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) > 2


def test_narrow_by_province_and_jalali_month_then_open_an_item(page: Page) -> None:
    search(page, "بهزیستی")
    narrow = page.get_by_role("complementary", name="محدود کردن")
    narrow.get_by_role("link", name="هرمزگان", exact=True).click()
    narrow.get_by_role("link", name="۱۴۰۲", exact=True).click()
    link = narrow.get_by_role("link", name="اسفند ۱۴۰۲", exact=True)
    count = link.locator("xpath=following-sibling::span").inner_text()
    link.click()
    expect(page.get_by_role("status")).to_contain_text(f"{count} خبر")
    for text in page.locator("ol.items time").all_inner_texts():
        assert text.endswith("اسفند ۱۴۰۲")
    title = page.locator("ol.items h2 a").first.inner_text()
    page.locator("ol.items h2 a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_see_what_an_edit_changed(page: Page, shown: Shown) -> None:
    page.goto(f"/item/{shown.edited}")
    page.get_by_role("link", name="تغییر از ویراست ۱").click()
    expect(page.locator("ins", has_text="(اصلاحیه)").first).to_be_visible()
    expect(page.locator("del").first).to_be_visible()
    page.get_by_role("link", name="بازگشت به خبر").click()
    expect(page).to_have_url(f"/item/{shown.edited}")


def test_replay_shows_the_page_and_runs_nothing(page: Page, shown: Shown, site: Site) -> None:
    page.goto(f"/item/{shown.edited}")
    page.get_by_role("link", name="صفحه چنان‌که بود").first.click()
    frame = page.frame_locator("iframe.replay")
    expect(frame.get_by_role("heading", level=1)).to_contain_text("(اصلاحیه)")
    kept = frame.locator("#kept")
    expect(kept).to_be_visible()
    assert kept.evaluate("image => image.naturalWidth") == 40
    frame.locator("#out").click()
    page.wait_for_timeout(300)
    assert not [f.url for f in page.frames if "behzisti.test" in f.url]
    expect(page).to_have_url(f"/item/{shown.edited}/as-it-was")


def test_a_replayed_page_wears_its_captured_style_sheet(page: Page, plain) -> None:
    page.goto(f"/item/{plain.id}/as-it-was")
    body = page.frame_locator("iframe.replay").locator("body")
    expect(body).to_have_css("background-color", "rgb(243, 250, 247)")


def test_a_story_of_two_offices_is_shown_once_and_unfolds(page: Page, shown: Shown) -> None:
    page.goto(f"/search?q=code:{shown.copied.partition(':')[2]} OR code:990001")
    expect(page.locator("ol.items > li")).to_have_count(1)
    page.get_by_text("همین خبر در ۲ پایگاه").click()
    expect(page.locator("details.told a")).to_be_visible()
    page.get_by_role("link", name="همه را جدا نشان بده").click()
    expect(page.locator("ol.items > li")).to_have_count(2)
    page.get_by_role("link", name="هر خبر را یک بار نشان بده").click()
    expect(page.locator("ol.items > li")).to_have_count(1)


def test_export_csv_and_subscribe(page: Page) -> None:
    search(page, "کودک")
    total = page.locator("ol.items li").count()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV برای صفحه‌گسترده").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        assert len([*csv.DictReader(file)]) >= total > 0
    address = page.locator('link[type="application/atom+xml"]').get_attribute("href")
    assert address == page.get_by_role("link", name="Atom").get_attribute("href")
    assert page.request.get(address or "").ok


def test_hostile_text_runs_nowhere(page: Page, shown: Shown) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    for path in (
        f"/item/{shown.hostile}",
        "/search?q=code:990002",
        "/places",
        "/coverage",
        f"/item/{shown.hostile}/diff",
    ):
        page.goto(path)
        page.mouse.move(300, 300)
        assert "owned" not in page.evaluate("document.title").partition(" · ")[2]
        assert page.locator("main script, main svg, main [onerror], main [onmouseover]").count() == 0
    assert not dialogs


def test_the_keyboard_is_enough(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="رفتن به متن")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("جست‌وجو در بایگانی")).to_be_focused()
    page.keyboard.type("وقف")
    page.keyboard.press("Enter")
    expect(page.locator("ol.items li").first).to_be_visible()


def test_everything_works_without_javascript_and_in_english(browser: Browser, site: Site, shown: Shown) -> None:
    context = browser.new_context(base_url=site.base, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/item/{shown.edited}")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Evidence")).to_be_visible()
    page.get_by_role("link", name="Search", exact=True).click()
    page.get_by_label("Search the archive").fill("وقف")
    page.get_by_text("Dates and order").click()
    page.get_by_label("From").fill("1402/12")
    page.get_by_label("Order").select_option("relevance")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status")).to_contain_text("items")
    assert "sort=relevance" in page.url
    context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
def test_pages_are_accessible_and_fit(browser: Browser, site: Site, shown: Shown, scheme: str, width: int) -> None:
    axe = Axe()
    context = browser.new_context(
        base_url=site.base, viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
    )  # bypass_csp: axe is injected as a script
    page = context.new_page()
    for path in ("/", "/search?q=کودک&province=IR-25", f"/item/{shown.edited}", f"/item/{shown.edited}/diff", "/places",
                 f"/item/{shown.withdrawn}/as-it-was", "/calendar", "/calendar/1403/1", "/coverage", "/help",
                 f"/en/item/{shown.withdrawn}", "/search?q=%22"):  # fmt: skip
        page.goto(path)
        found = axe.run(page, options={"iframes": False})
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px wider than {width}"
    context.close()


TRAP = """<!doctype html><head><title>x</title>
<link rel=preconnect href="{0}"><LINK title=">" rel="pre&#99;onnect" href="{0}"><link rel=dns-prefetch href="{0}">
<link rel=prefetch href="{0}/p">
<link rel=preload as=image href="{0}/l"><link rel=prerender href="{0}/r"><link rel=modulepreload href="{0}/m">
<link rel=stylesheet href="{0}/s.css"><link rel=icon href="{0}/i.ico"><link rel=manifest href="{0}/m.json">
<meta http-equiv=refresh content="0; url={0}/refresh"><base href="{0}/">
<style>@import "{0}/import.css"; @font-face {{ font-family: f; src: url({0}/f.woff2) }} p {{ font-family: f;
background: url({0}/bg.png) }}</style></head><body onload="location='{0}/load'"><p>متن</p><img src="{0}/a.png">
<iframe src="{0}/frame"></iframe><IFRAME
SRC="{0}/frame"></IFRAME><object data="{0}/o"></object><embed src="{0}/e"><video src="{0}/v" autoplay></video>
<audio src="{0}/au" autoplay></audio><img srcset="{0}/2x 2x"><picture><source srcset="{0}/src"></picture>
<script src="{0}/x.js"></script><script>fetch('{0}/f')</script><svg><image href="{0}/svg.png"/></svg>
<input type=image src="{0}/input.png"><table background="{0}/tb.png"><tr><td>x</table></body>"""


def test_a_replayed_page_reaches_nobody(browser: Browser, shown: Shown, tmp_path: Path) -> None:
    """Not by any way of loading that a browser has: a listener beside us hears no connection."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as trap:
        port = trap.getsockname()[1]
        threading.Thread(target=listen, args=(trap, heard), daemon=True).start()
        path = tmp_path / "c"
        shutil.copytree(shown.path, path)
        writer = lock_collection(path)
        page = TRAP.format(f"http://127.0.0.1:{port}").encode()
        capture = keep(writer, "http://qom.behzisti.test/trap", page, "text/html; charset=utf-8")
        writer.close()
        for site in running(path):
            context = browser.new_context(base_url=site.base)
            tab = context.new_page()
            tab.goto(f"/replay/{capture.record_id}")
            expect(tab.get_by_text("متن")).to_be_visible()
            tab.wait_for_timeout(1500)
            assert tab.url.startswith(site.base)
            context.close()
        socket.create_connection(("127.0.0.1", port)).close()  # the listener does hear
        threading.Event().wait(0.2)
    assert heard == [b""]


def listen(trap: socket.socket, heard: list[bytes]) -> None:
    while True:
        try:
            connection, _ = trap.accept()
        except OSError:
            return
        connection.settimeout(1)
        try:
            heard.append(connection.recv(200))
        except TimeoutError:
            heard.append(b"silent")
        connection.close()
