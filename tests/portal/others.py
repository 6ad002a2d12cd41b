"""Sites on other systems: under `<dialect>.systems.test` a home page that lists the golden pages of the dialect.

Small and still: no archive, no feed, no edits. They show that an office on such a system can be added and crawled.
`handmade.systems.test` is on no system at all, and repeats a line below each of its texts.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from scraper.newscode import identify
from tests.portal.markup import e

GOLDEN = Path(__file__).parent.parent / "golden"
DOMAIN = "systems.test"
SYSTEMS = sorted(folder.name for folder in GOLDEN.iterdir() if folder.is_dir())
HANDMADE = "handmade"
HOTLINE = "سامانه تلفنی ۱۴۸۰ در همه ساعت‌ها پاسخ می‌دهد"
"""What every page of the handmade site says."""


NEXT = "/?page=2"
"""Where the home page of the generic system goes on."""


@cache
def pages(system: str) -> dict[str, tuple[str, bytes]]:
    """Path and query of each golden page → its title and bytes."""
    if system == HANDMADE:
        return {f"/content/{number}/notice": _notice(number) for number in range(101, 113)}
    found = {}
    for page in sorted(GOLDEN.glob(f"{system}/*/page.html")):
        expected = json.loads(page.with_name("expected.json").read_text("utf-8"))
        parts = urlsplit(expected["url"])
        target = unquote(parts.path) + (f"?{parts.query}" if parts.query else "")
        if identify(f"http://{system}.{DOMAIN}{target}") is None:
            target = f"/?p={expected['code']}"  # a pretty address that names no code has a short one beside it
        found[target] = expected["title"], page.read_bytes()
    return found


def _notice(number: int) -> tuple[str, bytes]:
    title = f"اطلاعیه شماره {number}"
    page = (
        f"<html><head><meta charset='utf-8'><title>{title}</title></head><body><h1>{title}</h1><div class='news-body'>"
        f"<p>متن اطلاعیه {number} که هیچ برگه دیگری ندارد، {'و باز ' * (number - 100)}همین.</p>"
        f"<p>{HOTLINE}</p></div></body></html>"
    )
    return title, page.encode()


def answer(system: str, target: str) -> bytes | None:
    """The page at an address; None for what is not there."""
    listed = pages(system)
    if target in listed:
        return listed[target][1]
    paths = list(listed)
    # The home page of a system that we know nothing of goes on behind a pager.
    shown = {"/": paths[:-1], NEXT: paths[-1:]} if system == "generic" else {"/": paths}
    if target not in shown:
        return None
    titles = ((path, listed[path][0]) for path in shown[target])
    entries = "".join(f'<li><h3><a href="{e(path)}">{e(title)}</a></h3></li>\n' for path, title in titles)
    pager = f'<div class="pagination"><a href="{NEXT}">۲</a></div>' if NEXT in shown else ""
    return (
        '<!DOCTYPE html>\n<html lang="fa" dir="rtl"><head><meta charset="utf-8">'
        "<title>اداره کل بهزیستی استان کرمان</title></head>\n"
        f"<body><nav><a href='/about'>درباره ما</a></nav><ul>\n{entries}</ul>{pager}</body></html>\n"
    ).encode()
