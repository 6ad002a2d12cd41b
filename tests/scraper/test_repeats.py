"""What a site repeats on its pages is learnt, and removed where no dialect knows better."""

from __future__ import annotations

import pytest

from scraper.extract import extract
from scraper.repeats import Repeats, fingerprint
from tests.scraper.pages import article

BANNER = "سامانه تلفنی ۱۲۳ در همه ساعت‌ها پاسخ می‌دهد"


def page(number: int) -> bytes:
    return (
        f"<html><body><h1>خبر {number}</h1><div class='news-body'><p>متن تازهٔ شمارهٔ {'الف' * number}.</p>"
        f"<p>{BANNER.replace('۱۲۳', str(number))}</p></div></body></html>"
    ).encode()


@pytest.fixture
def learnt():
    repeats = Repeats()
    for number in range(1, 9):
        repeats.learn(extract(page(number), f"https://x.ir/content/{number}0/").record.body.split("\n"))
    return repeats.learnt()


def test_what_repeats_is_learnt_whatever_its_numbers_and_spelling(learnt):
    assert learnt == {fingerprint(BANNER)} == {fingerprint(BANNER.replace("ی", "ي").replace("\u200c", " "))}


def test_it_is_removed_and_told(learnt):
    url = "https://x.ir/content/90/"
    before, after = extract(page(9), url), extract(page(9), url, repeated=learnt)
    assert after.record.body == before.record.body.split("\n")[0]
    assert "سامانه" not in after.record.body_html
    assert after.removed == {"repeated": 1}
    assert after.record.warnings == ["removed, since many pages of the site have it: " + BANNER.replace("۱۲۳", "9")]


def test_pages_of_known_systems_are_left_alone(learnt):
    body = article(f"<p>متن.</p><p>{BANNER}</p>")
    assert extract(body, "https://x.ir/news/70/", repeated=learnt).record.body == f"متن.\n{BANNER}"


def test_a_few_pages_teach_nothing():
    repeats = Repeats()
    for _ in range(4):
        repeats.learn([BANNER, BANNER])
    assert repeats.learnt() == frozenset()
    assert repeats.learnt(least_pages=4) == {fingerprint(BANNER)}
