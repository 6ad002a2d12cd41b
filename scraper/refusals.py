"""Why a page gives no record: typed reasons, each with what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from scraper.page import Page, is_html, parse

Reason = Literal[
    "empty", "not-html", "listing", "challenge", "login", "error-page", "no-code", "no-title", "no-content"
]

_MESSAGES: dict[Reason, str] = {
    "empty": "The answer has no bytes; fetch it again later.",
    "not-html": "This is not an HTML page; a file linked from an item is kept, but gives no record.",
    "listing": "This is a listing, a feed or a home page; take the items from it with read_listing.",
    "challenge": "The server asks for proof of a browser; slow down, or ask the site to let the archive in.",
    "login": "This page asks for a login; leave it out of the crawl, only public pages are archived.",
    "error-page": "This is an error page sent as an answer; try later; if it stays, the item is gone.",
    "no-code": "Neither address nor page names a news code; check the address grammar of the dialect.",
    "no-title": "No title was found; compare the page with the selectors of its dialect.",
    "no-content": "The item has no text and no media; fetch it later, or compare it with its dialect.",
}

_CHALLENGE = re.compile(
    r"cf-browser-verification|_?cf_chl|Just a moment\.\.\.|Checking your browser|DDoS protection by"
    r"|__arcsjs|arvancloud[^<]{0,80}challenge|slowAES\.decrypt|enable JavaScript and cookies"
    r"|در حال انتقال به سایت مورد نظر|بررسی امنیتی مرورگر",
    re.IGNORECASE,
)
_JS_WALL = re.compile(r"document\.cookie\s*=|location\.(?:reload|href|replace)|window\.location", re.IGNORECASE)
_ERROR = re.compile(
    r"(?<!\d)(?:40[0-9]|410|50[0-4])(?!\d)|not found|forbidden|bad gateway|service unavailable|server error"
    r"|یافت نشد|پیدا نشد|وجود ندارد|خطای?\s|در دسترس نیست|دسترسی غیر ?مجاز",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"/(?:log[-_]?in|sign[-_]?in|logon|auth(?:enticate)?)(?:[/.;]|$)", re.IGNORECASE)
_WALL_TEXT = 400
_LISTING_LINKS = 8
_ITEM_PAGES = frozenset({"news", "photo", "video", "media", "live", "audio", "item"})
_ERROR_PAGES = frozenset({"error", "404", "notfound", "not-found"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A page that is no item. `reason` is for programs, `message` is a sentence for people."""

    reason: Reason
    message: str


def refuse(reason: Reason) -> Refusal:
    """Return the refusal for a reason."""
    return Refusal(reason, _MESSAGES[reason])


def not_an_item(page: Page, page_metas: tuple[str, ...], item_links: int, *, names_item: bool) -> Refusal | None:
    """Why this page, in which no article was found, is none; None when nothing speaks against it.

    `item_links` is how many links of the page name items; `names_item`, whether its own address does.
    """
    scripts = " ".join(script.text or "" for script in page.root.iter("script"))
    text = visible_text(page)
    short = len(text) < _WALL_TEXT
    if _CHALLENGE.search(scripts) or _CHALLENGE.search(text) or (short and _JS_WALL.search(scripts)):
        return refuse("challenge")
    if refusal := says_listing(page, page_metas):
        return refusal
    if not names_item and item_links >= _LISTING_LINKS:
        return refuse("listing")
    if any((field.get("type") or "").lower() == "password" for field in page.root.iter("input")):
        return refuse("login")
    title = " ".join(title.text or "" for title in page.root.iter("title", "h1"))
    if _ERROR.search(title) or (short and _ERROR.search(text)):
        return refuse("error-page")
    return None


def wall(body: bytes, content_type: str | None = None) -> Reason | None:
    """Whether a page without article and entries stands between us and the site: `challenge`, `login` or None."""
    page = parse(body, content_type) if is_html(body) else None
    refusal = not_an_item(page, (), 0, names_item=True) if page else None
    return refusal.reason if refusal and refusal.reason in {"challenge", "login"} else None


def leads_to_login(url: str) -> bool:
    """Whether an address is that of a login page, as sites redirect to it."""
    return bool(_LOGIN.search(urlsplit(url).path))


def says_listing(page: Page, page_metas: tuple[str, ...]) -> Refusal | None:
    """Whether the page itself says that it is no item."""
    kind = page.meta(page_metas)
    if not kind or kind in _ITEM_PAGES:
        return None
    return refuse("error-page" if kind.lower() in _ERROR_PAGES else "listing")


def visible_text(page: Page) -> str:
    """Text of the page without scripts, in one line."""
    found = page.root.xpath("//body//text()[not(parent::script or parent::style)]")
    return " ".join(" ".join(map(str, found)).split()) if isinstance(found, list) else ""
