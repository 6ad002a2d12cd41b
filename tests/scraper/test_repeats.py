"""What a site repeats on its pages is learnt, and removed where no dialect knows better."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archive.collection import open_collection
from archive.dump.write import dump
from archive.record import NewsRecord
from scraper.extract import extract
from scraper.rebuild import rebuild
from scraper.repeats import REMOVED, fingerprint, fingerprints, learn, lines_before
from tests.conftest import crawl
from tests.portal import others
from tests.portal.server import Portal
from tests.scraper.pages import article
from tests.scraper.test_rebuild import same

BANNER = "سامانه تلفنی ۱۲۳ در همه ساعت‌ها پاسخ می‌دهد"


def page(number: int) -> bytes:
    return (
        f"<html><body><h1>خبر {number}</h1><div class='news-body'><p>متن تازهٔ شمارهٔ {'الف' * number}.</p>"
        f"<p>{BANNER.replace('۱۲۳', str(number))}</p></div></body></html>"
    ).encode()


@pytest.fixture
def learnt() -> tuple[str, ...]:
    return learn(extract(page(n), f"https://x.ir/content/{n}0/").record.body.split("\n") for n in range(1, 9))


def test_what_repeats_is_learnt_whatever_its_numbers_and_spelling(learnt):
    other_spelling = BANNER.replace("ی", "ي").replace("\u200c", " ")
    assert fingerprints(learnt) == {fingerprint(BANNER)} == {fingerprint(other_spelling)}


def test_it_is_removed_and_told(learnt):
    url = "https://x.ir/content/90/"
    before, after = extract(page(9), url), extract(page(9), url, repeated=fingerprints(learnt))
    assert after.record.body == before.record.body.split("\n")[0]
    assert "سامانه" not in after.record.body_html
    assert after.removed == {"learnt": 1}
    assert after.record.warnings == [REMOVED + BANNER.replace("۱۲۳", "9")]


def test_pages_of_known_systems_are_left_alone(learnt):
    body = article(f"<p>متن.</p><p>{BANNER}</p>")
    assert extract(body, "https://x.ir/news/70/", repeated=fingerprints(learnt)).record.body == f"متن.\n{BANNER}"


@pytest.mark.parametrize("pages", [[[BANNER, BANNER]] * 4, [[BANNER]] * 5 + [["خبر"]] * 12], ids=["few", "seldom"])
def test_what_few_pages_have_teaches_nothing(pages):
    assert learn(pages) == ()


# --- in a crawl -------------------------------------------------------------------------------------------------


class Site:
    """The handmade site: twelve pages with one line in common."""

    def __init__(self, portal: Portal, folder: Path) -> None:
        self.folder = folder
        (folder / "portal.toml").write_text(
            f'[resolve]\n"*.{others.DOMAIN}" = "127.0.0.1:{portal.port}"\n\n[[office]]\nid = "handmade"\n'
            f'organisation = "welfare"\nurl = "http://{others.HANDMADE}.{others.DOMAIN}/"\n',
            encoding="utf-8",
        )

    def crawl(self, *words: object) -> dict[str, Any]:
        return crawl(self.folder, "handmade", *words, "--json").json

    def records(self) -> dict[str, NewsRecord]:
        return {record.code: record for record in open_collection(self.folder / "c").catalogue.records()}


def test_a_crawl_removes_what_the_one_before_has_seen(portal, tmp_path):
    site = Site(portal, tmp_path)
    assert "removed/learnt" not in site.crawl("--limit", 6)["counts"]
    old = site.records()
    counts = site.crawl()["counts"]
    assert (counts["removed/learnt"], counts[f"learnt/{others.HOTLINE}"]) == (6, 6)

    new = {code: record for code, record in site.records().items() if code not in old}
    assert (len(old), len(new)) == (6, 6)
    assert all(record.body.endswith(f"\n{others.HOTLINE}") for record in old.values())
    assert all(others.HOTLINE not in f"{record.body}{record.body_html}" for record in new.values())
    assert learn(map(lines_before, new.values())) == (others.HOTLINE,)  # it is not forgotten because it is removed

    dump(open_collection(tmp_path / "c"), tmp_path / "before")
    (tmp_path / "c/catalogue.sqlite").unlink()
    assert rebuild(tmp_path / "c", processes=1).records == 12
    dump(open_collection(tmp_path / "c"), tmp_path / "after")
    assert same(tmp_path / "before", tmp_path / "after")
