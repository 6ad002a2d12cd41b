# ruff: noqa: E501 (markup reads better in the lines of the page than cut to ours)
"""`press.systems.test`: WordPress whose addresses are a date and a slug. What names an item stands beside its links.

The home page and its further pages show `<article id="post-N">`, the feed a guid `/?p=N`, the sitemap the addresses alone.
One post is in the feed and the sitemap only; the theme of another does not give its article an id. An address without its
last slash is sent on, as is `/?p=N`. Its style sheet loads another one, pictures and a font; one picture is huge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.portal.markup import e, encoded
from tests.portal.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "press"
SITE = "http://press.systems.test"
_PER_PAGE = 4
_HEAD = (
    '<!DOCTYPE html><html lang="fa-IR" dir="rtl"><head><meta charset="utf-8"><meta name="generator" content="WordPress 6.5">'
    "<link rel='stylesheet' href='/wp-content/themes/khabar/style.css'><title>{}</title></head>"
)


@dataclass(frozen=True)
class Post:
    """A news item: the number of its post is its code."""

    number: int

    @property
    def path(self) -> str:
        """Its address, decoded."""
        return f"/1403/02/خبر-{self.number - 300}/"

    @property
    def title(self) -> str:
        return f"خبر شماره {self.number - 300} بهزیستی"


POSTS = [Post(number) for number in range(316, 300, -1)]
"""Newest first."""

THEME = "/wp-content/themes/khabar/"
_SHEETS = {
    f"{THEME}style.css": "@charset 'utf-8';@import url(more.css);/* url(commented.png) */"
    "@font-face{font-family:Vazir;src:url('vazir.woff2')}body{background:#f3faf7 url( /wp-content/uploads/bg.png )}"
    "h1{background:url(//elsewhere.test/x.png)}",
    f"{THEME}more.css": "@import 'style.css';p{background:url(huge.png)}i{background:url(lost.png)}",
}
_FILES = {f"{THEME}vazir.woff2": 900, "/wp-content/uploads/bg.png": 500, f"{THEME}huge.png": 3_000_000}
"""Path and bytes of what the sheets load."""

UNLISTED, WITHOUT_ID = POSTS[2], POSTS[5]


def answer(path: str, query: Mapping[str, str]) -> Reply:
    """What the site says under an address."""
    moved = [post for post in POSTS if query.get("p") == str(post.number) or path == post.path.rstrip("/")]
    if moved:
        return Reply(301, headers=(("Location", SITE + encoded(moved[0].path)),))
    text = next((_page(post) for post in POSTS if post.path == path), None)
    if text is None and (path == "/" or path.startswith("/page/")):
        text = _list(1 if path == "/" else int(path.split("/")[2]))
    if text:
        return Reply(200, text.encode(), "text/html; charset=UTF-8")
    if path in _SHEETS:
        return Reply(200, _SHEETS[path].encode(), "text/css")
    if path in _FILES:
        return Reply(200, bytes(_FILES[path]), "font/woff2" if path.endswith("2") else "image/png")
    made = {"/feed/": _feed, "/wp-sitemap.xml": _sitemap}.get(path)
    return Reply(200, made().encode(), "text/xml; charset=UTF-8") if made else Reply(404, b"Not found\n", "text/plain")


def _page(post: Post) -> str:
    id_ = "" if post is WITHOUT_ID else f' id="post-{post.number}"'
    return (
        f"{_HEAD.format(post.title)}<body class='rtl single single-post postid-{post.number}'><article{id_} class='post'>"
        f"<h1 class='entry-title'>{post.title}</h1><div class='entry-content'><p>متن خبر {post.number} که در هیچ برگه دیگری"
        f" نیست و دو جمله دارد. این جمله دوم آن است.</p></div></article></body></html>"
    )


def _list(number: int) -> str | None:
    listed = [post for post in POSTS if post is not UNLISTED]
    shown = listed[(number - 1) * _PER_PAGE : number * _PER_PAGE]
    entries = "".join(
        f'<article id="post-{post.number}"><h2 class="entry-title"><a href="{encoded(post.path)}">{e(post.title)}</a></h2>'
        "</article>"
        for post in shown
    )
    pager = (
        f'<nav class="nav-links"><a href="/page/{number + 1}/">»</a></nav>' if len(listed) > number * _PER_PAGE else ""
    )
    return f'{_HEAD.format("بهزیستی")}<body class="home"><main>{entries}{pager}</main></body></html>' if shown else None


def _feed() -> str:
    links = [(post, post.path.rstrip("/") if post is UNLISTED else post.path) for post in POSTS[:6]]
    items = "".join(
        f"<item><title>{post.title}</title><link>{SITE}{encoded(path)}</link>"
        f'<guid isPermaLink="false">{SITE}/?p={post.number}</guid></item>'
        for post, path in links
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'


def _sitemap() -> str:
    urls = "".join(f"<url><loc>{SITE}{encoded(post.path)}</loc></url>" for post in POSTS)
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
